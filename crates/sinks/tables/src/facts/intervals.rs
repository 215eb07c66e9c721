//! `queue_intervals`: the identifying columns, then one column for each of
//! `QueueCounts::NAMES`, then `date`.

use std::cmp::Ordering;

use arrow::array::{ArrayRef, Int64Array, Int64Builder};
use arrow::datatypes::{Field, Fields};
use model::facts::{Facts, QueueCounts, QueueInterval};
use model::{DEFINITION_VERSION, Instant, Name, Position};

use super::{Fact, Key, Row, Traits, columns, field, find, say};
use crate::cells::{BadCell, Cell, Day};
use crate::table::Table;

/// The row without its counts; `columns!` cannot list names that another crate makes.
struct Head(QueueInterval);

columns! {
    HeadBuilders, HeadColumns for Head {
        switch: Name = |r| &r.0.switch, say::SWITCH;
        center: Name = |r| &r.0.center, say::CENTER;
        queue: Name = |r| &r.0.queue, "The queue.";
        interval_start: Instant = |r| &r.0.interval_start, "Begin of the interval.";
        interval_end: Instant = |r| &r.0.interval_end, "End of the interval, exclusive.";
        sl_threshold_ms: i64 = |r| &r.0.sl_threshold_ms, "T of this row, ms.";
        short_abandon_ms: i64 = |r| &r.0.short_abandon_ms, "S of this row, ms.";
        wait_sketch: String = |r| &r.0.wait_sketch, "Sketch of answered waits: bucket:count pairs, ascending.";
        revision: i64 = |r| &r.0.revision, say::REVISION;
        known_at: Instant = |r| &r.0.known_at, say::KNOWN;
        first_event: Position = |r| &r.0.first_event, "First event of its visits, as topic/partition/offset.";
        last_event: Position = |r| &r.0.last_event, say::LAST;
        definition_version: i32 = |_r| &DEFINITION_VERSION, say::DEFINITION;
    }
    read Head(QueueInterval {
        switch, center, queue, interval_start, interval_end, sl_threshold_ms, short_abandon_ms, wait_sketch,
        revision, known_at, first_event, last_event, ..QueueInterval::default()
    })
}

/// Builders of the head, of each count, of `date`.
pub(crate) struct IntervalBuilders {
    head: HeadBuilders,
    counts: Vec<Int64Builder>,
    date: <Day as Cell>::Builder,
}

/// Readable columns of the head and of each count.
pub(crate) struct IntervalColumns {
    head: HeadColumns,
    counts: Vec<Int64Array>,
}

fn describe(name: &str) -> String {
    let unit = if name.contains("_ms_") { ", ms" } else { "" };
    format!("`{name}` as docs/metrics.md section 2 defines it{unit}.")
}

impl Row for QueueInterval {
    type Builders = IntervalBuilders;
    type Columns = IntervalColumns;

    fn fields() -> Vec<Field> {
        let mut fields = Head::fields();
        fields.extend(QueueCounts::NAMES.iter().map(|name| field::<i64>(name, &describe(name))));
        fields.push(field::<Day>("date", "Day (UTC) of `interval_start`. Partition."));
        fields
    }
    fn builders(capacity: usize) -> Self::Builders {
        IntervalBuilders {
            head: Head::builders(capacity),
            counts: QueueCounts::NAMES.iter().map(|_| i64::builder(capacity)).collect(),
            date: Day::builder(capacity),
        }
    }
    fn append(&self, to: &mut Self::Builders) {
        // Intervals are few (one a queue and quarter of an hour): a copy does no harm.
        Head(self.clone()).append(&mut to.head);
        for (builder, value) in to.counts.iter_mut().zip(self.counts.values()) {
            value.append(builder);
        }
        Day(self.day()).append(&mut to.date);
    }
    fn finish(builders: Self::Builders) -> Vec<ArrayRef> {
        let mut arrays = Head::finish(builders.head);
        arrays.extend(builders.counts.into_iter().map(<i64 as Cell>::finish));
        arrays.push(Day::finish(builders.date));
        arrays
    }
    fn columns(fields: &Fields, arrays: &[ArrayRef], rows: usize) -> Result<Self::Columns, BadCell> {
        let counts = QueueCounts::NAMES.iter().map(|name| find::<i64>(name, fields, arrays, rows));
        Ok(IntervalColumns { head: Head::columns(fields, arrays, rows)?, counts: counts.collect::<Result<_, _>>()? })
    }
    fn read(columns: &Self::Columns, row: usize) -> Result<Self, BadCell> {
        let Head(mut interval) = Head::read(&columns.head, row)?;
        let values = columns.counts.iter().zip(QueueCounts::NAMES);
        let values = values.map(|(c, name)| i64::get(c, row).map_err(|e| e.within(name)));
        interval.counts = QueueCounts::from_values(&values.collect::<Result<Vec<_>, _>>()?);
        Ok(interval)
    }
}

impl Fact for QueueInterval {
    const TABLE: Table = Table::QueueIntervals;

    fn of(facts: &Facts) -> &[Self] {
        &facts.queue_intervals
    }
    fn day(&self) -> i32 {
        self.interval_start.days()
    }
    fn order(&self, other: &Self) -> Ordering {
        (&self.center, &self.queue, self.interval_start, &self.switch, self.revision).cmp(&(
            &other.center,
            &other.queue,
            other.interval_start,
            &other.switch,
            other.revision,
        ))
    }
    fn key(&self) -> Key {
        Key::interval(&self.switch, &self.queue, self.interval_start)
    }
    fn revision(&self) -> i64 {
        self.revision
    }
    fn known_at(&self) -> Instant {
        self.known_at
    }
    fn traits(&self) -> Traits<'_> {
        Traits {
            center: &self.center,
            switch: &self.switch,
            queue: Some(&self.queue),
            agent: None,
            call_id: None,
            begin: Some(self.interval_start),
            end: Some(self.interval_start),
        }
    }
}
