//! `import`: files into the log, the log into tables, recordings into the vault; returns
//! when all stages are idle. Killed anywhere and started again, it ends as if undisturbed.

use std::path::Path;
use std::process::ExitCode;

use collectors::feed::{Feed, FeedCounts, FeedTarget};
use collectors::import::{end_input, import_file};
use model::acts::SwitchSettings;
use model::{Act, Dialect, Name};

use crate::args::Import;
use crate::data_dir::{self, Writing};
use crate::failure::Failure;
use crate::output::say;
use crate::{recordings, roster_file};

/// Runs it.
///
/// # Errors
/// A file cannot be read, the data directory is in use, or a stage failed for good.
pub async fn run(args: Import) -> Result<ExitCode, Failure> {
    let dialect = dialect(&args)?;
    for file in &args.files {
        readable(file)?;
    }
    let roster = args.roster.as_deref().map(roster_file::read).transpose()?;
    let writing = data_dir::open_writing(&args.data.data_dir).await?;
    let mut feed = open_feed(&writing, &args, &dialect).await?;
    preface(&mut feed, &args, roster);
    for file in &args.files {
        let mut framer = dialects::registry::framer(&dialect)
            .ok_or_else(|| Failure::Usage(format!("{} cannot be imported from files", dialect.as_str())))?;
        import_file(&mut feed, &mut *framer, file, &pipeline::clock::now, &|_| {}).await?;
    }
    end_input(&mut feed, &dialect, pipeline::clock::now()).await?;
    let fed = feed.counts.clone();
    drop(feed);
    finish(&writing, &args, &fed).await
}

async fn finish(writing: &Writing, args: &Import, fed: &FeedCounts) -> Result<ExitCode, Failure> {
    let mut stage = writing.facts().await?;
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
    say(&format!(
        "log: {} events appended, {} there already, {} values masked",
        fed.appended, fed.known, fed.masked
    ));
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
    if dialects::registry::framer(&dialect).is_some() {
        return Ok(dialect);
    }
    Err(Failure::Usage(format!(
        "--dialect {}: not known; one of asterisk.queue_log, asterisk.ami, asterisk.cel",
        args.dialect
    )))
}

fn readable(file: &Path) -> Result<(), Failure> {
    if file == Path::new("-") {
        return Ok(());
    }
    std::fs::File::open(file).map(drop).map_err(|e| Failure::File(file.display().to_string(), e))
}

async fn open_feed(writing: &Writing, args: &Import, dialect: &Dialect) -> Result<Feed, Failure> {
    let target =
        FeedTarget { switch: args.switch.as_str().into(), center: args.center.as_str().into(), dialect: dialect.clone() };
    let masker = dialects::registry::masker(dialect)
        .ok_or_else(|| Failure::Usage(format!("{} has no masker", dialect.as_str())))?;
    Ok(Feed::open(writing.log.clone(), target, masker).await?)
}

/// What shapes rows goes into the log before the events that it shapes.
fn preface(feed: &mut Feed, args: &Import, roster: Option<model::Roster>) {
    let settings = SwitchSettings {
        figures: args.figures.as_deref().map(Name::from),
        acw_pause_reasons: args.acw_pause_reasons.iter().map(Name::from).collect(),
        default_region: args.region.as_deref().map(Name::from),
        ..SwitchSettings::default()
    };
    if settings != SwitchSettings::default() {
        feed.preface(Act::SettingsSet { settings });
    }
    if let Some(roster) = roster {
        feed.preface(Act::RosterSet { roster });
    }
}
