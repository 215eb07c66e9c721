//! What the configuration says; unknown keys are errors. Secrets are only named here.

mod defaults;
mod settings;

use std::path::PathBuf;

use model::Name;
use serde::Deserialize;

use crate::secret::Secret;

pub use settings::{MappingSettings, MatchSettings, Which};

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
    #[serde(default = "defaults::salesforce")]
    pub name: Name,
    /// The organisation's own domain (`https://example.my.salesforce.com`): client
    /// credentials are refused at the general log-in hosts.
    pub login_url: String,
    /// How to log in.
    pub auth: Auth,
    /// `vNN.N`.
    #[serde(default = "defaults::api_version")]
    pub api_version: String,
    /// PEM file of a further certificate authority to trust.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Lanes, each with one request in flight (1 to 25).
    #[serde(default = "defaults::lanes")]
    pub lanes: usize,
    /// Rows of one Collections request (1 to 200).
    #[serde(default = "defaults::batch_rows")]
    pub batch_rows: usize,
    /// From so many rows of one object on, Bulk API 2.0 is used.
    #[serde(default = "defaults::bulk_rows")]
    pub bulk_rows: usize,
    /// Rows of one bulk job (at most 100 MB go into one file).
    #[serde(default = "defaults::bulk_job_rows")]
    pub bulk_job_rows: usize,
    /// How long one bulk job is waited for before its rows are left for later,
    /// milliseconds.
    #[serde(default = "defaults::bulk_wait_ms")]
    pub bulk_wait_ms: u64,
    /// Milliseconds before a request is given up.
    #[serde(default = "defaults::timeout_ms")]
    pub timeout_ms: u64,
    /// Attempts of one request before its rows are left for later.
    #[serde(default = "defaults::attempts")]
    pub attempts: u32,
    /// First wait of the backoff, milliseconds.
    #[serde(default = "defaults::backoff_ms")]
    pub backoff_ms: u64,
    /// Longest wait of the backoff, milliseconds.
    #[serde(default = "defaults::backoff_most_ms")]
    pub backoff_most_ms: u64,
    /// How long the circuit stays open after the daily limit was met, milliseconds.
    #[serde(default = "defaults::circuit_ms")]
    pub circuit_ms: u64,
    /// Wait before each request from 70 % of the daily limit on, milliseconds.
    #[serde(default = "defaults::pace_ms")]
    pub pace_ms: u64,
    /// What is written.
    #[serde(default)]
    pub mapping: MappingSettings,
    /// How callers are matched.
    #[serde(default)]
    pub matching: MatchSettings,
}

impl SalesforceConfig {
    /// A configuration with every default.
    pub fn new(login_url: impl Into<String>, auth: Auth) -> Self {
        Self {
            name: defaults::salesforce(),
            login_url: login_url.into(),
            auth,
            api_version: defaults::api_version(),
            ca_file: None,
            lanes: defaults::lanes(),
            batch_rows: defaults::batch_rows(),
            bulk_rows: defaults::bulk_rows(),
            bulk_job_rows: defaults::bulk_job_rows(),
            bulk_wait_ms: defaults::bulk_wait_ms(),
            timeout_ms: defaults::timeout_ms(),
            attempts: defaults::attempts(),
            backoff_ms: defaults::backoff_ms(),
            backoff_most_ms: defaults::backoff_most_ms(),
            circuit_ms: defaults::circuit_ms(),
            pace_ms: defaults::pace_ms(),
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
