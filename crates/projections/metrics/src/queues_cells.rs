//! The names of the `queues` report, in order.

use model::DEFINITION_VERSION;
use model::facts::QueueCounts;

use crate::options::{Attribution, Options};
use crate::queues::QueueRow;
use crate::rates;
use crate::render::{Cells, Report};

/// Figures that rows carry for later sums and that are no field of the report.
const NOT_REPORTED: [&str; 2] = ["flow_out_callback_in_sl", "acw_measured"];

impl Report for QueueRow {
    fn cells(&self, opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", self.center.as_ref()).put("queue", self.queue.as_ref());
        cells.put("interval_start", self.interval_start).put("interval_end", self.interval_end);
        cells.put("sl_threshold_ms", self.sl_threshold_ms).put("short_abandon_ms", self.short_abandon_ms);
        for (name, value) in QueueCounts::NAMES.iter().zip(self.counts.values()) {
            if !NOT_REPORTED.contains(name) {
                cells.put(name, value);
            }
            if *name == "abandoned_in_sl" {
                put_percentiles(&mut cells, self);
            }
        }
        put_rates(&mut cells, &self.counts);
        if opts.attribution == Attribution::EventTime {
            let (start, end) = self.waiting.unzip();
            cells.put("waiting_at_start", start).put("waiting_at_end", end);
        }
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(opts: &Options) -> Vec<(&'static str, &'static str)> {
        let mut columns = vec![("center", "centre"), ("queue", "queue"), ("interval_start", "from")];
        columns.extend(["received", "offered", "answered", "abandoned"].map(|n| (n, n)));
        columns.extend([("flow_out", "flow-out"), ("rejected", "rejected"), ("open", "open")]);
        if opts.attribution == Attribution::EventTime {
            columns.extend([("waiting_at_start", "at start"), ("waiting_at_end", "at end")]);
        }
        columns.extend([("service_level", "SL"), ("sl_threshold_ms", "T"), ("abandon_rate", "abandon rate")]);
        columns.extend([("asa_ms", "ASA"), ("wait_p90_ms", "wait p90"), ("wait_ms_max", "longest")]);
        columns.extend([("aht_ms", "AHT"), ("transferred", "transferred")]);
        columns
    }

    fn is_total(&self) -> bool {
        QueueRow::is_total(self)
    }

    fn notes(rows: &[Self], _opts: &Options) -> Vec<String> {
        let sum = |of: fn(&QueueCounts) -> i64| rows.iter().map(|r| of(&r.counts)).sum::<i64>();
        let not_measured = sum(|c| c.handled) > 0 && sum(|c| c.acw_measured) == 0;
        let note = "ACW not measured: AHT is talk alone.".to_owned();
        if not_measured { vec![note] } else { Vec::new() }
    }
}

/// The sketch gives the middle of a bucket: no more than the longest wait there was.
fn put_percentiles(cells: &mut Cells, row: &QueueRow) {
    for (name, percent) in [("wait_p50_ms", 50), ("wait_p90_ms", 90), ("wait_p95_ms", 95), ("wait_p99_ms", 99)] {
        cells.put(name, row.waits.percentile(percent).map(|p| p.min(row.counts.wait_answered_ms_max)));
    }
}

fn put_rates(cells: &mut Cells, counts: &QueueCounts) {
    cells.put("asa_ms", rates::asa_ms(counts)).put("avg_abandon_ms", rates::avg_abandon_ms(counts));
    cells.put("avg_wait_ms", rates::avg_wait_ms(counts)).put("aht_ms", rates::aht_ms(counts));
    cells.put("abandon_rate", rates::abandon_rate(counts));
    cells.put("abandon_rate_net", rates::abandon_rate_net(counts));
    cells.put("answered_rate", rates::answered_rate(counts));
    cells.put("service_level", rates::service_level(counts));
    cells.put("service_level_negative", rates::service_level_negative(counts));
    cells.put("service_level_ignore", rates::service_level_ignore(counts));
    cells.put("service_level_positive", rates::service_level_positive(counts));
    cells.put("service_level_answered", rates::service_level_answered(counts));
    cells.put("service_level_amazon", rates::service_level_amazon(counts));
    cells.put("service_level_avaya", rates::service_level_avaya(counts));
}
