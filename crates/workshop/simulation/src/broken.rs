//! Worlds that are broken on purpose: each breaks a promise that the product builds on, or
//! one of the product's own, and a simulation that is worth its time notices.
//!
//! Nothing of this is in the product: it is the simulated store, log and CRM that misbehave.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{PutMode, PutOptions, PutPayload};

use crate::ground::Ground;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A conditional put overwrites what is there: two owners make one version of a table.
    PutOverwrites,
    /// A data file that was acknowledged is gone.
    FileLost,
    /// Commits of compactions lack their mark: two at once both land.
    CompactionUnmarked,
    /// A fold that was taken up begins one record too late.
    TakenUpLate,
    /// A snapshot is kept under an earlier offset than it holds.
    SnapshotEarly,
    /// An append is acknowledged, its last record is not kept.
    AppendLosesTail,
    /// The CRM makes a new record at each write, whatever the external id.
    CrmIgnoresId,
    /// The CRM acknowledges a row and does not keep it.
    CrmForgets,
}

impl Broken {
    /// All of them, and what to call them.
    pub const ALL: &[(&str, Self)] = &[
        ("put-overwrites", Self::PutOverwrites),
        ("file-lost", Self::FileLost),
        ("compaction-unmarked", Self::CompactionUnmarked),
        ("taken-up-late", Self::TakenUpLate),
        ("snapshot-early", Self::SnapshotEarly),
        ("append-loses-tail", Self::AppendLosesTail),
        ("crm-ignores-id", Self::CrmIgnoresId),
        ("crm-forgets", Self::CrmForgets),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(n, _)| *n == name).map(|(_, broken)| *broken)
    }
}

/// What becomes of a put where the store is broken on purpose; without a path it is not kept.
pub fn misplaced(
    ground: &Ground,
    path: &Path,
    payload: PutPayload,
    mut options: PutOptions,
) -> (Option<Path>, PutPayload, PutOptions) {
    let commit = path.as_ref().contains("/_delta_log/") && matches!(options.mode, PutMode::Create);
    let data = !path.as_ref().contains("/_delta_log/") && path.as_ref().ends_with(".parquet");
    if ground.is_broken(Broken::PutOverwrites) && commit {
        options.mode = PutMode::Overwrite;
    }
    if ground.is_broken(Broken::FileLost) && data && ground.fates.one_in(10, &ground.trace.name(path.as_ref())) {
        return (None, payload, options);
    }
    if ground.is_broken(Broken::CompactionUnmarked) && commit {
        let text = String::from_utf8_lossy(&Bytes::from(payload)).into_owned();
        let unmarked = text.lines().filter(|l| !(l.contains("\"txn\"") && l.contains("\"maintenance\"")));
        let unmarked = unmarked.collect::<Vec<_>>().join("\n");
        return (Some(path.clone()), unmarked.into(), options);
    }
    let earlier = path.filename().and_then(|f| f.parse::<u64>().ok()).filter(|at| *at > 0);
    match earlier.filter(|_| ground.is_broken(Broken::SnapshotEarly) && path.as_ref().starts_with("state/facts/")) {
        Some(at) => {
            let folder = path.as_ref().rsplit_once('/').map_or("", |(folder, _)| folder);
            (Some(Path::from(format!("{folder}/{:020}", at / 2))), payload, options)
        }
        None => (Some(path.clone()), payload, options),
    }
}
