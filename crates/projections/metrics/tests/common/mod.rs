//! Rows for tests: made by hand, or arbitrary.
#![allow(dead_code, missing_docs)]

use metrics::Options;
use model::event::{DivertReason, RejectReason, TransferKind};
use model::facts::{Visit, VisitOutcome};
use model::{Instant, Name, Position};
use proptest::prelude::*;

/// 2026-11-22T08:00:00Z.
pub const EIGHT: i64 = 1_795_334_400;

pub fn at(seconds: i64) -> Instant {
    Instant::from_secs(EIGHT + seconds)
}

pub fn rfc(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

/// A visit that waits since `joined` seconds after eight.
pub fn open(queue: &str, joined: i64) -> Visit {
    Visit {
        visit_id: Name::from(format!("{queue}-{joined}")),
        call_id: Name::from(format!("call-{joined}")),
        center: Name::from("main"),
        switch: Name::from("pbx"),
        queue: Name::from(queue),
        joined_at: at(joined),
        answered_at: None,
        left_at: None,
        outcome: VisitOutcome::Open,
        wait_ms: None,
        wait_observed_ms: None,
        talk_ms: None,
        hold_ms: None,
        acw_ms: None,
        agent: None,
        entry_position: Some(1),
        consult: false,
        transferred: None,
        ani: None,
        dnis: None,
        closed: false,
        retracted: false,
        revision: 1,
        known_at: at(joined),
        first_event: Position { partition: 0, offset: joined },
        last_event: Position { partition: 0, offset: joined },
        filed: 0,
    }
}

pub fn left(queue: &str, joined: i64, wait: i64, outcome: VisitOutcome) -> Visit {
    Visit {
        left_at: Some(at(joined + wait)),
        outcome,
        wait_ms: Some(wait * 1000),
        wait_observed_ms: Some(wait * 1000),
        closed: true,
        ..open(queue, joined)
    }
}

pub fn abandoned(queue: &str, joined: i64, wait: i64) -> Visit {
    left(queue, joined, wait, VisitOutcome::Abandoned)
}

pub fn rejected(queue: &str, joined: i64, reason: RejectReason) -> Visit {
    Visit { outcome: VisitOutcome::Rejected(reason), left_at: Some(at(joined)), closed: true, ..open(queue, joined) }
}

pub fn answered(queue: &str, joined: i64, wait: i64, talk: i64, agent: &str) -> Visit {
    Visit {
        answered_at: Some(at(joined + wait)),
        left_at: Some(at(joined + wait + talk)),
        talk_ms: Some(talk * 1000),
        agent: Some(Name::from(agent)),
        ..left(queue, joined, wait, VisitOutcome::Answered)
    }
}

pub fn by(interval: metrics::Interval) -> Options {
    Options { interval, ..Options::default() }
}

fn outcomes() -> impl Strategy<Value = VisitOutcome> {
    use VisitOutcome as O;
    prop_oneof![
        3 => Just(O::Answered),
        2 => Just(O::Abandoned),
        1 => Just(O::Open),
        1 => prop_oneof![
            Just(DivertReason::Timeout), Just(DivertReason::Key), Just(DivertReason::Empty),
            Just(DivertReason::Transfer), Just(DivertReason::Callback)
        ].prop_map(O::FlowOut),
        1 => prop_oneof![
            Just(RejectReason::Closed), Just(RejectReason::Full), Just(RejectReason::Empty), Just(RejectReason::Diverted)
        ].prop_map(O::Rejected),
    ]
}

prop_compose! {
    /// Any visit, consistent or not: clocks that step back, durations missing, talks that last.
    pub fn any_visit()(
        queue in 0..3_u8,
        center in 0..2_u8,
        joined in 0_i64..20_000,
        outcome in outcomes(),
        wait in -2_i64..200,
        stated in proptest::option::of(0_i64..200_000),
        talk in proptest::option::of(0_i64..400),
        acw in proptest::option::of(0_i64..60_000),
        transferred in proptest::option::of(prop_oneof![Just(TransferKind::Blind), Just(TransferKind::Attended)]),
        consult in proptest::bool::weighted(0.1),
        id in 0_u64..u64::MAX,
    ) -> Visit {
        let name = ["support", "sales", "vip"][usize::from(queue)];
        let mut v = match outcome {
            VisitOutcome::Open => open(name, joined),
            VisitOutcome::Rejected(reason) => rejected(name, joined, reason),
            VisitOutcome::Answered => answered(name, joined, wait, talk.unwrap_or(0), "Ann"),
            other => left(name, joined, wait, other),
        };
        v.center = Name::from(["main", "other"][usize::from(center)]);
        v.visit_id = Name::from(id.to_string());
        v.consult = consult;
        if !matches!(outcome, VisitOutcome::Open | VisitOutcome::Rejected(_)) {
            v.wait_ms = stated;
            v.wait_observed_ms = v.wait_observed_ms.filter(|_| stated.is_some());
        }
        if outcome == VisitOutcome::Answered {
            v.closed = talk.is_some();
            v.talk_ms = talk.map(|t| t * 1000);
            v.left_at = v.left_at.filter(|_| v.closed);
            v.acw_ms = acw;
            v.transferred = transferred;
        }
        v
    }
}

/// The names in backticks of a text, in order.
pub fn ticked(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The text of `docs/metrics.md` between two headings.
pub fn section(from: &str, to: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rest = text.split_once(from).unwrap().1;
    rest.split_once(to).unwrap().0.to_owned()
}
