//! An answer as bytes: JSON, CSV, a workbook or Parquet, each with an ETag.
//!
//! Contract: JSON and CSV rows are those of the command line's `report`, name for name.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::zone;
use model::Instant;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answer, What};
use super::view::View;
use super::words::{Bad, Words};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Xlsx,
    Parquet,
}

impl Format {
    /// All, as addresses name them.
    pub(crate) const ALL: [(Self, &'static str); 4] =
        [(Self::Csv, "csv"), (Self::Xlsx, "xlsx"), (Self::Parquet, "parquet"), (Self::Json, "json")];

    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    fn ending(self) -> &'static str {
        Self::ALL.iter().find(|(f, _)| *f == self).map_or("", |(_, ending)| ending)
    }

    /// What the word `format` says, else what `Accept` says, else JSON.
    pub(crate) fn asked(words: &Words, headers: &HeaderMap) -> Result<Self, Bad> {
        if let Some(name) = words.one("format")? {
            let known = Self::ALL.iter().find(|(_, n)| *n == name);
            return known
                .map(|(f, _)| *f)
                .ok_or_else(|| Bad::new("format", format!("'{name}' is none of csv, xlsx, parquet, json")));
        }
        let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let named = |f: Self| accepts.contains(f.media_type().split(';').next().unwrap_or_default());
        let first = [Self::Json, Self::Csv, Self::Xlsx, Self::Parquet].into_iter().find(|f| named(*f));
        Ok(first.unwrap_or(Self::Json))
    }
}

/// The answer as it goes out; `None` where it cannot be written in this form.
pub(crate) fn response(what: What, view: &View, answer: &Answer, format: Format, asker: &HeaderMap) -> Response {
    let body = match format {
        Format::Json => Ok(json_text(answer).into_bytes()),
        Format::Csv => answer.sheet.csv().map(String::into_bytes).map_err(|e| e.to_string()),
        Format::Xlsx => super::xlsx::workbook(what, view, answer).map_err(|e| e.to_string()),
        Format::Parquet => tables::parquet(&answer.sheet).map_err(|e| e.to_string()),
    };
    match body {
        Err(error) => {
            tracing::error!(%error, report = what.name(), "a report cannot be written");
            crate::problem::problem(StatusCode::INTERNAL_SERVER_ERROR, "Not written", "the report cannot be written")
        }
        Ok(body) => {
            let mut response = tagged(body, format.media_type(), asker);
            let headers = response.headers_mut();
            headers.insert(header::VARY, HeaderValue::from_static("accept, authorization, cookie"));
            // By a word in the address: somebody wants a file.
            let wants_file = format != Format::Json || view.words.one("format") == Ok(Some("json"));
            let name = format!("attachment; filename=\"{}.{}\"", file_name(what, view), format.ending());
            if let Ok(value) = HeaderValue::from_str(&name)
                && wants_file
            {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            if let (Some(next), false) = (&answer.next, format == Format::Json) {
                let link = format!(
                    "<{}>; rel=\"next\"",
                    view.words.with("after", next.to_string()).at("/api/v1/reports/visits")
                );
                _ = HeaderValue::from_str(&link).map(|v| headers.insert(header::LINK, v));
            }
            response
        }
    }
}

/// A body with its ETag: 304 where the asker has it already.
pub(crate) fn tagged(body: Vec<u8>, media_type: &'static str, asker: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
    let known = asker.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok());
    let same =
        known.flat_map(|v| v.split(',')).any(|t| matches!(t.trim(), "*") || t.trim().trim_start_matches("W/") == tag);
    let mut response = if same { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    _ = HeaderValue::from_str(&tag).map(|v| headers.insert(header::ETAG, v));
    response
}

/// `ringledger-queues-20261122T0500-20261122T0600` in the report's zone.
fn file_name(what: What, view: &View) -> String {
    let options = view.options();
    let at = |t: Instant| format!("-{}", zone::local_of(options.tz, t).format("%Y%m%dT%H%M"));
    let ends = [options.from, options.to].map(|t| t.map(at).unwrap_or_default());
    format!("ringledger-{}{}{}", what.name(), ends[0], ends[1])
}

fn json_text(answer: &Answer) -> String {
    let gap = |g: &tables::Gap| json!({"center": g.center, "switch": g.switch, "from": g.from.to_rfc3339(), "to": g.to.to_rfc3339()});
    let restated = |r: &tables::Restated| {
        let start = r.interval_start.to_rfc3339();
        json!({"center": r.center, "queue": r.queue, "interval_start": start, "visits": r.visits})
    };
    let body: Value = json!({
        "rows": answer.sheet.objects(),
        "notes": answer.notes,
        "restated": answer.restated.iter().map(restated).collect::<Vec<_>>(),
        "gaps": answer.gaps.iter().map(gap).collect::<Vec<_>>(),
        "next": answer.next.as_ref().map(ToString::to_string),
    });
    body.to_string() + "\n"
}
