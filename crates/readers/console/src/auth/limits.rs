//! How often somebody may do something: a bucket each, refilled with time.
//!
//! Contract: memory is bounded. Where too many are known, the one that is fullest is
//! forgotten: it loses least, and whoever has used theirs up stays held.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// Buckets kept at once.
const MOST: usize = 10_000;

/// Buckets of one size, by key.
pub(crate) struct Buckets {
    per_second: f64,
    burst: f64,
    most: usize,
    held: Mutex<HashMap<[u8; 32], (f64, Instant)>>,
}

impl Buckets {
    /// `burst` at once, `per_second` (above 0) over time.
    pub fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, most: MOST, held: Mutex::default() }
    }

    /// Takes one of `key`'s.
    ///
    /// # Errors
    /// None is left: how long until there is one, at least a second.
    pub fn take(&self, key: &str) -> Result<(), Duration> {
        self.take_at(key, Instant::now())
    }

    fn take_at(&self, key: &str, now: Instant) -> Result<(), Duration> {
        let key: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.contains_key(&key) && held.len() >= self.most {
            let full = |(left, at): &(f64, Instant)| self.left(*left, *at, now);
            let fullest = held.iter().max_by(|a, b| full(a.1).total_cmp(&full(b.1))).map(|(k, _)| *k);
            fullest.map(|k| held.remove(&k));
        }
        let (left, at) = held.entry(key).or_insert((self.burst, now));
        *left = self.left(*left, *at, now);
        *at = now;
        if *left >= 1.0 {
            *left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(((1.0 - *left) / self.per_second).clamp(1.0, 86_400.0)))
    }

    /// Gives `key` its whole bucket back.
    pub fn forgive(&self, key: &str) {
        let key: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn left(&self, left: f64, at: Instant, now: Instant) -> f64 {
        (left + now.saturating_duration_since(at).as_secs_f64() * self.per_second).min(self.burst)
    }
}

/// Seconds for the header `Retry-After`, rounded up.
pub(crate) fn retry_after(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_refills_and_is_forgiven() {
        let (buckets, start) = (Buckets::new(0.5, 2.0), Instant::now());
        assert!(buckets.take_at("a", start).is_ok() && buckets.take_at("a", start).is_ok());
        assert_eq!(buckets.take_at("a", start), Err(Duration::from_secs(2)));
        assert!(buckets.take_at("b", start).is_ok());
        assert!(buckets.take_at("a", start + Duration::from_secs(2)).is_ok());
        assert!(buckets.take_at("a", start + Duration::from_secs(3)).is_err());
        buckets.forgive("a");
        assert!(buckets.take_at("a", start + Duration::from_secs(3)).is_ok());
        assert_eq!(retry_after(Duration::from_millis(1_200)), 2);
    }

    #[test]
    fn many_keys_do_not_free_the_one_that_is_held() {
        let (buckets, start) = (Buckets { most: 10, ..Buckets::new(0.001, 2.0) }, Instant::now());
        while buckets.take_at("held", start).is_ok() {}
        for i in 0..1_000 {
            let _ = buckets.take_at(&format!("other {i}"), start);
        }
        assert!(buckets.take_at("held", start).is_err());
        assert_eq!(buckets.held.lock().unwrap().len(), 10);
    }
}
