//! `ringledger.act`: our own acts, read back from the log.
//!
//! A record's data is one [`model::Act`] as JSON. It becomes one `Acted` event at the
//! record's own time (`ce_time`); it names no call itself, as an act speaks of contacts,
//! not of native calls. A gap of a source becomes the canonical `SourceGap`.

use model::event::Body;
use model::{Act, DecodeError, Decoder, Envelope, Event, Instant, Position};

use crate::emit::{Emit, Whom};

const DIALECT: &str = "ringledger.act";

/// Decodes `ringledger.act`; it remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ActDecoder;

impl Decoder for ActDecoder {
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let act: Act = serde_json::from_slice(&envelope.data).map_err(|e| DecodeError {
            dialect: DIALECT,
            reason: format!("the data is no act that is known here: {e}"),
        })?;
        let body = match act {
            Act::SourceGap { from, to, .. } => Body::SourceGap { from, to },
            other => Body::Acted(Box::new(other)),
        };
        Emit::of(envelope, position, envelope.time, out).push(&Whom::default(), body);
        Ok(())
    }

    fn release(&mut self, _at: Instant, _position: Position, _out: &mut Vec<Event>) {}

    fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        if bytes.is_empty() { Ok(()) } else { Err(format!("the {DIALECT} decoder keeps no state")) }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use model::acts::SwitchSettings;

    use super::*;
    use crate::NativeRecord;
    use crate::testing::envelope;

    fn decode(json: String) -> Result<Vec<Event>, DecodeError> {
        let record = NativeRecord { time: Some(Instant::from_secs(1_795_326_272)), data: serde_json::Map::new() };
        let envelope = Envelope { data: Bytes::from(json), ..envelope(model::Dialect::Ringledger, &record) };
        let mut out = Vec::new();
        ActDecoder.decode(&envelope, Position { partition: 1, offset: 2 }, &mut out).map(|()| out)
    }

    #[test]
    fn an_act_comes_back_as_it_was_written() {
        let act = Act::SettingsSet {
            settings: SwitchSettings { figures: Some("asterisk.cel".into()), ..SwitchSettings::default() },
        };
        let events = decode(serde_json::to_string(&act).expect("JSON")).expect("an act");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].body, Body::Acted(Box::new(act)));
        assert_eq!(events[0].at, Instant::from_secs(1_795_326_272));
    }

    #[test]
    fn a_gap_of_a_source_is_a_canonical_event() {
        let (from, to) = (Instant::from_secs(1_795_326_000), Instant::from_secs(1_795_326_060));
        let act = Act::SourceGap { dialect: "asterisk.ami".into(), from, to };
        let events = decode(serde_json::to_string(&act).expect("JSON")).expect("an act");
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].body, Body::SourceGap { from, to });
    }

    #[test]
    fn what_is_no_act_says_so() {
        for json in ["", "[]", r#"{"act":"sing"}"#, r#"{"act":"settings_set"}"#] {
            let error = decode(json.to_owned()).expect_err(json);
            assert!(error.to_string().starts_with("ringledger.act: the data is no act"), "{error}");
        }
    }
}
