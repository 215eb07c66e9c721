//! The records of `cti.live`: how the live figures stand in the log, both ways.
//!
//! Contract: a record replaces the one before with its key (the topic is compacted). A
//! queue's key is `switch/queue`, an agent's `//agent/switch/agent`, a switch's
//! `//switch/switch`: no switch has an empty name. A switch's record says who its agents
//! are: records of others are over (nothing tells a reader of an agent who went while
//! nobody folded). It is written again every few seconds: where it stays away, nobody
//! folds, and what a reader knows is old.

use model::{Instant, Name};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AgentNow, Agents, LiveRow};
use crate::live::Activity;
use crate::options::Options;
use crate::render::object;

/// How a switch's fold stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SwitchNow {
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// As of when its figures are: the time of day, or, where a capture is read, its end.
    #[serde(with = "instant")]
    pub as_of: Option<Instant>,
    /// The time of the last event that was folded.
    #[serde(with = "instant")]
    pub last_event: Option<Instant>,
    /// Its agents: those of whom there are records that hold.
    pub agents: Vec<Name>,
}

/// A record of `cti.live`.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveRecord {
    /// A queue of a switch.
    Queue(LiveRow),
    /// An agent of a switch.
    Agent(AgentNow),
    /// A switch.
    Switch(SwitchNow),
}

impl LiveRecord {
    /// The figures, where it is a queue's.
    pub fn queue(&self) -> Option<&LiveRow> {
        if let Self::Queue(row) = self { Some(row) } else { None }
    }

    /// Its key.
    pub fn key(&self) -> String {
        match self {
            Self::Queue(row) => format!("{}/{}", row.switch.as_deref().unwrap_or_default(), row.queue),
            Self::Agent(agent) => format!("//agent/{}/{}", agent.switch, agent.agent),
            Self::Switch(switch) => format!("//switch/{}", switch.switch),
        }
    }

    /// Its value: a JSON object with the names of `docs/metrics.md`, section 5.
    pub fn to_json(&self) -> String {
        match self {
            Self::Queue(row) => queue_value(row).to_string(),
            Self::Agent(agent) => serde_json::to_string(agent).unwrap_or_default(),
            Self::Switch(switch) => serde_json::to_string(switch).unwrap_or_default(),
        }
    }

    /// The record of a key and a value; `None` where it is none (an older build wrote
    /// arrays; what cannot be read is written anew soon).
    pub fn of(key: &[u8], bytes: &[u8]) -> Option<Self> {
        if key.starts_with(b"//agent/") {
            return serde_json::from_slice(bytes).ok().map(Self::Agent);
        }
        if key.starts_with(b"//switch/") {
            return serde_json::from_slice(bytes).ok().map(Self::Switch);
        }
        queue_of(&serde_json::from_slice(bytes).ok()?).map(Self::Queue)
    }
}

/// A queue's figures as JSON, with every name of section 5.
pub fn queue_value(row: &LiveRow) -> Value {
    object(row, &Options::default())
}

fn queue_of(value: &Value) -> Option<LiveRow> {
    let text = |name| value.get(name).and_then(Value::as_str).map(Name::from);
    let int = |name| value.get(name).and_then(Value::as_i64).unwrap_or(0);
    let mut agents = Agents::default();
    for (activity, name) in [
        (Activity::Available, "agents_available"),
        (Activity::Talking, "agents_talking"),
        (Activity::Paused, "agents_paused"),
        (Activity::Acw, "agents_in_acw"),
        (Activity::Ringing, "agents_ringing"),
    ] {
        agents.add(activity, int(name));
    }
    Some(LiveRow {
        center: text("center")?,
        switch: text("switch"),
        queue: text("queue")?,
        waiting: int("waiting"),
        longest_wait_ms: int("longest_wait_ms"),
        waiting_since: text("waiting_since").and_then(|t| Instant::parse_rfc3339(&t).ok()),
        agents,
        calls_talking: int("calls_talking"),
        offered: int("offered"),
        answered: int("answered"),
        abandoned: int("abandoned"),
        abandoned_short: int("abandoned_short"),
        answered_in_sl: int("answered_in_sl"),
        waiting_late: int("waiting_late"),
        wait_answered_ms_sum: int("wait_answered_ms_sum"),
        sl_threshold_ms: value.get("sl_threshold_ms").and_then(Value::as_i64),
    })
}

/// Instants as RFC 3339 in UTC, as everywhere in JSON.
pub(super) mod instant {
    use model::Instant;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option)] // serde's `with` gives the field as it is
    pub fn serialize<S: Serializer>(at: &Option<Instant>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.serialize_some(&at.to_rfc3339()),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Instant>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|t| Instant::parse_rfc3339(&t).map_err(serde::de::Error::custom)).transpose()
    }
}
