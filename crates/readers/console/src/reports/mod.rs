//! Reports: figures by interval, the visits behind them, exports; pages and their API.
//!
//! Contract: the figures are those of `tables::Reports`, which are those of the command
//! line's `report`; nothing is computed here but sums of rows for charts and differences
//! between two reports. All of a view is in its address, so that a link makes it again.
//! Rows that were restated are marked, gaps of sources are drawn and listed. What a caller
//! may not see is no part of any row, sum or chart.

pub(crate) mod agents_page;
pub(crate) mod answer;
pub(crate) mod api;
mod cells;
pub(crate) mod contacts_page;
mod describe;
mod drawn;
pub(crate) mod export;
mod fold;
mod form;
pub(crate) mod frame;
pub(crate) mod params;
mod presets;
pub(crate) mod queues_page;
mod rows;
mod table;
pub(crate) mod view;
pub(crate) mod visits_page;
pub(crate) mod words;
mod xlsx;

pub(crate) use describe::{AgentsAnswer, ContactsAnswer, LostAnswer, QueuesAnswer, VisitsAnswer, WaitsAnswer};

#[cfg(test)]
mod tests;
