//! Which times of native records are believed.
//!
//! A switch whose clock was not set writes 1970; a flipped digit writes 2100. Such a
//! record is kept in the log and becomes a dead letter; it never moves a deadline or an
//! interval. Believed are times from 2000-01-01 up to 2100-01-01 that lie no more than
//! 366 days after the newest time believed so far, or after the time of receipt,
//! whichever is later. (The time of receipt counts so that a log with a gap of years
//! goes on; the neighbours count so that a collector with a slow clock does no harm.)

use model::Instant;
use serde::{Deserialize, Serialize};

/// 2000-01-01T00:00:00Z: older than any switch that writes these formats.
pub(crate) const EARLIEST: Instant = Instant::from_secs(946_684_800);
/// 2100-01-01T00:00:00Z.
pub(crate) const LATEST: Instant = Instant::from_secs(4_102_444_800);
const YEAR_MS: i64 = 366 * 86_400_000;

/// Whether an instant lies between [`EARLIEST`] and [`LATEST`], whatever its neighbours.
pub(crate) fn in_era(at: Instant) -> bool {
    (EARLIEST..LATEST).contains(&at)
}

/// Remembers the newest believed time of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Believed {
    newest: Option<Instant>,
}

impl Believed {
    /// Takes a record's time.
    ///
    /// # Errors
    /// Why the time is not believed; nothing is remembered of it.
    pub fn check(&mut self, at: Instant, received: Instant) -> Result<(), String> {
        if !in_era(at) {
            return Err(format!(
                "the time {at} is not believed: expected one from {EARLIEST} up to {LATEST}; check the switch's clock"
            ));
        }
        if let Some(newest) = self.newest {
            let bound = newest.max(received).plus_millis(YEAR_MS);
            if at > bound {
                return Err(format!(
                    "the time {at} is not believed: more than 366 days after the rows before it (newest {newest}) \
                     and after its receipt ({received}); check the switch's clock"
                ));
            }
        }
        self.newest = Some(self.newest.map_or(at, |n| n.max(at)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Believed, Instant};

    const NOON: Instant = Instant::from_secs(1_795_326_272);

    #[test]
    fn the_years_1970_and_2100_are_refused_and_change_nothing() {
        let mut believed = Believed::default();
        assert!(believed.check(NOON, NOON).is_ok());
        let before = believed.clone();
        assert!(believed.check(Instant::from_secs(12), NOON).is_err_and(|e| e.contains("1970-01-01")));
        assert!(believed.check(Instant::from_secs(4_102_444_900), NOON).is_err_and(|e| e.contains("2100-01-01")));
        assert!(believed.check(Instant::from_secs(4_000_000_000), NOON).is_err_and(|e| e.contains("366 days")));
        assert_eq!(believed, before);
    }

    #[test]
    fn a_gap_of_years_goes_on_and_so_does_a_collector_with_a_slow_clock() {
        let mut old = Believed::default();
        assert!(old.check(Instant::from_secs(1_400_000_000), NOON).is_ok());
        assert!(old.check(NOON, NOON).is_ok());
        let mut slow = Believed::default();
        let receipt = Instant::from_secs(86_400);
        assert!(slow.check(NOON, receipt).is_ok());
        assert!(slow.check(NOON.plus_millis(1000), receipt).is_ok());
    }
}
