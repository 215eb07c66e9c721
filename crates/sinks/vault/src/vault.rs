//! One attempt to store one recording.

use model::Name;
use model::acts::RecordingOutcome;
use model::facts::{Recording, RecordingState};

use crate::audio::{Media, Sound};
use crate::config::StoreConfig;
use crate::error::VaultError;
use crate::key::{self, Labels, SHA256};
use crate::place::Place;
use crate::source::{Source, Terms};
use crate::taken::Taken;

/// The vault.
#[derive(Clone)]
pub struct Vault {
    pub(crate) place: Place,
}

impl Vault {
    /// Opens a vault; asks nothing of any server yet.
    ///
    /// # Errors
    /// `VaultError::Setup` where the address or an option cannot be used.
    pub fn open(config: &StoreConfig) -> Result<Self, VaultError> {
        Ok(Self { place: Place::open(config)? })
    }

    /// What it is called in messages.
    pub fn shown(&self) -> String {
        self.place.shown()
    }

    /// Asks for a list of what is kept, and reads one line of it: whether the store can be
    /// reached, has the bucket, and lets us in. For `ringledger check`.
    ///
    /// # Errors
    /// As the store refuses or fails.
    pub async fn check(&self) -> Result<(), VaultError> {
        self.place.check().await
    }

    /// Stores one announced recording, the `n`-th of its call (from 1). One attempt;
    /// `VaultError::kind` says what to do after a failed one.
    ///
    /// What is stored already, byte for byte, is not uploaded again. Other bytes under
    /// the same key are kept beside the first, never over them.
    ///
    /// # Errors
    /// What went wrong; nothing half-written is visible then.
    pub async fn store(
        &self,
        announced: &Recording,
        n: u32,
        source: &Source,
        terms: &Terms,
    ) -> Result<RecordingOutcome, VaultError> {
        let path = announced.source.as_deref().unwrap_or_default();
        let taken = source.take(path, terms).await?;
        let key = key::recording_key(announced, n, taken.name());
        let labels = key::labels(announced, taken.media.duration_ms, &taken.sha256);
        let (state, mut note) = judge(&taken.media);
        let (taken, key, beside) = self.keep(key, taken, &labels).await?;
        if beside {
            note = Some(join(note, "other bytes were stored under its name before; they are kept beside these"));
        }
        Ok(RecordingOutcome {
            recording_id: announced.recording_id.clone(),
            call_id: announced.call_id.clone(),
            state,
            path: path.to_owned(),
            started_at: Some(announced.started_at),
            note,
            announced: Some(Box::new(announced.clone())),
            ..self.outcome(&taken, &key, terms)
        })
    }

    pub(crate) fn outcome(&self, taken: &Taken, key: &str, terms: &Terms) -> RecordingOutcome {
        RecordingOutcome {
            recording_id: Name::default(),
            call_id: None,
            state: RecordingState::Orphan,
            duration_ms: taken.media.duration_ms,
            bytes: i64::try_from(taken.size).ok(),
            sha256: Some(taken.sha256.clone()),
            uri: Some(self.place.uri(key)),
            path: taken.path.clone(),
            started_at: taken.modified,
            stored_at: Some(terms.now),
            note: None,
            announced: None,
        }
    }

    /// Puts the bytes under `key`, or finds them there; true where other bytes were.
    pub(crate) async fn keep(
        &self,
        key: String,
        taken: Taken,
        labels: &Labels,
    ) -> Result<(Taken, String, bool), VaultError> {
        match self.held(&key, &taken, labels).await? {
            Held::Same => Ok((taken, key, false)),
            Held::Nothing => Ok((self.put(&key, taken, labels).await?, key, false)),
            Held::Other => {
                let key = key::other_content(&key, &taken.sha256);
                let taken = match self.held(&key, &taken, labels).await? {
                    Held::Same => taken,
                    _ => self.put(&key, taken, labels).await?,
                };
                Ok((taken, key, true))
            }
        }
    }

    /// Writes, then reads the object's metadata back and compares.
    async fn put(&self, key: &str, taken: Taken, labels: &Labels) -> Result<Taken, VaultError> {
        let taken = self.place.put(key, taken, labels).await?;
        let differs = |what: String| VaultError::NotVerified { uri: self.place.uri(key), what };
        let stored = self.place.head(key).await?.ok_or_else(|| differs("it is not there".into()))?;
        if stored.bytes != taken.size {
            return Err(differs(format!("{} bytes were sent, {} are there", taken.size, stored.bytes)));
        }
        match stored.labels.get(SHA256) {
            Some(hash) if *hash == taken.sha256 => Ok(taken),
            Some(_) => Err(differs("its sha256 is another".into())),
            None => Err(differs("the store kept no sha256 with it".into())),
        }
    }

    async fn held(&self, key: &str, taken: &Taken, labels: &Labels) -> Result<Held, VaultError> {
        let Some(stored) = self.place.head(key).await? else { return Ok(Held::Nothing) };
        if stored.bytes != taken.size {
            return Ok(Held::Other);
        }
        if let Some(hash) = stored.labels.get(SHA256) {
            return Ok(if *hash == taken.sha256 { Held::Same } else { Held::Other });
        }
        match self.place.measure(key).await? {
            Some((_, hash)) if hash == taken.sha256 => {
                if let Place::Local(place) = &self.place {
                    place.relabel(key, labels).await?;
                }
                Ok(Held::Same)
            }
            Some(_) => Ok(Held::Other),
            None => Ok(Held::Nothing),
        }
    }
}

enum Held {
    Nothing,
    Same,
    Other,
}

/// The state that a file's content gives an announced recording.
pub(crate) fn judge(media: &Media) -> (RecordingState, Option<String>) {
    match media.sound {
        Sound::Nothing => (RecordingState::Empty, media.fault.clone()),
        Sound::Silent => (RecordingState::Empty, Some(join(media.fault.clone(), "silent throughout"))),
        Sound::Heard | Sound::Unknown if media.fault.is_some() => (RecordingState::Partial, media.fault.clone()),
        Sound::Heard | Sound::Unknown => (RecordingState::Recorded, None),
    }
}

fn join(note: Option<String>, more: &str) -> String {
    note.map_or_else(|| more.to_owned(), |n| format!("{n}; {more}"))
}

/// The outcome of a recording that did not come by its deadline; `why` is the last
/// attempt's failure, where there was one.
pub fn missing(announced: &Recording, why: Option<&VaultError>) -> RecordingOutcome {
    RecordingOutcome {
        recording_id: announced.recording_id.clone(),
        call_id: announced.call_id.clone(),
        state: RecordingState::Missing,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        path: announced.source.as_deref().unwrap_or_default().to_owned(),
        started_at: Some(announced.started_at),
        stored_at: None,
        note: why.map(ToString::to_string),
        announced: Some(Box::new(announced.clone())),
    }
}
