//! Contacts and queue intervals into a CRM (`docs/crm.md`).
//!
//! Contract: `CrmTarget::write` gives one outcome per row, in the order of the rows, and
//! never loses one: written, parked for good with the CRM's reason, or to be given again
//! later. Writing a row again is harmless: every row has a key, and every write is an
//! upsert by it. Time and chance come through `Timing`, which the engine owns; the
//! writer waits only through it, and only a bounded number of times.

mod client;
pub mod config;
pub mod correction;
pub mod mapping;
pub mod matcher;
pub mod row;
pub mod salesforce;
pub mod secret;
pub mod target;
pub mod timing;
pub mod webhook;

pub use config::{Auth, CrmError, MappingSettings, MatchSettings, SalesforceConfig};
pub use mapping::{MappingContext, TaskState, contact_rows, interval_rows};
pub use matcher::{Matcher, Party};
pub use row::{Object, Outcome, Parked, Row, Scalar};
pub use salesforce::Salesforce;
pub use secret::Secret;
pub use target::{BulkJob, BulkJournal, CrmTarget, Later, LaterKind, Status};
pub use timing::Timing;
pub use webhook::{Webhook, WebhookConfig};
