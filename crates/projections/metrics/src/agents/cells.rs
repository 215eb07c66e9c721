//! The names of the `agents` report, in order.

use model::DEFINITION_VERSION;

use super::{AgentRow, unnamed};
use crate::options::Options;
use crate::render::{Cells, Report};

impl Report for AgentRow {
    fn cells(&self, opts: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("agent", &self.agent);
        if opts.by_queue {
            cells.put("queue", self.queue.as_ref());
        }
        cells.put("interval_start", self.interval_start).put("interval_end", self.interval_end);
        let (calls, times) = (&self.calls, &self.times);
        cells
            .put("answered", calls.answered)
            .put("talk_ms_sum", calls.talk_ms_sum)
            .put("hold_ms_sum", calls.hold_ms_sum);
        cells.put("transfers_in", calls.transfers_in).put("transfer_in_talk_ms_sum", calls.transfer_in_talk_ms_sum);
        cells.put("missed", calls.missed).put("declined", calls.declined);
        cells.put("outbound_calls", calls.outbound_calls).put("outbound_talk_ms_sum", calls.outbound_talk_ms_sum);
        cells.put("login_ms", times.login_ms).put("pause_ms", times.pause_ms);
        cells.put("pause_ms_by_reason", &times.pause_ms_by_reason).put("pause_ms_by_queue", &times.pause_ms_by_queue);
        cells.put("acw_ms", times.acw_ms);
        cells.put("state_talk_ms", times.state_talk_ms).put("state_acw_ms", times.state_acw_ms);
        cells.put("state_ring_ms", times.state_ring_ms).put("state_pause_ms", times.state_pause_ms);
        cells.put("state_idle_ms", times.state_idle_ms).put("occupancy", times.occupancy());
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(opts: &Options) -> Vec<(&'static str, &'static str)> {
        let mut columns = vec![("center", "centre"), ("agent", "agent")];
        if opts.by_queue {
            columns.push(("queue", "queue"));
        }
        columns.extend([("interval_start", "from"), ("answered", "answered"), ("talk_ms_sum", "talk")]);
        columns.extend([("transfers_in", "taken over"), ("missed", "missed"), ("declined", "declined")]);
        columns.extend([("outbound_calls", "outbound"), ("login_ms", "logged in"), ("pause_ms", "paused")]);
        columns.extend([("acw_ms", "ACW"), ("state_idle_ms", "idle"), ("occupancy", "occupancy")]);
        columns.push(("pause_ms_by_reason", "pauses"));
        columns
    }

    fn notes(rows: &[Self], _opts: &Options) -> Vec<String> {
        let mut notes = Vec::new();
        if !rows.is_empty() && rows.iter().all(|r| r.times.acw_ms == 0) {
            notes.push("ACW not measured: occupancy counts talk alone.".to_owned());
        }
        match unnamed(rows) {
            0 => {}
            1 => notes.push("1 interface has no name: a roster gives it one.".to_owned()),
            n => notes.push(format!("{n} interfaces have no name: a roster gives them one.")),
        }
        notes
    }
}
