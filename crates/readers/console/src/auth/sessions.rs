//! Sessions of browsers: by the hash of the cookie's value.
//!
//! Contract: a session ends eight hours after its last request and twelve after the
//! sign-in, whichever comes first. At most `MOST`; the one least lately used goes first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Role, Sees};

/// Longest time between two requests.
const IDLE: Duration = Duration::from_secs(8 * 3600);
/// Longest life.
pub(crate) const LONGEST: Duration = Duration::from_secs(12 * 3600);
/// Sessions kept at once.
const MOST: usize = 1_000;
/// Ended ones that are remembered at once.
const MOST_ENDED: usize = 10_000;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holder {
    /// As it was when the session began.
    Fixed { name: String, role: Role, sees: Sees },
    /// A local account: what it may do is in the accounts file, as it stands now.
    Account {
        name: String,
        /// Of the password at the sign-in; another one ends the session.
        stamp: [u8; 32],
    },
}

struct Session {
    holder: Holder,
    began: Instant,
    used: Instant,
    /// When the store of sessions was asked last whether it still stands.
    confirmed: Instant,
    /// The store has it; where it has not, that it does not know the session says nothing.
    kept: bool,
}

impl Session {
    fn lives(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) < IDLE && now.saturating_duration_since(self.began) < LONGEST
    }
}

#[derive(Default)]
pub(crate) struct Sessions {
    held: Mutex<HashMap<[u8; 32], Session>>,
    /// Those that ended here, until none of that time can live: a store that has not
    /// forgotten them does not bring them back.
    ended: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Sessions {
    /// Begins one under the cookie's value.
    pub fn begin(&self, cookie: &str, holder: Holder) {
        let now = Instant::now();
        self.begin_at(cookie, holder, now, now, false);
    }

    /// Takes up one that began `age` ago, in another process or before a restart.
    pub fn take_up(&self, cookie: &str, holder: Holder, age: Duration) {
        let now = Instant::now();
        // A machine that was started after the session began cannot say when that was.
        self.begin_at(cookie, holder, now, now.checked_sub(age).unwrap_or(now), true);
    }

    /// Since when nobody has asked the store whether it stands, and whether the store has it;
    /// `None`: not known here.
    pub fn unconfirmed(&self, cookie: &str) -> Option<(Duration, bool)> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&key(cookie)).map(|s| (s.confirmed.elapsed(), s.kept))
    }

    /// The store was asked, or failed: it is asked again later. `kept`: it has the session.
    pub fn confirm(&self, cookie: &str, kept: bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = held.get_mut(&key(cookie)) {
            session.confirmed = Instant::now();
            session.kept |= kept;
        }
    }

    /// Whether it ended here.
    pub fn over(&self, cookie: &str) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key(cookie))
    }

    fn bury(&self, key: [u8; 32], now: Instant) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, at| now.saturating_duration_since(*at) < LONGEST);
        if ended.len() < MOST_ENDED {
            ended.insert(key, now);
        }
    }

    /// Whose session it is, where it lives; it was used now.
    pub fn holder(&self, cookie: &str) -> Option<Holder> {
        self.holder_at(cookie, Instant::now())
    }

    /// Ends it.
    pub fn end(&self, cookie: &str) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(cookie));
        self.bury(key(cookie), Instant::now());
    }

    fn begin_at(&self, cookie: &str, holder: Holder, now: Instant, began: Instant, kept: bool) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, s| s.lives(now));
        if held.len() >= MOST
            && let Some(oldest) = held.iter().min_by_key(|(_, s)| s.used).map(|(k, _)| *k)
        {
            held.remove(&oldest);
        }
        held.insert(key(cookie), Session { holder, began, used: now, confirmed: now, kept });
    }

    fn holder_at(&self, cookie: &str, now: Instant) -> Option<Holder> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let session = held.get_mut(&key(cookie))?;
        if !session.lives(now) {
            held.remove(&key(cookie));
            self.bury(key(cookie), now);
            return None;
        }
        session.used = now;
        Some(session.holder.clone())
    }
}

/// The key of a session: nobody who reads it can make the cookie of it.
pub(super) fn key(cookie: &str) -> [u8; 32] {
    Sha256::digest(cookie.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> Holder {
        Holder::Fixed { name: "ann".into(), role: Role::Analyst, sees: Sees::default() }
    }

    #[test]
    fn a_session_ends_by_idleness_age_and_sign_out() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let hours = |h: u64| start + Duration::from_secs(h * 3600);
        sessions.begin_at("idle", ann(), start, start, false);
        sessions.begin_at("busy", ann(), start, start, false);
        assert_eq!(sessions.holder_at("busy", hours(7)), Some(ann()));
        assert_eq!(sessions.holder_at("idle", hours(8)), None);
        assert_eq!(sessions.holder_at("busy", hours(11)), Some(ann()));
        assert_eq!(sessions.holder_at("busy", hours(12)), None);
        sessions.begin_at("out", ann(), start, start, false);
        sessions.end("out");
        assert_eq!(sessions.holder_at("out", start), None);
    }

    #[test]
    fn there_are_at_most_so_many() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        for i in 0..=MOST {
            let at = start + Duration::from_millis(i as u64);
            sessions.begin_at(&i.to_string(), ann(), at, at, false);
        }
        let now = start + Duration::from_secs(9);
        assert_eq!((sessions.holder_at("0", now), sessions.holder_at("1", now)), (None, Some(ann())));
    }
}
