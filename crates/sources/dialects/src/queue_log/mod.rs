//! `asterisk.queue_log`: the rows of Asterisk's queue log.
//!
//! A row is `time|callid|queue|agent|event|data1|…|dataN`. As a native record it is
//! `{"time", "callid", "queue", "agent", "event", "data": […]}`, every value as written.
//! Rows differ between versions: newer ones have more data, some end in empty fields,
//! and other programs write rows of their own through the application QueueLog().
//!
//! Source of the vocabulary: Asterisk's documentation "Queue Logs", its `app_queue`,
//! `app_agent_pool` and the former `chan_agent`; the rows that Wazo/XiVO add.

mod agents;
mod decoder;
mod framer;
mod masker;
mod rows;
mod vocabulary;

pub use decoder::QueueLogDecoder;
pub use framer::QueueLogFramer;
pub use masker::RowMasker;

#[cfg(test)]
mod tests;

/// The dialect's name in errors.
pub(crate) const DIALECT: &str = "asterisk.queue_log";
