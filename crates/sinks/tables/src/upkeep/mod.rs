//! Maintenance of the tables: compaction and vacuum. Both may run beside writers and
//! readers; of two compactions of one table at once, one wins and the other changes nothing.

mod compact;
mod merge;
mod vacuum;

pub use compact::{Compacted, Superseded};
pub use vacuum::Vacuumed;
