//! Answers about callers, kept for minutes; misses too, so that a campaign of unknown
//! numbers costs one request each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::Instant;

use super::Party;

/// Answers kept at most; when full, the expired ones go, then all.
const MOST: usize = 20_000;

/// The cache.
#[derive(Debug)]
pub(crate) struct Cache {
    keep_ms: i64,
    answers: Mutex<HashMap<String, (Party, Instant)>>,
}

impl Cache {
    pub fn new(keep_ms: i64) -> Self {
        Self { keep_ms, answers: Mutex::default() }
    }

    pub fn get(&self, question: &str, now: Instant) -> Option<Party> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(question).filter(|(_, until)| now < *until).map(|(party, _)| party.clone())
    }

    pub fn put(&self, question: String, party: Party, now: Instant) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST {
            answers.retain(|_, (_, until)| now < *until);
            if answers.len() >= MOST {
                answers.clear();
            }
        }
        answers.insert(question, (party, now.plus_millis(self.keep_ms)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_are_kept_and_expire_like_answers() {
        let cache = Cache::new(1_000);
        cache.put("p:1".into(), Party::None, Instant::from_millis(0));
        assert_eq!(cache.get("p:1", Instant::from_millis(999)), Some(Party::None));
        assert_eq!(cache.get("p:1", Instant::from_millis(1_000)), None);
        assert_eq!(cache.get("p:2", Instant::from_millis(0)), None);
    }
}
