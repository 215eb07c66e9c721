//! `recordings`: what the vault holds and what it lacks; works beside a running writer.

use std::process::ExitCode;

use model::Instant;
use model::facts::{Recording, RecordingState};
use serde_json::{Map, Value, json};
use tables::Filter;
use vault::Verification;

use crate::args::{Format, Place};
use crate::failure::Failure;
use crate::options::zone;
use crate::output::{print, say};
use crate::plain::{self, object};
use crate::upkeep_args::Recordings;

/// Runs it.
///
/// # Errors
/// The tables or the vault cannot be read, or there is no such recording.
pub async fn run(args: Recordings) -> Result<ExitCode, Failure> {
    match args {
        Recordings::List { place, format } => {
            let rows = newest(&place).await?;
            let cells = if format == Format::Table { short } else { row };
            print(&plain::objects_as(&rows.iter().map(cells).collect::<Vec<_>>(), format));
            Ok(ExitCode::SUCCESS)
        }
        Recordings::Show { id, place, format } => {
            let rows = newest(&place).await?;
            let found = named(&rows, &id)?;
            print(&if format == Format::Table {
                plain::lines(&row(found))
            } else {
                plain::objects_as(&[row(found)], format)
            });
            Ok(ExitCode::SUCCESS)
        }
        Recordings::Verify { ids, place, format } => verify(&ids, &place, format).await,
        Recordings::Completeness { place, tz, format } => completeness(&place, &tz, format).await,
    }
}

async fn newest(place: &Place) -> Result<Vec<Recording>, Failure> {
    let lake = place.find()?.lake().await?;
    Ok(lake.recordings(&Filter::default()).await?)
}

fn named<'a>(rows: &'a [Recording], id: &str) -> Result<&'a Recording, Failure> {
    rows.iter()
        .find(|r| r.recording_id == id)
        .ok_or_else(|| Failure::Usage(format!("no recording has the id {id}; `ringledger recordings list` lists them")))
}

fn state_word(state: RecordingState) -> Value {
    serde_json::to_value(state).unwrap_or(Value::Null)
}

fn time(at: Instant) -> Value {
    at.to_rfc3339().into()
}

/// A row with the names of `docs/metrics.md` section 4, in its order.
fn row(r: &Recording) -> Map<String, Value> {
    let suspended: Vec<Value> =
        r.suspended.iter().map(|(from, to)| json!({ "from": time(*from), "to": to.map(time) })).collect();
    object([
        ("recording_id", r.recording_id.as_str().into()),
        ("call_id", r.call_id.as_deref().into()),
        ("center", r.center.as_str().into()),
        ("queue", r.queue.as_deref().into()),
        ("agent", r.agent.as_deref().into()),
        ("started_at", time(r.started_at)),
        ("ended_at", r.ended_at.map_or(Value::Null, time)),
        ("duration_ms", r.duration_ms.into()),
        ("bytes", r.bytes.into()),
        ("sha256", r.sha256.as_deref().into()),
        ("uri", r.uri.as_deref().into()),
        ("source", r.source.as_deref().into()),
        ("state", state_word(r.state)),
        ("suspended", suspended.into()),
        ("revision", r.revision.into()),
    ])
}

/// What fits a line for people.
fn short(r: &Recording) -> Map<String, Value> {
    let seconds = |ms: i64| Value::String(format!("{}.{} s", ms / 1_000, ms % 1_000 / 100));
    object([
        ("started_at", time(r.started_at)),
        ("queue", r.queue.as_deref().into()),
        ("agent", r.agent.as_deref().into()),
        ("length", r.duration_ms.map_or(Value::Null, seconds)),
        ("bytes", r.bytes.into()),
        ("state", state_word(r.state)),
        ("suspended", if r.suspended.is_empty() { Value::Null } else { r.suspended.len().into() }),
        ("call_id", r.call_id.as_deref().into()),
        ("recording_id", r.recording_id.as_str().into()),
    ])
}

async fn verify(ids: &[String], place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let rows = newest(place).await?;
    let wanted: Vec<&Recording> = if ids.is_empty() {
        rows.iter().filter(|r| r.uri.is_some()).collect()
    } else {
        ids.iter().map(|id| named(&rows, id)).collect::<Result<_, _>>()?
    };
    let vault = place.find()?.vault()?;
    let (mut out, mut bad) = (Vec::new(), 0_usize);
    for row in &wanted {
        let found = vault.verify(row).await.map_err(|e| Failure::Other(e.to_string()))?;
        bad += usize::from(found != Verification::Good);
        out.push(verdict(row, &found));
    }
    print(&plain::objects_as(&out, format));
    say(&match bad {
        0 => format!("{} stored recordings read again: size and SHA-256 of each are those of its row", wanted.len()),
        n => format!(
            "{n} of {} recordings differ or are not there: restore these objects from a copy of the vault",
            wanted.len()
        ),
    });
    Ok(if bad > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn verdict(row: &Recording, found: &Verification) -> Map<String, Value> {
    let (result, found_bytes, found_sha256) = match found {
        Verification::Good => ("good", row.bytes, row.sha256.as_deref().map(str::to_owned)),
        Verification::NotStored => ("not_stored", None, None),
        Verification::Gone => ("gone", None, None),
        Verification::Differs { found_bytes, found_sha256, .. } => {
            ("differs", Some(*found_bytes), Some(found_sha256.clone()))
        }
    };
    object([
        ("recording_id", row.recording_id.as_str().into()),
        ("result", result.into()),
        ("bytes", row.bytes.into()),
        ("found_bytes", found_bytes.into()),
        ("sha256", row.sha256.as_deref().into()),
        ("found_sha256", found_sha256.into()),
        ("uri", row.uri.as_deref().into()),
    ])
}

async fn completeness(place: &Place, tz: &str, format: Format) -> Result<ExitCode, Failure> {
    let tz = zone(tz)?;
    let rows = newest(place).await?;
    let days = vault::completeness_by(&rows, |at| local_day(at, tz));
    let objects: Vec<Map<String, Value>> = days
        .iter()
        .filter_map(|d| serde_json::to_value(d).ok())
        .filter_map(|v| if let Value::Object(o) = v { Some(o) } else { None })
        .collect();
    print(&plain::objects_as(&objects, format));
    Ok(ExitCode::SUCCESS)
}

/// Days since the epoch of an instant's local date.
fn local_day(at: Instant, tz: chrono_tz::Tz) -> i32 {
    use chrono::Offset as _;
    use chrono::TimeZone as _;
    let seconds = at.0.div_euclid(1_000_000);
    let offset = chrono::DateTime::from_timestamp(seconds, 0)
        .map_or(0, |utc| tz.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc());
    i32::try_from((seconds + i64::from(offset)).div_euclid(86_400)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let at = Instant::parse_rfc3339("2026-11-22T23:30:00Z").unwrap_or_default();
        let day = at.0.div_euclid(86_400_000_000);
        assert_eq!(i64::from(local_day(at, chrono_tz::UTC)), day);
        assert_eq!(i64::from(local_day(at, chrono_tz::Europe::Berlin)), day + 1);
        assert_eq!(i64::from(local_day(at, chrono_tz::America::New_York)), day);
    }
}
