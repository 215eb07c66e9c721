//! Averages and rates of a queue row: computed last, from sums, `None` where the
//! denominator is 0. The formulas are those of `docs/metrics.md`, section 2, and their
//! sources are named there.

use model::facts::QueueCounts;

/// `numerator / denominator`; `None` where the denominator is 0.
pub fn rate(numerator: i64, denominator: i64) -> Option<f64> {
    (denominator > 0).then(|| numerator as f64 / denominator as f64)
}

/// Integer milliseconds, cut off; `None` where the denominator is 0.
pub fn average(sum: i64, denominator: i64) -> Option<i64> {
    (denominator > 0).then(|| sum / denominator)
}

/// `asa_ms`: average speed of answer.
pub fn asa_ms(c: &QueueCounts) -> Option<i64> {
    average(c.wait_answered_ms_sum, c.answered)
}

/// `avg_abandon_ms`.
pub fn avg_abandon_ms(c: &QueueCounts) -> Option<i64> {
    average(c.wait_abandoned_ms_sum, c.abandoned)
}

/// `avg_wait_ms`: over closed visits that joined.
pub fn avg_wait_ms(c: &QueueCounts) -> Option<i64> {
    average(c.wait_ms_sum, c.handled + c.abandoned + c.flow_out)
}

/// `aht_ms`: hold is part of talk.
pub fn aht_ms(c: &QueueCounts) -> Option<i64> {
    average(c.talk_ms_sum + c.acw_ms_sum, c.handled)
}

/// `abandon_rate`.
pub fn abandon_rate(c: &QueueCounts) -> Option<f64> {
    rate(c.abandoned, c.offered)
}

/// `abandon_rate_net`: short abandons set aside.
pub fn abandon_rate_net(c: &QueueCounts) -> Option<f64> {
    rate(c.abandoned - c.abandoned_short, c.offered - c.abandoned_short)
}

/// `answered_rate`.
pub fn answered_rate(c: &QueueCounts) -> Option<f64> {
    rate(c.answered, c.received - c.rejected_closed)
}

/// `service_level` (Genesys).
pub fn service_level(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl, c.answered + c.abandoned - c.abandoned_short)
}

/// `service_level_negative` (Cisco): abandons count against.
pub fn service_level_negative(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl, c.answered + c.abandoned + c.flow_out_late)
}

/// `service_level_ignore` (Cisco): abandons within T are left out.
pub fn service_level_ignore(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl, c.answered + c.abandoned + c.flow_out_late - c.abandoned_in_sl)
}

/// `service_level_positive` (Cisco): abandons within T count for.
pub fn service_level_positive(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl + c.abandoned_in_sl, c.answered + c.abandoned + c.flow_out_late)
}

/// `service_level_answered` (Wazo, Asterisk's first).
pub fn service_level_answered(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl, c.answered)
}

/// `service_level_amazon`.
pub fn service_level_amazon(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl + c.abandoned_in_sl + c.flow_out_callback_in_sl, c.offered)
}

/// `service_level_avaya`.
pub fn service_level_avaya(c: &QueueCounts) -> Option<f64> {
    rate(c.answered_in_sl, c.received - c.open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciscos_worked_check() {
        let c = QueueCounts {
            offered: 100,
            received: 100,
            answered: 90,
            answered_in_sl: 70,
            abandoned: 10,
            abandoned_in_sl: 10,
            ..QueueCounts::default()
        };
        assert_eq!(service_level_negative(&c), Some(0.7));
        assert_eq!(service_level_ignore(&c), Some(70.0 / 90.0));
        assert_eq!(service_level_positive(&c), Some(0.8));
    }

    #[test]
    fn each_formula_by_hand() {
        let c = QueueCounts {
            received: 40,
            rejected: 4,
            rejected_closed: 1,
            offered: 36,
            answered: 20,
            answered_in_sl: 15,
            abandoned: 8,
            abandoned_short: 2,
            abandoned_in_sl: 5,
            flow_out: 6,
            flow_out_late: 3,
            flow_out_callback_in_sl: 2,
            open: 2,
            handled: 19,
            wait_answered_ms_sum: 200_010,
            wait_abandoned_ms_sum: 80_007,
            wait_ms_sum: 330_032,
            talk_ms_sum: 1_900_005,
            acw_ms_sum: 190_000,
            ..QueueCounts::default()
        };
        assert_eq!(asa_ms(&c), Some(10_000));
        assert_eq!(avg_abandon_ms(&c), Some(10_000));
        assert_eq!(avg_wait_ms(&c), Some(10_000));
        assert_eq!(aht_ms(&c), Some(110_000));
        assert_eq!(abandon_rate(&c), Some(8.0 / 36.0));
        assert_eq!(abandon_rate_net(&c), Some(6.0 / 34.0));
        assert_eq!(answered_rate(&c), Some(20.0 / 39.0));
        assert_eq!(service_level(&c), Some(15.0 / 26.0));
        assert_eq!(service_level_negative(&c), Some(15.0 / 31.0));
        assert_eq!(service_level_ignore(&c), Some(15.0 / 26.0));
        assert_eq!(service_level_positive(&c), Some(20.0 / 31.0));
        assert_eq!(service_level_answered(&c), Some(0.75));
        assert_eq!(service_level_amazon(&c), Some(22.0 / 36.0));
        assert_eq!(service_level_avaya(&c), Some(15.0 / 38.0));
    }

    #[test]
    fn nothing_is_null_never_zero() {
        let c = QueueCounts::default();
        assert_eq!((asa_ms(&c), avg_wait_ms(&c), aht_ms(&c), avg_abandon_ms(&c)), (None, None, None, None));
        for f in
            [abandon_rate, abandon_rate_net, answered_rate, service_level, service_level_amazon, service_level_avaya]
        {
            assert_eq!(f(&c), None);
        }
    }
}
