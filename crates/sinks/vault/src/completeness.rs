//! Completeness per day: of the calls whose recording was announced, how many are
//! recorded in whole, and what is wrong with the rest.
//!
//! Contract: pure. Each call counts once, by its worst piece (the order of
//! `RecordingState`), on the day of its earliest piece; the six counts add up to
//! `calls`. Orphans belong to no call and are counted apart. Older revisions of a row
//! do not count.

use std::collections::BTreeMap;

use model::facts::{Recording, RecordingState};
use model::{Instant, Name};

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompletenessRow {
    /// The day, as `2026-11-22`.
    pub date: String,
    /// Calls whose recording was announced.
    pub calls: i64,
    /// Calls stored in whole.
    pub recorded: i64,
    /// Calls of which a part is missing, or cannot be read to its end.
    pub partial: i64,
    /// Calls that were meant not to be recorded.
    pub intentionally_not: i64,
    /// Calls with a recording without sound.
    pub empty: i64,
    /// Calls with a recording that never came.
    pub missing: i64,
    /// Calls with a recording still awaited.
    pub pending: i64,
    /// Files that nobody announced.
    pub orphans: i64,
}

/// Completeness by day in UTC.
pub fn completeness(rows: &[Recording]) -> Vec<CompletenessRow> {
    completeness_by(rows, Instant::days)
}

/// Completeness by the day that `day_of` gives (days since the epoch in a time zone).
pub fn completeness_by(rows: &[Recording], day_of: impl Fn(Instant) -> i32) -> Vec<CompletenessRow> {
    let mut newest: BTreeMap<&Name, &Recording> = BTreeMap::new();
    for row in rows {
        let held = newest.entry(&row.recording_id).or_insert(row);
        if row.revision > held.revision {
            *held = row;
        }
    }
    let mut days: BTreeMap<i32, CompletenessRow> = BTreeMap::new();
    let mut calls: BTreeMap<&Name, (Instant, RecordingState)> = BTreeMap::new();
    for row in newest.values() {
        if row.state == RecordingState::Orphan {
            days.entry(day_of(row.started_at)).or_default().orphans += 1;
            continue;
        }
        // A recording that no contact claims counts as a call of its own.
        let call = row.call_id.as_ref().unwrap_or(&row.recording_id);
        let (first, worst) = calls.entry(call).or_insert((row.started_at, row.state));
        *first = (*first).min(row.started_at);
        *worst = (*worst).max(row.state);
    }
    for (first, worst) in calls.into_values() {
        count(days.entry(day_of(first)).or_default(), worst);
    }
    days.into_iter().map(|(day, row)| CompletenessRow { date: date_text(day), ..row }).collect()
}

fn count(row: &mut CompletenessRow, worst: RecordingState) {
    row.calls += 1;
    *match worst {
        RecordingState::Recorded => &mut row.recorded,
        RecordingState::IntentionallyNot => &mut row.intentionally_not,
        RecordingState::Partial => &mut row.partial,
        RecordingState::Pending => &mut row.pending,
        RecordingState::Empty => &mut row.empty,
        RecordingState::Missing => &mut row.missing,
        RecordingState::Orphan => &mut row.orphans,
    } += 1;
}

fn date_text(day: i32) -> String {
    chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0)
        .map_or_else(|| format!("{day}d"), |t| t.format("%Y-%m-%d").to_string())
}
