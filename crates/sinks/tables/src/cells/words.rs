//! Enumerations, kept as the words that `docs/metrics.md` gives them.

use arrow::array::{ArrayRef, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use model::Name;
use model::event::{EndedBy, TransferKind};
use model::facts::{ContactOutcome, Direction, LegResult, LegRole, RecordingState, StretchKind};

use super::scalars::{string_column, text};
use super::{BadCell, Cell, Nullable};

macro_rules! words {
    ($($t:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl Cell for $t {
            type Builder = StringBuilder;
            type Column = StringArray;

            fn data_type() -> DataType {
                DataType::Utf8
            }
            fn builder(capacity: usize) -> Self::Builder {
                Name::builder(capacity)
            }
            fn append(&self, to: &mut Self::Builder) {
                to.append_value(match self { $(Self::$variant => $word,)* });
            }
            fn finish(builder: Self::Builder) -> ArrayRef {
                Name::finish(builder)
            }
            fn column(array: &ArrayRef) -> Result<Self::Column, BadCell> {
                string_column(array)
            }
            fn get(column: &Self::Column, row: usize) -> Result<Self, BadCell> {
                match text(column, row)? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(BadCell::new("", format!(
                        "holds '{other}', expected one of {}", [$($word),*].join(", ")
                    ))),
                }
            }
        }
        impl Nullable for $t {
            fn append_null(to: &mut Self::Builder) {
                to.append_null();
            }
            fn is_null(column: &Self::Column, row: usize) -> bool {
                <Name as Nullable>::is_null(column, row)
            }
        }
    )*};
}

words! {
    TransferKind { Blind = "blind", Attended = "attended" }
    EndedBy { Caller = "caller", Agent = "agent", System = "system", Unknown = "unknown" }
    LegResult { Answered = "answered", Missed = "missed", Declined = "declined", Cancelled = "cancelled" }
    LegRole { Queue = "queue", TransferIn = "transfer_in", Outbound = "outbound", Internal = "internal" }
    StretchKind { Login = "login", Pause = "pause", Acw = "acw" }
    Direction { Inbound = "inbound", Outbound = "outbound", Internal = "internal" }
    ContactOutcome {
        Answered = "answered", Callback = "callback", Abandoned = "abandoned", Rejected = "rejected",
        Lost = "lost", IvrAbandoned = "ivr_abandoned", SelfServed = "self_served", Connected = "connected",
        Busy = "busy", NoAnswer = "no_answer", Failed = "failed", Unknown = "unknown",
    }
    RecordingState {
        Recorded = "recorded", IntentionallyNot = "intentionally_not", Partial = "partial",
        Pending = "pending", Empty = "empty", Missing = "missing", Orphan = "orphan",
    }
}
