//! What kind of value a column holds, by its name: for readers that want types (Parquet,
//! spreadsheets, the description of the API) also where every cell of it is null.

use super::Cell;

/// The kind of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or an id.
    Text,
    /// A whole number of things.
    Count,
    /// Milliseconds.
    Millis,
    /// A fraction, 0 to 1.
    Rate,
    /// An instant.
    At,
    /// Yes or no.
    Bool,
    /// Milliseconds by name.
    Map,
}

const TEXT: [&str; 12] = [
    "center",
    "queue",
    "agent",
    "switch",
    "call_id",
    "visit_id",
    "ani",
    "dnis",
    "outcome",
    "outcome_reason",
    "first_event",
    "last_event",
];
const BOOL: [&str; 4] = ["ani_withheld", "got_through_later", "consult", "closed"];

impl Kind {
    /// That of a column of a report or of a list of facts.
    pub fn of(name: &str) -> Self {
        match name {
            _ if TEXT.contains(&name) => Self::Text,
            _ if BOOL.contains(&name) => Self::Bool,
            "interval_start" | "interval_end" => Self::At,
            _ if name.contains("_ms_by_") => Self::Map,
            _ if name.contains("_ms") => Self::Millis,
            "waiting_at_start" | "waiting_at_end" => Self::Count,
            _ if name.ends_with("_at") => Self::At,
            "occupancy" | "abandon_rate_net" => Self::Rate,
            _ if name.ends_with("_rate") || name.starts_with("service_level") => Self::Rate,
            _ => Self::Count,
        }
    }

    /// Whether a cell may stand in such a column.
    pub fn holds(self, cell: &Cell) -> bool {
        match cell {
            Cell::Null => true,
            Cell::Text(_) => self == Self::Text,
            Cell::Int(_) => matches!(self, Self::Count | Self::Millis),
            Cell::Rate(_) => self == Self::Rate,
            Cell::At(_) => self == Self::At,
            Cell::Bool(_) => self == Self::Bool,
            Cell::Map(_) => self == Self::Map,
        }
    }
}
