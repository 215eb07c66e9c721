//! Sums of the `queues` report's rows: by queue, by interval, by weekday and hour. From the
//! sums of rows, never from their averages.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, Timelike as _};
use metrics::render::{Cell, Cells, Report};
use metrics::{Interval, Options, QueueRow, zone};
use model::{Instant, Name};

use crate::charts::heat::Week;

/// The rows added up by `key`; each sum has the names that all of its rows share.
fn by<K: Ord>(rows: &[QueueRow], key: impl Fn(&QueueRow) -> K) -> BTreeMap<K, QueueRow> {
    let mut sums = BTreeMap::<K, QueueRow>::new();
    for row in rows.iter().filter(|r| !r.is_total()) {
        match sums.entry(key(row)) {
            std::collections::btree_map::Entry::Vacant(place) => _ = place.insert(row.clone()),
            std::collections::btree_map::Entry::Occupied(mut place) => add(place.get_mut(), row),
        }
    }
    sums
}

fn add(sum: &mut QueueRow, row: &QueueRow) {
    fn same<T: PartialEq + Clone>(a: &mut Option<T>, b: &Option<T>) {
        if a != b {
            *a = None;
        }
    }
    same(&mut sum.center, &row.center);
    same(&mut sum.queue, &row.queue);
    same(&mut sum.sl_threshold_ms, &row.sl_threshold_ms);
    same(&mut sum.short_abandon_ms, &row.short_abandon_ms);
    sum.waiting = match (sum.waiting, row.waiting) {
        // By interval queues wait side by side; by queue the last interval says who waits.
        (Some(a), Some(b)) if sum.interval_start == row.interval_start => Some((a.0 + b.0, a.1 + b.1)),
        (Some(a), Some(b)) => Some((a.0, b.1)),
        _ => None,
    };
    sum.interval_start = sum.interval_start.min(row.interval_start);
    sum.interval_end = sum.interval_end.max(row.interval_end);
    sum.counts.add(&row.counts);
    sum.waits.merge(&row.waits);
}

/// One row a queue, over the whole range.
pub(crate) fn by_queue(rows: &[QueueRow], options: &Options) -> Vec<QueueRow> {
    let mut sums: Vec<QueueRow> = by(rows, |r| (r.center.clone(), r.queue.clone())).into_values().collect();
    for row in &mut sums {
        row.interval_start = options.from.unwrap_or(row.interval_start);
        row.interval_end = options.to.unwrap_or(row.interval_end);
    }
    sums
}

/// One row an interval, over all queues.
pub(crate) fn by_interval(rows: &[QueueRow]) -> Vec<QueueRow> {
    by(rows, |r| (r.interval_start, r.interval_end)).into_values().collect()
}

/// A figure of a row as a number.
pub(crate) fn figure(row: &QueueRow, name: &str, options: &Options) -> Option<f64> {
    match row.cells(options).get(name) {
        Some(Cell::Int(v)) => Some(*v as f64),
        Some(Cell::Rate(v)) => Some(*v),
        _ => None,
    }
}

/// A figure by weekday and hour of the zone, of rows that are no longer than an hour.
pub(crate) fn week(rows: &[QueueRow], name: &str, options: &Options) -> Week {
    let place = |row: &QueueRow| {
        let local = zone::local_of(options.tz, row.interval_start);
        (local.weekday().num_days_from_monday() as usize, local.hour() as usize)
    };
    let mut week: Week = [[None; 24]; 7];
    for ((day, hour), row) in by(rows, place) {
        if let Some(cell) = week.get_mut(day).and_then(|d| d.get_mut(hour)) {
            *cell = figure(&row, name, options);
        }
    }
    week
}

/// What a row is, in both of two weeks: its queue, and when it began on the clocks, `days`
/// later.
pub(crate) fn key(row: &QueueRow, options: &Options, days: i64) -> (Option<Name>, Option<Name>, chrono::NaiveDateTime) {
    let local = zone::local_of(options.tz, row.interval_start);
    (row.center.clone(), row.queue.clone(), local + chrono::Duration::days(days))
}

/// The rows of a report a week before by what they are now: their names, and when they would
/// begin a week later on the clocks.
pub(crate) fn week_later<R: Report>(rows: &[R], names: &[&str], options: &Options) -> HashMap<Vec<String>, Cells> {
    let cells = |row: &R| row.cells(options);
    rows.iter().map(cells).map(|c| (place(&c, names, options, 7), c)).collect()
}

/// What a row is: its names, and when it began on the clocks, `days` later.
pub(crate) fn place(cells: &Cells, names: &[&str], options: &Options, days: i64) -> Vec<String> {
    let start = match cells.get("interval_start") {
        // (One interval over the whole range begins where the range or its data do.)
        Some(Cell::At(at)) if options.interval != Interval::All => {
            (zone::local_of(options.tz, *at) + chrono::Duration::days(days)).to_string()
        }
        _ => String::new(),
    };
    names.iter().map(|name| cells.get(name).map(Cell::plain).unwrap_or_default()).chain([start]).collect()
}

/// An instant so many days earlier on the clocks of the zone.
pub(crate) fn days_before(at: Instant, days: i64, tz: chrono_tz::Tz) -> Instant {
    zone::instant_of(tz, zone::local_of(tz, at) - chrono::Duration::days(days))
}

#[cfg(test)]
mod tests {
    use model::facts::QueueCounts;

    use super::*;

    fn row(queue: &str, start: &str, offered: i64, abandoned: i64) -> QueueRow {
        let start = Instant::parse_rfc3339(start).unwrap();
        QueueRow {
            center: Some("main".into()),
            queue: Some(queue.into()),
            interval_start: start,
            interval_end: start.plus_millis(3_600_000),
            sl_threshold_ms: Some(20_000),
            counts: QueueCounts { offered, abandoned, ..QueueCounts::default() },
            ..QueueRow::default()
        }
    }

    #[test]
    fn sums_are_of_rows() {
        let rows = [
            row("a", "2026-11-23T09:00:00Z", 10, 1),
            row("a", "2026-11-23T10:00:00Z", 20, 2),
            row("b", "2026-11-23T09:00:00Z", 5, 5),
        ];
        let options = Options::default();
        let queues = by_queue(&rows, &options);
        assert_eq!(queues.iter().map(|r| r.counts.offered).collect::<Vec<_>>(), [30, 5]);
        let intervals = by_interval(&rows);
        assert_eq!(intervals.iter().map(|r| r.counts.offered).collect::<Vec<_>>(), [15, 20]);
        assert_eq!((&intervals[0].queue, &intervals[0].center), (&None, &Some("main".into())));
        assert_eq!(figure(&intervals[0], "abandon_rate", &options), Some(0.4));
    }

    #[test]
    fn weekdays_and_hours_are_those_of_the_zone_also_when_the_clocks_change() {
        let options = Options { tz: chrono_tz::Europe::Berlin, ..Options::default() };
        // 2026-10-25, a Sunday: two o'clock comes twice, at 0 and at 1 UTC.
        let rows = [
            row("a", "2026-10-25T00:00:00Z", 1, 0),
            row("a", "2026-10-25T01:00:00Z", 2, 0),
            row("a", "2026-10-25T02:00:00Z", 4, 0),
        ];
        let week = week(&rows, "offered", &options);
        assert_eq!((week[6][2], week[6][3], week[6][1]), (Some(3.0), Some(4.0), None));
    }

    #[test]
    fn the_week_before_is_on_the_same_clock() {
        let tz = chrono_tz::Europe::Berlin;
        let at = Instant::parse_rfc3339("2026-10-26T08:00:00Z").unwrap();
        assert_eq!(
            days_before(at, 7, tz).to_rfc3339(),
            Instant::parse_rfc3339("2026-10-19T07:00:00Z").unwrap().to_rfc3339()
        );
        let options = Options { tz, ..Options::default() };
        let (now, before) = (row("a", "2026-10-26T08:00:00Z", 1, 0), row("a", "2026-10-19T07:00:00Z", 1, 0));
        assert_eq!(key(&now, &options, 0), key(&before, &options, 7));
    }
}
