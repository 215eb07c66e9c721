//! What was done to a run: how often each kind of trouble happened.
//!
//! Contract: a long enough row of seeds has every kind; one that never happens is a hole in
//! the simulation, and its command fails.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident = $text:literal,)*) => {
        /// A kind of trouble, or of what it led to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[doc = $doc])* $kind,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// For people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$kind => $text),* }
            }
        }
    };
}

kinds! {
    /// Before its effect.
    StoreBefore = "store calls failed before their effect",
    /// After its effect.
    StoreAfter = "store calls failed after their effect",
    /// Half a listing or an object.
    StoreCut = "store calls cut in the middle",
    /// A conditional put that landed and was told otherwise.
    StoreExists = "store puts landed and were told of an earlier one",
    /// Up to 20 s.
    StoreSlow = "store calls slow",
    /// The log, as above.
    LogBefore = "log calls failed before their effect",
    /// The log, as above.
    LogAfter = "log calls failed after their effect",
    /// Half of an append.
    LogCut = "appends of which half landed",
    /// The log, as above.
    LogSlow = "log calls slow",
    /// The CRM, as above.
    CrmBefore = "CRM calls failed before their effect",
    /// The CRM, as above.
    CrmAfter = "CRM calls failed after their effect",
    /// A dead process's call.
    AfterDeath = "calls arrived after their process had died",
    /// kill -9.
    Died = "processes killed and replaced",
    /// The flush of a stage that is gone.
    CutOff = "stages cut off while their flush goes on",
    /// Away from one, to another.
    Moved = "partitions moved",
    /// Both fold it.
    TwoOwners = "partitions given to a second owner",
    /// Its partitions are another's meanwhile.
    Slept = "owners slept while another took their partitions",
    /// And refreshed its table handles before it went on.
    WokeLate = "owners woke late and refreshed their tables",
    /// What it had folded was void.
    Overtaken = "owners found themselves overtaken",
    /// Two at once.
    Compacted = "compactions",
    /// The second one was refused.
    Overlapped = "compactions refused for another at once",
    /// Removed files.
    Vacuumed = "vacuums that removed files",
    /// A start from it.
    Snapshot = "starts from a snapshot",
    /// An append that landed, again.
    Repeated = "records appended again",
    /// Of a holder that is no longer.
    Fenced = "records of a fenced lease holder",
    /// A dead letter.
    Unreadable = "records that no decoder reads",
    /// A dead letter.
    NoEvent = "records that are no event",
    /// Earlier than the one before.
    OutOfOrder = "records out of order of time",
}

/// How often each kind happened.
pub type Counts = BTreeMap<Kind, u64>;

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Happened(Mutex<Counts>);

impl Happened {
    /// Once more.
    pub fn note(&self, kind: Kind) {
        self.many(kind, 1);
    }

    /// So often.
    pub fn many(&self, kind: Kind, times: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += times;
    }

    /// All counts.
    pub fn counts(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
