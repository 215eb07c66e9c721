//! A queue log by chance: callers who are served, transferred, lost or refused, agents who
//! come, pause and go. Rows as Asterisk writes them.

use fastrand::Rng;

const QUEUES: [&str; 2] = ["sales", "support"];
const AGENTS: [&str; 3] = ["Alice", "Bob", "Zoë"];

/// A row and when it was written, seconds.
type Row = (i64, String);

/// Some rows in the order in which they were written, a few out of order of time.
pub fn rows(rng: &mut Rng, begin: i64, calls: usize) -> Vec<String> {
    let mut rows = Vec::new();
    for agent in AGENTS {
        shift(rng, begin, agent, &mut rows);
    }
    for call in 0..calls {
        let at = begin + rng.i64(5..4_000);
        let id = format!("{at}.{call}");
        caller(rng, at, &id, &mut rows);
    }
    rows.sort();
    for i in 1..rows.len() {
        if rng.u8(0..12) == 0 {
            rows.swap(i - 1, i);
        }
    }
    rows.into_iter().map(|(at, row)| format!("{at}|{row}\n")).collect()
}

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(0..of.len())]
}

fn shift(rng: &mut Rng, begin: i64, agent: &str, rows: &mut Vec<Row>) {
    let queue = pick(rng, &QUEUES);
    rows.push((begin + rng.i64(0..30), format!("NONE|{queue}|{agent}|ADDMEMBER|")));
    for _ in 0..rng.u8(0..3) {
        let (at, rest) = (begin + rng.i64(30..3_500), rng.i64(5..300));
        let reason = pick(rng, &["lunch", "wrapup", ""]);
        let all = pick(rng, &["", "ALL"]);
        rows.push((at, format!("NONE|{queue}|{agent}|PAUSE{all}|{reason}")));
        rows.push((at + rest, format!("NONE|{queue}|{agent}|UNPAUSE{all}|")));
    }
    if rng.bool() {
        rows.push((begin + rng.i64(3_000..4_500), format!("NONE|{queue}|{agent}|REMOVEMEMBER|")));
    }
}

fn caller(rng: &mut Rng, mut at: i64, id: &str, rows: &mut Vec<Row>) {
    let number = format!("0163296{:04}", rng.u16(0..10_000));
    for stay in 0..rng.u8(1..3) {
        let queue = pick(rng, &QUEUES);
        if rng.u8(0..10) == 0 {
            let refusal = pick(rng, &["JOINEMPTY", "FULL", "CLOSED"]);
            rows.push((at, format!("{id}|{queue}|NONE|{refusal}|")));
            return;
        }
        rows.push((at, format!("{id}|{queue}|NONE|ENTERQUEUE||{number}|{}", stay + 1)));
        let wait = rng.i64(1..90);
        if rng.u8(0..4) == 0 {
            let missed = rng.i64(0..wait);
            rows.push((at + missed, format!("{id}|{queue}|{}|RINGNOANSWER|5000", pick(rng, &AGENTS))));
        }
        at += wait;
        match rng.u8(0..10) {
            0 | 1 => {
                rows.push((at, format!("{id}|{queue}|NONE|ABANDON|1|1|{wait}")));
                return;
            }
            2 => rows.push((at, format!("{id}|{queue}|NONE|EXITWITHTIMEOUT|1|1|{wait}"))),
            3 => rows.push((at, format!("{id}|{queue}|NONE|EXITWITHKEY|2|1|1|{wait}"))),
            _ => {
                served(rng, at, wait, (id, queue), rows);
                return;
            }
        }
        at += 1;
    }
}

fn served(rng: &mut Rng, at: i64, wait: i64, (id, queue): (&str, &str), rows: &mut Vec<Row>) {
    let (agent, talk) = (pick(rng, &AGENTS), rng.i64(3..400));
    rows.push((at, format!("{id}|{queue}|{agent}|CONNECT|{wait}|{id}9|3")));
    let end = match rng.u8(0..8) {
        0 => format!("BLINDTRANSFER|600|internal|{wait}|{talk}|1"),
        1 => format!("ATTENDEDTRANSFER|BRIDGE|b-1|{wait}|{talk}|1"),
        2 | 3 => format!("COMPLETEAGENT|{wait}|{talk}|1"),
        // The log ends while they talk.
        4 => return,
        _ => format!("COMPLETECALLER|{wait}|{talk}|1"),
    };
    rows.push((at + talk, format!("{id}|{queue}|{agent}|{end}")));
}
