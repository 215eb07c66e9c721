//! Figures of queues that everybody must agree on before any time is told.

use std::collections::BTreeMap;

use metrics::Options;
use serde_json::Value;
use tables::{Filter, Lake};

use crate::Failure;
use crate::told::Told;

/// What is compared, by the names of `docs/metrics.md`.
const NAMES: [&str; 5] = ["offered", "answered", "abandoned", "wait_answered_ms_sum", "wait_abandoned_ms_sum"];

/// By queue.
pub type Figures = BTreeMap<String, [i64; NAMES.len()]>;

/// Those of a lake, by the product's own report.
///
/// # Errors
/// The tables cannot be read.
pub async fn of_lake(lake: &Lake) -> Result<Figures, Failure> {
    let visits = lake.visits(&Filter::default()).await?;
    let rows = metrics::queues(&visits, &Options::default());
    let one = |row: metrics::QueueRow| {
        let c = row.counts;
        let counts = [c.offered, c.answered, c.abandoned, c.wait_answered_ms_sum, c.wait_abandoned_ms_sum];
        Some((row.queue?.to_string(), counts))
    };
    Ok(rows.into_iter().filter_map(one).collect())
}

/// Those that a peer told under `queues`.
///
/// # Errors
/// It told none.
pub fn of_peer(told: &Told) -> Result<Figures, Failure> {
    let queues = told.0.get("queues").and_then(Value::as_object).ok_or("a peer told no queues")?;
    let one = |of: &Value| NAMES.map(|name| of[name].as_i64().unwrap_or(-1));
    Ok(queues.iter().map(|(queue, of)| (queue.clone(), one(of))).collect())
}

/// They are equal, and there are some.
///
/// # Errors
/// In what they differ.
pub fn agree(ours: &Figures, peer: &str, theirs: &Figures) -> Result<(), Failure> {
    if !ours.is_empty() && ours == theirs {
        eprintln!("{peer} and ringledger agree on {} queues", ours.len());
        return Ok(());
    }
    Err(format!("{peer} counts {theirs:?}, ringledger {ours:?} ({NAMES:?}): no time is told").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_counts_otherwise_is_refused() {
        let told = Told::read(
            r#"{"queues":{"a":{"offered":3,"answered":2,"abandoned":1,"wait_answered_ms_sum":5,"wait_abandoned_ms_sum":7}}}"#,
        );
        let theirs = of_peer(&told.unwrap()).unwrap();
        let mut ours = Figures::from([("a".to_owned(), [3, 2, 1, 5, 7])]);
        assert!(agree(&ours, "peer", &theirs).is_ok());
        ours.insert("a".to_owned(), [3, 2, 1, 5, 8]);
        assert!(agree(&ours, "peer", &theirs).is_err());
        assert!(agree(&Figures::new(), "peer", &Figures::new()).is_err());
    }
}
