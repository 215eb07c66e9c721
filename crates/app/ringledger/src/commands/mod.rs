//! One module a command.

pub mod explain;
pub mod import;
pub mod log;
pub mod report;

use std::process::ExitCode;

use crate::args::Command;
use crate::failure::Failure;

/// Runs a command.
///
/// # Errors
/// Why it failed.
pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Import(args) => import::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Explain(args) => explain::run(args).await,
        Command::Log(args) => log::run(args).await,
    }
}
