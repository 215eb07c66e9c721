//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::{accounts_args, upkeep_args};

/// Where to begin, and what the exit code says.
const FIRST: &str = "\
To begin: `ringledger demo` replays a real switch and says what to try next; `ringledger import` takes a \
switch's files.\nResults are on standard output, all else on standard error. Exit codes: 0 done, 1 failed or \
found something wrong, 2 wrong use.";

/// How to log in to the sandbox and make it fail.
const SANDBOX: &str = "\
Log in with client id `ringledger-sandbox` and secret `sandbox-secret` (or what RINGLEDGER_SANDBOX_SECRET holds), in \
the body or Basic, at /services/oauth2/token. Its page shows what it holds.\nTo make it fail: PUT /_sandbox/faults \
with JSON (GET shows the switches, DELETE turns them off); DELETE /_sandbox/sessions expires every session; PUT \
/_sandbox/used/N sets the requests used; GET /_sandbox/requests lists those that came.";

/// The ledger of a contact centre's calls.
#[derive(Parser)]
#[command(name = "ringledger", version, max_term_width = 110, after_help = FIRST)]
pub struct Args {
    /// Say more on standard error (twice: everything).
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    #[command(subcommand)]
    pub command: Command,
}

/// Where everything is kept when it is local.
#[derive(ClapArgs, Clone)]
pub struct DataDir {
    /// Folder of log, tables, recordings and state.
    #[arg(long, default_value = "ringledger-data", env = "RINGLEDGER_DATA_DIR")]
    pub data_dir: PathBuf,
}

/// Where to look: in a data directory, or wherever pipeline files say.
#[derive(ClapArgs, Clone)]
pub struct Place {
    /// Folder of everything that is local; wins over the pipeline files' `data_dir`. Default: ringledger-data.
    #[arg(long, env = "RINGLEDGER_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Pipeline file that says where log, tables and recordings are (Kafka, S3); may be repeated.
    #[arg(long, value_name = "FILE")]
    pub pipeline: Vec<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// The main job on a real switch's output, in one process.
    Demo(Demo),
    /// Append files of a switch to the log, then make tables and recordings of them.
    Import(Import),
    /// Run pipelines: collect, fold, store, write, serve, until SIGTERM.
    Run(Run),
    /// Validate pipeline files and try every connection.
    Check(Check),
    /// Who may sign in to the console by name and password.
    #[command(subcommand)]
    Accounts(accounts_args::Accounts),
    /// Rows that the CRM refused for good.
    #[command(subcommand)]
    Crm(Crm),
    /// A Salesforce-compatible server for first runs and tests.
    #[command(after_help = SANDBOX)]
    CrmSandbox(SandboxArgs),
    /// Figures by interval: queues, agents, contacts.
    Report(Report),
    /// What is behind a figure, or the story of a call.
    #[command(subcommand)]
    Explain(Explain),
    /// Look into the log, or copy it.
    #[command(subcommand)]
    Log(Log),
    /// Records that could not be read: list, show, read once more.
    #[command(subcommand)]
    DeadLetters(upkeep_args::DeadLetters),
    /// What the vault holds and what it lacks.
    #[command(subcommand)]
    Recordings(upkeep_args::Recordings),
    /// The tables: where they lie, views for other readers, compaction, vacuum.
    #[command(subcommand)]
    Tables(upkeep_args::Tables),
    /// Rebuild all tables from the log into a new folder.
    Replay(upkeep_args::Replay),
    /// Compare the figures of a switch that is seen through several dialects.
    CheckSources(upkeep_args::CheckSources),
}

#[derive(ClapArgs)]
pub struct Import {
    #[command(flatten)]
    pub data: DataDir,
    /// Name of the switch.
    #[arg(long)]
    pub switch: String,
    /// What the files are: asterisk.queue_log, asterisk.ami, asterisk.cel, or cti.adapter (CloudEvents, one a line).
    #[arg(long)]
    pub dialect: String,
    /// Name of the centre.
    #[arg(long, default_value = "main")]
    pub center: String,
    /// JSON or CSV of interface, name and optionally extension and CRM user.
    #[arg(long)]
    pub roster: Option<PathBuf>,
    /// Where the switch's recordings can be read; without it they stay pending.
    #[arg(long)]
    pub recordings: Option<PathBuf>,
    /// Which dialect makes this switch's figures, where it is seen through several.
    #[arg(long)]
    pub figures: Option<String>,
    /// Pauses with this reason are after-call work (may be repeated).
    #[arg(long = "acw-pause-reason")]
    pub acw_pause_reasons: Vec<String>,
    /// Region by which national numbers become E.164 (GB, DE, …).
    #[arg(long)]
    pub region: Option<String>,
    /// Files to import, in order; plain, .gz or .zst; - for standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportKind {
    Queues,
    Agents,
    Contacts,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Csv,
    Json,
}

#[derive(ClapArgs)]
pub struct Report {
    /// Which report.
    pub kind: ReportKind,
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub range: Range,
    /// 15m, 30m, 1h, 1d, 1w or all.
    #[arg(long, default_value = "all")]
    pub interval: String,
    /// arrival or event-time.
    #[arg(long, default_value = "arrival")]
    pub attribution: String,
    /// T, such as 20s; `switch`: each queue's own. Default: as set for the queue, else 20s.
    #[arg(long)]
    pub service_level: Option<String>,
    /// S, such as 5s: abandons up to it are short. Default: as set for the queue, else 5s.
    #[arg(long)]
    pub short_abandon: Option<String>,
    /// Leave out visits made by an agent's own call.
    #[arg(long)]
    pub exclude_consults: bool,
    /// Use the difference of event times in place of the waits that the switch states.
    #[arg(long)]
    pub observed_waits: bool,
    /// Only this queue.
    #[arg(long)]
    pub queue: Option<String>,
    /// `agents`: a row per queue.
    #[arg(long)]
    pub by: Option<String>,
    /// Append the totals row to JSON and CSV.
    #[arg(long)]
    pub total: bool,
    /// `contacts`: list each contact that got nobody.
    #[arg(long)]
    pub lost: bool,
    /// table, csv or json.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// Which part of the data.
#[derive(ClapArgs, Clone)]
pub struct Range {
    /// Begin, inclusive, RFC 3339.
    #[arg(long)]
    pub from: Option<String>,
    /// End, exclusive, RFC 3339.
    #[arg(long)]
    pub to: Option<String>,
    /// IANA time zone of intervals and of printed times.
    #[arg(long, default_value = "UTC")]
    pub tz: String,
    /// Only this centre.
    #[arg(long)]
    pub center: Option<String>,
    /// The figures exactly as they stood at this instant, RFC 3339.
    #[arg(long)]
    pub as_of: Option<String>,
}

#[derive(Subcommand)]
pub enum Explain {
    /// The visits behind a row of `report queues`.
    Queue {
        /// The queue.
        queue: String,
        /// Begin of the interval (RFC 3339), or begin/end.
        #[arg(long)]
        interval: Option<String>,
        /// Length of the interval where only its begin is given: 15m, 30m, 1h, 1d, 1w.
        #[arg(long, default_value = "15m")]
        length: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        range: Range,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// A contact's story, and the raw events behind it.
    Call {
        /// Its id.
        id: String,
        /// Its switch, where contacts of several have this id.
        #[arg(long)]
        switch: Option<String>,
        #[command(flatten)]
        place: Place,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Subcommand)]
pub enum Log {
    /// Print events as they were kept: one CloudEvents JSON object a line.
    Cat {
        #[command(flatten)]
        place: Place,
        /// Only this partition.
        #[arg(long)]
        partition: Option<i32>,
        /// From this offset on.
        #[arg(long, default_value_t = 0)]
        from: i64,
        /// Another topic than cti.events.
        #[arg(long, default_value = model::TOPIC_EVENTS)]
        topic: String,
    },
    /// Copy it into Kafka, positions and times kept; a copy cut short is continued.
    Copy(upkeep_args::LogCopy),
}

#[derive(ClapArgs)]
pub struct Demo {
    #[command(flatten)]
    pub data: DataDir,
    /// Folder of the capture; default: the one in the repository.
    #[arg(long)]
    pub capture: Option<PathBuf>,
    /// Address for the recordings' links.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    /// Keep serving after the report, also without a terminal.
    #[arg(long)]
    pub serve: bool,
}

#[derive(ClapArgs)]
pub struct Run {
    /// Folder of everything that is local; wins over the files' `data_dir`.
    #[arg(long, env = "RINGLEDGER_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Pipeline files; several are one pipeline.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(ClapArgs)]
pub struct Check {
    /// Folder of everything that is local; wins over the files' `data_dir`.
    #[arg(long, env = "RINGLEDGER_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Pipeline files; several are one pipeline.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Subcommand)]
pub enum Crm {
    /// List rows that were refused for good and not written since.
    Parked {
        #[command(flatten)]
        place: Place,
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Give parked rows again.
    Retry {
        /// Folder of everything that is local; wins over the files' `data_dir`.
        #[arg(long, env = "RINGLEDGER_DATA_DIR")]
        data_dir: Option<PathBuf>,
        /// Only this contact or key.
        #[arg(long)]
        key: Option<String>,
        /// The pipeline files that say where the CRM is.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(ClapArgs)]
pub struct SandboxArgs {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8199")]
    pub listen: std::net::SocketAddr,
    /// SQLite file of the records; without it they are in memory.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// PEM certificate chain: serve https.
    #[arg(long, requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// PEM key of the certificate.
    #[arg(long, requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// PEM public key that JWT bearer assertions are checked with.
    #[arg(long)]
    pub jwt_public_key: Option<PathBuf>,
}
