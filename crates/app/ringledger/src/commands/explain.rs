//! `explain`: from a figure to its visits, from a contact to its raw events.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use event_log::EventLog;
use metrics::Options;
use model::facts::{Call, EventRow, Visit};
use model::{Position, TOPIC_EVENTS};
use tables::{Filter, Lake};

use crate::args::{Explain, Format, Place, Range};
use crate::commands::log::line;
use crate::failure::Failure;
use crate::options::{instant, range_options};
use crate::output::{print, say};
use crate::plain::{self, Column};

/// Runs it.
///
/// # Errors
/// An option is not readable, there is no such contact, or the data cannot be read.
pub async fn run(args: Explain) -> Result<ExitCode, Failure> {
    match args {
        Explain::Queue { queue, interval, length, place, range, format } => {
            explain_queue(&queue, interval.as_deref(), &length, &place, &range, format).await
        }
        Explain::Call { id, switch, place, format } => explain_call(&id, switch.as_deref(), &place, format).await,
    }
}

async fn explain_queue(
    queue: &str,
    interval: Option<&str>,
    length: &str,
    place: &Place,
    range: &Range,
    format: Format,
) -> Result<ExitCode, Failure> {
    let mut options = range_options(range)?;
    let as_of = range.as_of.as_deref().map(instant).transpose()?;
    let at = match interval.map(|i| i.split_once('/')) {
        None => options.from.unwrap_or_default(),
        Some(Some((from, to))) => {
            options.from = Some(instant(from)?);
            options.to = Some(instant(to)?);
            options.from.unwrap_or_default()
        }
        Some(None) => {
            options.interval = length.parse().map_err(Failure::Usage)?;
            instant(interval.unwrap_or_default())?
        }
    };
    let lake = place.find()?.lake().await?;
    let visits = lake.visits(&Filter { as_of, queue: Some(queue.into()), ..Filter::default() }).await?;
    let behind = metrics::explain::visits_behind(&visits, &queue.into(), at, &options);
    print(&visit_list(&behind, &options, format));
    Ok(ExitCode::SUCCESS)
}

fn visit_list(visits: &[&Visit], options: &Options, format: Format) -> String {
    let ms = |v: Option<i64>| v.map_or(serde_json::Value::Null, Into::into);
    let columns: &[Column<&Visit>] = &[
        ("visit_id", |v, _| v.visit_id.as_str().into()),
        ("call_id", |v, _| v.call_id.as_str().into()),
        ("joined_at", |v, o| plain::time(v.joined_at, o.tz)),
        ("outcome", |v, _| v.outcome.outcome().into()),
        ("outcome_reason", |v, _| v.outcome.reason().into()),
        ("agent", |v, _| v.agent.as_deref().into()),
        ("first_event", |v, _| v.first_event.to_string().into()),
        ("last_event", |v, _| v.last_event.to_string().into()),
    ];
    let extra = |v: &Visit| [("wait_ms", ms(v.wait_ms)), ("talk_ms", ms(v.talk_ms)), ("hold_ms", ms(v.hold_ms))];
    plain::list(visits, columns, &|v| extra(v).to_vec(), options, format)
}

async fn explain_call(id: &str, switch: Option<&str>, place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let found = place.find()?;
    let lake = found.lake().await?;
    let call = find(&lake, id, switch).await?;
    let of_call =
        Filter { call_id: Some(call.call_id.clone()), switch: Some(call.switch.clone()), ..Filter::default() };
    let events = lake.events(&of_call).await?;
    let raw = raw_events(&*found.log().await?, &call, &events).await?;
    let text = if format == Format::Json {
        let story = serde_json::json!({ "call": call, "events": raw });
        format!("{}\n", serde_json::to_string_pretty(&story).unwrap_or_default())
    } else {
        story(&call, &events, &raw)
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// The contact; where several switches gave this id, that of the first by name, and that is
/// said.
async fn find(lake: &Lake, id: &str, switch: Option<&str>) -> Result<Call, Failure> {
    let asked = Filter { call_id: Some(id.into()), switch: switch.map(Into::into), ..Filter::default() };
    let mut calls = lake.calls(&asked).await?;
    calls.sort_by(|a, b| a.switch.cmp(&b.switch));
    if let [first, _, ..] = calls.as_slice() {
        let switches: Vec<&str> = calls.iter().map(|c| c.switch.as_str()).collect();
        let (all, first) = (switches.join(", "), &first.switch);
        say(&format!("contacts of {all} have this id; this is that of {first}: name another with --switch"));
    }
    calls.into_iter().next().ok_or_else(|| {
        Failure::Usage(format!(
            "no contact has the id {id}; `ringledger explain queue` and `report contacts --lost` list ids"
        ))
    })
}

/// The raw events behind a contact, in log order.
async fn raw_events(log: &dyn EventLog, call: &Call, events: &[EventRow]) -> Result<Vec<serde_json::Value>, Failure> {
    let mut positions: BTreeSet<Position> = events.iter().map(|e| e.position).collect();
    positions.extend([call.first_event, call.last_event]);
    let mut out = Vec::with_capacity(positions.len());
    for p in positions {
        let records = log.read(TOPIC_EVENTS, p.partition, p.offset, 1, 4 << 20, Duration::from_secs(5)).await?;
        out.extend(records.iter().map(|r| line(TOPIC_EVENTS, r)));
    }
    Ok(out)
}

fn story(call: &Call, events: &[EventRow], raw: &[serde_json::Value]) -> String {
    let mut out = String::new();
    let number = call.ani.as_deref().or(call.ani_raw.as_deref()).unwrap_or("withheld");
    let _ =
        writeln!(out, "{} {:?} from {number} to {}", call.call_id, call.direction, call.dnis.as_deref().unwrap_or("–"));
    let end = call.ended_at.map_or_else(|| "–".to_owned(), |e| e.to_rfc3339());
    let _ = writeln!(out, "{} to {end}, outcome {:?}, ended by {:?}", call.started_at, call.outcome, call.ended_by);
    let mut sorted: Vec<&EventRow> = events.iter().collect();
    sorted.sort_by_key(|e| (e.position, e.event_id.clone()));
    let _ = writeln!(out, "\nwhat happened");
    for e in sorted {
        let queue = e.queue.as_deref().map(|q| format!(" queue {q}")).unwrap_or_default();
        let agent = e.agent.as_deref().map(|a| format!(" agent {a}")).unwrap_or_default();
        let _ = writeln!(out, "  {} {:<20}{queue}{agent}  [{}]", e.at, e.kind, e.position);
    }
    let _ = writeln!(out, "\nraw events");
    for value in raw {
        let _ = writeln!(out, "  {value}");
    }
    out
}
