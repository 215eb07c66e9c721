//! What an answer means: the error table of `docs/crm.md`, section 2.

use serde::Deserialize;

/// Why a request did not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub kind: Kind,
    /// The CRM's code, where it gave one.
    pub code: String,
    /// Which, where, what.
    pub message: String,
}

/// What kind of failure it is, which says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 401 `INVALID_SESSION_ID`: log in again once, replay once.
    Session,
    /// The log-in itself is refused: nothing works until somebody corrects it.
    Refused,
    /// 403 `REQUEST_LIMIT_EXCEEDED`: open the circuit.
    Limit,
    /// The same in its form for concurrent requests: halve concurrency.
    Concurrency,
    /// Not sent or not answered: backoff and replay the same upsert.
    Unreachable,
    /// 429, 5xx, or an answer that is no JSON: backoff and replay.
    Unavailable,
    /// 400 on the whole request: bisect.
    BadRequest,
    /// 404 and the like: the organisation lacks what is asked for.
    Missing,
}

impl Failure {
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into() }
    }
}

/// One error in an answer; a row's error calls its code `statusCode`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Told {
    #[serde(default, alias = "statusCode")]
    #[serde(rename = "errorCode")]
    pub code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What an unsuccessful answer means. `place` is the host and path.
pub(crate) fn of_answer(status: u16, body: &[u8], place: &str) -> Failure {
    let told: Option<Told> = serde_json::from_slice::<Vec<Told>>(body).ok().and_then(|l| l.into_iter().next());
    let is_json = told.is_some();
    let told = told.unwrap_or_default();
    let text = format!(
        "{place} answered {status} {}: {}",
        told.code,
        if is_json { told.message.clone() } else { excerpt(body) }
    );
    let kind = match (status, told.code.as_str()) {
        (401, _) => Kind::Session,
        (_, "REQUEST_LIMIT_EXCEEDED") if status != 429 => {
            if concurrent(&told.message) {
                Kind::Concurrency
            } else {
                Kind::Limit
            }
        }
        (403, _) if is_json => Kind::Refused,
        (408 | 425 | 429 | 500..=599, _) => Kind::Unavailable,
        _ if !is_json => Kind::Unavailable,
        (404 | 405, _) => Kind::Missing,
        _ => Kind::BadRequest,
    };
    Failure::new(kind, &told.code, text)
}

/// Assumption: the form for concurrent requests is told apart by its message, which names
/// "Concurrent" (`ConcurrentPerOrgLongTxn Limit exceeded`); its code is the same.
fn concurrent(message: &str) -> bool {
    message.to_ascii_lowercase().contains("concurrent")
}

/// The beginning of an answer that is no JSON, on one line.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    if line.is_empty() { "(no text)".to_owned() } else { format!("no JSON: '{line}'") }
}

/// What to do with one row that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Try this row again, in the same lane.
    Again,
    /// Park it.
    Park,
}

/// A row's error code. `DUPLICATE_VALUE` is tried again: another request may have created
/// the record between the CRM's look-up and its insert, and the next upsert finds it.
pub(crate) fn fate(code: &str) -> Fate {
    match code {
        "UNABLE_TO_LOCK_ROW"
        | "DUPLICATE_VALUE"
        | "SERVER_UNAVAILABLE"
        | "REQUEST_RUNNING_TOO_LONG"
        | "UNKNOWN_EXCEPTION"
        | "STORAGE_LIMIT_EXCEEDED"
        | "API_CURRENTLY_DISABLED" => Fate::Again,
        _ => Fate::Park,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> Kind {
        of_answer(status, body.as_bytes(), "host").kind
    }

    #[test]
    fn the_error_table() {
        let told = |code: &str, text: &str| format!(r#"[{{"errorCode":"{code}","message":"{text}"}}]"#);
        assert_eq!(kind(401, &told("INVALID_SESSION_ID", "expired")), Kind::Session);
        assert_eq!(kind(403, &told("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), Kind::Limit);
        let long = told("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.");
        assert_eq!(kind(403, &long), Kind::Concurrency);
        assert_eq!(kind(429, &told("REQUEST_LIMIT_EXCEEDED", "slow down")), Kind::Unavailable);
        assert_eq!(kind(503, "<html>"), Kind::Unavailable);
        assert_eq!(kind(400, &told("JSON_PARSER_ERROR", "row")), Kind::BadRequest);
        assert_eq!(kind(400, "<html>"), Kind::Unavailable);
        assert_eq!(kind(404, &told("NOT_FOUND", "no field")), Kind::Missing);
        assert_eq!(kind(403, &told("API_DISABLED_FOR_ORG", "no API")), Kind::Refused);
    }

    #[test]
    fn permanent_row_errors_are_parked_and_locks_are_not() {
        let permanent = [
            "REQUIRED_FIELD_MISSING",
            "STRING_TOO_LONG",
            "INVALID_CROSS_REFERENCE_KEY",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "SOMETHING_NEW",
        ];
        assert!(permanent.iter().all(|c| fate(c) == Fate::Park));
        assert_eq!(fate("UNABLE_TO_LOCK_ROW"), Fate::Again);
    }
}
