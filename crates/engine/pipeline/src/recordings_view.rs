//! What a live stage `recordings` knows of one switch: newest revisions, kept up by what
//! comes in, so that a round costs what is new and what is pending.
//!
//! Contract: every revision may come any number of times, in any order. A recording is
//! kept while one of its call is pending, and for `KEPT_MS` after its last revision: as
//! long as its call can be told of more. Memory: the recordings of that time, whatever the
//! table holds. An outcome that the log has taken is not worked out again while its row is
//! on its way through log and fold.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::facts::{Recording, RecordingState};
use model::{Instant, Name, Position};

/// How long a settled call's recordings are kept: twice the usual late horizon.
pub const KEPT_MS: i64 = 48 * 3_600_000;

/// The view.
#[derive(Default)]
pub struct RecordingsView {
    rows: HashMap<Name, Recording>,
    /// By contact (an orphan stands for itself): its recordings in the order of the log.
    calls: HashMap<Name, Vec<(Position, Name)>>,
    pending: HashSet<Name>,
    told: HashSet<Name>,
}

fn call_of(row: &Recording) -> &Name {
    row.call_id.as_ref().unwrap_or(&row.recording_id)
}

impl RecordingsView {
    /// Takes in a revision; an older one than is known is passed over.
    pub fn take(&mut self, row: Recording) {
        let id = row.recording_id.clone();
        let known = self.rows.get(&id);
        if known.is_some_and(|k| k.revision >= row.revision) {
            return;
        }
        let of_before = known.map(|k| call_of(k).clone());
        if of_before.as_ref() != Some(call_of(&row)) {
            // Its call became known, or went over into another.
            if let Some(before) = of_before
                && let Some(of_call) = self.calls.get_mut(&before)
            {
                of_call.retain(|(_, known)| *known != id);
                if of_call.is_empty() {
                    self.calls.remove(&before);
                }
            }
            let of_call = self.calls.entry(call_of(&row).clone()).or_default();
            of_call.push((row.first_event, id.clone()));
            of_call.sort_unstable();
        }
        if row.state == RecordingState::Pending {
            self.pending.insert(id.clone());
        } else {
            self.pending.remove(&id);
            self.told.remove(&id);
        }
        self.rows.insert(id, row);
    }

    /// Lets go of calls that nothing more is done about.
    pub fn forget(&mut self, now: Instant) {
        let Self { rows, calls, pending, .. } = self;
        calls.retain(|_, of_call| {
            let rests = |id: &Name| {
                !pending.contains(id) && rows.get(id).is_none_or(|r| now.millis_since(r.known_at) > KEPT_MS)
            };
            let keep = !of_call.iter().all(|(_, id)| rests(id));
            if !keep {
                of_call.iter().for_each(|(_, id)| drop(rows.remove(id)));
            }
            keep
        });
    }

    /// Recordings whose end is known and of which the log has no outcome, each with its
    /// number within its call, from 1, in the order of the log.
    pub fn due(&self) -> Vec<(Recording, u32)> {
        let mut due: Vec<&Recording> = self.pending.difference(&self.told).filter_map(|id| self.rows.get(id)).collect();
        due.retain(|r| r.ended_at.is_some());
        due.sort_unstable_by_key(|r| (r.first_event, r.recording_id.clone()));
        due.into_iter().map(|r| (r.clone(), self.number(r))).collect()
    }

    fn number(&self, row: &Recording) -> u32 {
        let of_call = self.calls.get(call_of(row)).map(Vec::as_slice).unwrap_or_default();
        let place = of_call.iter().position(|(_, id)| *id == row.recording_id);
        place.and_then(|p| u32::try_from(p + 1).ok()).unwrap_or(1)
    }

    /// The log has the outcome of a pending recording.
    pub fn told(&mut self, recording_id: &Name) {
        if self.pending.contains(recording_id) {
            self.told.insert(recording_id.clone());
        }
    }

    /// How many are in each state.
    pub fn by_state(&self) -> BTreeMap<RecordingState, u64> {
        let mut counts = BTreeMap::new();
        for row in self.rows.values() {
            *counts.entry(row.state).or_default() += 1;
        }
        counts
    }

    /// When the log told of the pending recording that has not changed for longest.
    pub fn oldest_pending(&self) -> Option<Instant> {
        self.pending.iter().filter_map(|id| self.rows.get(id)).map(|r| r.known_at).min()
    }

    /// Recordings that it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// It holds none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, call: &str, offset: i64, revision: i64, state: RecordingState) -> Recording {
        let at = Instant::from_secs(offset);
        Recording {
            recording_id: id.into(),
            call_id: Some(call.into()),
            center: "main".into(),
            switch: "pbx1".into(),
            queue: None,
            agent: None,
            started_at: at,
            ended_at: (revision > 1).then_some(at),
            duration_ms: None,
            bytes: None,
            sha256: None,
            uri: None,
            source: None,
            state,
            suspended: Vec::new(),
            stored_at: None,
            note: None,
            revision,
            known_at: at,
            first_event: Position { partition: 0, offset },
            last_event: Position { partition: 0, offset },
            filed: 0,
        }
    }

    fn due(view: &RecordingsView) -> Vec<(String, u32)> {
        view.due().iter().map(|(r, n)| (r.recording_id.to_string(), *n)).collect()
    }

    #[test]
    fn what_has_ended_is_due_until_its_outcome_is_told_and_keeps_its_number() {
        use RecordingState::{Pending, Recorded};
        let mut view = RecordingsView::default();
        // The second of the call comes first, and revisions out of order and twice.
        for (id, offset, revision, state) in [
            ("b", 7, 2, Pending),
            ("a", 3, 2, Pending),
            ("a", 3, 1, Pending),
            ("b", 7, 2, Pending),
            ("c", 9, 1, Pending),
        ] {
            view.take(row(id, "call", offset, revision, state));
        }
        assert_eq!(due(&view), [("a".to_owned(), 1), ("b".to_owned(), 2)], "c has not ended");
        assert_eq!(view.oldest_pending(), Some(Instant::from_secs(3)));
        view.told(&"a".into());
        assert_eq!(due(&view), [("b".to_owned(), 2)]);
        view.take(row("a", "call", 3, 3, Pending));
        assert_eq!(due(&view), [("b".to_owned(), 2)], "another change on its way does not ask for it again");
        view.take(row("a", "call", 3, 4, Recorded));
        view.take(row("c", "call", 9, 2, Pending));
        assert_eq!(due(&view), [("b".to_owned(), 2), ("c".to_owned(), 3)]);
        assert_eq!(view.by_state(), BTreeMap::from([(Pending, 2), (Recorded, 1)]));
    }

    #[test]
    fn it_holds_what_is_pending_and_what_is_new_whatever_came_before() {
        use RecordingState::{Missing, Pending, Recorded};
        let mut view = RecordingsView::default();
        view.take(row("old-pending", "x", 1, 1, Pending));
        view.take(row("old-sibling", "x", 2, 2, Recorded));
        let mut most = 0;
        for day in 0..100_i64 {
            for n in 0..50 {
                let id = format!("{day}-{n}");
                view.take(row(&id, &id, day * 86_400 + n, 2, if n % 5 == 0 { Missing } else { Recorded }));
            }
            view.forget(Instant::from_secs(day * 86_400 + 60));
            most = most.max(view.len());
        }
        assert!(most <= 2 + 4 * 50, "{most}");
        view.take(row("old-third", "z", 3, 1, Pending));
        view.take(row("old-third", "x", 3, 2, Pending));
        assert_eq!(due(&view), [("old-third".to_owned(), 3)], "the call of one that is pending is whole");
        assert_eq!(view.calls.len() + 2, view.len());
    }
}
