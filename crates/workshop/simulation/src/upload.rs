//! An upload in parts to the faulty store; its parts cannot fail, its completion can.

use futures::FutureExt;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use crate::store::{FaultyStore, answer, failed};

/// An upload in parts: nothing is there before it is complete.
#[derive(Debug)]
pub struct FaultyUpload {
    upload: Option<Box<dyn MultipartUpload>>,
    store: FaultyStore,
    path: Path,
}

impl FaultyUpload {
    /// One of a store.
    pub fn new(upload: Box<dyn MultipartUpload>, store: FaultyStore, path: Path) -> Self {
        Self { upload: Some(upload), store, path }
    }
}

#[async_trait::async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match &mut self.upload {
            Some(upload) => upload.put_part(data),
            None => async { Err(failed("the upload has ended")) }.boxed(),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Some(mut upload) = self.upload.take() else { return Err(failed("the upload has ended")) };
        let effect = async move { Ok(upload.complete().await) };
        let (done, lot) = self.store.call(self.store.named("complete", &self.path), effect).await?;
        answer(lot.fate, &self.path, false, done)
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload = None;
        Ok(())
    }
}
