//! `report contacts --lost`: who got nobody, and whether they got through later
//! (`docs/metrics.md`, section 4). Which contacts, and where each counts: as in
//! [`crate::contacts`].

use std::collections::BTreeMap;

use model::facts::{Call, ContactOutcome, Direction};
use model::{DEFINITION_VERSION, Instant, Name};

use crate::contacts::{concerns, filed_under, outcome_name};
use crate::options::Options;
use crate::render::{Cells, Report};

/// A contact that got nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LostRow {
    /// The centre.
    pub center: Name,
    /// The queue joined first.
    pub queue: Option<Name>,
    /// The contact.
    pub call_id: Name,
    /// Its arrival.
    pub started_at: Instant,
    /// The number: E.164 where it could be parsed, else as received.
    pub ani: Option<Name>,
    /// The caller withheld it.
    pub ani_withheld: bool,
    /// `abandoned`, `rejected` or `lost`.
    pub outcome: Name,
    /// Wait over all its visits, consults left out.
    pub wait_ms: i64,
    /// Whether the same number got through later; `None` where no number is known.
    pub got_through_later: Option<bool>,
    /// When it did, first.
    pub got_through_at: Option<Instant>,
}

/// Inbound contacts that got nobody: `abandoned`, `rejected` and `lost` ones (those who
/// were promised a call-back, or left in the IVR, are not among them). Whether the number
/// got through later is looked up in all of `calls`, also beyond the range.
pub fn lost(calls: &[Call], opts: &Options) -> Vec<LostRow> {
    let through = answered_by_number(calls);
    let got_nobody = |c: &&Call| {
        let outcome = matches!(c.outcome, ContactOutcome::Abandoned | ContactOutcome::Rejected | ContactOutcome::Lost);
        outcome && c.direction == Direction::Inbound && concerns(c, opts)
    };
    let mut rows: Vec<LostRow> = calls.iter().filter(got_nobody).map(|c| lost_row(c, &through, opts)).collect();
    rows.sort_by(|a, b| {
        let key = |r: &LostRow| (r.center.clone(), r.queue.clone(), r.started_at, r.call_id.clone());
        key(a).cmp(&key(b))
    });
    rows
}

type Answered<'a> = BTreeMap<(&'a Name, &'a Name), Vec<Instant>>;

fn number(call: &Call) -> Option<&Name> {
    call.ani.as_ref().or(call.ani_raw.as_ref()).filter(|n| n.bytes().any(|b| b.is_ascii_digit()))
}

/// Arrivals of answered contacts by centre and number, in order.
fn answered_by_number(calls: &[Call]) -> Answered<'_> {
    let mut answered = Answered::new();
    let through = |c: &&Call| {
        c.merged_into.is_none() && c.direction == Direction::Inbound && c.outcome == ContactOutcome::Answered
    };
    for call in calls.iter().filter(through) {
        number(call).into_iter().for_each(|n| answered.entry((&call.center, n)).or_default().push(call.started_at));
    }
    answered.values_mut().for_each(|times| times.sort_unstable());
    answered
}

fn lost_row(call: &Call, through: &Answered, opts: &Options) -> LostRow {
    let later = |n| {
        let times = through.get(&(&call.center, n))?;
        times.get(times.partition_point(|t| *t <= call.started_at)).copied()
    };
    let visits = call.queue_visits.iter().filter(|v| !v.retracted && !v.consult);
    LostRow {
        center: call.center.clone(),
        queue: filed_under(call, opts).0.cloned(),
        call_id: call.call_id.clone(),
        started_at: call.started_at,
        ani: number(call).cloned(),
        ani_withheld: call.ani_withheld,
        outcome: outcome_name(call.outcome).into(),
        wait_ms: visits.filter_map(|v| crate::tally::wait_ms(v, opts.wait)).sum(),
        got_through_later: number(call).map(|n| later(n).is_some()),
        got_through_at: number(call).and_then(later),
    }
}

impl Report for LostRow {
    fn cells(&self, _opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("queue", self.queue.as_ref()).put("call_id", &self.call_id);
        cells.put("started_at", self.started_at).put("ani", self.ani.as_ref()).put("ani_withheld", self.ani_withheld);
        cells.put("outcome", &self.outcome).put("wait_ms", self.wait_ms);
        cells.put("got_through_later", self.got_through_later).put("got_through_at", self.got_through_at);
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(_opts: &Options) -> Vec<(&'static str, &'static str)> {
        vec![
            ("center", "centre"),
            ("queue", "first queue"),
            ("started_at", "called"),
            ("ani", "number"),
            ("outcome", "outcome"),
            ("wait_ms", "waited"),
            ("got_through_later", "got through later"),
            ("call_id", "call"),
        ]
    }
}
