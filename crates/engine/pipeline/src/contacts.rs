//! Contact records as they stand in `cti.calls`: JSON of [`model::facts::Call`].

use bytes::Bytes;
use event_log::{NewRecord, Record};
use model::facts::Call;

/// The record of a contact, keyed by `call_id`.
pub fn to_record(call: &Call) -> NewRecord {
    NewRecord {
        key: Bytes::copy_from_slice(call.call_id.as_bytes()),
        partition: None,
        timestamp_ms: None,
        headers: vec![
            ("content-type".into(), Bytes::from_static(b"application/json")),
            ("revision".into(), Bytes::from(call.revision.to_string())),
        ],
        value: Bytes::from(serde_json::to_vec(call).unwrap_or_default()),
    }
}

/// The contact of a record.
///
/// # Errors
/// The value is no contact record of this build: says why.
pub fn from_record(record: &Record) -> Result<Call, String> {
    serde_json::from_slice(&record.value)
        .map_err(|e| format!("{}/{}/{}: {e}", model::TOPIC_CALLS, record.partition, record.offset))
}
