//! What the configuration says of a webhook; unknown keys are errors.

use std::path::PathBuf;

use model::Name;
use serde::Deserialize;

use crate::config::MappingSettings;
use crate::secret::Secret;

/// The webhook target.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Name of the target in acts and metrics.
    #[serde(default = "webhook")]
    pub name: Name,
    /// Where to post.
    pub url: String,
    /// The shared secret of the signature.
    pub secret: Secret,
    /// PEM file of a further certificate authority to trust.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Rows of one request (1 to 1,000).
    #[serde(default = "batch_rows")]
    pub batch_rows: usize,
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
    /// What is written.
    #[serde(default)]
    pub mapping: MappingSettings,
}

fn webhook() -> Name {
    Name::new_static("webhook")
}

const fn batch_rows() -> usize {
    100
}

const fn timeout_ms() -> u64 {
    30_000
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
