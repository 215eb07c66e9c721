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
        told(kept.store.put(&hex::encode(key(cookie)), bytes).await);
    }

    /// Ends it, here and in the store.
    pub(crate) async fn end_session(&self, cookie: &str) {
        self.sessions.end(cookie);
        if let Some(kept) = &self.kept {
            told(kept.store.remove(&hex::encode(key(cookie))).await);
        }
    }

    /// Takes up the session of these headers where another process began it, and ends it
    /// where another process ended it.
    pub(crate) async fn recall(&self, headers: &HeaderMap) {
        let (Some(kept), Some(cookie)) = (&self.kept, self.cookie(headers)) else { return };
        let known = self.sessions.unconfirmed(cookie);
        if known.is_some_and(|since| since < CONFIRM) || kept.lookups.take("store").is_err() {
            return;
        }
        let saved = match kept.store.get(&hex::encode(key(cookie))).await {
            Ok(bytes) => bytes.and_then(|b| serde_json::from_slice::<Saved>(&b).ok()),
            Err(e) => return told(Err(e)),
        };
        match (known, saved) {
            (Some(_), Some(_)) => self.sessions.confirm(cookie),
            (Some(_), None) => self.sessions.end(cookie),
            (None, Some(saved)) => {
                let age = u64::try_from((kept.clock)().millis() - saved.began_ms).unwrap_or(0);
                let age = Duration::from_millis(age);
                if age < LONGEST {
                    self.sessions.take_up(cookie, saved.holder, age);
                }
            }
            (None, None) => {}
        }
    }
}

fn told(done: Result<(), String>) {
    if let Err(e) = done {
        tracing::warn!(error = %e, "the store of sessions fails: they last as long as this process");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use super::*;
    use crate::auth::{Role, Sees};

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
        first.begin_session("cookie", holder).await;
        let kept = shelf.0.lock().unwrap().values().next().cloned().unwrap();
        assert!(!String::from_utf8(kept).unwrap().contains("cookie"));

        let mut headers = HeaderMap::new();
        headers.insert("cookie", "ringledger_session=cookie".parse().unwrap());
        let second = process(&shelf, 2);
        assert!(second.caller(&headers).is_none());
        second.recall(&headers).await;
        assert_eq!(second.caller(&headers).unwrap().name, "ann");
        let late = process(&shelf, 13);
        late.recall(&headers).await;
        assert!(late.caller(&headers).is_none(), "twelve hours are the most");
        second.end_session("cookie").await;
        let third = process(&shelf, 2);
        third.recall(&headers).await;
        assert!(third.caller(&headers).is_none());
    }
}
