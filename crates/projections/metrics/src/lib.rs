//! From fact rows to reports: `docs/metrics.md`, sections 1 to 5.
//!
//! Contract: pure functions: no I/O, no clock, no chance. Rows come in as the latest
//! revisions, in any order (the order does not show in a result); what a report is asked
//! for is [`Options`]. Sums are kept, averages and rates are computed last, a figure whose
//! denominator is 0 is null.
//!
//! [`queues()`], [`agents()`], [`contacts()`], [`lost()`] and [`distribution()`] are the reports, [`render`] turns
//! them into text, [`explain`] lists the visits behind a row. [`QueueFold`] and
//! [`WaitFold`] make the same over [`SlimVisits`]. [`intervals::IntervalFold`] keeps
//! `queue_intervals`, [`live::LiveFold`] the live figures. [`staffing`] says how many
//! agents a measured load needs.

pub mod agents;
pub mod contacts;
mod counted;
pub mod distribution;
pub mod explain;
pub mod grid;
mod interval_cell;
pub mod intervals;
pub mod live;
pub mod lost;
pub mod options;
pub mod queue_fold;
pub mod queues;
mod queues_cells;
pub mod rates;
pub mod render;
pub mod sketch;
pub mod slim;
pub mod staffing;
pub mod tally;
mod wait_fold;
mod waiting;
pub mod zone;

pub use agents::{AgentRow, agents};
pub use contacts::{ContactRow, contacts};
pub use distribution::{WaitRow, distribution};
pub use intervals::{IntervalFold, IntervalSettings};
pub use live::{Activity, AgentNow, Agents, LiveFold, LiveRecord, LiveRow, SwitchNow};
pub use lost::{LostRow, lost};
pub use options::{Attribution, Interval, Options, ServiceLevel, WaitBasis};
pub use queue_fold::QueueFold;
pub use queues::{QueueRow, queues};
pub use sketch::Sketch;
pub use slim::SlimVisits;
pub use wait_fold::WaitFold;
