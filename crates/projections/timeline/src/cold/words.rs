//! Names that many contacts share (queues, agents, keys of what an IVR collected): kept
//! once, told by number.
//!
//! Contract: a number keeps its name for ever, since packed contacts hold it; so the
//! table is bounded, and a name beyond it stands in each contact by itself.

use model::Name;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Most names that are shared.
const MOST: usize = 16_384;

/// The shared names, by number and back.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Words {
    numbers: FxHashMap<Name, u32>,
    names: Vec<Name>,
}

impl Words {
    /// The number of a name, a new one where there is room for it.
    pub fn number(&mut self, name: &Name) -> Option<u32> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let number = u32::try_from(self.names.len()).ok().filter(|_| self.names.len() < MOST)?;
        self.numbers.insert(name.clone(), number);
        self.names.push(name.clone());
        Some(number)
    }

    /// The name of a number.
    pub fn name(&self, number: usize) -> Option<&Name> {
        self.names.get(number)
    }
}
