//! Clients that we did not write read a lake that we wrote: DuckDB, Polars, PyArrow and
//! the Python package of Delta give the figures that this program gives, and the example
//! queries of `docs/queries.md` those of the reports.
#![cfg(feature = "real-parts")]

mod data;
mod figures;
mod python;

use std::path::Path;

use serde_json::Value;
use tables::{Engine, Filter, Lake, LakeConfig, Table};
use tests::s3::S3;

async fn filled(folder: &Path) -> Lake {
    data::fill(LakeConfig::folder(folder.join("lake"), "g1")).await
}

/// Each reader's own figures against ours, by name, so that a difference says where it is.
fn assert_same(reader: &str, ours: &Value, theirs: &Value) {
    let (ours, theirs) = (ours.as_object().expect("an object"), theirs.as_object().expect("an object"));
    for (name, figure) in ours {
        assert_eq!(theirs.get(name), Some(figure), "{reader} reads {name} differently");
    }
    assert_eq!(ours.len(), theirs.len(), "{reader} gives figures that nobody asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_gives_our_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = filled(folder.path()).await;
    let ours = figures::of(&lake).await;
    let views = folder.path().join("views.sql");
    std::fs::write(&views, lake.views(Engine::DuckDbFiles).await.expect("views")).expect("writes");
    let root = folder.path().join("lake");
    for reader in ["pyarrow", "polars", "deltalake"] {
        assert_same(reader, &ours, &python::run(&format!("{reader}_figures.py"), &[&root]));
    }
    assert_same("duckdb", &ours, &python::run("duckdb_figures.py", &[&views]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_are_described_and_typed_as_promised() {
    let folder = tempfile::tempdir().expect("a folder");
    filled(folder.path()).await;
    let problems = python::run("schema.py", &[&folder.path().join("lake")]);
    assert_eq!(problems, Value::Array(vec![]));
}

/// Makes a table look as if a version without `column` had made it: its first log entry.
fn as_if_older(table: &Path, column: &str) {
    let first = table.join("_delta_log/00000000000000000000.json");
    let text = std::fs::read_to_string(&first).expect("the first entry");
    let line = |line: &str| {
        let mut action: Value = serde_json::from_str(line).expect("an action");
        if let Some(metadata) = action.get_mut("metaData") {
            let schema = metadata["schemaString"].as_str().expect("a schema");
            let mut schema: Value = serde_json::from_str(schema).expect("a schema");
            let fields = schema["fields"].as_array_mut().expect("fields");
            let all = fields.len();
            fields.retain(|f| f["name"] != column);
            assert_eq!(fields.len() + 1, all, "{column} is a column");
            metadata["schemaString"] = schema.to_string().into();
            metadata["configuration"]["delta.checkpointInterval"] = "10".into();
        }
        action.to_string() + "\n"
    };
    std::fs::write(&first, text.lines().map(line).collect::<String>()).expect("writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_an_earlier_version_is_read_with_the_new_column() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(filled(folder.path()).await);
    let root = folder.path().join("lake");
    as_if_older(&root.join("queue_visits"), "transferred");
    let lake = Lake::open(LakeConfig::folder(&root, "g1")).await.expect("opens");
    lake.ensure_tables().await.expect("brings it up");
    let ours = figures::of(&lake).await;
    let views = folder.path().join("views.sql");
    std::fs::write(&views, lake.views(Engine::DuckDbFiles).await.expect("views")).expect("writes");
    for reader in ["pyarrow", "polars", "deltalake"] {
        assert_same(reader, &ours, &python::run(&format!("{reader}_figures.py"), &[&root]));
    }
    assert_same("duckdb", &ours, &python::run("duckdb_figures.py", &[&views]));
    assert_eq!(python::run("schema.py", &[&root]), Value::Array(vec![]), "described and typed as promised");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_tables_are_read_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = Lake::open(LakeConfig::folder(folder.path().join("lake"), "g1")).await.expect("opens");
    lake.ensure_tables().await.expect("makes tables");
    let ours = figures::of(&lake).await;
    let views = folder.path().join("views.sql");
    std::fs::write(&views, lake.views(Engine::DuckDbFiles).await.expect("views")).expect("writes");
    assert_same("duckdb", &ours, &python::run("duckdb_figures.py", &[&views]));
    for reader in ["pyarrow", "polars", "deltalake"] {
        assert_same(reader, &ours, &python::run(&format!("{reader}_figures.py"), &[&folder.path().join("lake")]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_queries_give_the_figures_of_the_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = filled(folder.path()).await;
    let views = folder.path().join("views.sql");
    std::fs::write(&views, lake.views(Engine::DuckDbFiles).await.expect("views")).expect("writes");
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("readers/queries");
    let found = python::run("queries.py", &[&views, &queries]);
    let found = found.as_object().expect("an object");
    let reports = figures::reports(&lake).await;
    for (query, report) in &reports {
        figures::assert_rows(query, report, &found[query]);
    }
    for (query, rows) in found {
        assert!(!rows.as_array().expect("rows").is_empty(), "{query} finds nothing");
    }
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/queries.md")).expect("a page");
    for query in found.keys() {
        let sql = std::fs::read_to_string(queries.join(format!("{query}.sql"))).expect("reads");
        assert!(page.contains(sql.trim()), "docs/queries.md does not show {query}.sql as it is");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_reads_the_tables_on_s3() {
    let s3 = S3::start("lake");
    let config = LakeConfig {
        place: format!("{}/lake", s3.url()),
        s3: tables::S3Settings {
            region: Some("us-east-1".into()),
            endpoint: Some(s3.endpoint()),
            allow_http: true,
            access_key_id: Some(s3.key().into()),
            secret_access_key: Some(s3.secret().into()),
        },
        generation: "g1".into(),
    };
    let lake = data::fill(config).await;
    let visits = lake.visits(&Filter::default()).await.expect("reads").len();
    let theirs = python::run_with("s3_count.py", &[Path::new(&lake.path_of(Table::QueueVisits))], &s3.environment());
    assert_eq!(theirs, serde_json::json!({ "visits": visits }));
}
