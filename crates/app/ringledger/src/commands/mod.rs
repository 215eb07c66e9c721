//! One module a command.

pub mod accounts;
mod agreement;
mod beside;
pub mod check_sources;
pub mod crm;
pub mod dead_letters;
pub mod demo;
pub mod explain;
pub mod import;
pub mod log;
pub mod recordings;
pub mod replay;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod tables;

use std::process::ExitCode;

use crate::args::Command;
use crate::failure::Failure;

/// Runs a command.
///
/// # Errors
/// Why it failed.
pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Run(args) => run::run(args).await,
        Command::Check(args) => run::run_check(args).await,
        Command::Accounts(command) => accounts::run(command),
        Command::Crm(args) => crm::run(args).await,
        Command::CrmSandbox(args) => sandbox::run(args).await,
        Command::Report(args) => report::run(args).await,
        Command::Explain(args) => explain::run(args).await,
        Command::Log(args) => log::run(args).await,
        Command::DeadLetters(args) => dead_letters::run(args).await,
        Command::Recordings(args) => recordings::run(args).await,
        Command::Tables(args) => tables::run(args).await,
        Command::Replay(args) => replay::run(args).await,
        Command::CheckSources(args) => check_sources::run(args).await,
    }
}
