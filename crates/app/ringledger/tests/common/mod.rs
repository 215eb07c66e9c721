//! Running the binary on the bundled capture, and looking at what it left.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tables::{Filter, Lake, LakeConfig};

/// What a run gave.
pub struct Ran {
    /// Exit code; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The same, having succeeded.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON, nothing beside it.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    /// Rows of a JSON list.
    pub fn rows(&self) -> Vec<Value> {
        self.json().as_array().cloned().unwrap_or_else(|| panic!("no list: {}", self.out))
    }
}

/// The binary with these arguments; the environment's data directory is not used.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringledger"));
    command.args(args).env_remove("RINGLEDGER_DATA_DIR").env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub fn ringledger(args: &[&str]) -> Ran {
    let done = command(args).output().expect("the binary runs");
    Ran {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

/// A file of the bundled capture.
pub fn capture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data/asterisk-a").join(name);
    path.canonicalize().unwrap_or_else(|e| panic!("{}: {e}", path.display())).display().to_string()
}

/// A gzip file of the capture, unpacked.
pub fn unpacked(name: &str) -> Vec<u8> {
    let packed = std::fs::read(capture(name)).unwrap();
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A new folder for one test; it goes with the value.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A folder that all tests of a file share; it is made anew for each run.
pub fn shared(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    path
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Imports a file of the capture, or of a path, in a dialect.
pub fn import(dir: &Path, dialect: &str, file: &str, more: &[&str]) -> Ran {
    let file = if Path::new(file).is_absolute() { file.to_owned() } else { capture(file) };
    let (dir, roster) = (text(dir), capture("roster.json"));
    let mut args = vec!["import", "--data-dir", dir, "--switch", "asterisk-a", "--dialect", dialect];
    args.extend(["--roster", &roster]);
    args.extend(more);
    args.push(&file);
    ringledger(&args)
}

/// A report as JSON rows.
pub fn report(dir: &Path, kind: &str, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["report", kind, "--data-dir", text(dir), "--format", "json"];
    args.extend(more);
    ringledger(&args).ok().rows()
}

/// Every line of the log.
pub fn log_cat(dir: &Path) -> String {
    ringledger(&["log", "cat", "--data-dir", text(dir)]).ok().out
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Every revision of every row of every table, as JSON.
pub fn tables_of(dir: &Path) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lake = dir.join("lake");
    let facts = runtime.block_on(async {
        let lake = Lake::open(LakeConfig::folder(&lake, "test")).await.unwrap();
        lake.revisions(&Filter::default()).await.unwrap()
    });
    serde_json::to_value(facts).unwrap()
}

/// The same without what the wall clock says, and without the folder's own name.
pub fn timeless(dir: &Path) -> Value {
    let mut tables = tables_of(dir);
    forget(&mut tables, text(dir));
    tables
}

fn forget(value: &mut Value, root: &str) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| forget(v, root)),
        Value::Object(cells) => {
            for clock in ["received_at", "ingested_at", "stored_at", "known_at"] {
                cells.remove(clock);
            }
            cells.values_mut().for_each(|v| forget(v, root));
        }
        Value::String(s) => {
            // `details` is JSON in a text.
            if let Ok(mut inner @ Value::Object(_)) = serde_json::from_str::<Value>(s) {
                forget(&mut inner, root);
                *s = inner.to_string();
            }
            *s = s.replace(root, "");
        }
        _ => {}
    }
}

/// That two sets of tables are equal; else the first row that differs.
pub fn assert_same(a: &Value, b: &Value) {
    for (table, rows) in a.as_object().unwrap() {
        let (ours, theirs) = (rows.as_array().unwrap(), b[table].as_array().unwrap());
        for (x, y) in ours.iter().zip(theirs) {
            assert_eq!(x, y, "a row of {table}");
        }
        assert_eq!(ours.len(), theirs.len(), "rows of {table}");
    }
}

/// A number of a row.
pub fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row}"))
}
