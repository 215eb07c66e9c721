//! A row's columns, found whatever the case of their names.

use model::{Instant, Name};
use serde_json::{Map, Value};

use crate::emit::named;

/// The columns that the decoder reads. Values as written; missing ones are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Upper case, without the `AST_CEL_` that some writers put before it.
    pub event: String,
    pub time: String,
    pub name: String,
    pub num: String,
    pub dnid: String,
    pub exten: String,
    pub context: String,
    pub channel: String,
    pub app: String,
    pub app_data: String,
    pub unique_id: String,
    pub linked_id: String,
    pub peer: String,
    pub user_type: String,
    pub extra: Map<String, Value>,
}

impl Row {
    /// Reads the native record.
    pub fn parse(data: &[u8]) -> Result<Self, String> {
        let columns: Map<String, Value> = serde_json::from_slice(data)
            .map_err(|e| format!("the data is no object of CEL columns and their values: {e}"))?;
        let mut row = Self::default();
        for (column, value) in columns {
            match value {
                Value::String(text) => row.set(&column.to_ascii_lowercase(), text),
                Value::Object(extra) if column.eq_ignore_ascii_case("EventExtra") => row.extra = extra,
                _ => {}
            }
        }
        if row.event.is_empty() || row.unique_id.is_empty() {
            return Err("a CEL row needs the columns EventType and UniqueID".to_owned());
        }
        if row.linked_id.is_empty() {
            row.linked_id.clone_from(&row.unique_id);
        }
        Ok(row)
    }

    fn set(&mut self, column: &str, text: String) {
        match column {
            "eventtype" | "eventname" => {
                let word = text.trim().to_ascii_uppercase();
                self.event = word.strip_prefix("AST_CEL_").map_or(word.clone(), ToOwned::to_owned);
            }
            "eventtime" => self.time = text,
            "name" | "calleridname" => self.name = text,
            "num" | "calleridnum" => self.num = text,
            "dnid" | "calleriddnid" => self.dnid = text,
            "exten" => self.exten = text,
            "context" => self.context = text,
            "channame" | "channel" => self.channel = text,
            "appname" | "application" => self.app = text,
            "appdata" => self.app_data = text,
            "uniqueid" => self.unique_id = text,
            "linkedid" => self.linked_id = text,
            "peer" | "bridgepeer" => self.peer = text,
            "userdeftype" => self.user_type = text,
            "eventextra" | "extra" => self.extra = serde_json::from_str(&text).unwrap_or_default(),
            _ => {}
        }
    }

    /// A text of the event's own details.
    pub fn detail(&self, key: &str) -> Option<Name> {
        self.extra.get(key).and_then(Value::as_str).and_then(named)
    }

    /// Whether the channel is inside the queue application as a caller.
    pub fn in_queue(&self) -> bool {
        self.app.eq_ignore_ascii_case("Queue") && self.queue().is_some()
    }

    /// The queue that the application was given.
    pub fn queue(&self) -> Option<Name> {
        self.app_data.split([',', '|']).next().and_then(named)
    }

    /// Whether the channel is one that a queue called: an offer to an agent.
    pub fn is_offer(&self) -> bool {
        self.app.eq_ignore_ascii_case("AppQueue")
    }
}

/// `epoch.microseconds`, or `YYYY-MM-DD HH:MM:SS[.us]`, which is taken as UTC.
pub(super) fn parse_time(text: &str) -> Option<Instant> {
    let text = text.trim();
    Instant::parse_epoch(text).or_else(|| {
        let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
        Some(Instant(time.and_utc().timestamp_micros()))
    })
}

#[cfg(test)]
mod tests {
    use super::{Instant, parse_time};

    #[test]
    fn both_forms_of_time_are_read() {
        assert_eq!(parse_time("1795326271.717304"), Some(Instant(1_795_326_271_717_304)));
        assert_eq!(parse_time("2026-11-22 05:44:31.717304"), Some(Instant(1_795_326_271_717_304)));
        assert_eq!(parse_time("2026-11-22 05:44:31"), Some(Instant(1_795_326_271_000_000)));
        assert_eq!(parse_time("yesterday"), None);
    }
}
