//! Who signed in, who signed out, and who was refused: told to whoever keeps the log.
//!
//! Contract: a sign-in and a sign-out are handed on before they are answered; refusals
//! are, too, but at most `REFUSALS` a second over time, so that a flood of them does not
//! become a flood in the log. Every one stands in the process's own log lines (target
//! `audit`). No password, code or token is ever part of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Name, SignInOutcome};

use super::limits::Buckets;

/// Refusals handed on, a second.
const REFUSALS: f64 = 1.0;
/// … and at once.
const REFUSALS_AT_ONCE: f64 = 60.0;
/// Longest wait for the log: people must get in while it is down, to see that it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// One sign-in, sign-out or refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who; for a refusal the name given, where there is such an account.
    pub who: Name,
    /// `password`, `code` or `oidc`.
    pub how: &'static str,
    /// The address that asked, where it is known.
    pub from: Option<IpAddr>,
    /// What came of it.
    pub outcome: SignInOutcome,
    /// Why it was refused; the role otherwise.
    pub why: String,
}

/// Keeps what happened.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Keeps it durably.
    ///
    /// # Errors
    /// The log cannot be written.
    async fn keep(&self, happened: &SignIn) -> Result<(), String>;
}

pub(crate) struct Auditor {
    keeper: Option<Arc<dyn Audit>>,
    refusals: Buckets,
}

impl Auditor {
    pub fn new(keeper: Option<Arc<dyn Audit>>) -> Self {
        Self { keeper, refusals: Buckets::new(REFUSALS, REFUSALS_AT_ONCE) }
    }

    pub async fn tell(&self, happened: SignIn) {
        let SignIn { who, how, from, outcome, why } = &happened;
        tracing::info!(target: "audit", %who, how, ?from, ?outcome, why, "sign-in");
        if *outcome == SignInOutcome::Refused && self.refusals.take("").is_err() {
            return;
        }
        let Some(keeper) = &self.keeper else { return };
        match tokio::time::timeout(PATIENCE, keeper.keep(&happened)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(target: "audit", %who, ?outcome, error, "not in the log"),
            Err(_) => tracing::error!(target: "audit", %who, ?outcome, "not in the log in time"),
        }
    }
}
