//! Whether an event can be taken, and the envelope that it becomes.

use bytes::Bytes;
use dialects::adapter::{AdapterMasker, validate};
use dialects::{Masker, NativeRecord};
use model::{Dialect, Envelope, Instant, Name};
use serde_json::{Map, Value, json};

use super::limits;
use super::read::Raw;
use crate::times::plausible;

/// What is wrong with one event, and where.
#[derive(Debug)]
pub struct Fault {
    event: usize,
    id: Option<Name>,
    field: String,
    problem: String,
}

impl Fault {
    pub fn to_json(&self) -> Value {
        json!({ "event": self.event, "id": self.id, "field": self.field, "problem": self.problem })
    }
}

/// Everything that is wrong with one event.
#[derive(Debug, Default)]
pub struct Faults {
    id: Option<Name>,
    list: Vec<(String, String)>,
}

impl Faults {
    fn say(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.list.push((field.into(), problem.into()));
    }

    /// The faults of the event at `index` of its request.
    pub fn at(self, index: usize) -> impl Iterator<Item = Fault> {
        let id = self.id;
        self.list.into_iter().map(move |(field, problem)| Fault { event: index, id: id.clone(), field, problem })
    }

    /// All in one line, for a dead letter.
    pub fn in_words(&self) -> String {
        self.list.iter().map(|(field, problem)| format!("'{field}': {problem}")).collect::<Vec<_>>().join("; ")
    }
}

/// The event as it goes into the log, and how many values were masked in it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn event(mut raw: Raw, received: Instant, center: &Name) -> Result<(Envelope, u32), Faults> {
    let mut faults = Faults::default();
    for name in std::mem::take(&mut raw.unreadable) {
        faults.say(name, "not readable; expected a text");
    }
    fixed(&raw, &mut faults);
    let id = required(&raw, "id", "any text that is this event's alone within its source", &mut faults);
    faults.id = id.clone();
    let source = required(&raw, "source", "'/adapter/<name>'", &mut faults).filter(|s| source_fits(s, &mut faults));
    let switch = required(&raw, "switch", "the name of the switch whose calls it speaks of", &mut faults);
    let named = optional(&raw, "center", &mut faults);
    let time = time(&raw, received, &mut faults);
    let data = data(raw.data, &mut faults);
    let (Some(id), Some(source), Some(switch), Some(data), true) = (id, source, switch, data, faults.list.is_empty())
    else {
        return Err(faults);
    };
    let mut record = NativeRecord { time: Some(time), data };
    let masked = AdapterMasker.mask(&mut record);
    let data = Bytes::from(Value::Object(record.data).to_string());
    let center = named.unwrap_or_else(|| center.clone());
    let dialect = Dialect::CtiAdapter;
    Ok((Envelope { id, source, dialect, time, received, epoch: 0, sequence: 0, center, switch, data }, masked))
}

/// Attributes that have one right value.
fn fixed(raw: &Raw, faults: &mut Faults) {
    for (name, right) in [("specversion", "1.0"), ("type", "cti.adapter")] {
        match raw.attributes.get(name) {
            Some(value) if value == right => {}
            Some(_) => faults.say(name, format!("not known; expected '{right}'")),
            None => faults.say(name, format!("missing; expected '{right}'")),
        }
    }
    let is_json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    };
    if raw.attributes.get("datacontenttype").is_some_and(|k| !is_json(k)) {
        faults.say("datacontenttype", "the data is no JSON; expected 'application/json', or to be left out");
    }
    if raw.attributes.contains_key("data_base64") {
        faults.say("data_base64", "not taken; send the data as JSON in 'data'");
    }
}

fn required(raw: &Raw, name: &str, expected: &str, faults: &mut Faults) -> Option<Name> {
    if !raw.attributes.contains_key(name) {
        faults.say(name, format!("missing; expected {expected}"));
        return None;
    }
    optional(raw, name, faults)
}

fn optional(raw: &Raw, name: &str, faults: &mut Faults) -> Option<Name> {
    let text = raw.attributes.get(name)?;
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        faults.say(name, "empty, or holds control characters");
        return None;
    }
    if text.chars().count() > limits::ATTRIBUTE {
        faults.say(name, format!("longer than {} characters", limits::ATTRIBUTE));
        return None;
    }
    Some(text.as_str().into())
}

fn source_fits(source: &str, faults: &mut Faults) -> bool {
    let name = source.strip_prefix("/adapter/").unwrap_or("");
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !fits {
        faults.say("source", "expected '/adapter/<name>', the name of letters, digits, '.', '_' and '-'");
    }
    fits
}

fn time(raw: &Raw, received: Instant, faults: &mut Faults) -> Instant {
    let Some(text) = raw.attributes.get("time") else { return received };
    match Instant::parse_rfc3339(text) {
        Ok(at) if plausible(at, received) => at,
        Ok(_) => {
            faults.say(
                "time",
                "not believed; expected one from the year 2000 on, at most 366 days ahead: check the clock",
            );
            received
        }
        Err(_) => {
            faults.say("time", "no RFC 3339 instant; expected one such as 2026-11-22T08:00:00Z, or to be left out");
            received
        }
    }
}

fn data(value: Option<Value>, faults: &mut Faults) -> Option<Map<String, Value>> {
    let Some(Value::Object(data)) = value else {
        faults.say("data", "missing, or no object");
        return None;
    };
    if data.values().any(|v| deeper_than(v, limits::DEPTH - 1)) {
        faults.say("data", format!("nested more than {} levels deep", limits::DEPTH));
        return None;
    }
    if serde_json::to_vec(&data).map_or(0, |bytes| bytes.len()) > limits::DATA {
        faults.say("data", format!("larger than {} bytes", limits::DATA));
        return None;
    }
    if let Err(problems) = validate(&data) {
        problems.into_iter().for_each(|p| faults.say(format!("data.{}", p.field), p.reason));
        return None;
    }
    Some(data)
}

/// Whether objects and lists stand more than `levels` inside each other. (The parser has
/// stopped at 128 levels, so this ends.)
fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels == 0 || list.iter().any(|v| deeper_than(v, levels - 1)),
        Value::Object(map) => levels == 0 || map.values().any(|v| deeper_than(v, levels - 1)),
        _ => false,
    }
}
