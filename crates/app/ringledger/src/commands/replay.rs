//! `replay`: rebuilds every table from the log into a new folder. It writes no CRM record
//! and no recording and publishes nothing; it works beside a running writer.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use event_log::EventLog;
use pipeline::facts_stage::{FactsConfig, FactsCounts, FactsStage};
use pipeline::snapshots::Snapshots;
use pipeline::switch_fold::FoldConfig;
use tables::{Lake, LakeConfig};

use crate::failure::Failure;
use crate::options::duration_ms;
use crate::output::say;
use crate::upkeep_args::Replay;
use crate::{data_dir, wiring};

/// Runs it.
///
/// # Errors
/// The target is not empty, the log cannot be read, or the tables cannot be written.
pub async fn run(args: Replay) -> Result<ExitCode, Failure> {
    let late_horizon_ms = duration_ms(&args.late_horizon)?;
    let log = data_dir::open_log(&args.data.data_dir)?;
    empty(&args.to)?;
    let fold = FoldConfig { late_horizon_ms, ..wiring::fold_config() };
    let counts = replay(Arc::new(log), &args.to, fold).await?;
    say(&format!(
        "replayed {} records into {} rows; the tables lie in {}",
        counts.records,
        counts.rows,
        args.to.join("lake").display()
    ));
    if counts.dead_letters > 0 {
        say(&format!("{} records cannot be taken in; `ringledger dead-letters list` tells why", counts.dead_letters));
    }
    say(&format!(
        "to look at them: --data-dir {to}; to go on with them, stop every writer and put {to}/lake and {to}/state \
         in the place of those in {from}",
        to = args.to.display(),
        from = args.data.data_dir.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn empty(to: &Path) -> Result<(), Failure> {
    let failed = |e| Failure::File(to.display().to_string(), e);
    match std::fs::read_dir(to).map(|mut entries| entries.next().is_none()) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failed(e)),
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Usage(format!(
            "{} is not empty: a replay writes into a new folder; remove what is there or name another with --to",
            to.display()
        ))),
    }
}

async fn replay(log: Arc<dyn EventLog>, to: &Path, fold: FoldConfig) -> Result<FactsCounts, Failure> {
    let state = to.join("state");
    std::fs::create_dir_all(&state).map_err(|e| Failure::File(state.display().to_string(), e))?;
    let lake = Arc::new(Lake::open(LakeConfig::folder(to.join("lake"), wiring::GENERATION)).await?);
    lake.ensure_tables().await?;
    let store = object_store::local::LocalFileSystem::new_with_prefix(&state)
        .map_err(|e| Failure::Other(format!("{}: {e}", state.display())))?;
    let snapshots = Snapshots::new(Arc::new(store), "facts", wiring::GENERATION);
    let config = FactsConfig {
        group: "ringledger-facts".to_owned(),
        generation: wiring::GENERATION.to_owned(),
        fold,
        publish: false,
    };
    let partitions: Vec<i32> = (0..log.partitions(model::TOPIC_EVENTS).await?).collect();
    let mut stage = FactsStage::new(log, lake, snapshots, config);
    stage.take_all(&partitions).await?;
    stage.run_until_idle(&|_| {}).await?;
    stage.finish().await?;
    Ok(stage.counts.clone())
}
