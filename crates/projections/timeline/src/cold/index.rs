//! Which packed contacts go by a name.
//!
//! Contract: `of` gives every contact that was put under a name, and may give others
//! (names are kept as hashes): whoever asks unpacks all of them and looks at the names
//! themselves. The hash is FNV-1a, written out here, because snapshots keep it.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::state::Cid;

/// Packed contacts by the hash of each of their names: 17 bytes a name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    first: FxHashMap<u64, Cid>,
    /// Where two contacts have the same hash.
    more: BTreeSet<(u64, Cid)>,
}

fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

impl Index {
    pub fn put(&mut self, name: &str, cid: Cid) {
        let hash = hash(name);
        if *self.first.entry(hash).or_insert(cid) != cid {
            self.more.insert((hash, cid));
        }
    }

    pub fn remove(&mut self, name: &str, cid: Cid) {
        let hash = hash(name);
        if self.first.get(&hash) == Some(&cid) {
            self.first.remove(&hash);
        } else {
            self.more.remove(&(hash, cid));
        }
    }

    /// One contact that may go by a name, until all of them were removed.
    pub fn of(&self, name: &str) -> Option<Cid> {
        if self.first.is_empty() && self.more.is_empty() {
            return None;
        }
        let hash = hash(name);
        let more = || self.more.range((hash, 0)..=(hash, Cid::MAX)).next().map(|(_, cid)| *cid);
        self.first.get(&hash).copied().or_else(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_of_one_name_are_all_found() {
        let mut index = Index::default();
        for cid in [7, 8, 9, 8] {
            index.put("a", cid);
        }
        index.put("b", 7);
        index.remove("a", 7);
        let mut found = Vec::new();
        while let Some(cid) = index.of("a") {
            index.remove("a", cid);
            found.push(cid);
        }
        assert_eq!((found, index.of("b")), (vec![8, 9], Some(7)));
    }
}
