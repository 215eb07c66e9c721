//! Adapter data to canonical events: one each.

use model::event::{Body, LogonKind};
use model::{DecodeError, Decoder, Envelope, Event, Instant, Name, Position};
use serde_json::{Map, Value};

use super::{DIALECT, validate};
use crate::emit::{Emit, Whom, named};
use crate::plausible::Believed;

/// Decodes `cti.adapter`; of what came before it only knows the newest time.
#[derive(Default)]
pub struct AdapterDecoder {
    believed: Believed,
}

impl AdapterDecoder {
    /// A decoder that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Decoder for AdapterDecoder {
    fn decode(&mut self, envelope: &Envelope, position: Position, out: &mut Vec<Event>) -> Result<(), DecodeError> {
        let failed = |reason| DecodeError { dialect: DIALECT, reason };
        let data: Map<String, Value> =
            serde_json::from_slice(&envelope.data).map_err(|e| failed(format!("the data is no JSON object: {e}")))?;
        validate(&data)
            .map_err(|problems| failed(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        self.believed.check(envelope.time, envelope.received).map_err(failed)?;
        let (whom, body) = meaning(&Fields(&data));
        Emit::of(envelope, position, envelope.time, out).push(&whom, body);
        Ok(())
    }

    fn release(&mut self, _at: Instant, _position: Position, _out: &mut Vec<Event>) {}

    fn snapshot(&self) -> Vec<u8> {
        postcard::to_stdvec(&self.believed).unwrap_or_default()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.believed = postcard::from_bytes(bytes).map_err(|e| format!("no state of the {DIALECT} decoder: {e}"))?;
        Ok(())
    }
}

/// Data that has been validated.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn name(&self, field: &str) -> Option<Name> {
        self.0.get(field).and_then(Value::as_str).and_then(named)
    }

    fn must(&self, field: &str) -> Name {
        self.name(field).unwrap_or_default()
    }

    fn values(&self) -> Vec<(Name, Name)> {
        let values = self.0.get("values").and_then(Value::as_object);
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string().into(), Name::from);
        values.map(|v| v.iter().map(|(name, value)| (name.as_str().into(), text(value))).collect()).unwrap_or_default()
    }
}

fn meaning(data: &Fields<'_>) -> (Whom, Body) {
    let whom = Whom {
        call_id: data.name("call_id"),
        connection: data.name("connection"),
        queue: data.name("queue"),
        agent: data.name("agent"),
    };
    let logon = if whom.queue.is_some() { LogonKind::Member } else { LogonKind::Agent };
    let body = match data.must("type").as_str() {
        "AgentLoggedOff" => {
            Body::AgentLoggedOff { kind: logon, stated_ms: data.0.get("session_ms").and_then(Value::as_i64) }
        }
        "AgentLoggedOn" => Body::AgentLoggedOn { kind: logon, listed: false },
        "AgentNotReady" => Body::AgentNotReady { reason: data.name("reason"), listed: false },
        "AgentReady" => Body::AgentReady { listed: false },
        "CallbackRequested" => Body::CallbackRequested {
            number: data.name("number"),
            leaves_queue: data.0.get("leaves_queue").and_then(Value::as_bool).unwrap_or(false),
        },
        "ClickToDial" => Body::ClickToDial { number: data.must("number") },
        "DataCollected" => Body::DataCollected { name: data.must("name"), values: data.values() },
        "DispositionSet" => Body::DispositionSet { disposition: data.must("disposition") },
        "NoteSaved" => Body::NoteSaved { text: data.must("text").to_string() },
        "ScreenPopped" => Body::ScreenPopped { record: data.name("record") },
        other => Body::Unrecognized { name: other.into() },
    };
    (whom, body)
}
