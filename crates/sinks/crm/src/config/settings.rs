//! What is written, and how callers are matched.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Kinds of contacts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// Inbound, answered.
    InboundAnswered,
    /// Inbound, abandoned.
    InboundAbandoned,
    /// Inbound, any other outcome that came to a queue (call-back, rejected, lost).
    InboundOther,
    /// Inbound, ended in the IVR.
    InboundIvr,
    /// All outbound ones.
    Outbound,
    /// Internal ones.
    Internal,
}

/// What is written.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct MappingSettings {
    /// Which contacts.
    pub contacts: Vec<Which>,
    /// Where `/r/<recording_id>` is served; none: no recording links.
    pub base_url: Option<String>,
    /// Owner of Tasks whose agent has no CRM user.
    pub default_owner: Option<String>,
    /// Owner (user or queue) of Tasks whose caller matched several parties.
    pub review_owner: Option<String>,
    /// IANA time zone of `ActivityDate`.
    pub time_zone: String,
    /// Service-level threshold, milliseconds.
    pub service_level_ms: i64,
    /// The same for single queues.
    pub service_level_ms_by_queue: BTreeMap<String, i64>,
    /// Longest wait for recording and wrap-up after the contact's end, milliseconds.
    pub settle_ms: i64,
}

impl Default for MappingSettings {
    fn default() -> Self {
        Self {
            contacts: vec![Which::InboundAnswered, Which::InboundAbandoned, Which::Outbound],
            base_url: None,
            default_owner: None,
            review_owner: None,
            time_zone: "UTC".to_owned(),
            service_level_ms: 20_000,
            service_level_ms_by_queue: BTreeMap::new(),
            settle_ms: 120_000,
        }
    }
}

/// How callers are matched.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct MatchSettings {
    /// Names of IVR values that hold the account number, in any case.
    pub account_values: Vec<String>,
    /// Field of Account that holds it.
    pub account_field: String,
    /// Our own numbers, in any form.
    pub own_numbers: Vec<String>,
    /// ISO 3166 country of numbers without a country code (`GB`).
    pub country: Option<String>,
    /// How long an answer is kept, a miss too, milliseconds.
    pub cache_ms: i64,
}

impl Default for MatchSettings {
    fn default() -> Self {
        Self {
            account_values: vec!["AccountNumber".into(), "account_number".into(), "account".into()],
            account_field: "AccountNumber".to_owned(),
            own_numbers: Vec::new(),
            country: None,
            cache_ms: 300_000,
        }
    }
}
