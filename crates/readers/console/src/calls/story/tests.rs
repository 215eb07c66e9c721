//! Stories of contacts made by hand: what is drawn, tabled and told.

use model::event::{Body, TransferKind};
use model::facts::*;
use tables::Contact;

use super::samples::{at, call, event, leg, recording, visit};
use super::table::rows;
use super::*;

fn contact(call: Call, visits: Vec<Visit>, legs: Vec<Leg>, events: Vec<EventRow>) -> Contact {
    Contact { call, visits, legs, events }
}

fn answered() -> Contact {
    let talk = visit("sales", 5, Some(10), Some(60), VisitOutcome::Answered);
    let missed = leg("Bob", LegRole::Queue, Some(5), None, Some(8));
    contact(call(), vec![talk], vec![missed, leg("Ann", LegRole::Queue, Some(6), Some(10), Some(60))], Vec::new())
}

fn told(contact: &Contact) -> String {
    words::of(contact).iter().map(|l| format!("{} {}\n", l.at.millis_since(at(0)) / 1000, l.text)).collect()
}

/// Rows as text: who, what, begin, length.
fn tabled(story: &Story) -> Vec<String> {
    let row = |r: table::Row| {
        let ms = if r.open { "open".to_owned() } else { r.ms.map(|ms| (ms / 1000).to_string()).unwrap_or_default() };
        format!("{} | {} | {} | {ms}", r.from.millis_since(at(0)) / 1000, r.who, r.what)
    };
    rows(story).into_iter().map(row).collect()
}

fn drawn(story: &Story) -> String {
    drawing::svg(story, "t", "d").0 + &drawing::legend(story).0
}

#[test]
fn an_answered_call_is_drawn_tabled_and_told() {
    let contact = answered();
    let story = of(&contact, at(1_000_000));
    assert_eq!((story.from, story.to, story.open), (at(0), at(60), false));
    let wanted = [
        "0 | Caller +442079460942 | In the call | 60",
        "5 | Queue sales | Wait | 5",
        "5 | Bob | Ring: missed | 3",
        "6 | Ann | Ring | 4",
        "10 | Queue sales | Talk with Ann | 50",
        "10 | Ann | Talk | 50",
    ];
    assert_eq!(tabled(&story), wanted);
    let wanted = "0 A call from +442079460942 to 442079460300 came in.\n\
                  5 The caller joined the queue sales at position 1.\n\
                  5 It rang at Bob from the queue sales.\n\
                  6 It rang at Ann from the queue sales.\n\
                  8 Bob did not answer after 0:03.\n\
                  10 Ann answered from the queue sales after a wait of 0:05.\n\
                  60 The call was ended by the customer.\n";
    assert_eq!(told(&contact), wanted);
    let svg = drawn(&story);
    for class in ["s-call", "s-wait", "s-ring", "s-talk"] {
        assert!(svg.contains(&format!("<g class=\"{class}\">")), "{class}");
    }
    assert!(svg.contains("aria-labelledby=\"t\"") && !svg.contains("s-hold\">"));
}

#[test]
fn an_open_call_reaches_to_now_and_a_silent_one_to_its_last_event() {
    let mut open = answered();
    open.call.ended_at = None;
    open.visits[0].left_at = None;
    open.legs[1].ended_at = None;
    open.events.push(event(30, None, &Body::Held));
    let story = of(&open, at(100));
    assert_eq!((story.to, story.open), (at(100), true));
    assert!(tabled(&story).contains(&"10 | Ann | Talk | open".to_owned()));
    assert!(drawn(&story).contains("Talk, lasts"));
    assert_eq!(of(&open, at(86_400)).to, at(30), "nothing was heard for a day");
    assert!(!told(&open).contains("ended"));
}

#[test]
fn a_hold_lies_with_who_held_and_a_consult_beside_it() {
    let mut held = answered();
    held.call.holds.push(Hold { from: at(20), to: Some(at(40)), agent: Some("Ann".into()) });
    held.call.holds.push(Hold { from: at(45), to: None, agent: None });
    held.legs.push(leg("Ann", LegRole::Internal, None, Some(22), Some(38)));
    held.legs.push(leg("Cid", LegRole::Internal, Some(21), Some(22), Some(38)));
    let story = of(&held, at(100));
    let table = tabled(&story);
    for row in ["20 | Ann | Hold | 20", "22 | Ann | Between agents | 16", "45 | Caller +442079460942 | Hold | open"] {
        assert!(table.contains(&row.to_owned()), "{row}: {table:#?}");
    }
    let words = told(&held);
    for sentence in ["20 Ann put the customer on hold for 0:20.\n", "40 Ann's hold ended.\n"] {
        assert!(words.contains(sentence), "{words}");
    }
    assert!(words.contains("45 The customer was put on hold.\n"), "{words}");
    assert!(words.contains("22 Ann and Cid talked with each other, for 0:16.\n"), "{words}");
    // Who was consulted and takes over rang once.
    held.legs.push(leg("Cid", LegRole::TransferIn, Some(21), Some(38), Some(60)));
    let rang = tabled(&of(&held, at(100))).into_iter().filter(|r| r.contains("Cid | Ring")).collect::<Vec<_>>();
    assert_eq!(rang, ["21 | Cid | Ring | 1"]);
}

#[test]
fn transfers_lead_from_lane_to_lane() {
    let mut passed = answered();
    let transfer = |s, kind, to: Option<&str>, target: &str| Transfer {
        at: at(s),
        kind,
        from_agent: Some("Ann".into()),
        to_agent: to.map(Into::into),
        target: Some(target.into()),
    };
    passed.call.transfers.push(transfer(60, TransferKind::Attended, Some("Cid"), "1003"));
    passed.call.transfers.push(transfer(80, TransferKind::Blind, None, "5001"));
    passed.call.transfers.push(transfer(90, TransferKind::Blind, None, "voicemail"));
    passed.visits.push(visit("support", 81, None, Some(95), VisitOutcome::Abandoned));
    passed.legs.push(leg("Cid", LegRole::TransferIn, Some(50), Some(60), Some(80)));
    let story = of(&passed, at(0));
    let lane = |name: &str| story.lanes.iter().position(|l| l.name == name);
    let ends: Vec<_> = story.arrows.iter().map(|a| (Some(a.from), a.to)).collect();
    assert_eq!(ends, [(lane("Ann"), lane("Cid")), (lane("Ann"), lane("Queue support")), (lane("Ann"), None)]);
    assert!(tabled(&story).contains(&"60 | Ann | Attended transfer to Cid | ".to_owned()));
    assert!(tabled(&story).contains(&"95 | Queue support | abandoned | ".to_owned()));
    let words = told(&passed);
    assert!(words.contains("60 Attended transfer by Ann to Cid (1003).\n"), "{words}");
    assert!(words.contains("95 The caller hung up waiting in the queue support after 0:14.\n"), "{words}");
    assert_eq!(drawn(&story).matches("marker-end").count(), 4, "three arrows, and one in the legend");
}

#[test]
fn a_consult_into_a_queue_is_between_agents() {
    let mut asked = answered();
    let mut consult = visit("support", 20, Some(25), Some(30), VisitOutcome::Answered);
    (consult.consult, consult.agent) = (true, Some("Cid".into()));
    let visit_id = Some(consult.visit_id.clone());
    asked.visits.push(consult);
    asked.legs.push(Leg { visit_id, ..leg("Cid", LegRole::Queue, Some(21), Some(25), Some(30)) });
    let mut left = visit("vip", 40, None, Some(45), VisitOutcome::Abandoned);
    left.consult = true;
    asked.visits.push(left);
    let table = tabled(&of(&asked, at(0)));
    for row in ["25 | Queue support (consult) | Between agents with Cid | 5", "25 | Cid | Between agents | 5"] {
        assert!(table.contains(&row.to_owned()), "{row}: {table:#?}");
    }
    let words = told(&asked);
    assert!(words.contains("20 An agent's consult joined the queue support at position 1.\n"), "{words}");
    assert!(words.contains("45 The agent who consulted hung up waiting in the queue vip after 0:05.\n"), "{words}");
}

#[test]
fn a_conference_has_its_parties_at_once() {
    let mut three = answered();
    three.call.conferenced = true;
    three.legs.push(leg("Cid", LegRole::TransferIn, None, Some(30), Some(60)));
    let story = of(&three, at(0));
    let talks: Vec<_> = tabled(&story).into_iter().filter(|r| r.contains("| Talk |")).collect();
    assert_eq!(talks, ["10 | Ann | Talk | 50", "30 | Cid | Talk | 30"]);
    assert!(told(&three).contains("30 Cid took the call over, for 0:30.\n"));
}

#[test]
fn a_call_without_visits_is_drawn_too() {
    let mut out = contact(call(), Vec::new(), vec![leg("Ann", LegRole::Outbound, None, Some(9), Some(60))], Vec::new());
    out.call.direction = Direction::Outbound;
    let wanted = ["0 | Called 442079460300 | In the call | 60", "9 | Ann | Talk | 51"];
    assert_eq!(tabled(&of(&out, at(0))), wanted);
    let mut nothing = contact(call(), Vec::new(), Vec::new(), Vec::new());
    nothing.call.ended_at = Some(at(0));
    let story = of(&nothing, at(0));
    assert!(story.to > story.from && drawn(&story).contains("In the call"));
}

#[test]
fn recordings_and_what_the_ivr_and_adapters_said_are_shown() {
    let mut said = answered();
    said.call.recordings = vec![
        recording(RecordingState::Recorded, vec![(at(20), Some(at(25)))]),
        recording(RecordingState::Missing, Vec::new()),
    ];
    let collected =
        Body::DataCollected { name: "Account".into(), values: vec![("AccountNumber".into(), "849973".into())] };
    said.events = vec![
        event(2, None, &collected),
        event(3, None, &Body::MenuChosen { digit: "1".into(), menu: None }),
        event(61, Some("Ann"), &Body::NoteSaved { text: "call back".to_owned() }),
    ];
    let story = of(&said, at(0));
    let table = tabled(&story);
    for row in [
        "0 | Caller +442079460942 | IVR | 5",
        "2 | Caller +442079460942 | IVR: AccountNumber 849973 | ",
        "10 | Recording 1 | Recording | 50",
        "20 | Recording 1 | Suspended | 5",
        "10 | Recording 2 | Not stored: missing | 50",
        "61 | Caller +442079460942 | Note by Ann: call back | ",
    ] {
        assert!(table.contains(&row.to_owned()), "{row}: {table:#?}");
    }
    assert!(told(&said).contains("20 Recording 1 was suspended.\n25 Recording 1 went on.\n"));
    assert_eq!(story.to, at(61), "a note after the end is on the drawing");
}

#[test]
fn every_fact_of_the_drawing_is_in_the_table() {
    let mut all = answered();
    all.visits.push(visit("vip", 40, None, Some(40), VisitOutcome::Rejected(model::event::RejectReason::Full)));
    all.call.holds.push(Hold { from: at(20), to: None, agent: Some("Ann".into()) });
    let story = of(&all, at(0));
    let facts: usize = story.lanes.iter().map(|l| l.bars.len() + l.marks.len()).sum();
    assert_eq!(rows(&story).len(), facts + story.arrows.len());
    assert!(tabled(&story).contains(&"40 | Queue vip | refused (full) | ".to_owned()));
    // Retracted rows are nowhere.
    all.visits[1].retracted = true;
    all.legs[0].retracted = true;
    let text = format!("{:?} {}", tabled(&of(&all, at(0))), told(&all));
    assert!(!text.contains("vip") && !text.contains("Bob"), "{text}");
}

#[test]
fn names_are_escaped_and_long_ones_shortened_with_the_whole_beside() {
    let mut odd = answered();
    odd.visits[0].queue = "<b>\"quoted\" & long, longer, longest".into();
    odd.legs[1].agent = "Frank O'<script>".into();
    let svg = drawn(&of(&odd, at(0)));
    assert!(!svg.contains("<b>") && !svg.contains("<script>"), "{svg}");
    assert!(svg.contains("Frank O'&lt;script&gt;"));
    assert!(svg.contains("<title>Queue &lt;b&gt;&quot;quoted&quot; &amp; long, longer, longest</title>"));
}

#[test]
fn ticks_are_few_and_round() {
    let of_length = |s: i64| Story { from: at(0), to: at(s), open: false, lanes: Vec::new(), arrows: Vec::new() };
    for (seconds, step) in [(7, 1), (60, 10), (600, 120), (3_600, 600), (90_000, 14_400)] {
        let ticks = axis::ticks(&of_length(seconds));
        assert_eq!((ticks[0], ticks[1]), (0, step * 1000), "{seconds}");
        assert!(ticks.len() <= 11, "{seconds}: {}", ticks.len());
    }
    assert_eq!(axis::ticks(&Story { to: at(0).plus_millis(1), ..of_length(1) }), [0]);
    assert!(axis::ticks(&of_length(864_000 * 400)).len() <= 11);
}
