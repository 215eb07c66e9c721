//! Reports as text: `table` for people, `csv`, `json`.
//!
//! Contract: JSON and CSV carry exactly the names of `docs/metrics.md` in its order;
//! nothing else is computed here. Each report says its cells once, and the three formats
//! are made of them.

mod cells;
mod csv;
mod json;
mod kind;
mod sheet;
mod table;
mod words;

pub use cells::{Cell, Cells, Report};
pub use csv::csv;
pub use json::{json, object};
pub use kind::Kind;
pub use sheet::Sheet;
pub use table::table;
