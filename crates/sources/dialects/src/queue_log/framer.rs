//! Bytes to rows.
//!
//! Asterisk does not escape: a pipe inside a member's name looks like a field's end. The
//! framer puts such a name together again where the vocabulary allows it: the fifth field
//! does not look like an event, a later one is a known event. (Caller names are no
//! matter: Asterisk replaces pipes in them, and they stand last.)
//!
//! Bytes that are no UTF-8 (old member names in Latin-1) become U+FFFD and the record is
//! marked `"invalid_utf8": true`: a row is not lost over an accent.

use bytes::Bytes;
use model::Instant;
use serde_json::{Map, Value};

use super::{DIALECT, vocabulary};
use crate::lines::{Line, Lines};
use crate::plausible::in_era;
use crate::{FrameError, Framed, Framer, MAX_RECORD, NativeRecord};

/// How many pipes inside a member's name are put together again.
const PIPES_IN_NAME: usize = 4;

/// Cuts a `queue_log` into rows. Empty lines are no rows; `\r\n` ends a line as well; a
/// last line without its line feed is a row.
#[derive(Default)]
pub struct QueueLogFramer {
    lines: Lines,
}

impl QueueLogFramer {
    /// A framer at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Framer for QueueLogFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Framed>) {
        self.lines.push(chunk, |line| out.extend(framed(&line)));
    }

    fn finish(&mut self, out: &mut Vec<Framed>) {
        self.lines.finish(|line| out.extend(framed(&line)));
    }
}

fn framed(line: &Line<'_>) -> Option<Framed> {
    let raw = Bytes::copy_from_slice(line.bytes);
    let failed = |reason| Err(FrameError { dialect: DIALECT, offset: line.offset, reason });
    if line.too_long {
        let reason = format!("the line is longer than {MAX_RECORD} bytes; expected one row");
        return Some(Framed { offset: line.offset, raw, record: failed(reason) });
    }
    let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
    if bytes.trim_ascii().is_empty() {
        return None;
    }
    let record = row(bytes).or_else(failed);
    Some(Framed { offset: line.offset, raw, record })
}

/// One row; an error says what is wrong with it.
fn row(bytes: &[u8]) -> Result<NativeRecord, String> {
    let text = String::from_utf8_lossy(bytes);
    let fields: Vec<&str> = text.split('|').collect();
    let [time, callid, queue, agent, _event, ..] = fields.as_slice() else {
        let found = fields.len();
        return Err(format!(
            "{found} field(s) where at least 5 are expected: time|callid|queue|agent|event|data, in '{}'",
            short(&text)
        ));
    };
    let at = Instant::parse_epoch(time.trim()).ok_or_else(|| {
        format!("'{}' in the first field is no time; expected whole or fractional seconds since 1970", short(time))
    })?;
    let event = event_at(&fields);
    let agent = if event > 4 { fields.get(3..event).unwrap_or(&[]).join("|") } else { (*agent).to_owned() };
    let mut data = Map::new();
    data.insert("time".into(), Value::from(*time));
    data.insert("callid".into(), Value::from(*callid));
    data.insert("queue".into(), Value::from(*queue));
    data.insert("agent".into(), Value::from(agent));
    data.insert("event".into(), Value::from(fields.get(event).copied().unwrap_or("")));
    data.insert("data".into(), fields.get(event + 1..).unwrap_or(&[]).iter().map(|f| Value::from(*f)).collect());
    if matches!(text, std::borrow::Cow::Owned(_)) {
        data.insert("invalid_utf8".into(), Value::from(true));
    }
    Ok(NativeRecord { time: in_era(at).then_some(at), data })
}

/// Where the event stands: the fifth field, or later where a name holds pipes.
fn event_at(fields: &[&str]) -> usize {
    let word = fields.get(4).copied().unwrap_or("");
    if vocabulary::looks_like_event(word) {
        return 4;
    }
    (5..5 + PIPES_IN_NAME).find(|i| fields.get(*i).is_some_and(|f| vocabulary::known(f))).unwrap_or(4)
}

/// The beginning of a text, for an error message.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
