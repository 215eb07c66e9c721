//! Where in the log an event stands.

use serde::{Deserialize, Serialize};

/// A position in `cti.events`: `topic/partition/offset` when written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", crate::TOPIC_EVENTS, self.partition, self.offset)
    }
}

impl std::str::FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no log position such as {}/3/42", crate::TOPIC_EVENTS);
        let rest = text.strip_prefix(crate::TOPIC_EVENTS).and_then(|r| r.strip_prefix('/')).ok_or_else(bad)?;
        let (partition, offset) = rest.split_once('/').ok_or_else(bad)?;
        Ok(Self { partition: partition.parse().map_err(|_| bad())?, offset: offset.parse().map_err(|_| bad())? })
    }
}
