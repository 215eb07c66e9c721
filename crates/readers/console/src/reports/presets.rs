//! Ranges by name, in the zone of the report.

use chrono::{Datelike as _, Months, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use metrics::{Interval, zone};
use model::Instant;

/// A range by name, as seen from a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
}

impl Preset {
    /// All, with their names in addresses.
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Today, "today"),
        (Self::Yesterday, "yesterday"),
        (Self::ThisWeek, "this-week"),
        (Self::LastWeek, "last-week"),
        (Self::ThisMonth, "this-month"),
        (Self::LastMonth, "last-month"),
    ];

    /// That of a name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, n)| *n == name).map(|(preset, _)| preset)
    }

    /// Begin and end, exclusive. Days and months are as long as the zone makes them; weeks
    /// begin on Monday. A range that lasts ends with the interval that holds `now`, so that
    /// it has no rows of times to come.
    pub(crate) fn range(self, now: Instant, tz: Tz, interval: Interval) -> (Instant, Instant) {
        let before = |at: Instant| Instant(at.0 - 1);
        let (day, week) = (zone::interval_of(Interval::Day, tz, now), zone::interval_of(Interval::Week, tz, now));
        let month = months(now, tz);
        let (from, to) = match self {
            Self::Today => day,
            Self::Yesterday => zone::interval_of(Interval::Day, tz, before(day.0)),
            Self::ThisWeek => week,
            Self::LastWeek => zone::interval_of(Interval::Week, tz, before(week.0)),
            Self::ThisMonth => month,
            Self::LastMonth => months(before(month.0), tz),
        };
        let step = if interval == Interval::All { Interval::Day } else { interval };
        let lasts = matches!(self, Self::Today | Self::ThisWeek | Self::ThisMonth);
        (from, if lasts { to.min(zone::interval_of(step, tz, now).1) } else { to })
    }
}

/// The month that holds an instant.
fn months(at: Instant, tz: Tz) -> (Instant, Instant) {
    let local = zone::local_of(tz, at).date();
    let first = NaiveDate::from_ymd_opt(local.year(), local.month(), 1).unwrap_or(local);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let midnight = |date: NaiveDate| zone::instant_of(tz, date.and_time(NaiveTime::MIN));
    (midnight(first), midnight(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).unwrap()
    }

    fn range(preset: Preset, now: &str, tz: Tz) -> (String, String) {
        let (from, to) = preset.range(at(now), tz, Interval::Hour);
        (from.to_rfc3339(), to.to_rfc3339())
    }

    #[test]
    fn ranges_are_right_across_changes_of_the_clocks() {
        let berlin = chrono_tz::Europe::Berlin;
        // Sunday 2026-10-25 has 25 hours; now is Monday.
        let monday = "2026-10-26T09:30:00Z";
        let is = |preset, from: &str, to: &str| {
            assert_eq!(range(preset, monday, berlin), (at(from).to_rfc3339(), at(to).to_rfc3339()), "{preset:?}");
        };
        is(Preset::Today, "2026-10-25T23:00:00Z", "2026-10-26T10:00:00Z");
        is(Preset::Yesterday, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        is(Preset::ThisWeek, "2026-10-25T23:00:00Z", "2026-10-26T10:00:00Z");
        is(Preset::LastWeek, "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z");
        is(Preset::ThisMonth, "2026-09-30T22:00:00Z", "2026-10-26T10:00:00Z");
        is(Preset::LastMonth, "2026-08-31T22:00:00Z", "2026-09-30T22:00:00Z");
    }

    #[test]
    fn a_day_without_its_midnight_begins_when_it_does() {
        // 2026-04-24 begins at one in Cairo.
        let (from, _) = range(Preset::Today, "2026-04-24T12:00:00Z", chrono_tz::Africa::Cairo);
        assert_eq!(at(&from), at("2026-04-23T22:00:00Z"));
        assert_eq!(Preset::ALL.map(|(preset, name)| Preset::of(name) == Some(preset)), [true; 6]);
    }

    #[test]
    fn one_interval_of_today_ends_with_the_day() {
        let (from, to) = Preset::Today.range(at("2026-11-28T15:00:00Z"), chrono_tz::UTC, Interval::All);
        assert_eq!((from, to), (at("2026-11-28T00:00:00Z"), at("2026-11-29T00:00:00Z")));
    }
}
