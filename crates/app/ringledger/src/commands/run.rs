//! `run` and `check`.

use std::process::ExitCode;

use crate::args::{Check, Run};
use crate::config;
use crate::failure::Failure;
use crate::output::print;
use crate::run::{self, check::check};

/// Runs a pipeline until SIGTERM.
///
/// # Errors
/// A file is wrong, or the pipeline cannot be started.
pub async fn run(args: Run) -> Result<ExitCode, Failure> {
    let config = config::read(&args.files).map_err(|e| Failure::Usage(e.to_string()))?;
    let stop = run::stop_on_signals();
    run::run(config, args.data_dir, stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// Validates files and tries every connection.
///
/// # Errors
/// A file is wrong.
pub async fn run_check(args: Check) -> Result<ExitCode, Failure> {
    let config = config::read(&args.files).map_err(|e| Failure::Usage(e.to_string()))?;
    let tried = check(&config, args.data_dir).await;
    let mut failed = false;
    for one in &tried {
        let line = match &one.result {
            Ok(text) => format!("ok      {}: {text}\n", one.what),
            Err(text) => format!("FAILED  {}: {text}\n", one.what),
        };
        failed |= one.result.is_err();
        print(&line);
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
