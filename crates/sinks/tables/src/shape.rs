//! What a table says of itself, schema and properties; and how one that an earlier version
//! made is brought to this version's.
//!
//! Contract: a table gains the columns that it lacks, at the end and with nulls allowed (in
//! its older files they read as null), also within lists; it loses none and changes no
//! type, so a process of an earlier version goes on beside. Of the properties those that
//! are ours are set; others, which somebody set for readers, stay. One commit of metadata,
//! no data; of two processes at once the second finds it done.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties, TransactionError};
use deltalake_core::kernel::{Action, ArrayType, DataType, Metadata, MetadataExt as _, StructField, StructType};
use deltalake_core::protocol::DeltaOperation;
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaResult, DeltaTableError};

use crate::error::TablesError;
use crate::facts::fields;
use crate::lake::{Handle, Lake, Shelf};
use crate::table::Table;

/// A checkpoint every so many commits: a reader reads at most so many small files. Each
/// checkpoint lists every removed file that is remembered, so fewer of them write less
/// (docs/scaling.md).
const CHECKPOINT_EVERY: &str = "100";
/// How long superseded log entries stay for readers of the past.
const LOG_KEPT: &str = "interval 7 days";
/// How long the log remembers which files were removed. Longer than vacuum's retention:
/// a checkpoint forgets what is older, and vacuum removes only what the log remembers. So
/// maintenance may rest for as long as lies between the two.
pub(crate) const REMOVED_KEPT_DAYS: u32 = 14;
/// How often a change of metadata is tried when other commits come in between.
const TRIES: usize = 8;

/// Our properties of a table, but for its generation.
pub(crate) fn properties(table: Table) -> [(&'static str, String); 4] {
    [
        ("delta.checkpointInterval", CHECKPOINT_EVERY.to_owned()),
        ("delta.logRetentionDuration", LOG_KEPT.to_owned()),
        ("delta.deletedFileRetentionDuration", format!("interval {REMOVED_KEPT_DAYS} days")),
        ("delta.dataSkippingStatsColumns", table.measured().join(",")),
    ]
}

/// The columns of a table as Delta writes them.
pub(crate) fn columns(table: Table) -> DeltaResult<StructType> {
    Ok((&Schema::new(fields(table))).try_into_kernel()?)
}

impl Lake {
    /// Brings a table that is there to this version's shape.
    ///
    /// # Errors
    /// The store failed, or other commits came in between again and again.
    pub(crate) async fn shape(&self, shelf: &Shelf, handle: &mut Handle) -> Result<(), TablesError> {
        let explain = |e: DeltaTableError| self.place.explain(shelf.table, &e);
        let mut tries = 0;
        loop {
            let Some(state) = handle.state.as_ref() else { return Ok(()) };
            let Some((metadata, operation)) = change(state, shelf.table).map_err(explain)? else { return Ok(()) };
            let properties = CommitProperties::default().with_cleanup_expired_logs(Some(false));
            let committed = CommitBuilder::from(properties)
                .with_actions(vec![Action::Metadata(metadata)])
                .build(Some(state), Arc::clone(&shelf.log_store), operation)
                .await;
            let failure = match committed {
                Ok(done) => {
                    tracing::info!(table = %shelf.table, version = done.version, "brought to this version's columns and properties");
                    handle.state = Some(done.snapshot);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            // Look anew: it may have landed, or another process may have done the same.
            tries += 1;
            handle.state = None;
            self.refresh(shelf, handle).await?;
            self.of_this_generation(shelf, handle)?;
            let conflict = matches!(
                &failure,
                DeltaTableError::Transaction {
                    source: TransactionError::CommitConflict(_)
                        | TransactionError::MaxCommitAttempts(_)
                        | TransactionError::VersionAlreadyExists(_)
                }
            );
            let done = || handle.state.as_ref().is_some_and(|s| matches!(change(s, shelf.table), Ok(None)));
            if (!conflict || tries == TRIES) && !done() {
                return Err(explain(failure));
            }
        }
    }
}

/// The metadata that the table lacks, and what the log says was done; `None` where it has all.
fn change(state: &DeltaTableState, table: Table) -> DeltaResult<Option<(Metadata, DeltaOperation)>> {
    let mut metadata = state.metadata().clone();
    let mut set = HashMap::new();
    for (name, value) in properties(table) {
        if metadata.configuration().get(name) != Some(&value) {
            metadata = metadata.add_config_key(name.to_owned(), value.clone())?;
            set.insert(name.to_owned(), value);
        }
    }
    let theirs = state.schema();
    let ours = columns(table)?;
    if let Some(grown) = grown(&theirs, &ours)? {
        let known = |f: &&StructField| theirs.field(f.name()).is_some_and(|t| t.data_type() == f.data_type());
        let fields = grown.fields().filter(|f| !known(f)).cloned().collect();
        return Ok(Some((metadata.with_schema(&grown)?, DeltaOperation::AddColumn { fields })));
    }
    Ok((!set.is_empty()).then_some((metadata, DeltaOperation::SetTableProperties { properties: set })))
}

/// `theirs` with what `ours` has beyond it; `None` where that is nothing.
fn grown(theirs: &StructType, ours: &StructType) -> DeltaResult<Option<StructType>> {
    let mut all = Vec::with_capacity(ours.fields().len());
    let mut more = false;
    for field in theirs.fields() {
        let mut field = field.clone();
        if let Some(own) = ours.field(field.name())
            && let Some(data_type) = grown_type(field.data_type(), own.data_type())?
        {
            field.data_type = data_type;
            more = true;
        }
        all.push(field);
    }
    for field in ours.fields().filter(|f| theirs.field(f.name()).is_none()) {
        // Older files have none of it.
        all.push(StructField { nullable: true, ..field.clone() });
        more = true;
    }
    Ok(if more { Some(StructType::try_new(all)?) } else { None })
}

fn grown_type(theirs: &DataType, ours: &DataType) -> DeltaResult<Option<DataType>> {
    Ok(match (theirs, ours) {
        (DataType::Struct(theirs), DataType::Struct(ours)) => grown(theirs, ours)?.map(DataType::from),
        (DataType::Array(theirs), DataType::Array(ours)) => grown_type(theirs.element_type(), ours.element_type())?
            .map(|element| DataType::from(ArrayType::new(element, theirs.contains_null()))),
        _ => None,
    })
}

#[cfg(test)]
#[path = "shape/tests.rs"]
mod tests;
