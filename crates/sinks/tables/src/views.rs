//! SQL views that say what the truth of each table is, for engines that read the tables
//! themselves: the highest revision of each key, retracted rows left out.
//!
//! `ringledger tables views` prints this text. For DuckDB two forms: `delta_scan` where the
//! delta extension can be loaded, else `read_parquet` over the list of live files (made
//! anew after each flush: a list of files does not grow by itself).

use std::fmt::Write as _;

use crate::error::TablesError;
use crate::facts::{DATE, fields};
use crate::lake::Lake;
use crate::read::live_files;
use crate::table::Table;

/// Who is to read the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB with its delta extension: `delta_scan`.
    DuckDb,
    /// DuckDB without extensions: `read_parquet` over the live files of now.
    DuckDbFiles,
    /// Spark or Databricks SQL.
    Spark,
}

impl Engine {
    /// The engine of a word on the command line.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "duckdb" => Some(Self::DuckDb),
            "duckdb-files" => Some(Self::DuckDbFiles),
            "spark" => Some(Self::Spark),
            _ => None,
        }
    }
}

/// The views of all tables; `source` gives the SQL expression that reads a table.
/// `<table>_revisions` has every row, `<table>` the truth.
pub fn views(source: impl Fn(Table) -> String) -> String {
    let mut sql = String::from("-- The truth of each table: the highest revision of each key, not retracted.\n");
    for table in Table::ALL {
        let _ = write!(
            sql,
            "\nCREATE OR REPLACE VIEW {table}_revisions AS SELECT * FROM {};\n{}",
            source(table),
            truth(table)
        );
    }
    sql
}

fn truth(table: Table) -> String {
    let has = |name: &str| fields(table).iter().any(|f| f.name() == name);
    if !has("revision") {
        return format!("CREATE OR REPLACE VIEW {table} AS SELECT * FROM {table}_revisions;\n");
    }
    let mut conditions = vec!["newest = 1"];
    if has("retracted") {
        conditions.push("NOT retracted");
    }
    if has("merged_into") {
        conditions.push("merged_into IS NULL");
    }
    format!(
        "CREATE OR REPLACE VIEW {table} AS\n  SELECT {} FROM (\n    SELECT *, row_number() OVER (PARTITION BY {} ORDER BY revision DESC) AS newest\n    FROM {table}_revisions\n  ) AS numbered WHERE {};\n",
        columns(table),
        table.key().join(", "),
        conditions.join(" AND ")
    )
}

/// Every column by name: `EXCEPT` and `EXCLUDE` are not the same word everywhere. Names
/// that are words of SQL are quoted in the way that both engines take them: as `t.name`.
fn columns(table: Table) -> String {
    let names: Vec<String> = fields(table).iter().map(|f| format!("numbered.{}", f.name())).collect();
    names.join(", ")
}

impl Lake {
    /// The views for an engine, with this lake's tables as they lie now.
    ///
    /// # Errors
    /// For `DuckDbFiles`: a table is absent or cannot be read.
    pub async fn views(&self, engine: Engine) -> Result<String, TablesError> {
        match engine {
            Engine::DuckDb => Ok(format!(
                "INSTALL delta; LOAD delta;\n{}",
                views(|t| format!("delta_scan({})", quoted(&self.path_of(t))))
            )),
            Engine::Spark => Ok(views(|t| format!("delta.`{}`", self.path_of(t).replace('`', "``")))),
            Engine::DuckDbFiles => {
                let mut sources = Vec::new();
                for table in Table::ALL {
                    sources.push((table, self.live_scan(table).await?));
                }
                let source = |t| sources.iter().find(|(table, _)| *table == t).map(|(_, s)| s.clone());
                Ok(views(|t| source(t).unwrap_or_default()))
            }
        }
    }

    /// `read_parquet` over the live files, or a table without rows where there are none.
    async fn live_scan(&self, table: Table) -> Result<String, TablesError> {
        let files = live_files(&self.newest(table).await?);
        if files.is_empty() {
            let columns = fields(table)
                .iter()
                .map(|f| format!("CAST(NULL AS {}) AS \"{}\"", duck_type(f.data_type()), f.name()))
                .collect::<Vec<_>>();
            return Ok(format!("(SELECT {}) AS nothing WHERE false", columns.join(", ")));
        }
        let root = self.path_of(table);
        let list: Vec<String> = files.iter().map(|f| quoted(&format!("{root}/{}", f.path))).collect();
        Ok(format!("read_parquet([{}], hive_partitioning = true, hive_types = {{'{DATE}': DATE}})", list.join(", ")))
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// DuckDB's name of an Arrow type.
fn duck_type(data_type: &arrow::datatypes::DataType) -> String {
    use arrow::datatypes::DataType as D;
    match data_type {
        D::Boolean => "BOOLEAN".to_owned(),
        D::Int32 => "INTEGER".to_owned(),
        D::Int64 => "BIGINT".to_owned(),
        D::Date32 => "DATE".to_owned(),
        D::Timestamp(..) => "TIMESTAMPTZ".to_owned(),
        D::List(element) => format!("{}[]", duck_type(element.data_type())),
        D::Struct(fields) => {
            let inner: Vec<_> =
                fields.iter().map(|f| format!("\"{}\" {}", f.name(), duck_type(f.data_type()))).collect();
            format!("STRUCT({})", inner.join(", "))
        }
        _ => "VARCHAR".to_owned(),
    }
}
