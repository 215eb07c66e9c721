//! Who waits at an instant, per queue: `waiting_at_start` and `waiting_at_end`.
//!
//! Over all visits, whatever the range: an arrival before the range is waiting at its
//! begin. Counted as arrivals before the instant less ends before it, so the identity
//! `waiting_at_start + offered = answered + abandoned + flow_out + waiting_at_end` holds
//! by construction for every span.

use std::collections::BTreeMap;

use model::facts::{Visit, VisitOutcome};
use model::{Instant, Name};

use crate::options::Options;
use crate::tally;

type Key = (Name, Name);

/// Sorted arrivals and ends of each queue.
pub(crate) struct Waiting {
    queues: BTreeMap<Key, (Vec<Instant>, Vec<Instant>)>,
}

impl Waiting {
    pub(crate) fn of(visits: &[Visit], opts: &Options) -> Self {
        let mut queues: BTreeMap<Key, (Vec<Instant>, Vec<Instant>)> = BTreeMap::new();
        let joined = visits.iter().filter(|v| opts.concerns(v) && !matches!(v.outcome, VisitOutcome::Rejected(_)));
        for visit in joined {
            let (arrivals, ends) = queues.entry((visit.center.clone(), visit.queue.clone())).or_default();
            arrivals.push(visit.joined_at);
            ends.extend(tally::outcome_at(visit));
        }
        for (arrivals, ends) in queues.values_mut() {
            arrivals.sort_unstable();
            ends.sort_unstable();
        }
        Self { queues }
    }

    /// How many wait in a queue just before `at`.
    pub(crate) fn at(&self, key: &Key, at: Instant) -> i64 {
        let before = |times: &[Instant]| times.partition_point(|t| *t < at) as i64;
        self.queues.get(key).map_or(0, |(arrivals, ends)| before(arrivals) - before(ends))
    }

    /// How many wait over all queues just before `at`.
    pub(crate) fn over_all(&self, at: Instant) -> i64 {
        self.queues.keys().map(|key| self.at(key, at)).sum()
    }

    /// The queues in which somebody waits just before `at`.
    pub(crate) fn keys_at(&self, at: Instant) -> impl Iterator<Item = &Key> {
        self.queues.keys().filter(move |key| self.at(key, at) > 0)
    }
}
