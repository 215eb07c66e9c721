//! Intervals of an IANA time zone, right across daylight-saving changes.
//!
//! Contract: intervals do not overlap and leave nothing out; each lies within one offset
//! of the zone, except days and weeks, which are as long as the zone makes them. An
//! interval of a part of a day is cut at a change of the offset that does not fall on its
//! edge (Lord Howe changes by half an hour).

use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use model::Instant;

use crate::options::Interval;

const MINUTE_US: i64 = 60_000_000;

/// Offset of the zone at an instant, in microseconds; 0 beyond the calendar's years.
fn offset_us(tz: Tz, at: i64) -> i64 {
    DateTime::from_timestamp_micros(at)
        .map_or(0, |t| i64::from(tz.offset_from_utc_datetime(&t.naive_utc()).fix().local_minus_utc()) * 1_000_000)
}

/// The first instant in (`lo`, `hi`] whose offset is that of `hi`. One change at most
/// lies between them.
fn change_between(tz: Tz, mut lo: i64, mut hi: i64) -> i64 {
    let after = offset_us(tz, hi);
    while hi - lo > 1 {
        let middle = lo + (hi - lo) / 2;
        if offset_us(tz, middle) == after { hi = middle } else { lo = middle }
    }
    hi
}

/// The local date of an instant.
fn date_of(tz: Tz, at: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_micros(at).map(|t| tz.from_utc_datetime(&t.naive_utc()).date_naive())
}

/// The first instant of a local date, also where its midnight does not exist.
fn start_of(tz: Tz, date: NaiveDate) -> i64 {
    instant_of(tz, date.and_time(NaiveTime::MIN)).0
}

/// Begin and end of the interval that holds `at`. Not for `Interval::All`, which has no
/// grid: it gives the instant itself.
pub fn interval_of(interval: Interval, tz: Tz, at: Instant) -> (Instant, Instant) {
    let (start, end) = match interval {
        Interval::Quarter => part_of_day(tz, at.0, 15 * MINUTE_US),
        Interval::Half => part_of_day(tz, at.0, 30 * MINUTE_US),
        Interval::Hour => part_of_day(tz, at.0, 60 * MINUTE_US),
        Interval::Day => days(tz, at.0, false),
        Interval::Week => days(tz, at.0, true),
        Interval::All => (at.0, at.0),
    };
    (Instant(start), Instant(end))
}

fn part_of_day(tz: Tz, at: i64, step: i64) -> (i64, i64) {
    let offset = offset_us(tz, at);
    let floor = at.saturating_add(offset).div_euclid(step) * step;
    let (mut start, mut end) = (floor.saturating_sub(offset), floor.saturating_sub(offset).saturating_add(step));
    if offset_us(tz, start) != offset {
        start = change_between(tz, start, at);
    }
    if offset_us(tz, end - 1) != offset {
        end = change_between(tz, at, end - 1);
    }
    (start, end)
}

fn days(tz: Tz, at: i64, week: bool) -> (i64, i64) {
    let span = || -> Option<(i64, i64)> {
        let date = date_of(tz, at)?;
        let back = if week { u64::from(date.weekday().num_days_from_monday()) } else { 0 };
        let first = date.checked_sub_days(Days::new(back))?;
        let last = first.checked_add_days(Days::new(if week { 7 } else { 1 }))?;
        Some((start_of(tz, first), start_of(tz, last)))
    };
    span().unwrap_or((at, at.saturating_add(1)))
}

/// The instant of a time on the clocks of the zone: the first of two where the clocks go
/// back over it, the change itself where they skip it.
pub fn instant_of(tz: Tz, local: NaiveDateTime) -> Instant {
    Instant(match tz.from_local_datetime(&local) {
        MappedLocalTime::Single(t) | MappedLocalTime::Ambiguous(t, _) => t.timestamp_micros(),
        MappedLocalTime::None => {
            let as_utc = local.and_utc().timestamp_micros();
            let day = 24 * 60 * MINUTE_US;
            change_between(tz, as_utc - offset_us(tz, as_utc - day) - 1, as_utc + day)
        }
    })
}

/// The time on the clocks of the zone; beyond the calendar's years 1970 begins.
pub fn local_of(tz: Tz, at: Instant) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_micros(at.0).unwrap_or_default().naive_utc();
    tz.from_utc_datetime(&utc).naive_local()
}

/// Local midnight before `at`: what "today" begins with.
pub fn midnight(tz: Tz, at: Instant) -> Instant {
    Instant(days(tz, at.0, false).0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(interval: Interval, tz: Tz, from: &str, to: &str) -> usize {
        let (mut at, to) = (Instant::parse_rfc3339(from).unwrap(), Instant::parse_rfc3339(to).unwrap());
        let mut n = 0;
        while at < to {
            let (start, end) = interval_of(interval, tz, at);
            assert!(start <= at && at < end, "{start} {at} {end}");
            assert_eq!(interval_of(interval, tz, Instant(end.0 - 1)), (start, end));
            at = end;
            n += 1;
        }
        assert_eq!(at, to);
        n
    }

    #[test]
    fn days_of_change_have_23_and_25_hours() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(count(Interval::Hour, berlin, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23);
        assert_eq!(count(Interval::Hour, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25);
        assert_eq!(count(Interval::Quarter, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 100);
        assert_eq!(count(Interval::Day, berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 1);
        assert_eq!(count(Interval::Week, berlin, "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"), 1);
    }

    #[test]
    fn odd_zones_leave_nothing_out() {
        // Half an hour of change: one of the hours is half as long.
        let howe = chrono_tz::Australia::Lord_Howe;
        assert_eq!(count(Interval::Hour, howe, "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"), 25);
        assert_eq!(count(Interval::Hour, howe, "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"), 24);
        // Midnight of 2026-04-24 does not exist in Cairo: the day begins at one.
        let cairo = chrono_tz::Africa::Cairo;
        assert_eq!(count(Interval::Day, cairo, "2026-04-22T22:00:00Z", "2026-04-24T21:00:00Z"), 2);
        assert_eq!(count(Interval::Hour, cairo, "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"), 23);
        // An offset of 5:45: hours begin at local full hours.
        let (start, _) = interval_of(Interval::Hour, chrono_tz::Asia::Kathmandu, Instant::from_secs(1_795_326_272));
        assert_eq!(start.0.rem_euclid(3_600_000_000), 15 * MINUTE_US);
    }

    proptest! {
        #[test]
        fn intervals_of_any_zone_touch_and_do_not_overlap(
            zone in 0..chrono_tz::TZ_VARIANTS.len(), at in 0_i64..4_000_000_000_000_000, step in 0..5_usize,
        ) {
            let interval = [Interval::Quarter, Interval::Half, Interval::Hour, Interval::Day, Interval::Week][step];
            let tz = chrono_tz::TZ_VARIANTS[zone];
            let (start, end) = interval_of(interval, tz, Instant(at));
            prop_assert!(start.0 <= at && at < end.0);
            prop_assert_eq!(interval_of(interval, tz, start), (start, end));
            prop_assert_eq!(interval_of(interval, tz, Instant(end.0 - 1)), (start, end));
            prop_assert_eq!(interval_of(interval, tz, end).0, end);
        }
    }

    #[test]
    fn times_far_away_do_no_harm() {
        for at in [i64::MIN / 2, -1, 0, i64::MAX / 2] {
            for interval in [Interval::Quarter, Interval::Day, Interval::Week] {
                let (start, end) = interval_of(interval, chrono_tz::Europe::Berlin, Instant(at));
                assert!(start.0 <= at && at < end.0);
            }
        }
    }
}
