//! What a judge says of what was found: each verdict from plain data, so that a test can
//! show it what it must not let pass.

use std::collections::BTreeSet;
use std::path::Path;

use model::Name;
use model::facts::{Recording, RecordingState};
use sha2::{Digest, Sha256};

use super::calls;

/// Every contact that asks for a Task has one, and one; no Task is without its contact.
/// Both lists are sorted.
///
/// # Errors
/// The first key that is there too often, not at all, or without cause.
pub fn one_task_each(contacts: &[String], tasks: &[String]) -> Result<(), String> {
    if let Some(pair) = tasks.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two Tasks for {}", pair[0]));
    }
    if let Some(key) = contacts.iter().find(|key| tasks.binary_search(key).is_err()) {
        return Err(format!("no Task for {key}: {} Tasks for {} contacts", tasks.len(), contacts.len()));
    }
    match tasks.iter().find(|key| contacts.binary_search(key).is_err()) {
        Some(key) => Err(format!("a Task for {key}, which is no contact of the tables")),
        None => Ok(()),
    }
}

/// The contacts of a queue_log of so many rows are those of the tables: it can be read
/// again, so none may be lost.
///
/// # Errors
/// Which are missing.
pub fn every_row_became_a_contact(contacts: &[String], switch: &str, rows: usize) -> Result<(), String> {
    let of_switch = format!("main/{switch}/");
    let found: BTreeSet<&str> = contacts.iter().filter_map(|key| key.strip_prefix(&of_switch)).collect();
    let wanted: Vec<String> = (0..rows / calls::ROWS).map(calls::rowed).collect();
    let missing: Vec<&String> = wanted.iter().filter(|call| !found.contains(call.as_str())).collect();
    if missing.is_empty() && found.len() == wanted.len() {
        return Ok(());
    }
    Err(format!("{} contacts of {}, missing: {missing:?}", found.len(), wanted.len()))
}

/// What became of the recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Stored as they were.
    pub stored: usize,
    /// Told missing, and not there.
    pub missing: usize,
    /// Of a call whose end was said on a connection that broke: it is open in the tables
    /// until the late horizon, and its recordings with it.
    pub open: usize,
}

/// Every recording has an outcome, but those of contacts that are still open; what was there
/// is stored as it was, under a name of its own; what was not there is told missing.
///
/// # Errors
/// The first recording for which that does not hold.
pub fn recordings(rows: &[Recording], open: &BTreeSet<Name>, monitor: &Path) -> Result<Outcomes, String> {
    let (mut names, mut outcomes) = (BTreeSet::new(), Outcomes::default());
    for row in rows {
        let announced = row.source.as_deref().unwrap_or_default();
        let file = std::fs::read(monitor.join(announced.rsplit('/').next().unwrap_or_default()));
        match (row.state, file, &row.uri) {
            (RecordingState::Missing, Err(_), None) => outcomes.missing += 1,
            (RecordingState::Pending, _, None)
                if row.ended_at.is_none() && row.call_id.as_ref().is_some_and(|c| open.contains(c)) =>
            {
                outcomes.open += 1;
            }
            (RecordingState::Recorded | RecordingState::Empty, Ok(file), Some(uri)) => {
                let hash: String = Sha256::digest(&file).iter().map(|b| format!("{b:02x}")).collect();
                if row.sha256.as_deref() != Some(hash.as_str()) || row.bytes != i64::try_from(file.len()).ok() {
                    return Err(format!("{announced} was stored as other bytes: {row:?}"));
                }
                if !names.insert(uri) {
                    return Err(format!("two recordings are stored as {uri}"));
                }
            }
            (state, file, _) => return Err(format!("{announced} is {state:?}, its file there: {}", file.is_ok())),
        }
    }
    outcomes.stored = names.len();
    if names.is_empty() { Err("no recording was stored".to_owned()) } else { Ok(outcomes) }
}

#[cfg(test)]
mod tests {
    use model::{Instant, Position};

    use super::*;

    fn keys(of: &[&str]) -> Vec<String> {
        of.iter().map(|k| (*k).to_owned()).collect()
    }

    #[test]
    fn a_doubled_a_missing_and_a_foreign_task() {
        let contacts = keys(&["a", "b", "c"]);
        assert_eq!(one_task_each(&contacts, &contacts), Ok(()));
        let said = |tasks: &[&str]| one_task_each(&contacts, &keys(tasks)).unwrap_err();
        assert_eq!(said(&["a", "b", "b", "c"]), "two Tasks for b");
        assert!(said(&["a", "c"]).starts_with("no Task for b"));
        assert!(said(&["a", "b", "c", "d"]).starts_with("a Task for d"));
    }

    #[test]
    fn a_contact_of_the_queue_log_that_is_missing() {
        let mut contacts: Vec<String> = (0..4).map(|n| format!("main/pbx3/{}", calls::rowed(n))).collect();
        assert_eq!(every_row_became_a_contact(&contacts, "pbx3", 12), Ok(()));
        contacts.remove(2);
        let said = every_row_became_a_contact(&contacts, "pbx3", 12).unwrap_err();
        assert!(said.starts_with("3 contacts of 4") && said.contains(&calls::rowed(2)), "{said}");
    }

    fn recording(name: &str, state: RecordingState, bytes: Option<&[u8]>) -> Recording {
        let hash = |b: &[u8]| Name::from(Sha256::digest(b).iter().map(|b| format!("{b:02x}")).collect::<String>());
        Recording {
            recording_id: name.into(),
            call_id: None,
            center: "main".into(),
            switch: "pbx1".into(),
            queue: None,
            agent: None,
            started_at: Instant(0),
            ended_at: None,
            duration_ms: None,
            bytes: bytes.and_then(|b| i64::try_from(b.len()).ok()),
            sha256: bytes.map(hash),
            uri: bytes.map(|_| format!("s3://kept/{name}")),
            source: Some(format!("/monitor/{name}").as_str().into()),
            state,
            suspended: Vec::new(),
            stored_at: None,
            note: None,
            revision: 1,
            known_at: Instant(0),
            first_event: Position::default(),
            last_event: Position::default(),
            filed: 0,
        }
    }

    #[test]
    fn recordings_of_other_bytes_under_one_name_untold_or_told_missing_without_cause() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("a.wav"), b"spoken").expect("a file");
        std::fs::write(dir.path().join("b.wav"), b"words").expect("a file");
        let stored = |name, bytes: &[u8]| recording(name, RecordingState::Recorded, Some(bytes));
        let good =
            vec![stored("a.wav", b"spoken"), stored("b.wav", b"words"), recording("c", RecordingState::Missing, None)];
        let mut open = BTreeSet::new();
        assert_eq!(recordings(&good, &open, dir.path()), Ok(Outcomes { stored: 2, missing: 1, open: 0 }));
        let with = |at: usize, row: Recording| {
            let mut rows = good.clone();
            rows[at] = row;
            recordings(&rows, &open, dir.path()).unwrap_err()
        };
        assert!(with(1, stored("b.wav", b"word")).contains("other bytes"));
        assert!(with(1, recording("b.wav", RecordingState::Missing, None)).contains("its file there: true"));
        assert!(with(2, recording("c", RecordingState::Pending, None)).contains("Pending"));
        assert!(with(2, stored("c", b"whence")).contains("its file there: false"));
        assert!(with(1, stored("a.wav", b"spoken")).contains("two recordings"));
        // One that goes on is pending as long as its contact is open, and no longer.
        let mut goes_on = recording("b.wav", RecordingState::Pending, None);
        goes_on.call_id = Some("1.1".into());
        assert!(with(1, goes_on.clone()).contains("Pending"));
        open.insert("1.1".into());
        let mut rows = good.clone();
        rows[1] = goes_on;
        assert_eq!(recordings(&rows, &open, dir.path()), Ok(Outcomes { stored: 1, missing: 1, open: 1 }));
        rows[1].ended_at = Some(Instant(1));
        assert!(recordings(&rows, &open, dir.path()).is_err());
    }
}
