//! The benchmark of the repository (`docs/performance.md`): a real AMI capture, repeated
//! and renamed, through a real Kafka and the whole fold, beside a bare consumer's rate in
//! the same run.
//!
//! Contract: figures are measured in this process or in children of it, on this machine,
//! in this run; they are printed as text and as one JSON object on standard output.

mod args;
mod capture;
mod fold;
mod generate;
mod import;
mod kafka;
mod memory;
mod parts;
mod told;

use std::process::ExitCode;

use args::Args;

const HELP: &str = "\
bench <command>          (release builds only say something: cargo run --release -p bench -- …)

  whole     starts Kafka, fills it, reads it barely, then folds it: the ratio
              --events N     records (default 5000000)
              --switches N   switches, each in a partition of its own (default 1)
              --every S      seconds from one repetition of the capture to the next (default 900)
              --horizon H    late horizon in hours (default 24)
  generate  fills a topic that exists or is made: --brokers HOST:PORT, and as above
  bare      reads it barely: --brokers HOST:PORT
  fold      folds it into tables: --brokers HOST:PORT [--horizon H]
  embedded  generate and fold without Kafka, in this process (for profilers): as above
  parts     one thread, part by part, without Kafka: --events N
  import    `ringledger import` of the capture with recordings, three times";

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
        "embedded" => fold::embedded(args).await,
        "parts" => parts::parts(args).await,
        "import" => import::import(),
        other => Err(format!("'{other}' is no command\n\n{HELP}").into()),
    }
}
