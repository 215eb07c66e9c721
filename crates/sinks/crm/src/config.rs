//! What the configuration says; unknown keys are errors. Secrets are only named here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::Name;
use serde::Deserialize;

use crate::secret::Secret;

/// A target that cannot be used: which, where, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    /// The configuration is wrong.
    #[error("CRM configuration: {0}")]
    Config(String),
    /// The CRM refused the log-in.
    #[error("{0}")]
    Refused(String),
    /// The CRM cannot be reached or answers nonsense.
    #[error("{0}")]
    Unreachable(String),
    /// The organisation lacks what is needed.
    #[error("{0}")]
    Schema(String),
}

/// How to log in.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// OAuth 2.0 client credentials.
    ClientCredentials {
        /// Consumer key.
        client_id: String,
        /// Consumer secret.
        client_secret: Secret,
    },
    /// OAuth 2.0 JWT bearer.
    JwtBearer {
        /// Consumer key.
        client_id: String,
        /// The user to act as.
        username: String,
        /// PEM of the RSA private key.
        private_key: Secret,
        /// `https://login.salesforce.com` or `https://test.salesforce.com`; default: `login_url`.
        #[serde(default)]
        audience: Option<String>,
    },
}

/// The Salesforce target.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct SalesforceConfig {
    /// Name of the target in acts and metrics.
    #[serde(default = "salesforce")]
    pub name: Name,
    /// The organisation's own domain (`https://example.my.salesforce.com`): client
    /// credentials are refused at the general log-in hosts.
    pub login_url: String,
    /// How to log in.
    pub auth: Auth,
    /// `vNN.N`.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// PEM file of a further certificate authority to trust.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Lanes, each with one request in flight (1 to 25).
    #[serde(default = "lanes")]
    pub lanes: usize,
    /// Rows of one Collections request (1 to 200).
    #[serde(default = "batch_rows")]
    pub batch_rows: usize,
    /// From so many rows of one object on, Bulk API 2.0 is used.
    #[serde(default = "bulk_rows")]
    pub bulk_rows: usize,
    /// Rows of one bulk job (at most 100 MB go into one file).
    #[serde(default = "bulk_job_rows")]
    pub bulk_job_rows: usize,
    /// How long one bulk job is waited for before its rows are left for later,
    /// milliseconds.
    #[serde(default = "bulk_wait_ms")]
    pub bulk_wait_ms: u64,
    /// Milliseconds before a request is given up.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// Attempts of one request before its rows are left for later.
    #[serde(default = "attempts")]
    pub attempts: u32,
    /// First wait of the backoff, milliseconds.
    #[serde(default = "backoff_ms")]
    pub backoff_ms: u64,
    /// Longest wait of the backoff, milliseconds.
    #[serde(default = "backoff_most_ms")]
    pub backoff_most_ms: u64,
    /// How long the circuit stays open after the daily limit was met, milliseconds.
    #[serde(default = "circuit_ms")]
    pub circuit_ms: u64,
    /// Wait before each request from 70 % of the daily limit on, milliseconds.
    #[serde(default = "pace_ms")]
    pub pace_ms: u64,
    /// What is written.
    #[serde(default)]
    pub mapping: MappingSettings,
    /// How callers are matched.
    #[serde(default)]
    pub matching: MatchSettings,
}

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

impl SalesforceConfig {
    /// A configuration with every default.
    pub fn new(login_url: impl Into<String>, auth: Auth) -> Self {
        Self {
            name: salesforce(),
            login_url: login_url.into(),
            auth,
            api_version: api_version(),
            ca_file: None,
            lanes: lanes(),
            batch_rows: batch_rows(),
            bulk_rows: bulk_rows(),
            bulk_job_rows: bulk_job_rows(),
            bulk_wait_ms: bulk_wait_ms(),
            timeout_ms: timeout_ms(),
            attempts: attempts(),
            backoff_ms: backoff_ms(),
            backoff_most_ms: backoff_most_ms(),
            circuit_ms: circuit_ms(),
            pace_ms: pace_ms(),
            mapping: MappingSettings::default(),
            matching: MatchSettings::default(),
        }
    }

    /// Checks ranges that the types cannot.
    ///
    /// # Errors
    /// The first value out of its range.
    pub fn validate(&self) -> Result<(), CrmError> {
        let range = |name: &str, value: usize, most: usize| {
            let wrong = || CrmError::Config(format!("{name} = {value}: give 1 to {most}"));
            (1..=most).contains(&value).then_some(()).ok_or_else(wrong)
        };
        range("lanes", self.lanes, 25)?;
        range("batch_rows", self.batch_rows, 200)?;
        range("bulk_rows", self.bulk_rows, usize::MAX)?;
        range("bulk_job_rows", self.bulk_job_rows, 150_000)?;
        let version = self.api_version.strip_prefix('v').and_then(|v| v.parse::<f32>().ok());
        if version.is_none_or(|v| v < 46.0) {
            return Err(CrmError::Config(format!("api_version = '{}': give v46.0 or later", self.api_version)));
        }
        let url = url::Url::parse(&self.login_url)
            .map_err(|e| CrmError::Config(format!("login_url = '{}': {e}", self.login_url)))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(CrmError::Config("login_url: give http(s)://HOST without a user or password".to_owned()));
        }
        crate::mapping::zone(&self.mapping.time_zone).map_err(CrmError::Config)?;
        crate::matcher::country(self.matching.country.as_deref()).map_err(CrmError::Config)?;
        Ok(())
    }
}

fn salesforce() -> Name {
    Name::new_static("salesforce")
}

fn api_version() -> String {
    "v62.0".to_owned()
}

const fn lanes() -> usize {
    4
}

const fn batch_rows() -> usize {
    200
}

const fn bulk_rows() -> usize {
    2_000
}

const fn bulk_job_rows() -> usize {
    50_000
}

const fn bulk_wait_ms() -> u64 {
    1_800_000
}

const fn timeout_ms() -> u64 {
    120_000
}

const fn attempts() -> u32 {
    6
}

const fn backoff_ms() -> u64 {
    500
}

const fn backoff_most_ms() -> u64 {
    30_000
}

const fn circuit_ms() -> u64 {
    300_000
}

const fn pace_ms() -> u64 {
    1_000
}
