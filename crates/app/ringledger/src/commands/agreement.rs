//! Where two dialects must agree, and how closely.
//!
//! - `queue_log` and AMI state the same whole seconds; only a caller who leaves by key is
//!   timed by AMI from event to event: less than 1 s a visit.
//! - CEL knows its own microseconds: every wait and talk may differ by less than 1 s a
//!   visit, and with it the counts around a threshold. It sees neither refusals (no queue
//!   ran) nor pauses, and infers holds from music: those are not compared.
//! - `queue_log` knows no holds.

use std::collections::{BTreeMap, BTreeSet};

use metrics::{Options, QueueRow};
use model::event::DivertReason;
use model::facts::{QueueCounts, Visit, VisitOutcome};
use model::{Dialect, Name};

/// One visit may differ by so much, milliseconds, exclusive.
const LEAST_SECOND: i64 = 1_000;

/// The figures that one dialect alone gives.
pub struct Side {
    /// The dialect.
    pub dialect: Dialect,
    visits: Vec<Visit>,
    rows: BTreeMap<(Name, Name), QueueRow>,
}

/// A figure that is not the same.
pub struct Difference {
    /// The centre.
    pub center: Name,
    /// The queue.
    pub queue: Name,
    /// Its name in `docs/metrics.md`, section 2.
    pub figure: &'static str,
    /// The dialect that makes the figures, and its value.
    pub reference: (Dialect, i64),
    /// The other one.
    pub other: (Dialect, i64),
    /// Greatest difference that its clocks explain.
    pub tolerance: i64,
}

impl Difference {
    /// How far apart.
    pub fn difference(&self) -> i64 {
        self.other.1 - self.reference.1
    }

    /// Whether the clocks explain it.
    pub fn agrees(&self) -> bool {
        self.difference().abs() <= self.tolerance
    }
}

/// What a comparison found.
pub struct Compared {
    /// Figures compared.
    pub figures: usize,
    /// Queues seen by either.
    pub queues: usize,
    /// Those that are not equal.
    pub differences: Vec<Difference>,
}

impl Side {
    /// The report of these visits over everything that `options` select.
    pub fn new(dialect: Dialect, mut visits: Vec<Visit>, options: &Options) -> Self {
        visits.retain(|v| options.from.is_none_or(|f| v.joined_at >= f) && options.to.is_none_or(|t| v.joined_at < t));
        let rows = metrics::queues(&visits, options);
        let keyed = rows.into_iter().filter_map(|r| Some(((r.center.clone()?, r.queue.clone()?), r))).collect();
        Self { dialect, visits, rows: keyed }
    }

    fn counts(&self, key: &(Name, Name)) -> QueueCounts {
        self.rows.get(key).map(|r| r.counts.clone()).unwrap_or_default()
    }

    fn near(&self, key: &(Name, Name), limit: i64, wanted: impl Fn(&Visit) -> bool) -> i64 {
        let near = |v: &&Visit| v.wait_ms.is_some_and(|w| (w - limit).abs() <= LEAST_SECOND);
        let here = |v: &&Visit| v.center == key.0 && v.queue == key.1;
        let count = self.visits.iter().filter(here).filter(|v| wanted(v)).filter(near).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

fn involves(a: &Side, b: &Side, dialect: &Dialect) -> bool {
    a.dialect == *dialect || b.dialect == *dialect
}

/// Figures that one of the two does not know.
fn unknown(a: &Side, b: &Side, figure: &str) -> bool {
    let cel = involves(a, b, &Dialect::AsteriskCel);
    match figure {
        "hold_ms_sum" => cel || involves(a, b, &Dialect::AsteriskQueueLog),
        "received" | "acw_ms_sum" | "acw_measured" => cel,
        _ => cel && figure.starts_with("rejected"),
    }
}

/// What is said beside a comparison of the two.
pub fn tolerance(a: &Side, b: &Side) -> Vec<&'static str> {
    let mut said = Vec::new();
    if involves(a, b, &Dialect::AsteriskCel) {
        said.push("tolerance: less than 1 s for each wait and each talk, for CEL has times of its own");
        said.push(
            "not compared: received and rejected (CEL sees no refusals), after-call work (no pauses), \
             holds (CEL infers them from music)",
        );
    } else {
        said.push("tolerance: less than 1 s for the wait of each caller who left by key; everything else exactly");
        if involves(a, b, &Dialect::AsteriskQueueLog) {
            said.push("not compared: holds (the queue_log knows none)");
        }
    }
    said
}

/// Compares the reports of two dialects, queue by queue.
pub fn compare(reference: &Side, other: &Side) -> Compared {
    let queues: BTreeSet<&(Name, Name)> = reference.rows.keys().chain(other.rows.keys()).collect();
    let mut compared = Compared { figures: 0, queues: queues.len(), differences: Vec::new() };
    for key in queues {
        let (ours, theirs) = (reference.counts(key), other.counts(key));
        let values = ours.values().into_iter().zip(theirs.values());
        for (figure, (a, b)) in QueueCounts::NAMES.iter().copied().zip(values) {
            if unknown(reference, other, figure) {
                continue;
            }
            compared.figures += 1;
            if a != b {
                compared.differences.push(Difference {
                    center: key.0.clone(),
                    queue: key.1.clone(),
                    figure,
                    reference: (reference.dialect.clone(), a),
                    other: (other.dialect.clone(), b),
                    tolerance: allowed(figure, key, reference, other),
                });
            }
        }
    }
    compared
}

/// Greatest difference of a figure that the clocks of the two explain.
fn allowed(figure: &str, key: &(Name, Name), a: &Side, b: &Side) -> i64 {
    let cel = involves(a, b, &Dialect::AsteriskCel);
    let most = |of: fn(&QueueCounts) -> i64| of(&a.counts(key)).max(of(&b.counts(key)));
    let limits = a.rows.get(key).or_else(|| b.rows.get(key));
    let t = limits.and_then(|r| r.sl_threshold_ms).unwrap_or_default();
    let s = limits.and_then(|r| r.short_abandon_ms).unwrap_or_default();
    let near = |limit: i64, wanted: fn(&Visit) -> bool| a.near(key, limit, wanted).max(b.near(key, limit, wanted));
    let visits = match figure {
        "wait_ms_sum" if !cel => most(|c| c.flow_out_key),
        "wait_ms_max" if !cel => most(|c| c.flow_out_key).min(1),
        "flow_out_late" if !cel => return near(t, |v| v.outcome == VisitOutcome::FlowOut(DivertReason::Key)),
        _ if !cel => return 0,
        "wait_ms_sum" => most(|c| c.answered + c.abandoned + c.flow_out),
        "wait_answered_ms_sum" => most(|c| c.answered),
        "wait_abandoned_ms_sum" => most(|c| c.abandoned),
        "talk_ms_sum" => most(|c| c.handled),
        f if f.ends_with("_max") => 1,
        "answered_in_sl" => return near(t, |v| v.outcome == VisitOutcome::Answered),
        "abandoned_in_sl" => return near(t, |v| v.outcome == VisitOutcome::Abandoned),
        "abandoned_short" => return near(s, |v| v.outcome == VisitOutcome::Abandoned),
        "flow_out_late" => return near(t, |v| matches!(v.outcome, VisitOutcome::FlowOut(_))),
        "flow_out_callback_in_sl" => return near(t, |v| v.outcome == VisitOutcome::FlowOut(DivertReason::Callback)),
        _ => return 0,
    };
    visits * LEAST_SECOND
}
