//! Queue intervals as `Queue_Interval_Metric__c`: one per centre, queue and 30 minutes
//! of arrival (UTC), switches merged, numerators and denominators only.

use std::collections::BTreeMap;

use model::facts::{QueueCounts, QueueInterval};
use model::{Instant, Name};

use crate::row::{Object, Row, Scalar};

/// Length of an interval in the CRM.
pub const HALF_HOUR_MS: i64 = 1_800_000;

struct Merged {
    counts: QueueCounts,
    threshold: Option<i64>,
    short: Option<i64>,
    revision: i64,
}

/// The rows of the half-hours that `parts` belong to. `parts` must hold the newest
/// revision of every switch's every part of each half-hour; a part left out is missing
/// from the sums.
pub fn interval_rows(parts: &[QueueInterval]) -> Vec<Row> {
    let mut merged: BTreeMap<(&Name, &Name, i64), Merged> = BTreeMap::new();
    for part in parts {
        let start = part.interval_start.millis().div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS;
        merged.entry((&part.center, &part.queue, start)).and_modify(|m| m.add(part)).or_insert_with(|| Merged {
            counts: part.counts.clone(),
            threshold: Some(part.sl_threshold_ms),
            short: Some(part.short_abandon_ms),
            revision: part.revision,
        });
    }
    merged.into_iter().map(|((center, queue, start), m)| row(center, queue, Instant::from_millis(start), &m)).collect()
}

impl Merged {
    /// A revision of the whole grows when one of a part does: their sum.
    fn add(&mut self, part: &QueueInterval) {
        self.counts.add(&part.counts);
        self.threshold = self.threshold.filter(|t| *t == part.sl_threshold_ms);
        self.short = self.short.filter(|s| *s == part.short_abandon_ms);
        self.revision += part.revision;
    }
}

fn row(center: &Name, queue: &Name, start: Instant, merged: &Merged) -> Row {
    let text = |t: String| Scalar::Text(t);
    let number = |n: Option<i64>| n.map_or(Scalar::Null, Scalar::Int);
    let key = format!("{center}/{queue}/{start}");
    let mut fields = vec![
        (Name::new_static("Center__c"), text(center.to_string())),
        (Name::new_static("Queue__c"), text(queue.to_string())),
        (Name::new_static("Interval_Start__c"), text(start.to_rfc3339())),
        (Name::new_static("Interval_End__c"), text(start.plus_millis(HALF_HOUR_MS).to_rfc3339())),
        // Null where switches of one queue count by different thresholds.
        (Name::new_static("SL_Threshold_Ms__c"), number(merged.threshold)),
        (Name::new_static("Short_Abandon_Ms__c"), number(merged.short)),
    ];
    for (name, value) in QueueCounts::NAMES.iter().zip(merged.counts.values()) {
        fields.push((custom_name(name), Scalar::Int(value)));
    }
    let parent = key.clone();
    Row { object: Object::QueueInterval, key, parent, fields, call_id: None, switch: None, revision: merged.revision }
}

/// `wait_ms_sum` as the name of a custom field: `Wait_Ms_Sum__c`.
pub(crate) fn custom_name(metric: &str) -> Name {
    let mut out = String::new();
    let mut begins = true;
    for c in metric.chars() {
        out.push(if begins { c.to_ascii_uppercase() } else { c });
        begins = c == '_';
    }
    Name::new(out + "__c")
}
