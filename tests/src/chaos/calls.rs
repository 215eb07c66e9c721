//! Calls to send: the capture as often as wanted, each time as other calls at a later
//! time; and calls of a switch that is seen through its queue_log.
//!
//! Contract: repetition 0 of the first switch is the capture; a further one differs from it
//! in what names and dates its calls (epoch seconds, so also Uniqueids and files of
//! recordings; running numbers of channels; bridge ids) and in nothing else. No call of one
//! switch has the name of another's.

use std::fmt::Write;

/// Between the begins of two repetitions; the capture spans 805 s.
const EVERY_S: u64 = 900;
/// The calls of a switch are so much later than those of the one before it.
const SWITCH_S: u64 = 7;
/// Channels of one repetition have numbers of their own.
const CHANNELS: u64 = 0x1_0000;
/// Calls in the queue_log for each repetition of the capture.
pub const ROWED: usize = 30;
/// Rows of the queue_log for each of these calls.
pub const ROWS: usize = 3;
const BEGIN: u64 = 1_795_326_272;
/// Where the switch says that its recordings are.
const MONITOR: &str = "Value: /var/spool/asterisk/monitor/";

/// A stream of so many repetitions, ready for the `switch`-th switch (from 0) to play.
pub fn stream(capture: &[u8], switch: u64, repetitions: u64) -> Vec<u8> {
    let mut all = renamed(capture, switch, 0);
    let calls = calls_begin(capture);
    for nth in 1..repetitions {
        all.extend(renamed(&capture[calls..], switch, nth));
    }
    all
}

/// Behind what a connection says of itself, once.
fn calls_begin(capture: &[u8]) -> usize {
    let mark: &[u8] = b"Event: Newchannel\r\n";
    capture.windows(mark.len()).position(|w| w == mark).unwrap_or(0)
}

fn renamed(bytes: &[u8], switch: u64, nth: u64) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        if let Some(text) = other_name(bytes, (at, length), switch, nth) {
            out[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
        at += length.max(1);
    }
    out
}

/// What a run of hexadecimal digits is called in the `nth` repetition, where it names or
/// dates a call.
fn other_name(bytes: &[u8], (at, length): (usize, usize), switch: u64, nth: u64) -> Option<String> {
    let text = std::str::from_utf8(&bytes[at..at + length]).ok()?;
    let before = at.checked_sub(1).map(|i| bytes[i]);
    let after = bytes.get(at + length).copied();
    match length {
        10 if text.starts_with("179") => {
            Some(format!("{:010}", text.parse::<u64>().ok()? + nth * EVERY_S + switch * SWITCH_S))
        }
        8 if before == Some(b'-') => {
            let number = u64::from_str_radix(text, 16).ok()? + nth * CHANNELS;
            Some(format!("{:08x}", number & 0xffff_ffff))
        }
        8 if after == Some(b'-') => {
            let head = u64::from_str_radix(&text[..4], 16).ok()? ^ nth;
            Some(format!("{:04x}", head & 0xffff))
        }
        _ => None,
    }
}

/// Names of the recordings that a stream announces.
pub fn announced(stream: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stream);
    let mut names: Vec<String> =
        text.lines().filter_map(|l| l.strip_prefix(MONITOR)).map(|name| name.trim_end().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

/// The calls that a stream begins with a channel of their own, with the place (0 to 1) at
/// which it does.
pub fn begun(stream: &[u8]) -> Vec<(f64, String)> {
    let text = String::from_utf8_lossy(stream);
    let (mut found, mut at) = (Vec::new(), 0);
    for message in text.split_inclusive("\r\n\r\n") {
        at += message.len();
        let field = |name: &str| message.lines().find_map(|l| l.strip_prefix(name)).map(str::trim_end);
        let ids = (field("Uniqueid: "), field("Linkedid: "));
        if let (true, (Some(own), Some(linked))) = (message.starts_with("Event: Newchannel"), ids)
            && own == linked
        {
            found.push((at as f64 / text.len() as f64, own.to_owned()));
        }
    }
    found
}

/// The id of the `n`-th call in the queue_log.
pub fn rowed(n: usize) -> String {
    format!("{}.{n}", BEGIN + n as u64 * 20)
}

/// The `row`-th row of the queue_log: three a call, answered after three seconds.
pub fn row(row: usize) -> String {
    let (n, step) = (row / ROWS, row % ROWS);
    let at = BEGIN + n as u64 * 20;
    let (call, mut line) = (rowed(n), String::new());
    let written = match step {
        0 => writeln!(line, "{at}|{call}|sales|NONE|ENTERQUEUE||01632960{:03}|1", n % 1_000),
        1 => writeln!(line, "{}|{call}|sales|Grace Li|CONNECT|3|x.{n}|2", at + 3),
        _ => writeln!(line, "{}|{call}|sales|Grace Li|COMPLETECALLER|3|6|1", at + 9),
    };
    debug_assert!(written.is_ok());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_other_calls_and_as_long() {
        let capture = "Asterisk Call Manager/11.0.0\r\n\r\nEvent: Newchannel\r\nChannel: PJSIP/1003-0000002e\r\n\
                       Uniqueid: 1795326271.12\r\nLinkedid: 1795326271.12\r\nTimestamp: 1795326267.589017\r\n\
                       BridgeUniqueid: 0d5ab0a1-93bd-4f0e-9e0b-7c59de1f86fb\r\nCallerIDNum: 01632960123\r\n\
                       Value: /var/spool/asterisk/monitor/1795326271.12-1.wav\r\n\r\n";
        let other = String::from_utf8(stream(capture.as_bytes(), 1, 1)).expect("text");
        assert_eq!(other, capture.replace("1795326271", "1795326278").replace("1795326267", "1795326274"));
        let stream = String::from_utf8(stream(capture.as_bytes(), 0, 2)).expect("text");
        let again = &stream[capture.len()..];
        assert!(again.starts_with("Event: Newchannel\r\nChannel: PJSIP/1003-0001002e\r\nUniqueid: 1795327171.12\r\n"));
        assert!(again.contains("0d5bb0a1-93bd-4f0e-9e0b-7c59de1f86fb\r\nCallerIDNum: 01632960123\r\n"), "{again}");
        assert_eq!(announced(stream.as_bytes()), ["1795326271.12-1.wav", "1795327171.12-1.wav"]);
        let calls: Vec<String> = begun(stream.as_bytes()).into_iter().map(|(_, call)| call).collect();
        assert_eq!(calls, ["1795326271.12", "1795327171.12"]);
    }

    #[test]
    fn rows_of_a_queue_log() {
        assert_eq!(row(0), "1795326272|1795326272.0|sales|NONE|ENTERQUEUE||01632960000|1\n");
        assert_eq!(row(5), "1795326301|1795326292.1|sales|Grace Li|COMPLETECALLER|3|6|1\n");
    }
}
