//! The `contacts` report from counts by quarter of an hour, one day's kept as one part: of
//! a contact only what says where it counts is read.
//!
//! Contract: as `metrics::contacts` over all rows, where a contact joins its first queue no
//! more than [`REACH`] days after it began. Where a range or the intervals asked for cut a
//! quarter of an hour in two, the answer is `None`, and whole rows have to tell.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AsArray as _, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use futures::{StreamExt as _, TryStreamExt as _};
use metrics::{ContactRow, Interval, Options};
use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction, Visit, VisitOutcome};
use model::{Instant, Name, Position};

use super::kept::{Part, stamp};
use super::question::Question;
use super::{Inner, rows, slim};
use crate::error::TablesError;
use crate::read::{DataFile, Filter, day_wanted, text_at, text_column};
use crate::table::Table;

/// Days between a contact's begin and its first queue, at most.
const REACH: i64 = 7;
const DAY_MS: i64 = 86_400_000;
/// Days read at once.
const SIDE_BY_SIDE: usize = 2;
const COLUMNS: [&str; 15] = [
    "switch",
    "call_id",
    "revision",
    "known_at",
    "center",
    "direction",
    "outcome",
    "merged_into",
    "started_at",
    "queue_visits/queue",
    "queue_visits/joined_at",
    "queue_visits/outcome",
    "queue_visits/consult",
    "queue_visits/retracted",
    "queue_visits/first_event",
];

/// What one day's contacts count: looking at consults, and over them.
struct Quarters {
    with: Vec<ContactRow>,
    without: Vec<ContactRow>,
}

/// The report, where quarters of an hour can tell it.
///
/// # Errors
/// The table is absent or cannot be read.
pub(super) async fn contacts(inner: &Inner, question: &Question) -> Result<Option<Vec<ContactRow>>, TablesError> {
    let options = &question.options;
    if options.spans_data() {
        return Ok(None);
    }
    let days = inner.snapshots.days(&inner.lake, Table::Calls).await?;
    let from = options.from.map(|from| from.plus_millis(-REACH * DAY_MS));
    let filter = Filter { from, to: options.to.map(|to| to.plus_millis(DAY_MS)), ..Filter::default() };
    let number = inner.kept.question();
    // (Collected: a future that holds a closure over borrowed items is not `Send` for all.)
    let wanted = days.iter().filter(|(_, files)| day_wanted(Table::Calls, files, &filter));
    let reads: Vec<_> = wanted.map(|(day, files)| of_day(inner, (*day, files), question.as_of, number)).collect();
    let read: Vec<Arc<Quarters>> = futures::stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect().await?;
    let quarters = read.iter().flat_map(|q| if options.exclude_consults { &q.without } else { &q.with });
    let seen = quarters.filter(|r| question.visible.center(&r.center) && question.visible.queue(r.queue.as_ref()));
    Ok(metrics::contacts::regrouped(seen, options))
}

async fn of_day(
    inner: &Inner,
    (day, files): (i32, &Arc<Vec<DataFile>>),
    as_of: Option<Instant>,
    question: u64,
) -> Result<Arc<Quarters>, TablesError> {
    let as_of = as_of.filter(|at| !files.iter().all(|f| f.all_known_by(*at)));
    let (part, stamp) = (Part { kind: "contacts".to_owned(), day, as_of }, stamp(files.iter()));
    if let Some(quarters) = inner.kept.get::<Quarters>(&part, stamp, question) {
        return Ok(quarters);
    }
    let store = inner.lake.shelf(Table::Calls)?.log_store.object_store(None);
    let mut newest = HashMap::<(Name, Name), Call>::new();
    for file in files.iter() {
        rows::columns(&inner.lake, Table::Calls, &store, file, &COLUMNS, |batch| {
            for call in calls(batch).into_iter().filter(|c| as_of.is_none_or(|at| c.known_at <= at)) {
                let key = (call.switch.clone(), call.call_id.clone());
                match newest.get_mut(&key) {
                    Some(before) if before.revision >= call.revision => {}
                    Some(before) => *before = call,
                    None => _ = newest.insert(key, call),
                }
            }
        })
        .await?;
    }
    let calls: Vec<Call> = newest.into_values().collect();
    let quarters = |exclude_consults| {
        metrics::contacts(&calls, &Options { interval: Interval::Quarter, exclude_consults, ..Options::default() })
    };
    let quarters = Arc::new(Quarters { with: quarters(false), without: quarters(true) });
    let bytes = (quarters.with.len() + quarters.without.len()) * (size_of::<ContactRow>() + 200);
    inner.kept.put(part, stamp, Arc::clone(&quarters), bytes, question);
    Ok(quarters)
}

/// The contacts of a batch with what says where they count.
fn calls(batch: &RecordBatch) -> Vec<Call> {
    let text = |name| text_column(batch, name);
    let time = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
    let parts = (text("switch"), text("call_id"), text("center"), text("direction"), text("outcome"));
    let revision = batch.column_by_name("revision").and_then(|c| c.as_primitive_opt::<Int64Type>());
    let ((Some(switch), Some(id), Some(center), Some(direction), Some(outcome)), Some(revision)) = (parts, revision)
    else {
        return Vec::new();
    };
    let (Some(known), Some(started)) = (time("known_at"), time("started_at")) else { return Vec::new() };
    let merged = text("merged_into");
    let nested = batch.column_by_name("queue_visits").and_then(|c| c.as_list_opt::<i32>());
    let visits = nested.and_then(|l| Visits::of(l.values().as_struct_opt()?));
    let call = |row: usize| Call {
        revision: revision.value(row),
        direction: direction_of(direction.value(row)),
        merged_into: merged.and_then(|m| text_at(m, row)).map(Name::from),
        known_at: Instant(known.value(row)),
        outcome: outcome_of(outcome.value(row)),
        queue_visits: match (nested, &visits) {
            (Some(list), Some(visits)) => {
                let place = |at: usize| usize::try_from(list.value_offsets()[at]).unwrap_or_default();
                (place(row)..place(row + 1)).map(|place| visits.read(place)).collect()
            }
            _ => Vec::new(),
        },
        ..blank((switch.value(row).into(), id.value(row).into()), center.value(row).into(), started.value(row))
    };
    (0..batch.num_rows()).map(call).collect()
}

fn direction_of(word: &str) -> Direction {
    match word {
        "outbound" => Direction::Outbound,
        "internal" => Direction::Internal,
        _ => Direction::Inbound,
    }
}

fn outcome_of(word: &str) -> ContactOutcome {
    let known = metrics::contacts::OUTCOMES.iter().find(|(_, name)| *name == word);
    known.map_or(ContactOutcome::Unknown, |(outcome, _)| *outcome)
}

/// The visits nested in contacts.
struct Visits<'a> {
    queue: &'a StringArray,
    outcome: &'a StringArray,
    first_event: &'a StringArray,
    joined_at: &'a arrow::array::TimestampMicrosecondArray,
    consult: &'a arrow::array::BooleanArray,
    retracted: &'a arrow::array::BooleanArray,
}

impl<'a> Visits<'a> {
    fn of(nested: &'a StructArray) -> Option<Self> {
        let text = |name: &str| nested.column_by_name(name)?.as_string_opt::<i32>();
        let flag = |name: &str| nested.column_by_name(name)?.as_boolean_opt();
        Some(Self {
            queue: text("queue")?,
            outcome: text("outcome")?,
            first_event: text("first_event")?,
            joined_at: nested.column_by_name("joined_at")?.as_primitive_opt()?,
            consult: flag("consult")?,
            retracted: flag("retracted")?,
        })
    }

    fn read(&self, place: usize) -> Visit {
        // Whether it joined is all that is asked of its outcome.
        let rejected = VisitOutcome::Rejected(model::event::RejectReason::Full);
        Visit {
            queue: self.queue.value(place).into(),
            joined_at: Instant(self.joined_at.value(place)),
            outcome: if self.outcome.value(place) == "rejected" { rejected } else { VisitOutcome::Open },
            consult: self.consult.value(place),
            retracted: self.retracted.value(place),
            first_event: self.first_event.value(place).parse().unwrap_or_default(),
            ..slim::blank()
        }
    }
}

fn blank((switch, call_id): (Name, Name), center: Name, started_at: i64) -> Call {
    Call {
        call_id,
        revision: 0,
        center,
        switch,
        direction: Direction::Inbound,
        ani: None,
        ani_raw: None,
        ani_withheld: false,
        dnis: None,
        started_at: Instant(started_at),
        ended_at: None,
        ivr: Vec::new(),
        queue_visits: Vec::new(),
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Unknown,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome: ContactOutcome::Unknown,
        journey_id: None,
        merged_into: None,
        first_event: Position::default(),
        last_event: Position::default(),
        known_at: Instant::default(),
        crm_only: false,
        filed: 0,
    }
}
