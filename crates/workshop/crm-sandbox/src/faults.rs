//! Fault switches: what the sandbox is told to do wrong, and how often.
//!
//! They are set in process (`Sandbox::set_faults`) or by `PUT /_sandbox/faults` with the
//! same JSON. Counters count down; a switch at 0 is off.

use serde::{Deserialize, Serialize};

/// The switches. All are off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Rows whose external id or one of whose references is among these answer
    /// `UNABLE_TO_LOCK_ROW` …
    pub lock: Vec<String>,
    /// … so many times, each row counted.
    pub lock_times: u32,
    /// Rows one of whose texts contains one of these answer
    /// `FIELD_CUSTOM_VALIDATION_EXCEPTION`, until switched off.
    pub refuse: Vec<String>,
    /// The daily limit is used up: 403 `REQUEST_LIMIT_EXCEEDED` until switched off.
    pub limit_exhausted: bool,
    /// The next so many requests answer 403 `REQUEST_LIMIT_EXCEEDED` in the form for
    /// concurrent requests.
    pub concurrent_limit: u32,
    /// The next so many requests answer 503 with a page that is not JSON.
    pub unavailable: u32,
    /// The next so many requests answer 429.
    pub too_many: u32,
    /// The next so many requests answer 200 with a page that is not JSON.
    pub not_json: u32,
    /// The next so many requests wait `slow_ms` before the work.
    pub slow: u32,
    /// Milliseconds.
    pub slow_ms: u64,
    /// The next so many writing requests are done, and then the connection is dropped.
    pub drop_after_work: u32,
    /// The next so many bulk uploads are taken, and then the connection is dropped.
    pub drop_after_upload: u32,
    /// Bulk jobs stay `InProgress` for so many status requests.
    pub bulk_polls: u32,
}

/// One request that the sandbox has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestSeen {
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
    /// Requests that were under way at the same time, this one included.
    pub together: u32,
}

/// Takes one from a counter; `true` if there was one.
pub(crate) fn take(counter: &mut u32) -> bool {
    let any = *counter > 0;
    *counter = counter.saturating_sub(1);
    any
}
