//! Card data in CEL rows: CEL alone cannot tell whether a recording is suspended, so
//! every digit of DTMF is masked, and card numbers in what programs wrote into a row.

use model::Envelope;
use serde_json::Value;

use crate::cards;
use crate::{Masker, NativeRecord};

/// Applications whose arguments are numbers dialled or queues, no collected data.
const DIALLING: &[&str] = &["Dial", "Queue", "AppDial", "AppDial2", "AppQueue", "ConfBridge", "MixMonitor", "Goto"];

/// Masks CEL rows; it remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct CelMasker;

impl Masker for CelMasker {
    fn mask(&mut self, record: &mut NativeRecord) -> u32 {
        let text = |name: &str| {
            let found = record.data.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
            found.and_then(|(_, value)| value.as_str()).unwrap_or("").to_owned()
        };
        let written = text("EventType").to_ascii_uppercase().ends_with("USER_DEFINED");
        let dtmf = text("EventType").to_ascii_uppercase().ends_with("DTMF");
        let app = text("AppName");
        let dialling = DIALLING.iter().any(|d| d.eq_ignore_ascii_case(&app));
        let mut masked = 0;
        for (column, value) in &mut record.data {
            match column.to_ascii_lowercase().as_str() {
                "eventextra" | "extra" if dtmf => masked += u32::from(mask_digit(value)),
                "appdata" if app.eq_ignore_ascii_case("SendDTMF") => masked += u32::from(cards::mask_digits(value)),
                "appdata" if dialling => {}
                "eventextra" | "extra" if !written => {}
                "appdata" | "userfield" | "eventextra" | "extra" | "accountcode" => masked += cards::mask_value(value),
                _ => {}
            }
        }
        masked
    }

    fn observe(&mut self, _envelope: &Envelope) {}

    fn gap(&mut self) {}
}

/// Masks the digit in the details of a DTMF row: `{"digit":"4","duration_ms":120}`.
/// Details that cannot be read are masked whole.
fn mask_digit(extra: &mut Value) -> bool {
    let text = match &*extra {
        Value::String(text) if text.is_empty() => return false,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut details: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    match details.get_mut("digit") {
        Some(digit) => *digit = Value::from(cards::MASK),
        None => details = serde_json::json!({ "digit": cards::MASK }),
    }
    *extra = if extra.is_string() { Value::from(details.to_string()) } else { details };
    true
}
