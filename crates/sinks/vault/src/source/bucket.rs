//! An object store that the switch, or something beside it, puts recordings into.

use std::sync::Arc;

use futures::StreamExt;
use model::Instant;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{FolderSource, Source, Terms};
use crate::config::{Opened, StoreConfig, open};
use crate::error::VaultError;
use crate::tail;
use crate::taken::{Spool, Taken};

/// A bucket, or a folder in one.
#[derive(Clone)]
pub struct BucketSource {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    base: String,
    secrets: Vec<String>,
}

impl std::fmt::Debug for BucketSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketSource").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a folder, an object store or an HTTP address by its form; keys from the
    /// environment.
    ///
    /// # Errors
    /// `VaultError::Setup` or `VaultError::Disk` where the address cannot be used.
    pub fn open(config: &StoreConfig) -> Result<Self, VaultError> {
        if config.location.starts_with("http://") || config.location.starts_with("https://") {
            return Ok(Self::Http(super::HttpSource::from_env(&config.location)?));
        }
        Ok(match open(config)? {
            Opened::Local(folder) => Self::Folder(FolderSource::open(&folder)?),
            Opened::Remote { store, prefix, base, secrets } => {
                Self::ObjectStore(BucketSource { store, prefix, base, secrets })
            }
        })
    }
}

impl BucketSource {
    pub(crate) fn place(&self) -> String {
        self.base.clone()
    }

    pub(crate) async fn take(&self, announced: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let refuse = |reason: String| VaultError::Climbs { path: announced.to_owned(), place: self.place(), reason };
        for parts in tail::tails(announced).map_err(refuse)? {
            let Some((name, folders)) = parts.split_last() else { continue };
            for name in tail::names(name) {
                let path = folders.iter().copied().chain([name.as_str()]).collect::<Vec<_>>().join("/");
                let at = Path::from_iter(self.prefix.split('/').chain(path.split('/')).filter(|p| !p.is_empty()));
                match self.store.get(&at).await {
                    Ok(found) => return self.receive(found, &path, terms).await,
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(e) => return Err(self.failed(&path, &e)),
                }
            }
        }
        Err(VaultError::NotThere { path: announced.to_owned(), place: self.place() })
    }

    async fn receive(&self, found: object_store::GetResult, path: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let modified = Some(Instant(found.meta.last_modified.timestamp_micros()));
        if terms.still_growing(modified) {
            return Err(VaultError::Growing { path: path.to_owned(), place: self.place() });
        }
        let mut spool = Spool::new(path, &self.place(), terms.max_bytes)?;
        let mut pieces = found.into_stream();
        while let Some(piece) = pieces.next().await {
            spool.feed(&piece.map_err(|e| self.failed(path, &e))?)?;
        }
        Ok(spool.done(modified))
    }

    fn failed(&self, path: &str, error: &object_store::Error) -> VaultError {
        VaultError::store(&self.base, &format!("fetch {path}"), error, &self.secrets)
    }
}
