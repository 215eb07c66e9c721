//! `tables`: where the tables lie, views for other readers, compaction and vacuum. Beside
//! a running writer all of them are safe: Delta's commits keep them apart.

use std::process::ExitCode;

use serde_json::{Map, Value};
use tables::{Engine, Superseded, Table};

use crate::failure::Failure;
use crate::output::{print, say};
use crate::plain;
use crate::upkeep_args::{Tables, ViewEngine};

/// Runs it.
///
/// # Errors
/// The tables cannot be read or written, or an option is wrong.
pub async fn run(args: Tables) -> Result<ExitCode, Failure> {
    match args {
        Tables::List { place, format } => {
            let lake = place.find()?.lake().await?;
            let mut rows = Vec::new();
            for table in Table::ALL {
                let size = lake.size(table).await?;
                rows.push(Map::from_iter([
                    ("table".to_owned(), Value::from(table.name())),
                    ("version".to_owned(), size.version.into()),
                    ("rows".to_owned(), size.rows.into()),
                    ("files".to_owned(), size.files.into()),
                    ("bytes".to_owned(), size.bytes.into()),
                    ("path".to_owned(), lake.path_of(table).into()),
                    ("holds".to_owned(), table.description().into()),
                ]));
            }
            print(&plain::objects_as(&rows, format));
        }
        Tables::Views { place, engine } => {
            let lake = place.find()?.lake().await?;
            let engine = match engine {
                ViewEngine::Duckdb => Engine::DuckDb,
                ViewEngine::DuckdbFiles => Engine::DuckDbFiles,
                ViewEngine::Spark => Engine::Spark,
            };
            print(&lake.views(engine).await?);
        }
        Tables::Compact { place, table, keep_superseded } => {
            let chosen = chosen(table.as_deref())?;
            let lake = place.find()?.lake().await?;
            let superseded = if keep_superseded { Superseded::Keep } else { Superseded::Drop };
            for table in chosen {
                let c = lake.compact(table, superseded).await?;
                say(&match c.files_before {
                    0 => format!("{table}: nothing to merge"),
                    n => format!(
                        "{table}: {n} files became {}, {} rows, {} superseded ones left out",
                        c.files_after, c.rows, c.dropped
                    ),
                });
            }
        }
        Tables::Vacuum { place, table, retention_days, dry_run } => {
            let chosen = chosen(table.as_deref())?;
            let lake = place.find()?.lake().await?;
            for table in chosen {
                let v = lake.vacuum(table, retention_days, dry_run).await?;
                let what = if dry_run { "would be removed" } else { "removed" };
                say(&format!("{table}: {} files replaced more than {retention_days} days ago {what}", v.files.len()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(name: Option<&str>) -> Result<Vec<Table>, Failure> {
    let Some(name) = name else { return Ok(Table::ALL.to_vec()) };
    let known = || Table::ALL.map(Table::name).join(", ");
    Table::of(name).map(|t| vec![t]).ok_or_else(|| Failure::Usage(format!("--table {name}: one of {}", known())))
}
