//! The generic webhook: rows as signed, batched JSON.
//!
//! `POST` of `{"batch": …, "rows": [{"object", "key", "revision", "call_id", "fields"}, …]}` with
//! `X-Ringledger-Timestamp` (seconds), `X-Ringledger-Signature: v1=<hex>` and
//! `Idempotency-Key`. The signature is HMAC-SHA256 over `<timestamp>.<body>`, so that a
//! receiver can refuse old requests. A row may come more than once: receivers keep the
//! highest `revision` of each `object` and `key`.

mod config;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hmac::{Hmac, Mac};
use model::Name;
use model::facts::{Call, QueueInterval};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::CrmError;
use crate::mapping::{self, MappingContext, TaskState};
use crate::matcher::Party;
use crate::row::{Outcome, Parked, Row};
use crate::secret::Revealed;
use crate::target::{CrmTarget, Later, LaterKind, Status};
use crate::timing::{Timing, backoff};

pub use config::WebhookConfig;

/// A receiver of signed batches.
pub struct Webhook {
    config: WebhookConfig,
    secret: Revealed,
    client: reqwest::Client,
    timing: Arc<dyn Timing>,
    requests: AtomicU64,
    retries: AtomicU64,
}

enum Sent {
    Taken,
    /// The whole request is refused: 400, 413, 422.
    Refused(String, String),
    Failed(Later),
}

impl Webhook {
    /// Reads the secret and makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// `CrmError::Config`.
    pub fn new(config: WebhookConfig, timing: Arc<dyn Timing>) -> Result<Self, CrmError> {
        let wrong = |text: String| CrmError::Config(text);
        let url = url::Url::parse(&config.url).map_err(|e| wrong(format!("webhook url: {e}")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("webhook url: give http(s)://HOST/PATH without a user or password".into()));
        }
        if !(1..=1_000).contains(&config.batch_rows) {
            return Err(wrong(format!("batch_rows = {}: give 1 to 1000", config.batch_rows)));
        }
        let secret = config.secret.reveal("the webhook's secret").map_err(CrmError::Config)?;
        let client = crate::client::build(config.timeout_ms, config.ca_file.as_deref())?;
        Ok(Self { config, secret, client, timing, requests: AtomicU64::new(0), retries: AtomicU64::new(0) })
    }

    /// Sends groups, halving those that are refused as a whole, until every row has an
    /// outcome.
    async fn chunk(&self, rows: Vec<(usize, Row)>) -> Vec<(usize, Outcome)> {
        let mut out = Vec::with_capacity(rows.len());
        let mut groups = vec![rows];
        while let Some(mut group) = groups.pop() {
            match self.send(&group).await {
                Sent::Taken => {
                    out.extend(group.iter().map(|(i, _)| (*i, Outcome::Written { id: None, created: false })))
                }
                Sent::Failed(later) => out.extend(group.iter().map(|(i, _)| (*i, Outcome::Later(later.clone())))),
                Sent::Refused(..) if group.len() > 1 => {
                    groups.push(group.split_off(group.len() / 2));
                    groups.push(group);
                }
                Sent::Refused(code, reason) => out.extend(group.into_iter().map(|(i, row)| {
                    let target = self.config.name.clone();
                    (i, Outcome::Parked(Box::new(Parked { target, code: code.clone(), reason: reason.clone(), row })))
                })),
            }
        }
        out
    }

    async fn send(&self, rows: &[(usize, Row)]) -> Sent {
        let body = body(rows.iter().map(|(_, r)| r));
        let mut attempt = 0;
        loop {
            match self.once(&body).await {
                Sent::Failed(later) if later.kind != LaterKind::Refused && attempt + 1 < self.config.attempts => {
                    self.retries.fetch_add(1, Ordering::Relaxed);
                    let ms =
                        backoff(self.timing.as_ref(), attempt, self.config.backoff_ms, self.config.backoff_most_ms);
                    self.timing.wait(ms).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn once(&self, body: &str) -> Sent {
        let seconds = self.timing.now().millis() / 1000;
        let host =
            url::Url::parse(&self.config.url).ok().and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default();
        let later =
            |kind, message: String| Sent::Failed(Later { kind, after_ms: self.config.backoff_most_ms, message });
        let Some(signature) = sign(&self.secret, seconds, body) else {
            return later(LaterKind::Refused, "the webhook's secret cannot be used".into());
        };
        self.requests.fetch_add(1, Ordering::Relaxed);
        let sent = self
            .client
            .post(&self.config.url)
            .header("Content-Type", "application/json")
            .header("X-Ringledger-Timestamp", seconds.to_string())
            .header("X-Ringledger-Signature", format!("v1={signature}"))
            .header("Idempotency-Key", hex::encode(Sha256::digest(body.as_bytes())))
            .body(body.to_owned())
            .send()
            .await;
        let status = match sent {
            Ok(response) => response.status().as_u16(),
            Err(e) => {
                let text = format!("the webhook at {host}: {}", crate::client::reason(&e));
                return later(LaterKind::Unreachable, text);
            }
        };
        let text = format!("the webhook at {host} answered {status}");
        match status {
            200..=299 => Sent::Taken,
            400 | 413 | 422 => Sent::Refused(status.to_string(), text),
            401 | 403 | 404 | 410 => later(LaterKind::Refused, format!("{text}; check url and secret on both sides")),
            _ => later(LaterKind::Unavailable, text),
        }
    }
}

fn body<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let rows: Vec<Value> = rows
        .map(|r| {
            json!({
                "object": r.object.name(), "key": r.key, "revision": r.revision,
                "call_id": r.call_id, "switch": r.switch, "fields": r.to_json(),
            })
        })
        .collect();
    json!({ "version": 1, "rows": rows }).to_string()
}

/// Hex of HMAC-SHA256 over `<timestamp>.<body>`.
fn sign(secret: &Revealed, seconds: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.text().as_bytes()).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

#[async_trait]
impl CrmTarget for Webhook {
    fn name(&self) -> Name {
        self.config.name.clone()
    }

    fn batch_rows(&self) -> usize {
        self.config.batch_rows
    }

    /// A webhook cannot be asked: its receiver matches callers itself.
    async fn find_party(&self, _call: &Call) -> Result<Party, Later> {
        Ok(Party::None)
    }

    fn contact_rows(&self, call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Vec<Row> {
        mapping::contact_rows(call, context, party, task)
    }

    fn interval_rows(&self, rows: &[QueueInterval]) -> Vec<Row> {
        mapping::interval_rows(rows)
    }

    async fn write(&self, rows: Vec<Row>) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = vec![None; rows.len()];
        let placed: Vec<(usize, Row)> = rows.into_iter().enumerate().collect();
        for chunk in placed.chunks(self.config.batch_rows) {
            for (i, outcome) in self.chunk(chunk.to_vec()).await {
                outcomes[i] = Some(outcome);
            }
        }
        let missing = || {
            let message = "the webhook gave this row no outcome".to_owned();
            Outcome::Later(Later { kind: LaterKind::Unavailable, after_ms: self.config.backoff_most_ms, message })
        };
        outcomes.into_iter().map(|o| o.unwrap_or_else(missing)).collect()
    }

    /// An empty batch, signed.
    async fn check(&self) -> Result<(), CrmError> {
        match self.once(&body(std::iter::empty())).await {
            Sent::Taken | Sent::Refused(..) => Ok(()),
            Sent::Failed(later) if later.kind == LaterKind::Refused => Err(CrmError::Refused(later.message)),
            Sent::Failed(later) => Err(CrmError::Unreachable(later.message)),
        }
    }

    fn status(&self) -> Status {
        Status {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            ..Status::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_signature_is_that_of_rfc_4231() {
        // Test case 2 of RFC 4231 has the key "Jefe" and this text; ours puts time and dot first.
        let path = std::env::temp_dir().join(format!("crm-webhook-secret-{}", std::process::id()));
        std::fs::write(&path, "Jefe\n").unwrap();
        let secret = Secret::from_file(&path).reveal("test").unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.text().as_bytes()).unwrap();
        mac.update(b"what do ya want for nothing?");
        let published = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(mac.finalize().into_bytes()), published);
        assert_ne!(sign(&secret, 1, "x"), sign(&secret, 2, "x"));
        assert_eq!(format!("{secret:?}"), "***");
        std::fs::remove_file(path).unwrap();
    }
}
