//! Where the vault keeps objects: a local folder or an object store, one face.
//!
//! Contract: an object appears whole or not at all; a local object is on the disk (file
//! and folder entry synced) before `put` returns. Object metadata (`Labels`) is S3 user
//! metadata there; a local folder keeps it in a sidecar `<key>.json` beside the object,
//! readable by people, because `LocalFileSystem` keeps none. The sidecar is written
//! first and can be made again from the object, so it is not synced.

mod local;
mod remote;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore};
use sha2::{Digest, Sha256};

use crate::config::{Opened, StoreConfig, open};
use crate::error::VaultError;
use crate::key::Labels;
use crate::taken::Taken;

pub(crate) use local::LocalPlace;
pub(crate) use remote::RemotePlace;

/// An opened place.
#[derive(Clone)]
pub(crate) enum Place {
    Local(LocalPlace),
    Remote(RemotePlace),
}

/// An object's metadata as read back.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub bytes: u64,
    pub labels: Labels,
}

/// An object's bytes, or a range of them.
pub(crate) struct Got {
    pub total: u64,
    pub range: std::ops::Range<u64>,
    pub bytes: BoxStream<'static, Result<bytes::Bytes, VaultError>>,
}

impl Place {
    pub fn open(config: &StoreConfig) -> Result<Self, VaultError> {
        Ok(match open(config)? {
            Opened::Local(root) => Self::Local(LocalPlace::new(&root)?),
            Opened::Remote { store, prefix, base, secrets } => {
                Self::Remote(RemotePlace { store, prefix, base, secrets: secrets.into() })
            }
        })
    }

    /// What it is called in messages.
    pub fn shown(&self) -> String {
        match self {
            Self::Local(p) => p.root.display().to_string(),
            Self::Remote(p) => p.base.clone(),
        }
    }

    /// The URI of a key.
    pub fn uri(&self, key: &str) -> String {
        match self {
            Self::Local(p) => p.uri(key),
            Self::Remote(p) => format!("{}/{key}", p.base),
        }
    }

    /// The key of a URI, also where the vault was moved since: then it is what follows
    /// the last `/recordings/`.
    pub fn key_of(&self, uri: &str) -> Option<String> {
        let text = match url::Url::parse(uri) {
            Ok(url) if url.scheme() == "file" => url.to_file_path().ok()?.to_str()?.to_owned(),
            _ => uri.to_owned(),
        };
        if let Some(key) = text.strip_prefix(self.shown().trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'))
        {
            return Some(key.to_owned());
        }
        // A key begins with `recordings/<center>/<yyyy>/`; centre and call may have that name too.
        let begins = |key: &&str| {
            let year = key.split('/').nth(2).unwrap_or_default();
            key.starts_with("recordings/") && year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit())
        };
        text.rmatch_indices('/').map(|(at, _)| &text[at + 1..]).find(begins).map(str::to_owned)
    }

    /// Whether the place can be reached; a local folder, which is made at the first write,
    /// can be written.
    pub async fn check(&self) -> Result<(), VaultError> {
        match self {
            Self::Local(p) => p.check().await,
            Self::Remote(p) => p.check().await,
        }
    }

    /// An object's metadata; `None` where there is no such object.
    pub async fn head(&self, key: &str) -> Result<Option<Stored>, VaultError> {
        match self {
            Self::Local(p) => p.head(key).await,
            Self::Remote(p) => p.head(key).await,
        }
    }

    /// Writes an object whole.
    pub async fn put(&self, key: &str, taken: Taken, labels: &Labels) -> Result<Taken, VaultError> {
        match self {
            Self::Local(p) => p.put(key, taken, labels).await,
            Self::Remote(p) => p.put(key, taken, labels).await,
        }
    }

    /// Opens an object, or a range of it, for streaming; `None` where it is not there.
    pub async fn get(&self, key: &str, range: Option<GetRange>) -> Result<Option<Got>, VaultError> {
        let options = GetOptions { range, ..GetOptions::default() };
        let result = match self {
            Self::Local(p) => p.reader()?.get_opts(&path_of(&self.shown(), "", key)?, options).await,
            Self::Remote(p) => p.store.get_opts(&path_of(&p.base, &p.prefix, key)?, options).await,
        };
        let what = format!("read {key}");
        let result = match result {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(self.failed(&what, &e)),
        };
        let this = self.clone();
        let (total, range) = (result.meta.size, result.range.clone());
        let bytes = result.into_stream().map_err(move |e| this.failed(&what, &e)).boxed();
        Ok(Some(Got { total, range, bytes }))
    }

    /// Size and hash of an object's bytes, read through; `None` where it is not there.
    pub async fn measure(&self, key: &str) -> Result<Option<(u64, String)>, VaultError> {
        let Some(mut got) = self.get(key, None).await? else { return Ok(None) };
        let (mut size, mut hash) = (0_u64, Sha256::new());
        while let Some(piece) = got.bytes.next().await {
            let piece = piece?;
            size += piece.len() as u64;
            hash.update(&piece);
        }
        Ok(Some((size, hex::encode(hash.finalize()))))
    }

    fn failed(&self, what: &str, error: &object_store::Error) -> VaultError {
        let secrets: &[String] = match self {
            Self::Local(_) => &[],
            Self::Remote(p) => &p.secrets,
        };
        VaultError::store(&self.shown(), what, error, secrets)
    }
}

/// A key as the object-store library wants it.
pub(crate) fn path_of(place: &str, prefix: &str, key: &str) -> Result<Path, VaultError> {
    let whole = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}/{key}") };
    Path::parse(&whole).map_err(|e| VaultError::Climbs {
        path: key.to_owned(),
        place: place.to_owned(),
        reason: format!("it is no key of an object: {e}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_vault_finds_its_keys() {
        let place = Place::Local(LocalPlace::new(std::path::Path::new("/srv/data/vault")).unwrap());
        let key = "recordings/recordings/2026/11/22/recordings/1-20261122T054848.123Z.wav";
        for root in ["/srv/data/vault", "/srv/data/vault-old", "/srv/recordings/2020/vault", "/recordings"] {
            assert_eq!(place.key_of(&format!("file://{root}/{key}")).as_deref(), Some(key), "{root}");
        }
        assert_eq!(place.key_of("file:///srv/data/other.wav"), None);
    }
}
