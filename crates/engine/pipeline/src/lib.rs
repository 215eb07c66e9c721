//! The engine: reads the log, folds it, flushes facts, drives the sinks; it owns the
//! clock and every wait. Nothing here knows a vendor's word: decoders are handed in.
//!
//! Contract (docs/tables.md, 2):
//! - One [`fold::PartitionFold`] a partition is the fold of everything up to an offset;
//!   it reads nothing but its own partition.
//! - A flush at X publishes derived records, commits every table once with a Delta `txn`
//!   of X, then tells the consumer group. Killed anywhere, the rows end as undisturbed.
//! - Every queue, batch and retry has a stated limit ([`limits`]).

mod ahead;
pub mod bulk_journal;
pub mod clock;
pub mod contacts;
mod crm_intervals;
mod crm_parties;
pub mod crm_queue;
pub mod crm_stage;
mod facts_counts;
pub mod facts_stage;
mod flight;
pub mod fold;
pub mod interval_feed;
pub mod limits;
pub mod owned;
pub mod publish;
pub mod recordings_stage;
pub mod recordings_view;
pub mod repeats;
pub mod retry;
pub mod rows;
pub mod snapshots;
pub mod switch_fold;
mod taking;
pub mod visit_feed;
pub mod waits;
