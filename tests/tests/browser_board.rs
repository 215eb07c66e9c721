//! The live board in a real browser, in front of a `ringledger run` that hears a replaying
//! switch: a call joins and the figure on the page moves; the server is killed and comes
//! back, and the page follows it by itself.
#![cfg(feature = "real-parts")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::browser::{Story, parts, pictures};
use tests::rig::{self, Rig};
use tests::switch::{Switch, capture, field, messages, moved};
use tests::{ports, process::Process};

const STREAM: &str = "ami-events.raw.zst";
const PATIENCE: Duration = Duration::from_secs(240);
/// Calls whose way to the page is timed; the quickest half counts, for a machine that tests
/// run on has other work too.
const JOINS: usize = 7;
/// What the console promises, milliseconds.
const PROMISED: i64 = 1_000;

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("not so far in the future")
}

/// A zone in which it is about midday: no midnight comes while the test runs.
fn midday() -> String {
    let hour = now_ms() / 3_600_000 % 24;
    // (The sign of these zones is that of POSIX: Etc/GMT+5 lies west.)
    if hour >= 12 { format!("Etc/GMT+{}", (hour - 12).min(12)) } else { format!("Etc/GMT-{}", (12 - hour).min(14)) }
}

/// A sign-in link for the holder of a token.
fn link(address: &str, token: &str) -> String {
    let told = tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let asked = reqwest::Client::new().post(format!("{address}/sign-in/codes")).bearer_auth(token);
        asked.send().await.expect("an answer").json::<Value>().await.expect("JSON")
    });
    format!("{address}{}", told["link"].as_str().expect("a link"))
}

fn running(rig: &Rig, name: &str, pipeline: &str) -> (Process, String) {
    let mut running = rig.run(name, pipeline, "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    (running, address)
}

#[test]
fn the_board_follows_the_switch_and_survives_a_restart() {
    let rig = Rig::new();
    let stream = capture(STREAM);
    let joins = messages(&stream, "QueueCallerJoin");
    // From the middle of the capture on, so that agents are at work.
    let first = joins.len() / 2;
    let stream = moved(&stream, &joins[first + JOINS], now_ms() / 1000);
    let queue_of = |at: usize| field(&stream[joins[at].clone()], "Queue").expect("its queue").to_owned();
    let switch = Switch::start(&stream);
    switch.hold_at_byte(joins[first].start);
    let port = ports::free(1)[0];
    let http = format!("[http]\nlisten = \"127.0.0.1:{port}\"\ntokens_file = \"{}\"\n", rig.shown("tokens"));
    let zone = format!("{}time_zone = \"{}\"\n", rig::switch("pbx1", false), midday());
    let pipeline = rig.pipeline("board", &[rig::source("pbx1", switch.port()), zone, http, rig::limits()]);
    let (mut service, address) = running(&rig, "first", &pipeline);
    switch.wait_played(PATIENCE);

    let given = json!({
        "parts": parts(), "pictures": pictures(&rig.path("")), "console": address, "link": link(&address, rig::OPERATIONS), "other": link(&address, rig::COMPLIANCE),
    });
    let mut story = Story::start("board.mjs", &given);
    let mut took = Vec::new();
    for (at, join) in joins.iter().enumerate().skip(first).take(JOINS) {
        let queue = queue_of(at);
        let before = (0..at).filter(|i| queue_of(*i) == queue).count();
        switch.hold_at_byte(join.start);
        switch.wait_played(PATIENCE);
        story.say(&json!({ "queue": queue, "from": before }));
        assert_eq!(story.hear(), json!({ "watching": true }));
        let played = now_ms();
        switch.hold_at_byte(join.end);
        let changed = story.hear();
        assert_eq!(changed["text"], (before + 1).to_string(), "{queue}");
        took.push(changed["at"].as_i64().expect("when") - played);
    }
    took.sort_unstable();
    assert!(took[JOINS / 2] <= PROMISED, "milliseconds from the switch to the page: {took:?}");
    story.say(&json!({ "end": true }));

    assert_eq!(story.hear(), json!({ "ready_for_death": true }));
    service.kill9();
    story.say(&json!({ "dead": true }));
    assert_eq!(story.hear(), json!({ "saw_it_die": true }));
    let (_service, _) = running(&rig, "second", &pipeline);
    story.say(&json!({ "alive": true }));
    assert_eq!(story.hear(), json!({ "done": true }));
    story.end();
}
