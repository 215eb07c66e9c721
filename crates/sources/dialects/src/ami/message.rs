//! One message of AMI: its lines, and the headers in them.

use memchr::memchr;
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::NativeRecord;

/// What ends the raw output of a command in old versions.
pub(super) const COMMAND_END: &[u8] = b"--END COMMAND--";

/// The lines of some bytes, each with its LF; the last one may lack it.
pub(super) fn lines(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = memchr(b'\n', bytes).map_or(bytes.len(), |i| i + 1);
        let (line, rest) = bytes.split_at(end);
        bytes = rest;
        (!line.is_empty()).then_some(line)
    })
}

pub(super) fn trim_eol(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// One message, without its closing empty line.
pub(super) fn parse(raw: &[u8]) -> Result<NativeRecord, String> {
    let mut data = Map::new();
    let lines = lines(raw).map(trim_eol).enumerate();
    let mut follows = false;
    let mut user_event = false;
    for (n, line) in lines {
        if follows && line.starts_with(COMMAND_END) {
            continue;
        }
        if follows && !is_known_header(line) {
            append(&mut data, "Output", String::from_utf8_lossy(line).into_owned());
            continue;
        }
        let (name, value) = match header(line) {
            Some(pair) => pair,
            // UserEvent() writes arguments without a colon as they are.
            None if user_event && is_plain(line) => (std::str::from_utf8(line).unwrap_or_default(), &b""[..]),
            None => return Err(bad_line(n, line)),
        };
        if n == 0 {
            if !name.eq_ignore_ascii_case("Event") && !name.eq_ignore_ascii_case("Response") {
                return Err(format!("a message begins with Event: or Response:, this one with '{}'", excerpt(line)));
            }
            follows = name.eq_ignore_ascii_case("Response") && value == b"Follows";
            user_event = value == b"UserEvent";
        }
        append(&mut data, name, String::from_utf8_lossy(value).into_owned());
    }
    let time = data.get("Timestamp").and_then(Value::as_str).and_then(model::Instant::parse_epoch);
    Ok(NativeRecord { time, data })
}

/// Headers that may stand above the raw output of an old `Response: Follows`.
fn is_known_header(line: &[u8]) -> bool {
    header(line).is_some_and(|(n, _)| {
        ["Response", "Privilege", "ActionID", "Timestamp"].iter().any(|k| n.eq_ignore_ascii_case(k))
    })
}

/// `Name: value`; the value without the one blank that the switch puts before it.
fn header(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = memchr(b':', line)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || !is_plain(name) {
        return None;
    }
    Some((std::str::from_utf8(name).ok()?, value.strip_prefix(b" ").unwrap_or(value)))
}

fn is_plain(text: &[u8]) -> bool {
    text.len() <= 256 && std::str::from_utf8(text).is_ok_and(|t| !t.chars().any(char::is_control))
}

fn bad_line(n: usize, line: &[u8]) -> String {
    format!("line {} is no 'Name: value': '{}'", n + 1, excerpt(line))
}

/// A few characters for an error; digits are blotted out, they may be a card's.
fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(40)]);
    text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).flat_map(char::escape_debug).collect()
}

/// Sets a header; one that is there already becomes a list.
fn append(data: &mut Map<String, Value>, name: &str, value: String) {
    match data.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(Value::String(value));
        }
        Entry::Occupied(mut entry) => match entry.get_mut() {
            Value::Array(list) => list.push(Value::String(value)),
            first => {
                let before = first.take();
                *first = Value::Array(vec![before, Value::String(value)]);
            }
        },
    }
}
