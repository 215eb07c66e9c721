//! The benchmark of the repository (`docs/performance.md`): a real AMI capture, repeated
//! and renamed, through a real Kafka and the whole fold, beside a bare consumer's rate in
//! the same run.
//!
//! Contract: figures are measured in this process or in children of it, on this machine,
//! in this run; they are printed as text and as one JSON object on standard output.

mod args;
mod capture;
mod child;
mod cold_start;
mod contacts;
mod corpus;
mod crm;
mod figures;
mod fold;
mod generate;
mod import;
mod kafka;
mod latency;
mod load;
mod memory;
mod native;
mod open_calls;
mod parts;
mod peers;
mod recordings;
mod reports;
mod scale;
mod setup;
mod store;
mod template;
mod told;

use std::process::ExitCode;

use args::Args;

/// `ringledger`'s own, so that the product is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
bench <command>          (release builds only say something: cargo run --release -p bench -- …)

  whole     starts Kafka, fills it, reads it barely, then folds it: the ratio
              --events N     records (default 5000000)
              --switches N   switches, each in a partition of its own (default 1)
              --every S      seconds from one repetition of the capture to the next (default 900)
              --horizon H    late horizon in hours (default 24)
  peers     the same topic by Kafka Streams and Quix Streams: ratios (as whole; `setup` first)
  scale     cost of an event and memory at 1 M, 10 M, 100 M events (default: --events
              100000000 --horizon 1)
  open-calls  memory of a call in the fold, waiting, talking, ended: --count N (default 1000000)
  cold-start  `ringledger run` behind a history of --events N [--horizon H]
  recordings  the vault beside copy tools, folder and S3: --small N --large N (`setup` first)
  crm       rows a second beside the sandbox's ceiling: --count N contacts (default 10000)
  latency   hang-up to row and live figure: --rate N --seconds N --flush-ms N
  reports   the console's questions over 13 months of a 500-agent centre, made first (and kept)
              --visits N (default 15000000) --folder PATH (default target/reports)
  import    `ringledger import` of the capture with recordings, three times

  setup     installs what peers and recordings compare with (Maven, Python)

  Parts of the above:
  generate  fills a topic that exists or is made: --brokers HOST:PORT, and as above
  bare      reads it barely: --brokers HOST:PORT
  fold      folds it into tables: --brokers HOST:PORT [--horizon H] [--folder PATH]
  embedded  generate and fold without Kafka, in this process (for profilers): as above
  parts     one thread, part by part, without Kafka: --events N
  hold-calls  one shape of open-calls in this process: --shape waiting|talking|ended
  store-recordings, put-plainly  --folder FROM --to STORE";

/// What fails a benchmark, told to people.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::read(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(why) => {
            eprintln!("bench: {why}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    match run(&args).await {
        Ok(told) => {
            told.print();
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<told::Told, Failure> {
    match args.command.as_str() {
        "whole" => kafka::whole(args).await,
        "generate" => kafka::generate(args).await,
        "bare" => kafka::bare(args).await,
        "fold" => kafka::fold(args).await,
        "peers" => peers::peers(args).await,
        "scale" => scale::scale(args),
        "open-calls" => open_calls::all(args),
        "hold-calls" => open_calls::one(args),
        "cold-start" => cold_start::cold_start(args).await,
        "recordings" => recordings::recordings(args),
        "store-recordings" => store::ours(args).await,
        "put-plainly" => store::plain(args).await,
        "crm" => crm::crm(args).await,
        "latency" => latency::latency(args).await,
        "setup" => setup::install().map(|()| told::Told::default()),
        "embedded" => fold::embedded(args).await,
        "parts" => parts::parts(args).await,
        "reports" => reports::reports(args).await,
        "import" => import::import(),
        other => Err(format!("'{other}' is no command\n\n{HELP}").into()),
    }
}
