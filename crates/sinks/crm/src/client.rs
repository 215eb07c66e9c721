//! The HTTP client, made in one place: time limits, trust, our name.

use std::path::Path;
use std::time::Duration;

use crate::config::CrmError;

/// A client; `ca_file` adds to the trusted authorities. It follows no redirect: a CRM
/// that sends one is not at the configured address, and a secret must not follow it.
pub(crate) fn build(timeout_ms: u64, ca_file: Option<&Path>) -> Result<reqwest::Client, CrmError> {
    let mut builder = reqwest::Client::builder()
        .timeout(Duration::from_millis(timeout_ms))
        .connect_timeout(Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("ringledger/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca_file {
        let wrong = |e: &dyn std::fmt::Display| {
            CrmError::Config(format!("ca_file {}: {e}; give a PEM certificate", path.display()))
        };
        let pem = std::fs::read(path).map_err(|e| wrong(&e))?;
        for certificate in reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| wrong(&e))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|e| CrmError::Config(format!("the HTTP client: {e}")))
}

/// What broke, without the address (it may hold a query).
pub(crate) fn reason(e: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = e;
    while let Some(source) = at.source() {
        at = source;
    }
    let class = if e.is_timeout() {
        "timed out"
    } else if e.is_connect() {
        "no connection"
    } else {
        "connection broken"
    };
    format!("{class}: {at}")
}
