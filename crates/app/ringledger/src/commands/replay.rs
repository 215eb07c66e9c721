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

use crate::config::StoreSection;
use crate::failure::Failure;
use crate::options::duration_ms;
use crate::output::say;
use crate::upkeep_args::Replay;
use crate::wiring;

/// Runs it.
///
/// # Errors
/// The target is not empty, the log cannot be read, or the tables cannot be written.
pub async fn run(args: Replay) -> Result<ExitCode, Failure> {
    let found = args.place.find()?;
    let late_horizon_ms = match args.late_horizon.as_deref() {
        Some(text) => duration_ms(text)?,
        None => found.config.limits().late_horizon_hours.saturating_mul(3_600_000),
    };
    let log = found.log().await?;
    empty(&args.to)?;
    let fold = FoldConfig { late_horizon_ms, ..wiring::fold_config() };
    let counts = replay(log, &args.to, fold).await?;
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
        "to look at them: --data-dir {to}; to go on with them, stop every writer and put {to}/lake in the place of \
         {lake} and {to}/state in that of {state}",
        to = args.to.display(),
        lake = place_of(found.config.lake.as_ref(), &found.root, "lake"),
        state = place_of(found.config.state.as_ref(), &found.root, "state"),
    ));
    Ok(ExitCode::SUCCESS)
}

/// What a pipeline says of a store, else its folder in the data directory.
fn place_of(section: Option<&StoreSection>, root: &Path, folder: &str) -> String {
    section.map_or_else(|| root.join(folder).display().to_string(), |s| s.url.clone())
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
    let store = tables::SyncedFolder::below(&state).map_err(|e| Failure::Other(format!("{}: {e}", state.display())))?;
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
