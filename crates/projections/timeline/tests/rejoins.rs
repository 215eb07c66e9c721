//! A caller leaves a queue and joins it again: whatever order the rows come in, each end
//! finds its own stay, and none is left open.
mod world;

use model::Body;
use model::event::{DivertReason, OfferEnd};
use model::facts::Visit;
use world::{Switch, at};

/// A row: second, what happened, wait and talk that it states.
type Row = (f64, &'static str, i64, i64);

fn say(switch: &mut Switch, (second, what, wait, talk): Row) {
    let wait_ms = Some(wait);
    match what {
        "join" => switch.joins(second, "c1", "support"),
        "answer" => switch.answers(second, "Alice", "c1", "support", wait_ms),
        "end" => switch.ends(second, "Alice", "c1", "support", Some((wait, talk))),
        "abandon" => switch.say(second, "c1", "support", "", Body::Abandoned { wait_ms, entry_position: None }),
        _ => {
            let reason = DivertReason::Timeout;
            switch.say(second, "c1", "support", "", Body::Diverted { reason, wait_ms, entry_position: None });
        }
    }
}

/// The visits as text, all that counts.
fn told(rows: &[Row]) -> Vec<String> {
    let mut switch = Switch::new();
    rows.iter().for_each(|row| say(&mut switch, *row));
    let ms = |t: Option<model::Instant>| t.map(|t| t.millis_since(at(0.0)));
    let one = |v: &Visit| {
        let (joined, answered, left) = (ms(Some(v.joined_at)), ms(v.answered_at), ms(v.left_at));
        let closed = if v.closed { "closed" } else { "open" };
        format!("{} {joined:?} {answered:?} {left:?} {:?} {:?} {closed}", v.outcome.outcome(), v.wait_ms, v.talk_ms)
    };
    switch.visits().iter().map(one).collect()
}

/// All orders of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in orders(n - 1) {
        for place in 0..n {
            let mut longer = order.clone();
            longer.insert(place, n - 1);
            all.push(longer);
        }
    }
    all
}

const LEFT: [Row; 2] = [(10.0, "join", 0, 0), (24.0, "time out", 14_000, 0)];
const LEFT_AGAIN: [Row; 2] = [(25.0, "join", 0, 0), (31.0, "abandon", 6000, 0)];
const ANSWERED: [Row; 3] = [(10.0, "join", 0, 0), (14.0, "answer", 4000, 0), (24.0, "end", 4000, 10_000)];
const ANSWERED_AGAIN: [Row; 3] = [(25.0, "join", 0, 0), (31.0, "answer", 6000, 0), (60.0, "end", 6000, 29_000)];

/// Two stays, one after the other.
fn rejoins() -> [Vec<Row>; 4] {
    [
        [&LEFT[..], &LEFT_AGAIN].concat(),
        [&LEFT[..], &ANSWERED_AGAIN].concat(),
        [&ANSWERED[..], &LEFT_AGAIN].concat(),
        [&ANSWERED[..], &ANSWERED_AGAIN].concat(),
    ]
}

/// What is not told apart: an end of a talk that comes before its own answer, while the
/// caller's talk before it is known and its end is not.
fn ends_an_open_talk(rows: &[Row]) -> bool {
    let place = |what: &str, second: f64| rows.iter().position(|r| r.1 == what && r.0 == second);
    let [Some(first), Some(first_end), Some(answer), Some(end)] =
        [place("answer", 14.0), place("end", 24.0), place("answer", 31.0), place("end", 60.0)]
    else {
        return false;
    };
    first < end && end < first_end && end < answer
}

#[test]
fn whatever_the_order_of_rows_each_end_finds_its_stay() {
    for stays in rejoins() {
        let expected = told(&stays);
        assert!(expected.len() == 2 && expected.iter().all(|v| v.ends_with("closed")), "{expected:?}");
        for order in orders(stays.len()) {
            let rows: Vec<Row> = order.into_iter().map(|i| stays[i]).collect();
            if !ends_an_open_talk(&rows) {
                assert_eq!(told(&rows), expected, "{rows:?}");
            }
        }
    }
}

#[test]
fn an_end_before_its_join_gives_its_stay_back_to_the_one_before() {
    let mut switch = Switch::new();
    switch.joins(10.0, "c1", "support");
    switch.say(11.0, "c1", "support", "Carol", Body::Delivered { device: None });
    let no_answer = Body::OfferEnded { end: OfferEnd::NoAnswer, ring_ms: Some(5000), device: None };
    switch.say(16.0, "c1", "support", "Carol", no_answer);
    say(&mut switch, (31.0, "answer", 6000, 0));
    assert_eq!(switch.visits().len(), 1, "taken for the stay that is known");
    switch.joins(25.0, "c1", "support");
    say(&mut switch, (24.0, "time out", 14_000, 0));
    say(&mut switch, (60.0, "end", 6000, 29_000));
    let visits = switch.visits();
    let of = |i: usize| visits[i].visit_id.clone();
    let legs: Vec<_> = switch.legs().into_iter().map(|l| (l.agent, l.visit_id, l.talk_ms)).collect();
    let expected = [("Carol".into(), Some(of(0)), None), ("Alice".into(), Some(of(1)), Some(29_000))];
    assert_eq!(legs, expected, "each offer is of its own stay");
    assert_eq!(switch.call("c1").queue_visits.len(), 2);
}
