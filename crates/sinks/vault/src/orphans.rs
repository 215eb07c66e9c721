//! The scan for files that nobody announced: each is kept, whatever it holds, under an id
//! that derives from its path and content.

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
    /// Stores every file below the folder that none of the announced paths means; an
    /// orphan's id derives from its path and content.
    ///
    /// # Errors
    /// Where the folder itself cannot be scanned; single files fail one by one in the
    /// answer.
    pub async fn orphans(
        &self,
        folder: &FolderSource,
        center: &str,
        announced: Vec<String>,
        terms: &Terms,
    ) -> Result<Sweep, VaultError> {
        let listing = folder.unclaimed(announced).await?;
        let mut sweep = Sweep { skipped: listing.skipped, ..Sweep::default() };
        for path in listing.files {
            match self.orphan(folder, center, &path, terms).await {
                Ok(outcome) => sweep.outcomes.push(outcome),
                Err(error) => sweep.failures.push((path, error)),
            }
        }
        Ok(sweep)
    }

    async fn orphan(
        &self,
        folder: &FolderSource,
        center: &str,
        path: &str,
        terms: &Terms,
    ) -> Result<RecordingOutcome, VaultError> {
        let taken = folder.take_found(path, terms).await?;
        let id = orphan_id(&taken);
        let at = taken.modified.unwrap_or_default();
        let key = key::orphan_key(center, &id, at, taken.name());
        let labels = orphan_labels(&id, at, &taken);
        let (state, note) = judge(&taken.media);
        let note =
            if state == RecordingState::Recorded { note } else { note.or_else(|| Some("it holds no sound".into())) };
        let (taken, key, _) = self.keep(key, taken, &labels).await?;
        Ok(RecordingOutcome { recording_id: id, note, ..self.outcome(&taken, &key, terms) })
    }
}

fn orphan_id(taken: &Taken) -> Name {
    let mut hash = Sha256::new();
    hash.update(taken.path.as_bytes());
    hash.update([0]);
    hash.update(taken.sha256.as_bytes());
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
