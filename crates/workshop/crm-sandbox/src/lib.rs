//! A Salesforce-compatible server on SQLite, for first runs, tests and demonstrations
//! (`docs/crm.md`, section 3). It keeps what it is given, validates rows against a table
//! of objects and fields, and can be told to misbehave.
//!
//! Contract: every answer below `/services/data` carries `Sforce-Limit-Info`; rows are
//! answered in the order of the request; one request's rows are one transaction. What
//! Salesforce does there and public documentation does not settle is marked
//! "Assumption" where it is coded.

mod api;
mod error;
mod faults;
mod page;
mod query;
mod schema;
mod seeds;
mod serve;
mod state;
mod store;

pub use error::SandboxError;
pub use faults::{Faults, RequestSeen};
pub use schema::{Field, Kind, Object, object as schema_object, objects as schema_objects};
pub use serve::{ServeOptions, Tls};
pub use state::{Credentials, Sandbox, Settings};
