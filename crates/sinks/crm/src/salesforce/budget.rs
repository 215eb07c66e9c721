//! The daily budget from `Sforce-Limit-Info`, the circuit, and how many requests may be
//! in flight.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use model::Instant;
use tokio::sync::Notify;

/// From this part of the budget on, requests are paced.
const PACED: f64 = 0.70;
/// From this part on, bulk catch-up stops.
const NO_BULK: f64 = 0.85;
/// A halved concurrency grows by one again after so long without a further refusal.
const GROW_MS: i64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct Budget {
    used: AtomicU64,
    limit: AtomicU64,
    /// Microseconds; the circuit is open before.
    open_until: AtomicI64,
}

impl Budget {
    /// Takes a header such as `api-usage=18/5000` (a second part may state the app's own).
    pub fn note(&self, header: &str) {
        let Some((used, limit)) = parse(header) else { return };
        self.used.store(used, Ordering::Relaxed);
        self.limit.store(limit, Ordering::Relaxed);
    }

    pub fn usage(&self) -> Option<(u64, u64)> {
        let limit = self.limit.load(Ordering::Relaxed);
        (limit > 0).then(|| (self.used.load(Ordering::Relaxed), limit))
    }

    #[expect(clippy::cast_precision_loss)]
    fn part(&self) -> f64 {
        self.usage().map_or(0.0, |(used, limit)| used as f64 / limit as f64)
    }

    pub fn paced(&self) -> bool {
        self.part() >= PACED
    }

    pub fn bulk_allowed(&self) -> bool {
        self.part() < NO_BULK
    }

    pub fn open_circuit(&self, until: Instant) {
        self.open_until.fetch_max(until.0, Ordering::SeqCst);
    }

    /// Milliseconds for which the circuit stays open.
    pub fn open_ms(&self, now: Instant) -> Option<u64> {
        let left = self.open_until.load(Ordering::SeqCst) - now.0;
        (left > 0).then(|| left.unsigned_abs().div_ceil(1000))
    }
}

fn parse(header: &str) -> Option<(u64, u64)> {
    let part = header.split([';', ',']).find_map(|p| p.trim().strip_prefix("api-usage="))?;
    let (used, limit) = part.split_once('/')?;
    Some((used.trim().parse().ok()?, limit.trim().parse().ok()?))
}

/// How many requests may be in flight: the lanes at first, halved by refusals.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    state: Mutex<State>,
    free: Notify,
}

#[derive(Debug)]
struct State {
    allowed: usize,
    running: usize,
    changed: Instant,
}

/// A place in the gate; dropping it frees the place.
pub(super) struct Place<'a>(&'a Gate);

impl Gate {
    pub fn new(most: usize) -> Self {
        Self { most, state: Mutex::new(State { allowed: most, running: 0, changed: Instant(0) }), free: Notify::new() }
    }

    pub async fn enter(&self, now: Instant) -> Place<'_> {
        loop {
            // Registered before looking, so that no place freed meanwhile is missed.
            let freed = self.free.notified();
            if self.try_enter(now) {
                return Place(self);
            }
            freed.await;
        }
    }

    fn try_enter(&self, now: Instant) -> bool {
        let mut s = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if s.allowed < self.most && now.millis_since(s.changed) > GROW_MS {
            s.allowed += 1;
            s.changed = now;
        }
        let free = s.running < s.allowed;
        s.running += usize::from(free);
        free
    }

    pub fn halve(&self, now: Instant) -> usize {
        let mut s = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        s.allowed = (s.allowed / 2).max(1);
        s.changed = now;
        s.allowed
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).running -= 1;
        // All look again: after a halving one freed place may let nobody in.
        self.0.free.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_from_the_header() {
        let b = Budget::default();
        assert_eq!(b.usage(), None);
        b.note("api-usage=3500/5000; per-app-api-usage=17/250(appName=x)");
        assert_eq!(b.usage(), Some((3_500, 5_000)));
        assert!(b.paced() && b.bulk_allowed());
        b.note("api-usage=4250/5000");
        assert!(!b.bulk_allowed());
        b.note("nonsense");
        assert_eq!(b.usage(), Some((4_250, 5_000)));
    }

    #[test]
    fn a_halved_gate_grows_again_by_one_a_minute() {
        let gate = Gate::new(4);
        let at = Instant::from_millis;
        assert_eq!(gate.halve(at(0)), 2);
        assert_eq!(gate.halve(at(0)), 1);
        assert_eq!(gate.halve(at(0)), 1);
        assert!(gate.try_enter(at(1)));
        assert!(!gate.try_enter(at(2)));
        assert!(gate.try_enter(at(GROW_MS + 1)));
    }
}
