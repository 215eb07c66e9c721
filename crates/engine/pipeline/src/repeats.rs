//! Which records were folded already.
//!
//! A sequenced record (sequence above 0) is a repeat when its epoch is lower than the
//! highest seen of its source and dialect, or its sequence is not above the highest. An
//! unsequenced one (acts, adapter events) is a repeat when its id is among the last
//! `REMEMBERED_IDS`.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use model::{Dialect, Envelope, Name};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};

use crate::limits::REMEMBERED_IDS;

/// Highest epoch and sequence seen of one source and dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    epoch: u64,
    sequence: u64,
}

/// What was folded already; part of a snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Repeats {
    sequenced: FxHashMap<(Name, Dialect), Seen>,
    recent: VecDeque<u64>,
    recent_set: FxHashSet<u64>,
}

impl Repeats {
    /// Whether this record was folded before; if not, it counts as folded now.
    pub fn is_repeat(&mut self, envelope: &Envelope) -> bool {
        if envelope.sequence == 0 { self.id_was_seen(envelope) } else { self.sequence_was_seen(envelope) }
    }

    fn sequence_was_seen(&mut self, envelope: &Envelope) -> bool {
        let key = (envelope.source.clone(), envelope.dialect.clone());
        let seen = self.sequenced.entry(key).or_default();
        if envelope.epoch < seen.epoch || envelope.sequence <= seen.sequence {
            return true;
        }
        *seen = Seen { epoch: envelope.epoch, sequence: envelope.sequence };
        false
    }

    fn id_was_seen(&mut self, envelope: &Envelope) -> bool {
        let mut hasher = FxHasher::default();
        (&envelope.source, &envelope.id).hash(&mut hasher);
        let hash = hasher.finish();
        if !self.recent_set.insert(hash) {
            return true;
        }
        self.recent.push_back(hash);
        if self.recent.len() > REMEMBERED_IDS
            && let Some(oldest) = self.recent.pop_front()
        {
            self.recent_set.remove(&oldest);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Instant;

    fn envelope(id: &str, epoch: u64, sequence: u64) -> Envelope {
        Envelope {
            id: id.into(),
            source: "/switch/pbx1".into(),
            dialect: Dialect::AsteriskQueueLog,
            time: Instant(0),
            received: Instant(0),
            epoch,
            sequence,
            center: "main".into(),
            switch: "pbx1".into(),
            data: bytes::Bytes::new(),
        }
    }

    #[test]
    fn sequences_and_epochs_only_grow() {
        let mut r = Repeats::default();
        assert!(!r.is_repeat(&envelope("a", 1, 1)));
        assert!(r.is_repeat(&envelope("a", 1, 1)));
        assert!(!r.is_repeat(&envelope("b", 2, 2)));
        assert!(r.is_repeat(&envelope("c", 1, 3)), "a fenced holder's record came late");
    }

    #[test]
    fn unsequenced_records_are_known_by_id() {
        let mut r = Repeats::default();
        assert!(!r.is_repeat(&envelope("a", 0, 0)));
        assert!(!r.is_repeat(&envelope("b", 0, 0)));
        assert!(r.is_repeat(&envelope("a", 0, 0)));
    }

    #[test]
    fn remembered_ids_are_bounded() {
        let mut r = Repeats::default();
        for i in 0..(REMEMBERED_IDS * 2) {
            r.is_repeat(&envelope(&i.to_string(), 0, 0));
        }
        assert_eq!((r.recent.len(), r.recent_set.len()), (REMEMBERED_IDS, REMEMBERED_IDS));
    }
}
