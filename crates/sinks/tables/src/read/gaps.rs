//! When nothing was heard of a source: the events `SourceGap`.

use model::{Instant, Name};
use serde_json::Value;

use super::derived::known_instants;
use super::scan::{text_at, text_column};
use crate::error::TablesError;
use crate::lake::Lake;

/// The event that tells of it.
const GAP: &str = "SourceGap";

/// A time in which events of a switch may be missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The centre.
    pub center: Name,
    /// The switch.
    pub switch: Name,
    /// Begin: the last that was heard.
    pub from: Instant,
    /// End: when it was heard again.
    pub to: Instant,
}

impl Lake {
    /// The gaps of sources, of what was known at `as_of`, by centre, switch and begin.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn gaps(&self, as_of: Option<Instant>) -> Result<Vec<Gap>, TablesError> {
        let mut gaps = Vec::new();
        let columns = ["center", "switch", "type", "details", "at", "known_at"];
        self.each_event_batch(
            as_of,
            &columns,
            |f| f.may_hold("type", GAP),
            |batch| {
                let column = |name| text_column(batch, name);
                let (Some(centers), Some(switches), Some(types), Some(details)) =
                    (column("center"), column("switch"), column("type"), column("details"))
                else {
                    return;
                };
                for (row, _) in known_instants(batch, "at", as_of) {
                    if text_at(types, row) != Some(GAP) {
                        continue;
                    }
                    let (Some(center), Some(switch)) = (text_at(centers, row), text_at(switches, row)) else {
                        continue;
                    };
                    let Some((from, to)) = text_at(details, row).and_then(span_of) else { continue };
                    gaps.push(Gap { center: center.into(), switch: switch.into(), from, to });
                }
            },
        )
        .await?;
        gaps.sort();
        gaps.dedup();
        Ok(gaps)
    }
}

/// `from` and `to` of an event's body, whether or not the body stands under its name.
fn span_of(details: &str) -> Option<(Instant, Instant)> {
    let body: Value = serde_json::from_str(details).ok()?;
    let named = body.get(GAP).unwrap_or(&body);
    let instant = |name: &str| serde_json::from_value::<Instant>(named.get(name)?.clone()).ok();
    Some((instant("from")?, instant("to")?))
}

#[cfg(test)]
mod tests {
    use model::event::Body;

    use super::*;

    #[test]
    fn a_gap_is_read_from_the_event_as_it_is_stored() {
        let (from, to) = (Instant::from_secs(1_795_326_000), Instant::from_secs(1_795_326_060));
        let details = serde_json::to_string(&Body::SourceGap { from, to }).unwrap();
        assert_eq!(span_of(&details), Some((from, to)), "{details}");
        assert_eq!(span_of("{}"), None);
    }
}
