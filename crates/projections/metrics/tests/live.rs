//! Live figures.
#![allow(missing_docs)]

mod common;

use std::collections::BTreeMap;

use common::*;
use metrics::render::Report;
use metrics::{Activity, LiveFold, LiveRecord, LiveRow, Options, SwitchNow, WaitBasis, live};
use model::facts::{Leg, LegResult, LegRole, Stretch, StretchKind, Visit};
use model::{Name, Position};

fn fold() -> LiveFold {
    LiveFold::new(BTreeMap::new(), BTreeMap::new(), WaitBasis::Stated)
}

fn stretch(agent: &str, kind: StretchKind, queue: Option<&str>, from: i64, to: Option<i64>) -> Stretch {
    Stretch {
        stretch_id: Name::from(format!("{agent}{kind:?}{queue:?}{from}")),
        agent: Name::from(agent),
        center: "main".into(),
        switch: "pbx".into(),
        queue: queue.map(Name::from),
        kind,
        reason: None,
        from: at(from),
        to: to.map(at),
        retracted: false,
        revision: 1,
        known_at: at(from),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

fn leg(agent: &str, queue: Option<&str>, answered: Option<i64>) -> Leg {
    Leg {
        leg_id: Name::from(agent),
        call_id: "c".into(),
        visit_id: None,
        center: "main".into(),
        switch: "pbx".into(),
        agent: Name::from(agent),
        queue: queue.map(Name::from),
        role: LegRole::Queue,
        offered_at: Some(at(0)),
        answered_at: answered.map(at),
        ended_at: None,
        ring_ms: None,
        talk_ms: None,
        hold_ms: None,
        result: None,
        retracted: false,
        revision: 1,
        known_at: at(0),
        first_event: Position::default(),
        last_event: Position::default(),
        filed: 0,
    }
}

fn figures(fold: &LiveFold, seconds: i64) -> LiveRow {
    fold.figures(at(seconds), chrono_tz::UTC).into_iter().find(|r| r.queue == "support").unwrap()
}

#[test]
fn waiting_today_and_the_service_level_of_those_who_wait() {
    let mut fold = fold();
    fold.threshold(&"pbx".into(), &"support".into(), 15_000);
    for visit in [
        answered("support", 0, 10, 30, "Ann"),
        abandoned("support", 5, 3),
        abandoned("support", 6, 8),
        open("support", 50),
        open("support", 60),
    ] {
        fold.visit(&visit);
    }
    let row = figures(&fold, 70);
    assert_eq!((row.waiting, row.longest_wait_ms, row.offered, row.answered, row.abandoned), (2, 20_000, 5, 1, 2));
    // One in T; one answered, two abandoned of which one short, one waiting 20 s with T = 15 s.
    assert_eq!(row.service_level(), Some(1.0 / 3.0));
    assert_eq!(row.asa_ms(), Some(10_000));
    fold.visit(&Visit { ..abandoned("support", 50, 21) });
    assert_eq!((figures(&fold, 80).waiting, figures(&fold, 80).abandoned), (1, 3));
}

#[test]
fn today_begins_at_the_midnight_of_the_zone() {
    let mut fold = fold();
    fold.visit(&abandoned("support", 0, 8));
    fold.visit(&abandoned("support", -9 * 3600, 8));
    fold.visit(&open("support", -9 * 3600 + 1));
    let at_utc = figures(&fold, 10);
    assert_eq!((at_utc.offered, at_utc.waiting, at_utc.waiting_late), (1, 1, 0));
    // In Auckland it is 21:00 of a day that began at 11:00 UTC.
    let auckland = fold.figures(at(10), chrono_tz::Pacific::Auckland);
    assert_eq!((auckland[0].offered, auckland[0].waiting_late), (3, 1));
    fold.advance(at(30 * 3600));
    let next_day = figures(&fold, 30 * 3600);
    assert_eq!((next_day.offered, next_day.waiting), (0, 1), "who still waits is kept");
}

#[test]
fn every_agent_is_in_the_first_state_that_applies() {
    let mut fold = fold();
    use StretchKind::{Acw, Login, Pause};
    for agent in ["Talk", "Ring", "Pause", "Acw", "Idle", "Elsewhere"] {
        fold.stretch(&stretch(agent, Login, Some("support"), 0, None));
    }
    fold.stretch(&stretch("Gone", Login, Some("support"), 0, Some(5)));
    for agent in ["Talk", "Ring", "Acw", "Pause"] {
        fold.stretch(&stretch(agent, Pause, None, 1, None));
    }
    fold.stretch(&stretch("Acw", Acw, None, 1, Some(40)));
    fold.leg(&leg("Talk", Some("support"), Some(3)));
    fold.leg(&leg("Ring", Some("support"), None));
    fold.leg(&leg("Elsewhere", None, Some(3)));
    let row = figures(&fold, 10);
    let agents = Activity::ALL.map(|a| row.agents.of(a));
    assert_eq!(agents, [2, 1, 1, 1, 1], "talking, after-call work, ringing, paused, available");
    let later = figures(&fold, 50);
    assert_eq!((later.agents.of(Activity::Acw), later.agents.of(Activity::Paused)), (0, 2));
    fold.leg(&Leg {
        ended_at: Some(at(60)),
        result: Some(LegResult::Answered),
        ..leg("Talk", Some("support"), Some(3))
    });
    assert_eq!(figures(&fold, 60).agents.of(Activity::Talking), 1);
}

#[test]
fn a_call_that_lasts_talks_and_switches_add_up() {
    let mut fold = fold();
    let lasting = Visit { closed: false, left_at: None, talk_ms: None, ..answered("support", 0, 4, 0, "Ann") };
    fold.visit(&lasting);
    fold.visit(&Visit { closed: true, ..open("support", 2) });
    assert_eq!(figures(&fold, 10).waiting, 0, "its end was never told, and it is over");
    fold.visit(&Visit { retracted: true, ..open("support", 2) });
    fold.visit(&Visit { visit_id: "b".into(), switch: "pbx2".into(), ..lasting });
    let rows = fold.figures(at(10), chrono_tz::UTC);
    assert_eq!((rows.len(), rows[0].calls_talking, rows[0].agents.of(Activity::Talking)), (2, 1, 1));
    let sum = live::add_up(&rows);
    assert_eq!((sum.len(), sum[0].calls_talking, sum[0].answered, sum[0].switch.clone()), (1, 2, 2, None));
    assert_eq!(sum[0].asa_ms(), Some(4_000));
}

#[test]
fn a_snapshot_changes_nothing() {
    let mut fold = fold();
    fold.visit(&open("support", 0));
    fold.stretch(&stretch("Ann", StretchKind::Login, Some("support"), 0, None));
    fold.leg(&leg("Ann", Some("support"), None));
    let again: LiveFold = postcard::from_bytes(&postcard::to_stdvec(&fold).unwrap()).unwrap();
    assert_eq!(again.figures(at(9), chrono_tz::UTC), fold.figures(at(9), chrono_tz::UTC));
}

#[test]
fn names_are_those_of_the_contract_in_its_order() {
    let names: Vec<String> =
        LiveRow::default().cells(&Options::default()).0.iter().map(|(n, _)| (*n).to_owned()).collect();
    let expected = ticked(&section("## 5.", "## 6."));
    assert_eq!(names[3..names.len() - 1], expected);
}

#[test]
fn the_agents_board_says_who_is_where_since_when_and_why() {
    let mut fold = fold();
    let paused = |queue, from, reason: &str| Stretch {
        reason: Some(reason.into()),
        ..stretch("Ann", StretchKind::Pause, Some(queue), from, None)
    };
    fold.stretch(&stretch("Ann", StretchKind::Login, Some("sales"), 0, None));
    fold.stretch(&stretch("Ann", StretchKind::Login, Some("support"), 5, None));
    let ann = |fold: &LiveFold, seconds| fold.agents(at(seconds)).into_iter().find(|a| a.agent == "Ann").unwrap();
    let now = ann(&fold, 10);
    assert_eq!((now.activity, now.since, now.queues.len()), (Activity::Available, Some(at(5)), 2));
    fold.stretch(&paused("sales", 20, "lunch"));
    let now = ann(&fold, 21);
    assert_eq!((now.activity, now.paused_in.as_slice()), (Activity::Available, &[Name::from("sales")][..]));
    fold.stretch(&paused("support", 30, "meeting"));
    let now = ann(&fold, 31);
    assert_eq!((now.activity, now.since, now.reason.as_deref()), (Activity::Paused, Some(at(30)), Some("meeting")));
    fold.leg(&leg("Ann", Some("support"), Some(40)));
    let now = ann(&fold, 41);
    assert_eq!((now.activity, now.since, now.queue.as_deref()), (Activity::Talking, Some(at(40)), Some("support")));
    fold.leg(&Leg { ended_at: Some(at(50)), ..leg("Ann", Some("support"), Some(40)) });
    for queue in ["sales", "support"] {
        let from = if queue == "sales" { 20 } else { 30 };
        fold.stretch(&Stretch { to: Some(at(60)), ..paused(queue, from, "lunch") });
        fold.stretch(&Stretch { stretch_id: "x".into(), ..stretch("Bob", StretchKind::Login, Some(queue), 0, None) });
    }
    let now = ann(&fold, 61);
    assert_eq!((now.activity, now.since, now.reason), (Activity::Available, Some(at(60)), None));
}

#[test]
fn a_queue_whose_day_is_over_is_told_as_empty() {
    let mut fold = fold();
    fold.visit(&answered("support", 0, 5, 10, "Ann"));
    assert_eq!(figures(&fold, 30).offered, 1);
    fold.advance(at(60 * 3600));
    let row = figures(&fold, 60 * 3600);
    assert_eq!((row.offered, row.waiting), (0, 0));
}

#[test]
fn records_of_the_log_are_read_as_they_were_written() {
    let mut fold = fold();
    fold.visit(&open("support", 0));
    fold.stretch(&stretch("Ann", StretchKind::Login, Some("support"), 0, None));
    let agents = fold.agents(at(9));
    let switch = SwitchNow {
        center: "main".into(),
        switch: "pbx".into(),
        as_of: Some(at(9)),
        last_event: None,
        agents: agents.iter().map(|a| a.agent.clone()).collect(),
    };
    let rows = fold.figures(at(9), chrono_tz::UTC).into_iter().map(LiveRecord::Queue);
    let records: Vec<LiveRecord> =
        rows.chain(agents.into_iter().map(LiveRecord::Agent)).chain([LiveRecord::Switch(switch)]).collect();
    assert_eq!(records.len(), 3);
    for record in records {
        assert_eq!(LiveRecord::of(record.key().as_bytes(), record.to_json().as_bytes()), Some(record));
    }
    assert_eq!(LiveRecord::of(b"pbx/support", b"[\n{}\n]"), None);
}
