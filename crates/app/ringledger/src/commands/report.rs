//! `report`: figures from the tables, alone on standard output.

use std::process::ExitCode;

use metrics::render::{self, Report as Rows};
use metrics::{Attribution, Options};
use model::Instant;
use tables::{Filter, Lake};

use crate::args::{Format, Report, ReportKind};
use crate::failure::Failure;
use crate::options::{instant, report_options};
use crate::output::{print, say};

/// Runs it.
///
/// # Errors
/// An option is not readable, or the tables are not.
pub async fn run(args: Report) -> Result<ExitCode, Failure> {
    let mut options = report_options(&args)?;
    let as_of = args.range.as_of.as_deref().map(instant).transpose()?;
    let lake = args.place.find()?.lake().await?;
    options.switch_thresholds = lake.thresholds(as_of).await?.into_iter().collect();
    let text = match args.kind {
        ReportKind::Queues => queues(&lake, &options, as_of, args.format).await?,
        ReportKind::Agents => agents(&lake, &options, as_of, args.format).await?,
        ReportKind::Contacts => contacts(&lake, &options, as_of, args.lost, args.format).await?,
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// Rows in the format asked for.
///
/// # Errors
/// A CSV cell cannot be written.
pub fn rendered<R: Rows>(rows: &[R], options: &Options, format: Format) -> Result<String, Failure> {
    match format {
        Format::Json => Ok(render::json(rows, options)),
        Format::Csv => render::csv(rows, options).map_err(|e| Failure::Other(e.to_string())),
        Format::Table => Ok(render::table(rows, options)),
    }
}

async fn queues(lake: &Lake, options: &Options, as_of: Option<Instant>, format: Format) -> Result<String, Failure> {
    // By event time a visit that arrived before the range counts in it too.
    let (from, to) = match options.attribution {
        Attribution::Arrival => (options.from, options.to),
        Attribution::EventTime => (None, options.to),
    };
    let visits = lake.visits(&Filter { as_of, from, to, ..Filter::default() }).await?;
    // A table for people always has its totals row.
    let options = Options { total: options.total || format == Format::Table, ..options.clone() };
    rendered(&metrics::queues(&visits, &options), &options, format)
}

async fn agents(lake: &Lake, options: &Options, as_of: Option<Instant>, format: Format) -> Result<String, Failure> {
    let all = Filter { as_of, ..Filter::default() };
    let (visits, legs) = (lake.visits(&all).await?, lake.legs(&all).await?);
    let stretches = lake.stretches(&all).await?;
    let last = lake.last_events(as_of).await?.into_iter().collect();
    let rows = metrics::agents(&visits, &legs, &stretches, &last, options);
    let unnamed = metrics::agents::unnamed(&rows);
    if unnamed > 0 {
        say(&format!(
            "{unnamed} agents are known by their interface only; a roster (`import --roster FILE`) gives them names"
        ));
    }
    rendered(&rows, options, format)
}

async fn contacts(
    lake: &Lake,
    options: &Options,
    as_of: Option<Instant>,
    lost: bool,
    format: Format,
) -> Result<String, Failure> {
    let calls = lake.calls(&Filter { as_of, ..Filter::default() }).await?;
    if lost {
        rendered(&metrics::lost(&calls, options), options, format)
    } else {
        rendered(&metrics::contacts(&calls, options), options, format)
    }
}
