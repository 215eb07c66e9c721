//! Groups, offsets and leases.

use std::time::Duration;

use super::{read_all, record, topic};
use crate::{EventLog, LogError, Rebalance};

/// Offsets of a group are kept apart from those of others; a member alone is assigned
/// every partition.
pub async fn memberships_and_offsets(log: &dyn EventLog) {
    let t = topic(log, "group", 6).await;
    let group = format!("g-{t}");
    assert_eq!(log.committed(&group, &t, 3).await.expect("nothing yet"), None);
    let mut member = log.join(&group, &t).await.expect("a membership");
    let mut mine = Vec::new();
    while mine.len() < 6 {
        match tokio::time::timeout(Duration::from_secs(180), member.changed()).await.expect("an assignment") {
            Ok(Rebalance::Assigned(p)) => mine.extend(p),
            other => panic!("a lone member is only assigned: {other:?}"),
        }
    }
    mine.sort_unstable();
    assert_eq!(mine, [0, 1, 2, 3, 4, 5]);
    log.commit(&group, &t, 3, 41).await.expect("a commit");
    log.commit(&group, &t, 3, 42).await.expect("a commit");
    assert_eq!(log.committed(&group, &t, 3).await.expect("the offset"), Some(42));
    assert_eq!(log.committed(&group, &t, 4).await.expect("nothing"), None);
    assert_eq!(log.committed("another", &t, 3).await.expect("nothing"), None);
}

/// A new lease has a higher epoch and fences the older one; sources do not disturb each
/// other.
pub async fn leases_fence(log: &dyn EventLog) {
    let t = topic(log, "lease", 2).await;
    let source = format!("/switch/{t}");
    let old = log.lease(&source).await.expect("a lease");
    let other = log.lease(&format!("{source}-b")).await.expect("a lease");
    old.append(&t, vec![record("k", "1"), record("k", "2")]).await.expect("the holder appends");
    let new = log.lease(&source).await.expect("it is taken over");
    assert!(new.epoch() > old.epoch(), "epochs grow: {} after {}", new.epoch(), old.epoch());
    new.append(&t, vec![record("k", "3")]).await.expect("the new holder appends");
    match old.append(&t, vec![record("k", "never")]).await {
        Err(LogError::Fenced(s)) => assert_eq!(s, source),
        r => panic!("the older holder is fenced, not {r:?}"),
    }
    other.append(&t, vec![record("k", "4")]).await.expect("another source is not disturbed");
    new.append(&t, vec![record("k", "5")]).await.expect("the new holder goes on");
    let partition = log.partition_of(&t, b"k").await.expect("a partition");
    let read = read_all(log, &t, partition, 0, 5).await;
    let values: Vec<_> = read.iter().map(|r| String::from_utf8_lossy(&r.value).into_owned()).collect();
    assert_eq!(values, ["1", "2", "3", "4", "5"], "nothing of a fenced holder");
}
