//! Ringledger: the ledger of a contact centre's calls. Command line, configuration, wiring.

mod accounts_args;
mod args;
mod commands;
mod config;
mod data_dir;
mod failure;
mod options;
mod output;
mod parked;
mod place;
mod plain;
mod recordings;
mod retaking;
mod roster_file;
mod run;
mod upkeep_args;
mod wiring;

use std::time::Duration;

use clap::Parser;

/// Batches are allocated on one thread and freed on another, which the system's allocator
/// does slowly (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads that wait for files: a hundred at once are wanted when a table is opened. Each of
/// them would keep the memory that it read with, so those that rest end soon; those that are
/// left have little to do with one another's (docs/performance.md, "Reports").
const BLOCKING_RESTS: Duration = Duration::from_millis(200);

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(BLOCKING_RESTS).build()
}

fn main() -> std::process::ExitCode {
    let args = args::Args::parse();
    output::start_logging(args.verbose);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("ringledger: the system gives no threads: {e}");
            return std::process::ExitCode::from(70);
        }
    };
    match runtime.block_on(commands::run(args.command)) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("ringledger: {e}");
            std::process::ExitCode::from(e.exit_code())
        }
    }
}
