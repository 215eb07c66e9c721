//! What the HTTP side tells: requests, callers that were not let in, adapters' events.

use collectors::intake::IntakeCounts;
use console::Answered;

use super::Telemetry;

impl Telemetry {
    /// A request was answered.
    pub fn answered(&self, answered: &Answered<'_>) {
        let of = [("method", answered.method), ("route", answered.route), ("status", &answered.status.to_string())];
        self.families.add("ringledger_http_requests", &of, 1);
        let refused = match answered {
            Answered { status: 401, with_token: true, .. } => Some("token"),
            Answered { method: "POST", status: 400..=499, route, .. } if route.starts_with("/sign-in") => Some("form"),
            _ => None,
        };
        for by in ["token", "form"] {
            self.families.add("ringledger_sign_in_refusals", &[("by", by)], u64::from(refused == Some(by)));
        }
    }

    /// What the adapters' intake did.
    pub fn intake(&self, counts: IntakeCounts) {
        let stands = [
            ("accepted", counts.accepted),
            ("repeated", counts.repeated),
            ("refused", counts.refused),
            ("sent_away", counts.sent_away),
            ("failed", counts.failed),
        ];
        for (outcome, n) in stands {
            self.families.count("ringledger_adapter_events", &[("outcome", outcome)], n);
        }
    }
}

#[cfg(test)]
mod tests {
    use console::Health as _;

    use super::*;

    #[test]
    fn who_was_not_let_in_is_told_by_what_they_showed() {
        let telemetry = Telemetry::new();
        let told = |method, route, status, with_token| {
            telemetry.answered(&Answered { method, route, status, with_token });
        };
        told("GET", "/metrics", 401, true);
        told("GET", "/metrics", 401, false);
        told("POST", "/sign-in", 403, false);
        told("POST", "/sign-in", 200, false);
        told("GET", "/r/{recording_id}", 403, true);
        let text = telemetry.metrics();
        for line in [
            "ringledger_sign_in_refusals_total{by=\"token\"} 1",
            "ringledger_sign_in_refusals_total{by=\"form\"} 1",
            "ringledger_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 2",
            "ringledger_ready{} 0",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
