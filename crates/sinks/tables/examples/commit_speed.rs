//! How fast a million visits go into the table and come back:
//! `cargo run --release -p tables --example commit_speed [ROWS]`.

use std::time::Instant as Clock;

use model::facts::{Facts, Visit, VisitOutcome};
use model::{Instant, Position};
use tables::{Filter, Lake, LakeConfig, Table, Txn};

/// 2026-11-22T00:00:00Z.
const BEGIN: i64 = 1_795_305_600_000_000;

fn visit(n: i64) -> Visit {
    let joined_at = Instant(BEGIN + n * 80_000);
    Visit {
        visit_id: format!("0/{n}/0").into(),
        call_id: format!("pbx1-{}.{n}", 1_795_305_600 + n / 12).into(),
        center: "main".into(),
        switch: "pbx1".into(),
        queue: format!("queue-{}", n % 40).into(),
        joined_at,
        answered_at: Some(joined_at.plus_millis(4_000)),
        left_at: Some(joined_at.plus_millis(200_000)),
        outcome: VisitOutcome::Answered,
        wait_ms: Some(n * 7 % 60_000),
        wait_observed_ms: Some(n * 7 % 60_000 + 1),
        talk_ms: Some(n * 13 % 600_000),
        hold_ms: None,
        acw_ms: None,
        agent: Some(format!("Agent {}", n % 300).into()),
        entry_position: Some(1 + n % 9),
        consult: false,
        transferred: None,
        ani: Some(format!("+4930{:07}", n * 31 % 9_999_999).into()),
        dnis: Some("4930100".into()),
        closed: true,
        retracted: false,
        revision: 3,
        known_at: joined_at.plus_millis(200_020),
        first_event: Position { partition: 0, offset: n * 9 },
        last_event: Position { partition: 0, offset: n * 9 + 8 },
        filed: joined_at.days(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: i64 = std::env::args().nth(1).map_or(Ok(1_000_000), |n| n.parse())?;
    let folder = tempfile::tempdir()?;
    let lake = Lake::open(LakeConfig::folder(folder.path(), "speed")).await?;
    lake.ensure_tables().await?;
    let facts = Facts { queue_visits: (0..rows).map(visit).collect(), ..Facts::default() };
    let say = |what: &str, begun: Clock| {
        let seconds = begun.elapsed().as_secs_f64();
        println!("{what}: {seconds:.2} s, {:.0} rows a second", rows as f64 / seconds);
    };
    let begun = Clock::now();
    let txn = Txn { app_id: "speed/facts/cti.events-0".into(), version: 1, seen: None };
    lake.commit(Table::QueueVisits, &facts, &[txn]).await?;
    say("committed", begun);
    let begun = Clock::now();
    let found = lake.visits(&Filter::default()).await?.len();
    say("read back", begun);
    println!("{found} visits");
    Ok(())
}
