//! How large a table is, by its Delta log alone.

use super::live_files;
use crate::error::TablesError;
use crate::lake::Lake;
use crate::table::Table;

/// What the newest version of a table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its version.
    pub version: i64,
    /// Live files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Rows of all revisions; `None` where a file does not say.
    pub rows: Option<u64>,
}

impl Lake {
    /// How large a table is now.
    ///
    /// # Errors
    /// The table is absent or cannot be read.
    pub async fn size(&self, table: Table) -> Result<Size, TablesError> {
        let state = self.newest(table).await?;
        let files = live_files(&state);
        Ok(Size {
            version: i64::try_from(state.version()).unwrap_or(i64::MAX),
            files: files.len(),
            bytes: files.iter().map(|f| f.size).sum(),
            rows: files.iter().map(super::DataFile::rows).sum(),
        })
    }
}
