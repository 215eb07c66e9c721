//! Our own acts among the events: few among many, so only files that may hold some are
//! read, and only their rows are made.

use futures::TryStreamExt as _;
use model::facts::EventRow;

use super::Filter;
use super::files::{live_files, wanted};
use super::scan::{decode, open, text_at, text_column};
use crate::error::TablesError;
use crate::facts::Fact as _;
use crate::lake::Lake;
use crate::table::Table;

/// The type of an act's event.
const ACTED: &str = "Acted";

impl Lake {
    /// Acts of one source (`/ringledger/<stage>`), in the order of the table of events.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn acts(&self, source: &str, filter: &Filter) -> Result<Vec<EventRow>, TablesError> {
        let state = self.newest(Table::Events).await?;
        let store = self.shelf(Table::Events)?.log_store.object_store(None);
        let mut rows: Vec<EventRow> = Vec::new();
        for file in wanted(Table::Events, live_files(&state), filter).iter().filter(|f| f.may_hold("type", ACTED)) {
            let explain = |e| self.place.explain(Table::Events, &e);
            let mut stream = open(&store, file, None).await.map_err(explain)?;
            while let Some(batch) = stream.try_next().await.map_err(|e| explain(e.into()))? {
                let (types, sources) = (text_column(&batch, "type"), text_column(&batch, "source"));
                let is = |column: Option<&arrow::array::StringArray>, row, text: &str| {
                    column.and_then(|c| text_at(c, row)) == Some(text)
                };
                let keep = |row| is(types, row, ACTED) && is(sources, row, source);
                decode(&batch, file.day, keep, &mut rows).map_err(|cell| TablesError::Content {
                    table: Table::Events,
                    file: file.path.to_string(),
                    cell,
                })?;
            }
        }
        rows.retain(|row| filter.knew(row) && filter.wants(row));
        rows.sort_unstable_by(EventRow::order);
        rows.dedup_by(|a, b| a.event_id == b.event_id);
        Ok(rows)
    }
}
