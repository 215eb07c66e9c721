//! The whole fold: log → envelope → decode → timeline → tables in a local folder, by the
//! very stage that `ringledger run` uses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use event_log::{EmbeddedLog, EventLog};
use model::TOPIC_EVENTS;
use pipeline::facts_stage::{FactsConfig, FactsStage};
use pipeline::snapshots::Snapshots;
use pipeline::switch_fold::FoldConfig;
use tables::{Lake, LakeConfig};

use crate::Failure;
use crate::args::Args;
use crate::generate::generate;
use crate::memory;
use crate::told::Told;

/// Generation of tables and snapshots.
pub const GENERATION: &str = "bench";
/// Memory is looked at every so many records.
const LOOK_EVERY: u64 = 1_000_000;

/// The fold as the product configures it.
pub fn config(args: &Args) -> FoldConfig {
    FoldConfig {
        late_horizon_ms: args.horizon_h.saturating_mul(3_600_000),
        force_figures: None,
        decoders: Arc::new(|dialect, switch, center| dialects::registry::decoder(dialect, switch, center)),
    }
}

/// Opens tables in a folder.
///
/// # Errors
/// The folder cannot be used.
pub async fn lake(folder: &Path) -> Result<Arc<Lake>, Failure> {
    let lake = Lake::open(LakeConfig::folder(folder, GENERATION)).await?;
    lake.ensure_tables().await?;
    Ok(Arc::new(lake))
}

/// Folds all that the log holds into tables in `args.folder`, else in a folder that goes
/// again. Timed from taking up the partitions until everything is committed.
///
/// # Errors
/// The stage failed.
pub async fn whole_fold(log: Arc<dyn EventLog>, args: &Args) -> Result<Told, Failure> {
    let passing = tempfile::tempdir()?;
    let folder = args.folder.as_deref().unwrap_or(passing.path());
    let state = folder.join("state");
    std::fs::create_dir_all(&state)?;
    let lake = lake(&folder.join("lake")).await?;
    let store = object_store::local::LocalFileSystem::new_with_prefix(&state)?;
    let snapshots = Snapshots::new(Arc::new(store), "facts", GENERATION);
    let config =
        FactsConfig { group: "bench".into(), generation: GENERATION.into(), fold: config(args), publish: true };
    let mut stage = FactsStage::new(log.clone(), lake, snapshots, config);
    let mut told = Told::default();
    let processor = memory::processor_s();
    let begun = Instant::now();
    let partitions: Vec<i32> = (0..log.partitions(TOPIC_EVENTS).await?).collect();
    stage.take_all(&partitions).await?;
    told.figure("taken_up_s", begun.elapsed().as_secs_f64());
    let looks = Looks::default();
    looks.look(0);
    stage.run_until_idle(&|n| looks.folded(n)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let used = memory::processor_s().zip(processor).map(|(now, before)| now - before);
    told.count("fold_records", stage.counts.records);
    told.count("fold_rows", stage.counts.rows);
    told.count("fold_flushes", stage.counts.flushes);
    told.count("fold_dead_letters", stage.counts.dead_letters);
    told.figure("fold_s", seconds);
    told.maybe("fold_processor_s", used);
    told.figure("fold_per_s", stage.counts.records as f64 / seconds);
    looks.tell(&mut told);
    told.maybe("fold_rss_peak_mib", memory::peak_mib());
    Ok(told)
}

/// Memory and processor time as the fold goes on.
#[derive(Default)]
struct Looks {
    folded: AtomicU64,
    seen: std::sync::Mutex<Vec<(u64, f64, f64)>>,
}

impl Looks {
    fn folded(&self, records: u64) {
        let before = self.folded.fetch_add(records, Ordering::Relaxed);
        let millions = (before + records) / LOOK_EVERY;
        if millions > before / LOOK_EVERY {
            self.look(millions);
        }
    }

    fn look(&self, millions: u64) {
        let found = memory::resident_mib().zip(memory::processor_s());
        if let (Some((mib, used)), Ok(mut seen)) = (found, self.seen.lock()) {
            seen.push((millions, mib, used));
        }
    }

    /// At each power of ten: what is resident, and what each event of the last tenth of the
    /// way (of all of it, at the first) has cost.
    fn tell(&self, told: &mut Told) {
        let Ok(seen) = self.seen.lock() else { return };
        let used_at = |at: u64| seen.iter().find(|(m, ..)| *m == at).map(|(_, _, used)| *used);
        for (millions, mib, used) in seen.iter().filter(|(m, ..)| is_power_of_ten(*m)) {
            told.figure(&format!("fold_rss_mib_at_{millions}m"), *mib);
            let stretch = (millions / 10).max(1);
            if let Some(before) = used_at(millions - stretch) {
                let each = (used - before) * 1e6 / (stretch * LOOK_EVERY) as f64;
                told.figure(&format!("fold_processor_us_per_event_at_{millions}m"), each);
            }
        }
    }
}

fn is_power_of_ten(n: u64) -> bool {
    n > 0 && 10_u64.pow(n.ilog10()) == n
}

/// Generates into an embedded log and folds it, in this process.
///
/// # Errors
/// As its parts.
pub async fn embedded(args: &Args) -> Result<Told, Failure> {
    let folder = tempfile::tempdir()?;
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(folder.path())?);
    let begun = Instant::now();
    let made = generate(log.clone(), args).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut told = whole_fold(log, args).await?;
    told.figure("generate_per_s", made as f64 / seconds);
    Ok(told)
}
