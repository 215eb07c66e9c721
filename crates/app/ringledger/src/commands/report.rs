//! `report`: figures from the tables, alone on standard output.

use std::process::ExitCode;
use std::sync::Arc;

use metrics::Options;
use metrics::render::{self, Report as Rows};
use tables::{Limits, Question, Reports, Visible};

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
    // A table for people always has its totals row.
    options.total |= args.format == Format::Table && matches!(args.kind, ReportKind::Queues);
    let as_of = args.range.as_of.as_deref().map(instant).transpose()?;
    let lake = args.place.find()?.lake().await?;
    // Who asks for one report by hand may wait for all that it needs.
    let limits = Limits { whole_days: usize::MAX, ..Limits::default() };
    let reports = Reports::new(Arc::new(lake), limits);
    let question = Question { options, as_of, visible: Visible::default() };
    let options = &question.options;
    let text = match args.kind {
        ReportKind::Queues => rendered(&reports.queues(&question).await?, options, args.format)?,
        ReportKind::Agents => agents(&reports, &question, args.format).await?,
        ReportKind::Contacts if args.lost => rendered(&reports.lost(&question).await?, options, args.format)?,
        ReportKind::Contacts => rendered(&reports.contacts(&question).await?, options, args.format)?,
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

async fn agents(reports: &Reports, question: &Question, format: Format) -> Result<String, Failure> {
    let rows = reports.agents(question).await?;
    let unnamed = metrics::agents::unnamed(&rows);
    if unnamed > 0 {
        say(&format!(
            "{unnamed} agents are known by their interface only; a roster (`import --roster FILE`) gives them names"
        ));
    }
    rendered(&rows, &question.options, format)
}
