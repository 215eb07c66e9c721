//! What was read of a day and is kept, up to a limit of memory.
//!
//! Contract: a part is given again only where the day still consists of the same files: a
//! day that was restated or compacted is read anew. Where room is short, parts that no
//! question has used for longest go first, but none that the question at hand has used:
//! a range larger than the limit keeps what fits of it and reads the rest each time.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Instant;

use crate::read::DataFile;

/// Bytes that a part takes besides what it holds, about.
const OVERHEAD: usize = 256;

/// What is kept of which day: as of now, or as it stood at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) kind: String,
    pub(super) day: i32,
    pub(super) as_of: Option<Instant>,
}

/// What tells one set of files from another.
pub(super) fn stamp<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> u64 {
    let mut hasher = DefaultHasher::new();
    files.into_iter().for_each(|f| f.path.as_ref().hash(&mut hasher));
    hasher.finish()
}

struct Entry {
    stamp: u64,
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct Parts {
    entries: HashMap<Part, Entry>,
    bytes: usize,
    questions: u64,
}

/// See the module.
pub(super) struct Kept {
    limit: usize,
    parts: Mutex<Parts>,
}

impl Kept {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, parts: Mutex::default() }
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a question that begins.
    pub(super) fn question(&self) -> u64 {
        let mut parts = self.parts();
        parts.questions += 1;
        parts.questions
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.parts().bytes
    }

    pub(super) fn get<T: Any + Send + Sync>(&self, part: &Part, stamp: u64, question: u64) -> Option<Arc<T>> {
        let mut parts = self.parts();
        let entry = parts.entries.get_mut(part)?;
        if entry.stamp != stamp {
            return None;
        }
        entry.used = entry.used.max(question);
        Arc::clone(&entry.value).downcast().ok()
    }

    pub(super) fn put<T: Any + Send + Sync>(&self, part: Part, stamp: u64, value: Arc<T>, bytes: usize, question: u64) {
        // An empty part takes memory too.
        let bytes = bytes + OVERHEAD + part.kind.len();
        let mut parts = self.parts();
        if let Some(old) = parts.entries.remove(&part) {
            parts.bytes -= old.bytes;
        }
        if parts.bytes + bytes > self.limit {
            parts.make_room(self.limit.saturating_sub(bytes), question);
        }
        if parts.bytes + bytes <= self.limit {
            parts.bytes += bytes;
            parts.entries.insert(part, Entry { stamp, value, bytes, used: question });
        }
    }
}

impl Parts {
    /// Lets parts of earlier questions go until no more than `limit` is held.
    fn make_room(&mut self, limit: usize, question: u64) {
        let mut old: Vec<(u64, Part)> =
            self.entries.iter().filter(|(_, e)| e.used < question).map(|(p, e)| (e.used, p.clone())).collect();
        old.sort_by_key(|(used, part)| (*used, part.day));
        for (_, part) in old {
            if self.bytes <= limit {
                return;
            }
            if let Some(entry) = self.entries.remove(&part) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(day: i32) -> Part {
        Part { kind: "test".to_owned(), day, as_of: None }
    }

    #[test]
    fn the_limit_holds_and_the_longest_unused_goes_first() {
        let own = OVERHEAD + part(0).kind.len();
        let kept = Kept::new(100 + 2 * own);
        for day in 0..3 {
            let question = kept.question();
            kept.put(part(day), 0, Arc::new(day), 40, question);
            assert!(kept.bytes() <= 100 + 2 * own);
        }
        let question = kept.question();
        assert_eq!(kept.get::<i32>(&part(0), 0, question), None);
        assert_eq!(kept.get::<i32>(&part(1), 0, question).as_deref(), Some(&1));
        // What the question itself has used stays; day 2 makes room, day 5 finds none.
        kept.put(part(4), 0, Arc::new(4), 60, question);
        kept.put(part(5), 0, Arc::new(5), 60, question);
        let held = [1, 2, 4, 5].map(|day| kept.get::<i32>(&part(day), 0, question).is_some());
        assert_eq!(held, [true, false, true, false]);
    }

    #[test]
    fn empty_parts_count_too() {
        let kept = Kept::new(10 * OVERHEAD);
        for day in 0..100 {
            kept.put(part(day), 0, Arc::new(()), 0, kept.question());
        }
        assert!(kept.parts().entries.len() < 10);
    }
}
