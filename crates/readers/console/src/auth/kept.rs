//! Sessions that outlive the process: a wall screen goes on after a restart, and several
//! processes behind one address know the same sessions.
//!
//! Contract: the store holds the hash of the cookie's value, whose session it is and when it
//! began; nothing by which anybody could sign in. A cookie that this process does not know
//! is looked up, so many a second and no more; one that it knows is confirmed once in
//! [`CONFIRM`], so that a sign-out elsewhere counts here. A store that fails is said in the
//! log, and sessions last as long as the process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::Access;
use super::limits::Buckets;
use super::sessions::{Holder, LONGEST, key};
use crate::live::Clock;

/// A session that was not confirmed for so long is looked up again.
const CONFIRM: Duration = Duration::from_secs(60);

/// How long the store is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Length of a cookie's value: 128 bits in hexadecimal.
const COOKIE_LENGTH: usize = 32;

/// Where sessions are kept, by key (hexadecimal).
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Keeps one.
    ///
    /// # Errors
    /// The store fails.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), String>;

    /// One that was kept.
    ///
    /// # Errors
    /// The store fails.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// Forgets one.
    ///
    /// # Errors
    /// The store fails.
    async fn remove(&self, key: &str) -> Result<(), String>;
}

/// The store, the time of day, and how often it may be asked.
pub(crate) struct Kept {
    store: Arc<dyn SessionStore>,
    clock: Clock,
    lookups: Buckets,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    holder: Holder,
    /// Milliseconds since the epoch.
    began_ms: i64,
}

impl Access {
    /// With a store of sessions; `clock` tells the time of day.
    #[must_use]
    pub fn with_sessions(self, store: Arc<dyn SessionStore>, clock: Clock) -> Self {
        Self { kept: Some(Kept { store, clock, lookups: Buckets::new(20.0, 200.0) }), ..self }
    }

    /// Begins a session under the cookie's value, here and in the store.
    pub(crate) async fn begin_session(&self, cookie: &str, holder: Holder) {
        self.sessions.begin(cookie, holder.clone());
        let Some(kept) = &self.kept else { return };
        let saved = Saved { holder, began_ms: (kept.clock)().millis() };
        let bytes = serde_json::to_vec(&saved).unwrap_or_default();
        match in_time(kept.store.put(&hex::encode(key(cookie)), bytes)).await {
            Ok(()) => self.sessions.confirm(cookie, true),
            Err(e) => told(&e),
        }
    }

    /// Ends it, here and in the store.
    pub(crate) async fn end_session(&self, cookie: &str) {
        self.sessions.end(cookie);
        if let Some(kept) = &self.kept {
            let removed = in_time(kept.store.remove(&hex::encode(key(cookie)))).await;
            removed.unwrap_or_else(|e| told(&e));
        }
    }

    /// Takes up the session of these headers where another process began it, and ends it
    /// where another process ended it.
    pub(crate) async fn recall(&self, headers: &HeaderMap) {
        let (Some(kept), Some(cookie)) = (&self.kept, self.cookie(headers)) else { return };
        let known = self.sessions.unconfirmed(cookie);
        let asks = match known {
            Some((since, _)) => since >= CONFIRM,
            // Of our making, not ended here, and few enough at a time.
            None => cookie.len() == COOKIE_LENGTH && !self.sessions.over(cookie) && kept.lookups.take("store").is_ok(),
        };
        if !asks {
            return;
        }
        let saved = match in_time(kept.store.get(&hex::encode(key(cookie)))).await {
            Ok(bytes) => bytes,
            Err(e) => {
                self.sessions.confirm(cookie, false);
                return told(&e);
            }
        };
        match (known, saved) {
            (Some(_), Some(_)) => self.sessions.confirm(cookie, true),
            (Some((_, true)), None) => self.sessions.end(cookie),
            // It was never kept: it lasts as long as the process.
            (Some((_, false)), None) => self.sessions.confirm(cookie, false),
            (None, Some(bytes)) => self.take_up(kept, cookie, &bytes),
            (None, None) => {}
        }
    }

    /// Begins here what another process began; bytes of another build are no session.
    fn take_up(&self, kept: &Kept, cookie: &str, bytes: &[u8]) {
        let Ok(saved) = serde_json::from_slice::<Saved>(bytes) else { return };
        let age = u64::try_from((kept.clock)().millis() - saved.began_ms).unwrap_or(0);
        let age = Duration::from_millis(age);
        if age < LONGEST {
            self.sessions.take_up(cookie, saved.holder, age);
        }
    }
}

/// A store that hangs does not hold up who asks.
async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let limited = tokio::time::timeout(PATIENCE, work).await;
    limited.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
}

fn told(e: &str) {
    tracing::warn!(error = %e, "the store of sessions fails: they last as long as this process");
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;
    use crate::auth::{Role, Sees};

    const COOKIE: &str = "0123456789abcdef0123456789abcdef";

    #[derive(Default)]
    struct Shelf(Mutex<HashMap<String, Vec<u8>>>);

    #[async_trait]
    impl SessionStore for Shelf {
        async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), String> {
            self.0.lock().unwrap().insert(key.to_owned(), bytes);
            Ok(())
        }

        async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(self.0.lock().unwrap().get(key).cloned())
        }

        async fn remove(&self, key: &str) -> Result<(), String> {
            self.0.lock().unwrap().remove(key);
            Ok(())
        }
    }

    fn process(shelf: &Arc<Shelf>, hour: i64) -> Access {
        let clock: Clock = Arc::new(move || model::Instant::from_secs(hour * 3600));
        Access::new(Vec::new(), Vec::new()).with_sessions(shelf.clone(), clock)
    }

    #[tokio::test]
    async fn a_session_outlives_its_process_and_ends_everywhere() {
        let shelf = Arc::new(Shelf::default());
        let first = process(&shelf, 1);
        let holder = Holder::Fixed { name: "ann".into(), role: Role::Analyst, sees: Sees::default() };
        first.begin_session(COOKIE, holder).await;
        let kept = shelf.0.lock().unwrap().values().next().cloned().unwrap();
        let first_bytes = kept.clone();
        assert!(!String::from_utf8(kept).unwrap().contains(COOKIE));

        let mut headers = HeaderMap::new();
        headers.insert("cookie", format!("ringledger_session={COOKIE}").parse().unwrap());
        let second = process(&shelf, 2);
        assert!(second.caller(&headers).is_none());
        second.recall(&headers).await;
        assert_eq!(second.caller(&headers).unwrap().name, "ann");
        let late = process(&shelf, 13);
        late.recall(&headers).await;
        assert!(late.caller(&headers).is_none(), "twelve hours are the most");
        second.end_session(COOKIE).await;
        shelf.0.lock().unwrap().insert(hex::encode(key(COOKIE)), first_bytes);
        second.recall(&headers).await;
        assert!(second.caller(&headers).is_none(), "what ended here is not brought back by a store that kept it");
        shelf.0.lock().unwrap().clear();
        let third = process(&shelf, 2);
        third.recall(&headers).await;
        assert!(third.caller(&headers).is_none());
    }
}
