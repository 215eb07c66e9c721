//! Groups and leases of one process.
//!
//! Contract: a member owns every partition, from the start and for good. A lease's epoch
//! is kept in the file, so it grows over restarts; taking a lease fences its last holder.

use async_trait::async_trait;

use super::EmbeddedLog;
use crate::{Lease, LogError, Membership, NewRecord, Rebalance};

/// The membership of the only member: everything, once.
pub struct Everything(pub Option<Vec<i32>>);

#[async_trait]
impl Membership for Everything {
    async fn changed(&mut self) -> Result<Rebalance, LogError> {
        match self.0.take() {
            Some(all) => Ok(Rebalance::Assigned(all)),
            None => std::future::pending().await,
        }
    }
}

/// A lease of the embedded log.
pub struct EmbeddedLease {
    pub(super) log: EmbeddedLog,
    pub(super) source: String,
    pub(super) epoch: u64,
}

#[async_trait]
impl Lease for EmbeddedLease {
    fn epoch(&self) -> u64 {
        self.epoch
    }

    async fn append(&self, topic: &str, batch: Vec<NewRecord>) -> Result<Vec<(i32, i64)>, LogError> {
        self.log.append_as(topic, Some((self.source.clone(), self.epoch)), batch).await
    }
}
