//! How far the folds are behind: asked beside them, so that asking delays nothing.
//!
//! Only partitions that were read further, or that were behind, are asked about again.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::TOPIC_EVENTS;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::services::Services;

/// Next offset to fold, by partition.
type Stand = BTreeMap<i32, i64>;

/// The one that asks; dropped, it ends.
pub struct Lag {
    services: Arc<Services>,
    stands: watch::Sender<Stand>,
    asking: JoinHandle<()>,
}

impl Lag {
    /// Starts asking whenever it is told a stand.
    pub fn start(services: &Arc<Services>) -> Self {
        let (stands, told) = watch::channel(Stand::new());
        let asking = tokio::spawn(ask(services.clone(), told));
        Self { services: services.clone(), stands, asking }
    }

    /// The folds stand there now; partitions that are not among them are not ours.
    pub fn stands(&self, stand: Stand) {
        self.stands.send_replace(stand);
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        self.asking.abort();
        self.services.telemetry.partitions_folded(0);
    }
}

async fn ask(services: Arc<Services>, mut told: watch::Receiver<Stand>) {
    if let Ok(there) = services.log.partitions(TOPIC_EVENTS).await {
        services.telemetry.partitions(usize::try_from(there).unwrap_or(0));
    }
    let mut known: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
    while told.changed().await.is_ok() {
        let stand = told.borrow_and_update().clone();
        for partition in known.keys().filter(|p| !stand.contains_key(p)) {
            services.telemetry.lag(*partition, 0);
        }
        known.retain(|p, _| stand.contains_key(p));
        services.telemetry.partitions_folded(known.len());
        for (partition, next) in stand {
            if known.get(&partition).is_some_and(|(at, behind)| *at == next && *behind == 0) {
                continue;
            }
            if let Ok(marks) = services.log.watermarks(TOPIC_EVENTS, partition).await {
                let behind = (marks.high - next).max(0);
                services.telemetry.lag(partition, behind);
                known.insert(partition, (next, behind));
            }
        }
        services.telemetry.partitions_folded(known.len());
    }
}
