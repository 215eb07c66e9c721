//! How far the switch's time has come, what falls due by it, and what is let go.
//!
//! The watermark is the latest event time heard, but for leaps: an event that lies more
//! than the late horizon (at least a day) ahead moves it only when `CONFIRMED` records in
//! a row lie beyond it too, so that one row with a broken clock lets nothing go.

use std::collections::BTreeSet;

use model::{Instant, Position};
use serde::{Deserialize, Serialize};

use crate::state::Cid;

/// Records in a row that make a leap of time true.
const CONFIRMED: u32 = 16;
const DAY_MS: i64 = 86_400_000;

/// The switch's time and what waits for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Horizon {
    late_ms: i64,
    watermark: Option<Instant>,
    leap: Option<(Instant, u32, Position)>,
    /// Contacts to let go, by the time at which that is looked at.
    release: BTreeSet<(Instant, Cid)>,
    /// Contacts whose queued caller is gone, by the time at which that settles them.
    settle: BTreeSet<(Instant, Cid)>,
    /// Ended contacts, by the time at which they are packed.
    cool: BTreeSet<(Instant, Cid)>,
}

impl Horizon {
    pub fn new(late_ms: i64) -> Self {
        Self { late_ms: late_ms.max(0), ..Self::default() }
    }

    /// The latest time heard.
    pub fn watermark(&self) -> Option<Instant> {
        self.watermark
    }

    /// What lies before this is later than the late horizon.
    pub fn limit(&self) -> Instant {
        self.watermark.map_or(Instant(i64::MIN), |w| w.plus_millis(-self.late_ms))
    }

    /// Takes an event's time.
    pub fn hear(&mut self, at: Instant, position: Position) {
        let Some(watermark) = self.watermark else {
            self.watermark = Some(at);
            return;
        };
        if at <= watermark {
            self.leap = self.leap.filter(|(_, _, p)| *p == position);
            return;
        }
        if at.millis_since(watermark) <= self.late_ms.max(DAY_MS) {
            self.watermark = Some(at);
            self.leap = None;
            return;
        }
        let (from, seen, last) = self.leap.unwrap_or((at, 0, Position { partition: -1, offset: -1 }));
        let seen = if last == position { seen } else { seen + 1 };
        let from = from.min(at);
        if seen >= CONFIRMED {
            self.watermark = Some(from);
            self.leap = None;
        } else {
            self.leap = Some((from, seen, position));
        }
    }

    /// Looks at letting `cid` go when the horizon has passed `active`.
    pub fn release_after(&mut self, active: Instant, cid: Cid) {
        self.release.insert((active.plus_millis(self.late_ms), cid));
    }

    /// Settles `cid` when the switch's time has passed `at`.
    pub fn settle_at(&mut self, at: Instant, cid: Cid) {
        self.settle.insert((at, cid));
    }

    /// Packs `cid` when the switch's time has passed `at`.
    pub fn cool_at(&mut self, at: Instant, cid: Cid) {
        self.cool.insert((at, cid));
    }

    /// The next contact to pack.
    pub fn next_cooled(&mut self) -> Option<Cid> {
        let watermark = self.watermark?;
        let (due, cid) = *self.cool.first()?;
        (due < watermark).then(|| {
            self.cool.pop_first();
            cid
        })
    }

    /// The next contact to look at for letting go.
    pub fn next_release(&mut self) -> Option<Cid> {
        let watermark = self.watermark?;
        let (due, cid) = *self.release.first()?;
        (due < watermark).then(|| {
            self.release.pop_first();
            cid
        })
    }

    /// The next contact to settle; `all` at the end of an input.
    pub fn next_settle(&mut self, all: bool) -> Option<Cid> {
        let (due, cid) = *self.settle.first()?;
        (all || self.watermark.is_some_and(|w| due < w)).then(|| {
            self.settle.pop_first();
            cid
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(h: &mut Horizon, secs: i64, offset: i64) {
        h.hear(Instant::from_secs(secs), Position { partition: 0, offset });
    }

    #[test]
    fn one_broken_clock_moves_nothing_and_a_true_leap_does() {
        let mut h = Horizon::new(DAY_MS);
        hear(&mut h, 1_000_000, 0);
        hear(&mut h, 4_000_000_000, 1);
        hear(&mut h, 1_000_001, 2);
        assert_eq!(h.watermark(), Some(Instant::from_secs(1_000_001)));
        for i in 0..15 {
            hear(&mut h, 5_000_000 + i, 10 + i);
            assert_eq!(h.watermark(), Some(Instant::from_secs(1_000_001)));
        }
        hear(&mut h, 5_000_015, 25);
        hear(&mut h, 5_000_016, 26);
        assert_eq!(h.watermark(), Some(Instant::from_secs(5_000_016)));
    }
}
