//! The command line of the commands that look after what is there: dead letters,
//! recordings, tables, replays, comparisons.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::args::{DataDir, Format, Place};

/// `dead-letters`.
#[derive(Subcommand)]
pub enum DeadLetters {
    /// List records that could not be read, oldest first.
    List {
        #[command(flatten)]
        place: Place,
        /// Also those that a retry has taken in since.
        #[arg(long)]
        all: bool,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Show one with its bytes.
    Show {
        /// Its id, or the beginning of it.
        id: String,
        #[command(flatten)]
        place: Place,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Try to read them once more with this build.
    ///
    /// Bytes that were no record and now are one are appended to the log and folded into
    /// the tables. A record that stands in the log already is only tried: where it reads
    /// now, `ringledger replay` takes it in at its place.
    Retry {
        #[command(flatten)]
        place: Place,
        /// Only this one: its id, or the beginning of it.
        #[arg(long, conflicts_with = "all")]
        id: Option<String>,
        /// All of them.
        #[arg(long)]
        all: bool,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

/// `recordings`.
#[derive(Subcommand)]
pub enum Recordings {
    /// List all of them, newest revision.
    List {
        #[command(flatten)]
        place: Place,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Show one.
    Show {
        /// Its id.
        id: String,
        #[command(flatten)]
        place: Place,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Read stored recordings again and compare size and SHA-256; exits 1 where one
    /// differs or is gone.
    Verify {
        /// Ids; none: every stored one.
        ids: Vec<String>,
        #[command(flatten)]
        place: Place,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Per day: calls whose recording was announced, by their worst piece.
    Completeness {
        #[command(flatten)]
        place: Place,
        /// IANA time zone of the days.
        #[arg(long, default_value = "UTC")]
        tz: String,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

/// Who is to read the views.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ViewEngine {
    /// DuckDB with its delta extension.
    Duckdb,
    /// DuckDB without extensions: the Parquet files of now.
    DuckdbFiles,
    /// Spark or Databricks SQL.
    Spark,
}

/// `tables`.
#[derive(Subcommand)]
pub enum Tables {
    /// Where the tables lie and how large they are.
    List {
        #[command(flatten)]
        place: Place,
        /// table, csv or json.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Print SQL views that give the truth of each table.
    Views {
        #[command(flatten)]
        place: Place,
        /// Who is to read them.
        #[arg(long, value_enum, default_value = "duckdb")]
        engine: ViewEngine,
    },
    /// Merge each day's small files into few large ones.
    Compact {
        #[command(flatten)]
        place: Place,
        /// Only this table.
        #[arg(long)]
        table: Option<String>,
        /// Keep superseded revisions of visits from before their close too, so that
        /// `--as-of` stays exact within a call.
        #[arg(long)]
        keep_superseded: bool,
    },
    /// Remove files that compaction has replaced.
    Vacuum {
        #[command(flatten)]
        place: Place,
        /// Only this table.
        #[arg(long)]
        table: Option<String>,
        /// Files replaced so many days ago go; 7 to 13.
        #[arg(long, default_value_t = 7)]
        retention_days: u32,
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
    },
}

/// `replay`.
#[derive(ClapArgs)]
pub struct Replay {
    #[command(flatten)]
    pub place: Place,
    /// Folder of the new tables: absent or empty.
    #[arg(long)]
    pub to: PathBuf,
    /// How long after its end a contact can be restated, in event time: 24h, 90m, … Default: as the pipeline
    /// files say, else 24h.
    #[arg(long)]
    pub late_horizon: Option<String>,
}

/// `check-sources`.
#[derive(ClapArgs)]
pub struct CheckSources {
    #[command(flatten)]
    pub place: Place,
    /// Only this switch.
    #[arg(long)]
    pub switch: Option<String>,
    /// Visits from this instant on, RFC 3339.
    #[arg(long)]
    pub from: Option<String>,
    /// Visits before this instant, RFC 3339.
    #[arg(long)]
    pub to: Option<String>,
    /// table, csv or json.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// `log copy`.
#[derive(ClapArgs)]
pub struct LogCopy {
    #[command(flatten)]
    pub data: DataDir,
    /// Kafka's bootstrap servers: host:port, comma-separated.
    #[arg(long)]
    pub brokers: String,
    /// File of `name = value` lines with librdkafka settings (`security.protocol`,
    /// `sasl.username`, …); a value `env:NAME` or `file:PATH` is read from there.
    #[arg(long)]
    pub kafka_config: Option<PathBuf>,
}
