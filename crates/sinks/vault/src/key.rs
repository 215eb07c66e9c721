//! Where a recording is kept, and what is written beside it.
//!
//! Key: `recordings/<center>/<yyyy>/<mm>/<dd>/<switch>/<call_id>/<n>-<started>.wav`; day
//! and `started` are UTC. Orphans belong to no call:
//! `recordings/<center>/<yyyy>/<mm>/<dd>/<switch>/orphans/<recording_id>-<file time>.wav`.
//! The switch is in it since two switches of a centre may give calls the same id: what
//! is done to an object is done to one switch's recording. (Objects stored before it was
//! keep their keys: rows say where theirs lies.)
//! Every part is made of `A-Z a-z 0-9 . _ -`; all other bytes are percent-encoded, so
//! that no name that a switch gave can leave its place. A file that is no WAV keeps its
//! own ending.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use model::Instant;
use model::facts::Recording;
use sha2::{Digest, Sha256};

/// Longest part of a key, in bytes; a longer one is cut and ends in its hash.
const MAX_PART: usize = 180;

/// The key of the `n`-th recording of its call, from 1; `name` is the source's file name.
pub fn recording_key(row: &Recording, n: u32, name: &str) -> String {
    let call = row.call_id.as_deref().unwrap_or(&row.recording_id);
    let folder = day_folder(&row.center, &row.switch, row.started_at);
    format!("{folder}/{}/{n}-{}.{}", part(call), stamp(row.started_at), ending(name))
}

/// The key of an orphan, from its id and file time.
pub(crate) fn orphan_key((center, switch): (&str, &str), id: &str, file_time: Instant, name: &str) -> String {
    let folder = day_folder(center, switch, file_time);
    format!("{folder}/orphans/{}-{}.{}", part(id), stamp(file_time), ending(name))
}

/// The key beside `key` for other bytes that came under the same name.
pub(crate) fn other_content(key: &str, sha256: &str) -> String {
    let mark = sha256.get(..8).unwrap_or(sha256);
    match key.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{mark}.{ending}"),
        None => format!("{key}-{mark}"),
    }
}

fn day_folder(center: &str, switch: &str, at: Instant) -> String {
    format!("recordings/{}/{}/{}", part(center), utc(at).format("%Y/%m/%d"), part(switch))
}

fn utc(at: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.0).unwrap_or_default()
}

fn stamp(at: Instant) -> String {
    utc(at).format("%Y%m%dT%H%M%S%.3fZ").to_string()
}

fn ending(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, e)) if (1..=5).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            e.to_ascii_lowercase()
        }
        _ => "wav".into(),
    }
}

/// One part of a key, safe on every store and file system.
fn part(text: &str) -> String {
    let safe = percent(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    let safe = if safe.bytes().all(|b| b == b'.') { safe.replace('.', "%2E") } else { safe };
    if safe.is_empty() {
        return "_".into();
    }
    if safe.len() <= MAX_PART {
        return safe;
    }
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    format!("{}-{}", &safe[..MAX_PART - 17], &hash[..16])
}

/// Percent-encodes every byte that `keep` does not want to keep.
fn percent(text: &str, keep: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if keep(b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

/// What is kept beside an object: metadata of an S3 object, a sidecar of a local file.
/// Values are printable ASCII; `%` and all other bytes are percent-encoded.
pub(crate) type Labels = BTreeMap<String, String>;

/// The name of the label that holds the hash.
pub(crate) const SHA256: &str = "sha256";

/// Longest value of one label (S3 allows 2 KB for all of them).
const MAX_LABEL: usize = 250;

/// The labels of a recording.
pub(crate) fn labels(row: &Recording, duration_ms: Option<i64>, sha256: &str) -> Labels {
    let mut labels = Labels::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            let mut safe = percent(value, |b| (b' '..=b'~').contains(&b) && b != b'%');
            safe.truncate(MAX_LABEL);
            labels.insert(name.to_owned(), safe.trim().to_owned());
        }
    };
    put("recording-id", Some(&row.recording_id));
    put("call-id", row.call_id.as_deref());
    put("agent", row.agent.as_deref());
    put("queue", row.queue.as_deref());
    put("started", Some(&row.started_at.to_rfc3339()));
    put("duration-ms", duration_ms.map(|d| d.to_string()).as_deref());
    put(SHA256, Some(sha256));
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_place() {
        assert_eq!(part("../../etc"), "..%2F..%2Fetc");
        assert_eq!(part(".."), "%2E%2E");
        assert_eq!(part("büro"), "b%C3%BCro");
        assert_eq!(part(""), "_");
        let (a, b) = (part(&"x".repeat(300)), part(&"x".repeat(301)));
        assert!(a.len() <= MAX_PART && a != b);
    }

    #[test]
    fn other_bytes_get_another_key() {
        assert_eq!(other_content("a/1-t.wav", "0123456789ab"), "a/1-t-01234567.wav");
    }

    #[test]
    fn endings_are_plain() {
        assert_eq!(ending("x.WAV"), "wav");
        assert_eq!(ending("x.gsm"), "gsm");
        assert_eq!(ending("x.w/v"), "wav");
        assert_eq!(ending("noending"), "wav");
    }
}
