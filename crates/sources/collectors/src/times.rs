//! Which times of a source are believed where this crate needs one.
//!
//! An event keeps the time that its switch gave it, however odd: the decoder refuses it
//! with a reason. But no odd time is passed on to an event without one, nor ends an input.

use model::Instant;

/// 2000-01-01T00:00:00Z.
const EARLIEST: Instant = Instant::from_secs(946_684_800);
/// 9999-12-31T23:59:59Z: later ones have no RFC 3339 form.
const LAST_WRITABLE: Instant = Instant::from_secs(253_402_300_799);
const YEAR_MS: i64 = 366 * 86_400_000;

/// Whether `at` lies between the year 2000 and 366 days after its receipt. A collector
/// whose own clock stands before 2000 cannot tell what is too late.
pub fn plausible(at: Instant, received: Instant) -> bool {
    at >= EARLIEST && at <= LAST_WRITABLE && (received < EARLIEST || at <= received.plus_millis(YEAR_MS))
}

/// A time that can be written as RFC 3339: one past the year 9999 stays that year's last
/// second, which no decoder believes either.
pub fn writable(at: Instant) -> Instant {
    at.clamp(Instant(0), LAST_WRITABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Instant = Instant::from_secs(1_795_326_272);

    #[test]
    fn the_years_1970_and_2100_are_not_believed() {
        assert!(plausible(NOON, NOON));
        assert!(plausible(Instant::from_secs(1_400_000_000), NOON));
        assert!(!plausible(Instant::from_secs(12), NOON));
        assert!(!plausible(Instant::from_secs(4_102_444_800), NOON));
        assert!(plausible(NOON, Instant::from_secs(5)), "a collector with a wrong clock still believes its switch");
        assert!(!plausible(Instant(i64::MAX), Instant::from_secs(5)));
    }

    #[test]
    fn every_written_time_can_be_read_back() {
        for at in [Instant(i64::MAX), Instant(i64::MIN), NOON, LAST_WRITABLE] {
            let written = writable(at);
            assert_eq!(Instant::parse_rfc3339(&written.to_rfc3339()), Ok(written));
        }
    }
}
