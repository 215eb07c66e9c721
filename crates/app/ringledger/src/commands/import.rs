//! `import`: files into the log, the log into tables, recordings into the vault; returns
//! when all stages are idle. Killed anywhere and started again, it ends as if undisturbed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use collectors::feed::{Feed, FeedCounts, FeedTarget};
use collectors::import::{end_input, import_file};
use model::acts::SwitchSettings;
use model::{Act, Dialect, Name};
use pipeline::facts_stage::FactsStage;

use crate::args::Import;
use crate::commands::beside::Beside;
use crate::config::known_dialect;
use crate::data_dir::{self, Writing};
use crate::failure::Failure;
use crate::output::say;
use crate::run::settings;
use crate::{recordings, roster_file};

/// Runs it.
///
/// # Errors
/// A file cannot be read, the data directory is in use, or a stage failed for good.
pub async fn run(args: Import) -> Result<ExitCode, Failure> {
    let dialect = dialect(&args)?;
    if let Some(figures) = &args.figures {
        known_dialect("--figures", figures).map_err(Failure::Usage)?;
    }
    for file in &args.files {
        readable(file)?;
    }
    if let Some(folder) = &args.recordings {
        std::fs::read_dir(folder).map_err(|e| Failure::File(format!("--recordings {}", folder.display()), e))?;
    }
    let roster = args.roster.as_deref().map(roster_file::read).transpose()?;
    let writing = data_dir::open_writing(&args.data.data_dir).await?;
    // This import may say another roster than the pipeline that runs here at other times.
    let root = &args.data.data_dir;
    settings::forget(root, &args.switch).map_err(|e| Failure::File(root.display().to_string(), e))?;
    let import = FileImport {
        switch: args.switch.as_str().into(),
        center: args.center.as_str().into(),
        dialect,
        preface: preface(&args, roster),
        files: args.files.clone(),
    };
    let beside = Beside::start(writing.facts().await?);
    let (fed, stage) = beside.feed(feed_files(&writing, import, &|_| {})).await?;
    finish(&writing, &args, &fed, stage).await
}

/// Files of one source, and what shapes their rows.
pub struct FileImport {
    /// The switch.
    pub switch: Name,
    /// The centre.
    pub center: Name,
    /// What the files are.
    pub dialect: Dialect,
    /// Acts that go into the log before the events.
    pub preface: Vec<Act>,
    /// The files, in order.
    pub files: Vec<PathBuf>,
}

/// Feeds the files and says that they have ended; `progress` is told the bytes read.
///
/// # Errors
/// A file cannot be read, or the log cannot be written.
pub async fn feed_files(
    writing: &Writing,
    import: FileImport,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<FeedCounts, Failure> {
    let dialect = import.dialect.clone();
    let target = FeedTarget { switch: import.switch, center: import.center, dialect: dialect.clone() };
    if dialect == Dialect::CtiAdapter {
        return adapter_files(writing, &target, &import.files).await;
    }
    let unknown = || Failure::Usage(format!("{} cannot be imported from files", dialect.as_str()));
    let masker = dialects::registry::masker(&dialect).ok_or_else(unknown)?;
    let mut feed = Feed::open(writing.log.clone(), target, masker).await?;
    import.preface.into_iter().for_each(|act| feed.preface(act));
    for file in &import.files {
        let mut framer = dialects::registry::framer(&dialect).ok_or_else(unknown)?;
        import_file(&mut feed, &mut *framer, file, &pipeline::clock::now, progress).await?;
    }
    end_input(&mut feed, &dialect, pipeline::clock::now()).await?;
    Ok(feed.counts.clone())
}

/// Adapters' events keep their own ids and sources: JSON lines of CloudEvents, not a stream
/// that is framed.
async fn adapter_files(writing: &Writing, target: &FeedTarget, files: &[PathBuf]) -> Result<FeedCounts, Failure> {
    let mut all = FeedCounts::default();
    for file in files {
        let one = collectors::intake::lines::import(&*writing.log, target, file, &pipeline::clock::now).await?;
        all.appended += one.appended;
        all.known += one.known;
        all.dead_letters += one.dead_letters;
        all.masked += one.masked;
        all.retries += one.retries;
    }
    Ok(all)
}

async fn finish(
    writing: &Writing,
    args: &Import,
    fed: &FeedCounts,
    mut stage: FactsStage,
) -> Result<ExitCode, Failure> {
    stage.run_until_idle(&|_| {}).await?;
    let handled = match &args.recordings {
        Some(folder) => Some(recordings::handle(writing, &mut stage, &args.switch, &args.center, folder).await?),
        None => None,
    };
    stage.finish().await?;
    report(fed, &stage.counts, handled.as_ref());
    Ok(ExitCode::SUCCESS)
}

fn report(fed: &FeedCounts, counts: &pipeline::facts_stage::FactsCounts, recordings: Option<&recordings::Handled>) {
    say(&format!("log: {} events appended, {} there already, {} values masked", fed.appended, fed.known, fed.masked));
    say(&format!("tables: {} rows from {} records", counts.rows, counts.records));
    if let Some(h) = recordings {
        say(&format!("recordings: {h}"));
    }
    let dead = fed.dead_letters + counts.dead_letters;
    if dead > 0 {
        say(&format!("dead letters: {dead} records could not be read; see `ringledger dead-letters list`"));
    }
}

fn dialect(args: &Import) -> Result<Dialect, Failure> {
    let dialect = Dialect::of(&args.dialect);
    if dialect == Dialect::CtiAdapter || dialects::registry::framer(&dialect).is_some() {
        return Ok(dialect);
    }
    Err(Failure::Usage(format!(
        "--dialect {}: not known; one of asterisk.queue_log, asterisk.ami, asterisk.cel, cti.adapter",
        args.dialect
    )))
}

fn readable(file: &Path) -> Result<(), Failure> {
    if file == Path::new("-") {
        return Ok(());
    }
    std::fs::File::open(file).map(drop).map_err(|e| Failure::File(file.display().to_string(), e))
}

/// What shapes rows goes into the log before the events that it shapes.
fn preface(args: &Import, roster: Option<model::Roster>) -> Vec<Act> {
    let settings = SwitchSettings {
        figures: args.figures.as_deref().map(Name::from),
        acw_pause_reasons: args.acw_pause_reasons.iter().map(Name::from).collect(),
        default_region: args.region.as_deref().map(Name::from),
        ..SwitchSettings::default()
    };
    let shaped = (settings != SwitchSettings::default()).then_some(Act::SettingsSet { settings });
    shaped.into_iter().chain(roster.map(|roster| Act::RosterSet { roster })).collect()
}
