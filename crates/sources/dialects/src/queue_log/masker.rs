//! Card numbers in rows that dial plans write of what they collected (INFO and rows of
//! their own). Rows of the queue itself hold numbers of the telephone network and ids of
//! channels: these stay.

use model::Envelope;

use crate::cards;
use crate::{Masker, NativeRecord};

/// Rows whose data are numbers dialled, callers' numbers or ids.
const OF_THE_QUEUE: &[&str] =
    &["ENTERQUEUE", "DID", "CONNECT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER", "CALLERID"];

/// Masks card numbers in the data of rows; it remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowMasker;

impl Masker for RowMasker {
    fn mask(&mut self, record: &mut NativeRecord) -> u32 {
        let event = record.data.get("event").and_then(|e| e.as_str()).unwrap_or_default();
        if OF_THE_QUEUE.contains(&event) {
            return 0;
        }
        record.data.get_mut("data").map_or(0, cards::mask_value)
    }

    fn observe(&mut self, _envelope: &Envelope) {}

    fn gap(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(event: &str, value: &str) -> String {
        let json = serde_json::json!({"event": event, "data": [value]});
        let mut record = NativeRecord { time: None, data: json.as_object().cloned().unwrap_or_default() };
        RowMasker.mask(&mut record);
        record.data["data"][0].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn collected_cards_go_and_numbers_of_the_network_stay() {
        assert_eq!(masked("INFO", "card 4111111111111111"), "card XXXXXXXXXXXXXXXX");
        assert_eq!(masked("ENTERQUEUE", "4111111111111111"), "4111111111111111");
        assert_eq!(masked("INFO", "order 1234567"), "order 1234567");
    }
}
