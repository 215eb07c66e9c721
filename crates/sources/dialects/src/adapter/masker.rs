//! Card numbers in adapter data: people type them into notes and forms.

use model::Envelope;
use serde_json::Value;

use crate::cards;
use crate::{Masker, NativeRecord};

/// Names of calls and legs: digits that a switch made, and by which events are joined.
const NAMES: &[&str] = &["type", "call_id", "connection"];

/// Masks every text and number of adapter events; it remembers nothing. A `number` that is
/// written as one of the telephone network (`+…`, `0…`) stays: no card begins so.
#[derive(Clone, Copy, Debug, Default)]
pub struct AdapterMasker;

impl Masker for AdapterMasker {
    fn mask(&mut self, record: &mut NativeRecord) -> u32 {
        let telephone = |v: &Value| v.as_str().is_some_and(|t| t.trim_start().starts_with(['+', '0']));
        let stays = |name: &str, value: &Value| NAMES.contains(&name) || (name == "number" && telephone(value));
        (record.data.iter_mut())
            .filter(|(name, value)| !stays(name.as_str(), value))
            .map(|(_, value)| cards::mask_value(value))
            .sum()
    }

    fn observe(&mut self, _envelope: &Envelope) {}

    fn gap(&mut self) {}
}
