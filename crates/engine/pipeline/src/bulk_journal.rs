//! The bulk job under way of one CRM target, in the state's store.
//!
//! Contract: kept where every process that may take the target's turn finds it, so that a
//! job which one process began is ended by whoever follows, on this machine or another. One
//! object a target, written whole; when `store` returns it is as durable as its store.

use std::sync::Arc;

use async_trait::async_trait;
use crm::{BulkJob, BulkJournal};
use model::Name;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _};

/// The journal of one target.
pub struct StoreJournal {
    store: Arc<dyn ObjectStore>,
    path: Path,
}

impl StoreJournal {
    /// In `crm/<target>/bulk_job.json` of the state's store.
    pub fn new(store: Arc<dyn ObjectStore>, target: &Name) -> Self {
        Self { store, path: Path::from_iter(["crm", target.as_str(), "bulk_job.json"]) }
    }

    fn failed(&self, e: &dyn std::fmt::Display) -> String {
        format!("{} in the state's store: {e}", self.path)
    }
}

#[async_trait]
impl BulkJournal for StoreJournal {
    async fn load(&self) -> Result<Option<BulkJob>, String> {
        let bytes = match self.store.get(&self.path).await {
            Ok(found) => found.bytes().await.map_err(|e| self.failed(&e))?,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(self.failed(&e)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| self.failed(&e))
    }

    async fn store(&self, job: &BulkJob) -> Result<(), String> {
        let bytes = serde_json::to_vec(job).map_err(|e| self.failed(&e))?;
        self.store.put(&self.path, bytes.into()).await.map(|_| ()).map_err(|e| self.failed(&e))
    }

    async fn clear(&self) -> Result<(), String> {
        match self.store.delete(&self.path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(self.failed(&e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tables::SyncedFolder;

    #[tokio::test]
    async fn another_process_finds_the_job_until_it_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let open = |target: &str| {
            let store = SyncedFolder::below(folder.path()).unwrap();
            StoreJournal::new(Arc::new(store), &target.into())
        };
        assert_eq!(open("salesforce").load().await, Ok(None));
        let job = BulkJob { job_id: "750x".into(), object: "Task".into(), rows: 7 };
        open("salesforce").store(&job).await.unwrap();
        assert_eq!(open("salesforce").load().await, Ok(Some(job)));
        assert_eq!(open("other").load().await, Ok(None), "each target has its own");
        open("salesforce").clear().await.unwrap();
        open("salesforce").clear().await.unwrap();
        assert_eq!(open("salesforce").load().await, Ok(None));
    }

    #[tokio::test]
    async fn a_job_that_cannot_be_read_is_told_and_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn ObjectStore> = Arc::new(SyncedFolder::below(folder.path()).unwrap());
        let path = Path::from("crm/salesforce/bulk_job.json");
        store.put(&path, "{".into()).await.unwrap();
        let told = StoreJournal::new(store, &"salesforce".into()).load().await.unwrap_err();
        assert!(told.starts_with("crm/salesforce/bulk_job.json in the state's store: "), "{told}");
    }
}
