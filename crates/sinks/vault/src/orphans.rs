//! The scan for files that nobody announced: each is kept, whatever it holds, under an id
//! that derives from its switch, path and content.

use std::collections::HashSet;

use model::acts::RecordingOutcome;
use model::facts::RecordingState;
use model::{Instant, Name};
use sha2::{Digest, Sha256};

use crate::Vault;
use crate::error::VaultError;
use crate::key::{self, Labels, SHA256};
use crate::source::{FolderSource, Terms};
use crate::taken::Taken;
use crate::vault::judge;

/// What a scan for orphans brought.
#[derive(Debug, Default)]
pub struct Sweep {
    /// One outcome a file.
    pub outcomes: Vec<RecordingOutcome>,
    /// Files that could not be stored, each with its failure.
    pub failures: Vec<(String, VaultError)>,
    /// What the scan did not look into, and why.
    pub skipped: Vec<String>,
}

impl Vault {
    /// Stores every file below a switch's folder that none of the announced paths means; an
    /// orphan's id derives from its switch, path and content. Those of `known` ids were stored
    /// before and are passed over.
    ///
    /// # Errors
    /// Where the folder itself cannot be scanned; single files fail one by one in the
    /// answer.
    pub async fn orphans(
        &self,
        folder: &FolderSource,
        place: (&str, &str),
        announced: Vec<String>,
        known: &HashSet<&Name>,
        terms: &Terms,
    ) -> Result<Sweep, VaultError> {
        let listing = folder.unclaimed(announced).await?;
        let mut sweep = Sweep { skipped: listing.skipped, ..Sweep::default() };
        for path in listing.files {
            match self.orphan(folder, place, &path, known, terms).await {
                Ok(outcome) => sweep.outcomes.extend(outcome),
                Err(error) => sweep.failures.push((path, error)),
            }
        }
        Ok(sweep)
    }

    async fn orphan(
        &self,
        folder: &FolderSource,
        place: (&str, &str),
        path: &str,
        known: &HashSet<&Name>,
        terms: &Terms,
    ) -> Result<Option<RecordingOutcome>, VaultError> {
        let taken = folder.take_found(path, terms).await?;
        let id = orphan_id(place.1, &taken);
        if known.contains(&id) || known.contains(&earlier_id(&taken)) {
            return Ok(None);
        }
        let at = taken.modified.unwrap_or_default();
        let key = key::orphan_key(place, &id, at, taken.name());
        let labels = orphan_labels(&id, at, &taken);
        let (state, note) = judge(&taken.media);
        let note =
            if state == RecordingState::Recorded { note } else { note.or_else(|| Some("it holds no sound".into())) };
        let (taken, key, _) = self.keep(key, taken, &labels).await?;
        Ok(Some(RecordingOutcome { recording_id: id, note, ..self.outcome(&taken, &key, terms) }))
    }
}

/// The same path and content on two switches are two files.
fn orphan_id(switch: &str, taken: &Taken) -> Name {
    named(&[switch, &taken.path, &taken.sha256])
}

/// The id that an orphan had before the switch was in it: what was stored under it is not
/// stored again.
fn earlier_id(taken: &Taken) -> Name {
    named(&[&taken.path, &taken.sha256])
}

fn named(parts: &[&str]) -> Name {
    let mut hash = Sha256::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            hash.update([0]);
        }
        hash.update(part.as_bytes());
    }
    let hex = hex::encode(hash.finalize());
    Name::from(format!("orphan-{}", hex.get(..24).unwrap_or(&hex)))
}

fn orphan_labels(id: &str, at: Instant, taken: &Taken) -> Labels {
    let mut labels = Labels::new();
    labels.insert("recording-id".into(), id.to_owned());
    labels.insert("started".into(), at.to_rfc3339());
    labels.insert(SHA256.into(), taken.sha256.clone());
    labels.extend(taken.media.duration_ms.map(|d| ("duration-ms".to_owned(), d.to_string())));
    labels
}
