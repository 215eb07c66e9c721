//! A table of an earlier version: without a column, without one within a list, with other
//! properties, and with a file that lacks the column.

use arrow::array::RecordBatch;
use deltalake_core::operations::create::CreateBuilder;
use model::facts::{EventRow, Facts};
use model::{Instant, Position};

use super::*;
use crate::commit::append;
use crate::facts::{DATE, Fact as _, Row as _};
use crate::lake::GENERATION;
use crate::write::{day_writer, file_schema};
use crate::{Filter, LakeConfig, Txn};

/// A column that allows nulls, of the events and of the visits within calls.
const NEW: &str = "queue";
const IN_LISTS: &str = "dnis";

fn without(columns: &StructType, name: &str) -> StructType {
    let fields = columns.fields().filter(|f| f.name() != name).map(|f| {
        let data_type = match f.data_type() {
            DataType::Array(list) => match list.element_type() {
                DataType::Struct(inner) => {
                    let element = DataType::from(without(inner, name));
                    ArrayType::new(element, list.contains_null()).into()
                }
                _ => f.data_type().clone(),
            },
            other => other.clone(),
        };
        StructField { data_type, ..f.clone() }
    });
    StructType::try_new(fields).expect("a schema")
}

fn event(n: i64) -> EventRow {
    EventRow {
        event_id: format!("0/{n}/0").into(),
        source: "/switch/pbx1".into(),
        kind: "Queued".into(),
        at: Instant::from_secs(n),
        center: "main".into(),
        switch: "pbx1".into(),
        call_id: Some("c".into()),
        queue: Some("sales".into()),
        agent: None,
        party: Some("555".into()),
        details: "{}".into(),
        position: Position { partition: 0, offset: n },
        known_at: Instant::from_secs(n),
    }
}

fn txn(version: i64, seen: Option<i64>) -> Txn {
    Txn { app_id: "g1/facts/cti.events-0".into(), version, seen }
}

async fn opened(folder: &std::path::Path) -> Lake {
    Lake::open(LakeConfig::folder(folder, "g1")).await.expect("opens")
}

/// Two tables as an earlier version made them, and one row that it wrote.
async fn older(folder: &std::path::Path) {
    let lake = opened(folder).await;
    for (table, lacks) in [(Table::Events, NEW), (Table::Calls, IN_LISTS)] {
        let shelf = lake.shelf(table).expect("a shelf");
        let own = [(GENERATION, "g1"), ("delta.checkpointInterval", "10"), ("theirs.note", "kept")];
        CreateBuilder::new()
            .with_log_store(Arc::clone(&shelf.log_store))
            .with_table_name(table.name())
            .with_columns(without(&columns(table).expect("columns"), lacks).fields().cloned())
            .with_partition_columns([DATE])
            .with_raise_if_key_not_exists(false)
            .with_configuration(own.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))))
            .await
            .expect("makes a table");
    }
    let row = event(1);
    let mut builders = EventRow::builders(1);
    row.append(&mut builders);
    let (whole, arrays) = (file_schema(Table::Events), EventRow::finish(builders));
    let kept: Vec<usize> = (0..whole.fields().len()).filter(|i| whole.field(*i).name() != NEW).collect();
    let schema = Arc::new(whole.project(&kept).expect("projects"));
    let arrays = kept.iter().map(|i| Arc::clone(&arrays[*i])).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("a batch");
    let shelf = lake.shelf(Table::Events).expect("a shelf");
    let store = shelf.log_store.object_store(None);
    let mut writer = day_writer(store, Table::Events, schema, row.day(), 1).expect("a writer");
    writer.write(&batch).await.expect("writes");
    let adds = writer.close().await.expect("closes");
    let mut handle = shelf.handle.lock().await;
    lake.refresh(shelf, &mut handle).await.expect("loads");
    append(shelf, &mut handle, adds, &[txn(1, None)]).await.expect("commits");
}

async fn state_of(lake: &Lake, table: Table) -> DeltaTableState {
    crate::lake::load(lake.shelf(table).expect("a shelf").log_store.as_ref()).await.expect("loads")
}

#[tokio::test]
async fn a_table_of_an_earlier_version_gets_our_columns_and_properties() {
    let folder = tempfile::tempdir().expect("a folder");
    older(folder.path()).await;
    let lake = opened(folder.path()).await;
    lake.ensure_tables().await.expect("brings them up");
    for table in [Table::Events, Table::Calls] {
        let state = state_of(&lake, table).await;
        let found = state.metadata().configuration();
        for (name, value) in properties(table) {
            assert_eq!(found.get(name), Some(&value), "{table}: {name}");
        }
        assert_eq!(found.get("theirs.note").map(String::as_str), Some("kept"), "{table}");
        assert_eq!(found.get(GENERATION).map(String::as_str), Some("g1"), "{table}");
        assert_eq!(state.metadata().partition_columns(), [DATE.to_owned()]);
        assert!(grown(&state.schema(), &columns(table).expect("columns")).expect("compares").is_none(), "{table}");
        assert!(change(&state, table).expect("looks").is_none(), "{table}");
    }
    // The new column is written, and the older file's row reads as null.
    let rows = Facts { events: vec![event(2)], ..Facts::default() };
    lake.commit(Table::Events, &rows, &[txn(2, Some(1))]).await.expect("goes on from its txn");
    let mut read = lake.events(&Filter::default()).await.expect("reads");
    read.sort_by_key(|e| e.at);
    assert_eq!(read, [EventRow { queue: None, ..event(1) }, event(2)]);
    let before = state_of(&lake, Table::Events).await.version();
    opened(folder.path()).await.ensure_tables().await.expect("again");
    assert_eq!(state_of(&lake, Table::Events).await.version(), before, "done once, nothing is left to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_at_once_and_one_that_writes_all_end_well() {
    for round in 0..5 {
        let folder = tempfile::tempdir().expect("a folder");
        older(folder.path()).await;
        let starts = (0..3).map(|_| async { opened(folder.path()).await.ensure_tables().await });
        let writer = opened(folder.path()).await;
        let writes = async {
            let mut landed = 1;
            for n in 2..8 {
                let rows = Facts { events: vec![event(n)], ..Facts::default() };
                // A refused commit is said again as it is.
                while let Err(e) = writer.commit(Table::Events, &rows, &[txn(n, Some(landed))]).await {
                    assert!(matches!(e, crate::CommitError::NotLanded(_)), "{e}");
                }
                landed = n;
            }
        };
        let (started, ()) = tokio::join!(futures::future::join_all(starts), writes);
        started.into_iter().collect::<Result<Vec<_>, _>>().unwrap_or_else(|e| panic!("round {round}: {e}"));
        let state = state_of(&writer, Table::Events).await;
        assert!(change(&state, Table::Events).expect("looks").is_none());
        assert_eq!(writer.events(&Filter::default()).await.expect("reads").len(), 7, "round {round}");
    }
}

#[test]
fn what_a_later_version_added_stays() {
    let ours = columns(Table::Events).expect("columns");
    let later = StructType::try_new(ours.fields().cloned().chain([StructField::nullable("later", DataType::LONG)]));
    assert!(grown(&later.expect("a schema"), &ours).expect("compares").is_none());
}

#[test]
fn a_column_within_a_list_is_added_there() {
    let ours = columns(Table::Calls).expect("columns");
    let theirs = without(&ours, IN_LISTS);
    let grown = grown(&theirs, &ours).expect("compares").expect("grows");
    let names = |s: &StructType| serde_json::to_value(s).expect("JSON").to_string().matches("\"dnis\"").count();
    assert_eq!((names(&theirs), names(&grown)), (0, names(&ours)));
}
