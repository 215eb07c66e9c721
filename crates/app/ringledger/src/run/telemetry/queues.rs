//! The live figures of queues as gauges.

use metrics::{Activity, LiveRow};

use super::{Telemetry, whole};

/// Queues that have gauges; further ones are only counted. A switch that makes up names
/// must not fill whoever stores the metrics.
const MOST_QUEUES: usize = 500;

impl Telemetry {
    /// The figures of every queue that is folded here, as they stand; none for none.
    pub fn queues(&self, rows: &[&LiveRow]) {
        self.families.anew("ringledger_queue", || {
            rows.iter().take(MOST_QUEUES).for_each(|row| self.queue(row));
            let more = rows.len().saturating_sub(MOST_QUEUES);
            self.families.set("ringledger_queues_not_shown", &[], whole(more as u64));
        });
    }

    fn queue(&self, row: &LiveRow) {
        let switch = row.switch.as_deref().unwrap_or_default();
        let of = [("switch", switch), ("queue", row.queue.as_str())];
        for (name, value) in [
            ("ringledger_queue_callers_waiting", row.waiting),
            ("ringledger_queue_calls_talking", row.calls_talking),
            ("ringledger_queue_offered_today", row.offered),
            ("ringledger_queue_answered_today", row.answered),
            ("ringledger_queue_abandoned_today", row.abandoned),
        ] {
            self.families.set(name, &of, value);
        }
        for activity in Activity::ALL {
            let of = [("switch", switch), ("queue", row.queue.as_str()), ("state", word(activity))];
            self.families.set("ringledger_queue_agents", &of, row.agents.of(activity));
        }
        self.families.set_float("ringledger_queue_longest_wait_seconds", &of, row.longest_wait_ms as f64 / 1e3);
        // A figure without a denominator says nothing.
        if let Some(level) = row.service_level() {
            self.families.set_float("ringledger_queue_service_level_ratio", &of, level);
        }
    }
}

fn word(activity: Activity) -> &'static str {
    match activity {
        Activity::Talking => "talking",
        Activity::Acw => "in_acw",
        Activity::Ringing => "ringing",
        Activity::Paused => "paused",
        Activity::Available => "available",
    }
}

#[cfg(test)]
mod tests {
    use console::Health as _;

    use super::*;

    #[test]
    fn a_queue_that_is_gone_has_no_gauge_and_names_are_limited() {
        let row = |n: usize| LiveRow {
            switch: Some("pbx1".into()),
            queue: format!("q{n}").into(),
            waiting: 2,
            longest_wait_ms: 1_500,
            answered: 4,
            answered_in_sl: 3,
            ..LiveRow::default()
        };
        let telemetry = Telemetry::new();
        let rows: Vec<LiveRow> = (0..MOST_QUEUES + 3).map(row).collect();
        telemetry.queues(&rows.iter().collect::<Vec<_>>());
        let text = telemetry.metrics();
        for line in [
            "ringledger_queue_callers_waiting{switch=\"pbx1\",queue=\"q0\"} 2",
            "ringledger_queue_longest_wait_seconds{switch=\"pbx1\",queue=\"q0\"} 1.5",
            "ringledger_queue_service_level_ratio{switch=\"pbx1\",queue=\"q0\"} 0.75",
            "ringledger_queue_agents{switch=\"pbx1\",queue=\"q0\",state=\"paused\"} 0",
            "ringledger_queues_not_shown{} 3",
        ] {
            assert!(text.contains(line), "{line}");
        }
        assert!(!text.contains(&format!("queue=\"q{MOST_QUEUES}\"")));
        telemetry.queues(&[&row(1)]);
        let text = telemetry.metrics();
        assert!(text.contains("queue=\"q1\"") && !text.contains("queue=\"q0\""), "{text}");
    }
}
