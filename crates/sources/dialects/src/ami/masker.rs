//! Takes card data out of AMI messages (`docs/events.md`, 1).
//!
//! Key presses stand in `DTMFBegin`, `DTMFEnd` and (where CEL goes over AMI) in `CEL`
//! events named `DTMF`, on the typing channel and on each one they are passed on to.
//! Card numbers as a whole may stand in whatever a dial plan collects: variables, user
//! events, arguments of applications, CDR and CEL user fields, output of commands.

use model::Envelope;
use serde_json::{Map, Value};

use crate::masking::{Copied, KeyGuard, Limits, MASK, Press, luhn};
use crate::{Masker, NativeRecord};

const READ: u8 = 1;
const WRITE: u8 = 2;

/// The masker of one AMI connection.
pub struct AmiMasker {
    guard: KeyGuard,
}

impl Default for AmiMasker {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl AmiMasker {
    /// A masker with the given limits of digit runs.
    pub fn new(limits: Limits) -> Self {
        Self { guard: KeyGuard::new(limits) }
    }

    /// What the record tells of channels, calls and recordings.
    fn learn(&mut self, event: &str, record: &NativeRecord) {
        let data = &record.data;
        if event == "CEL" {
            // Its ids may be behind or ahead of the channel's own events: only a start counts.
            if text(data, "EventName") == "CHAN_START" {
                self.guard.seen(text(data, "UniqueID"), text(data, "LinkedID"), true);
            }
            return;
        }
        let (uid, call) = (text(data, "Uniqueid"), text(data, "Linkedid"));
        if uid.is_empty() {
            if event == "Shutdown" {
                self.guard.forget();
            }
            return;
        }
        if !call.is_empty() {
            self.guard.seen(uid, call, event == "Newchannel");
        }
        match event {
            "BridgeEnter" => self.guard.conversation(uid, Some(text(data, "BridgeUniqueid"))),
            "BridgeLeave" => self.guard.conversation(uid, None),
            "MixMonitorMute" => {
                let bits = match text(data, "Direction") {
                    "read" => READ,
                    "write" => WRITE,
                    _ => READ | WRITE,
                };
                self.guard.suspended(uid, bits, READ | WRITE, text(data, "State") == "1", record.time);
            }
            "MixMonitorStop" => self.guard.recording_stopped(uid, record.time),
            "Hangup" => self.guard.ended(uid, record.time),
            _ => {}
        }
    }

    /// Masks the key of a press, where it must be.
    fn mask_press(&mut self, copied: Copied, record: &mut NativeRecord) -> u32 {
        let data = &record.data;
        let (uid, call) = match copied {
            Copied::Record => (text(data, "UniqueID"), text(data, "LinkedID")),
            _ => (text(data, "Uniqueid"), text(data, "Linkedid")),
        };
        let key = match copied {
            Copied::Record => member(text(data, "Extra"), "digit").unwrap_or(""),
            _ => text(data, "Digit"),
        };
        let held_ms = match copied {
            Copied::Begin => 0,
            Copied::End => text(data, "DurationMs").parse().unwrap_or(0),
            Copied::Record => number(text(data, "Extra"), "duration_ms"),
        };
        let press = Press {
            copied,
            sent: text(data, "Direction") == "Sent",
            is_digit: key.chars().all(|c| c.is_ascii_digit() || c == MASK),
            at: record.time,
            held_ms,
        };
        if !self.guard.masks(uid, call, &press) {
            return 0;
        }
        let header = if copied == Copied::Record { "Extra" } else { "Digit" };
        each_text(&mut record.data, header, &mut |value| {
            let masked = if copied == Copied::Record { without_digit(value) } else { MASK.to_string() };
            (masked != *value).then_some(masked)
        })
    }

    /// Masks card numbers in what a record may have collected.
    fn mask_collected(&mut self, event: &str, data: &mut Map<String, Value>) -> u32 {
        let mut count = 0;
        let mut mask = |data: &mut Map<String, Value>, header: &str| {
            count += each_text(data, header, &mut |value| luhn::masked(value));
        };
        match event {
            // The file of a recording must be found again under its name.
            "VarSet" if text(data, "Variable") == "MIXMONITOR_FILENAME" => {}
            "VarSet" => mask(data, "Value"),
            "Newexten" => mask(data, "AppData"),
            "CEL" => ["AppData", "Userfield", "Extra", "Peer"].iter().for_each(|h| mask(data, h)),
            "Cdr" => ["UserField", "LastData"].iter().for_each(|h| mask(data, h)),
            "CoreShowChannel" | "Status" => mask(data, "ApplicationData"),
            "AsyncAGIExec" | "AGIExecStart" | "AGIExecEnd" => {
                ["Result", "Command"].iter().for_each(|h| mask(data, h));
            }
            "UserEvent" => {
                let own = data.keys().skip_while(|k| !k.eq_ignore_ascii_case("UserEvent")).skip(1).cloned();
                own.collect::<Vec<_>>().iter().for_each(|h| mask(data, h));
            }
            "" => ["Output", "Value", "Val"].iter().for_each(|h| mask(data, h)),
            _ => {}
        }
        if data.keys().any(|k| k.contains("ChanVariable")) {
            let names: Vec<String> = data.keys().filter(|k| k.contains("ChanVariable")).cloned().collect();
            names.iter().for_each(|h| mask(data, h));
        }
        count + self.mask_extensions(data)
    }

    /// Keys typed into a menu become the channel's extension.
    fn mask_extensions(&self, data: &mut Map<String, Value>) -> u32 {
        const EXTENSIONS: [&str; 4] = ["Exten", "Extension", "Destination", "DestExten"];
        let may_be = |v: &Value| v.as_str().is_some_and(|t| t.len() >= 13 && t.bytes().all(|b| b.is_ascii_digit()));
        if !EXTENSIONS.iter().any(|h| data.get(*h).is_some_and(may_be)) {
            return 0;
        }
        let uid = [text(data, "Uniqueid"), text(data, "UniqueID")].into_iter().find(|u| !u.is_empty()).unwrap_or("");
        if !self.guard.is_sensitive(uid) {
            return 0;
        }
        EXTENSIONS.iter().map(|h| each_text(data, h, &mut |value| luhn::masked(value))).sum()
    }
}

impl Masker for AmiMasker {
    fn mask(&mut self, record: &mut NativeRecord) -> u32 {
        let event = text(&record.data, "Event").to_owned();
        self.learn(&event, record);
        let pressed = match event.as_str() {
            "DTMFBegin" => self.mask_press(Copied::Begin, record),
            "DTMFEnd" => self.mask_press(Copied::End, record),
            "CEL" if text(&record.data, "EventName") == "DTMF" => self.mask_press(Copied::Record, record),
            _ => 0,
        };
        // Only answers to actions, and what a dial plan sends, may speak of passwords.
        let secrets = if event.is_empty() || event == "UserEvent" { super::secrets::mask(&mut record.data) } else { 0 };
        pressed + secrets + self.mask_collected(&event, &mut record.data)
    }

    fn observe(&mut self, envelope: &Envelope) {
        // (A record that is no object tells nothing; the decoder reports it.)
        if let Ok(data) = serde_json::from_slice(&envelope.data) {
            self.mask(&mut NativeRecord { time: Some(envelope.time), data });
        }
    }

    fn gap(&mut self) {
        self.guard.forget();
    }
}

/// The (first) text of a header; empty where there is none.
fn text<'a>(data: &'a Map<String, Value>, name: &str) -> &'a str {
    let value = data.get(name).or_else(|| data.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v));
    match value {
        Some(Value::String(text)) => text,
        Some(Value::Array(list)) => list.first().and_then(Value::as_str).unwrap_or(""),
        _ => "",
    }
}

/// Changes each text of a header; returns how many were changed.
fn each_text(data: &mut Map<String, Value>, name: &str, change: &mut dyn FnMut(&str) -> Option<String>) -> u32 {
    let mut count = 0;
    let mut apply = |value: &mut Value| {
        if let Some(changed) = value.as_str().and_then(&mut *change) {
            *value = Value::String(changed);
            count += 1;
        }
    };
    for (_, value) in data.iter_mut().filter(|(k, _)| k.eq_ignore_ascii_case(name)) {
        match value {
            Value::Array(list) => list.iter_mut().for_each(&mut apply),
            one => apply(one),
        }
    }
    count
}

/// The text member `name` of a flat JSON object.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let rest = &json[json.find(&format!("\"{name}\":\""))? + name.len() + 4..];
    rest.split('"').next()
}

/// The whole-number member `name` of a flat JSON object.
fn number(json: &str, name: &str) -> i64 {
    let Some(at) = json.find(&format!("\"{name}\":")) else { return 0 };
    let digits = json[at + name.len() + 3..].trim_start();
    digits.split(|c: char| !c.is_ascii_digit()).next().and_then(|d| d.parse().ok()).unwrap_or(0)
}

/// CEL's `Extra` without the key that was pressed. Where it is not laid out as known,
/// every digit in it goes.
fn without_digit(extra: &str) -> String {
    match member(extra, "digit") {
        Some(digit) => extra.replacen(&format!("\"digit\":\"{digit}\""), &format!("\"digit\":\"{MASK}\""), 1),
        None => extra.chars().map(|c| if c.is_ascii_digit() { MASK } else { c }).collect(),
    }
}
