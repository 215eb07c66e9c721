//! An object store as a vault: one request, or parts that appear only when complete.
//!
//! A failed multipart upload is aborted; where even that fails (or the process was
//! killed), the parts stay invisible until the bucket's lifecycle rule
//! `AbortIncompleteMultipartUpload` clears them.

use std::sync::Arc;

use futures::StreamExt;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, MultipartUpload, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
};

use super::{Stored, path_of};
use crate::error::VaultError;
use crate::key::Labels;
use crate::source::blocking;
use crate::taken::{Again, PART, Taken};

/// A bucket, or a folder in one.
#[derive(Clone)]
pub(crate) struct RemotePlace {
    pub store: Arc<dyn ObjectStore>,
    pub prefix: String,
    pub base: String,
    pub secrets: Arc<[String]>,
}

impl RemotePlace {
    pub async fn check(&self) -> Result<(), VaultError> {
        let prefix = path_of(&self.base, &self.prefix, "recordings")?;
        match self.store.list(Some(&prefix)).next().await {
            Some(Err(e)) => Err(self.failed("list what is kept", &e)),
            _ => Ok(()),
        }
    }

    pub async fn head(&self, key: &str) -> Result<Option<Stored>, VaultError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.store.get_opts(&self.path(key)?, options).await {
            Ok(found) => {
                let labels = found.attributes.iter().filter_map(|(name, value)| match name {
                    Attribute::Metadata(name) => Some((name.to_string(), value.to_string())),
                    _ => None,
                });
                Ok(Some(Stored { bytes: found.meta.size, labels: labels.collect() }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.failed(&format!("look for {key}"), &e)),
        }
    }

    pub async fn put(&self, key: &str, taken: Taken, labels: &Labels) -> Result<Taken, VaultError> {
        let path = self.path(key)?;
        let attributes = attributes(labels, key);
        match &taken.small {
            Some(bytes) => {
                let options = PutOptions { attributes, ..PutOptions::default() };
                let payload = PutPayload::from_bytes(bytes.clone());
                self.store
                    .put_opts(&path, payload, options)
                    .await
                    .map_err(|e| self.failed(&format!("write {key}"), &e))?;
            }
            None => self.put_parts(key, &path, &taken, attributes).await?,
        }
        Ok(taken)
    }

    async fn put_parts(&self, key: &str, path: &Path, taken: &Taken, attributes: Attributes) -> Result<(), VaultError> {
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let begun = self.store.put_multipart_opts(path, options).await;
        let mut upload = begun.map_err(|e| self.failed(&format!("begin to write {key}"), &e))?;
        let sent = self.send_parts(key, &mut *upload, taken).await;
        if let Err(error) = sent {
            if let Err(e) = upload.abort().await {
                let why = self.failed(&format!("give up the upload of {key}"), &e);
                tracing::warn!(%why, "parts of a failed upload stay (invisible) in the bucket until its lifecycle rule clears them");
            }
            return Err(error);
        }
        Ok(())
    }

    /// One part after the other: several recordings are under way at once anyway, and
    /// memory stays at one part each.
    async fn send_parts(&self, key: &str, upload: &mut dyn MultipartUpload, taken: &Taken) -> Result<(), VaultError> {
        let read = |e| VaultError::disk(taken.shown(), "read the recording", e);
        let mut again = taken.again().map_err(read)?;
        loop {
            let (back, bytes) = next_part(again, taken).await?;
            again = back;
            if bytes.is_empty() {
                break;
            }
            upload.put_part(bytes.into()).await.map_err(|e| self.failed(&format!("write a part of {key}"), &e))?;
        }
        if again.sha256() != taken.sha256 {
            return Err(VaultError::Growing { path: taken.path.clone(), place: "its source".into() });
        }
        upload.complete().await.map_err(|e| self.failed(&format!("finish {key}"), &e))?;
        Ok(())
    }

    fn path(&self, key: &str) -> Result<Path, VaultError> {
        path_of(&self.base, &self.prefix, key)
    }

    fn failed(&self, what: &str, error: &object_store::Error) -> VaultError {
        VaultError::store(&self.base, what, error, &self.secrets)
    }
}

async fn next_part(mut again: Again, taken: &Taken) -> Result<(Again, bytes::Bytes), VaultError> {
    let shown = taken.shown().to_owned();
    blocking(move || {
        let bytes = again.next(PART).map_err(|e| VaultError::disk(&shown, "read the recording", e))?;
        Ok((again, bytes))
    })
    .await
}

fn attributes(labels: &Labels, key: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, crate::serve::content_type(key).into());
    for (name, value) in labels {
        attributes.insert(Attribute::Metadata(name.clone().into()), value.clone().into());
    }
    attributes
}
