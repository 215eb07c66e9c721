//! Rows that only the console has: visits behind a figure, and waits by bucket. Names are
//! those of `docs/metrics.md`.

use metrics::render::{Cell, Cells, Kind, Report};
use metrics::{Options, WaitRow};
use model::event::TransferKind;
use model::facts::Visit;
use model::{DEFINITION_VERSION, Instant, Name};

/// Edges of the buckets of waits where none are asked for, milliseconds.
pub(crate) const EDGES: [i64; 11] =
    [5_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000];

/// A visit behind a figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct VisitRow(pub Option<Visit>);

impl VisitRow {
    pub(crate) fn of(visit: Visit) -> Self {
        Self(Some(visit))
    }
}

impl Report for VisitRow {
    fn cells(&self, _: &Options) -> Cells {
        let mut cells = Cells::default();
        let v = self.0.as_ref();
        let name = |of: fn(&Visit) -> &Name| v.map(of);
        let word = |text: Option<&'static str>| text.map(|t| Cell::Text(Name::new_static(t)));
        cells.put("visit_id", name(|v| &v.visit_id)).put("call_id", name(|v| &v.call_id));
        cells.put("center", name(|v| &v.center)).put("switch", name(|v| &v.switch)).put("queue", name(|v| &v.queue));
        cells.put("joined_at", v.map(|v| v.joined_at)).put("answered_at", v.and_then(|v| v.answered_at));
        cells.put("left_at", v.and_then(|v| v.left_at));
        cells.put("outcome", word(v.map(|v| v.outcome.outcome())));
        cells.put("outcome_reason", word(v.and_then(|v| v.outcome.reason())));
        cells.put("wait_ms", v.and_then(|v| v.wait_ms)).put("wait_observed_ms", v.and_then(|v| v.wait_observed_ms));
        cells.put("talk_ms", v.and_then(|v| v.talk_ms)).put("hold_ms", v.and_then(|v| v.hold_ms));
        cells.put("acw_ms", v.and_then(|v| v.acw_ms)).put("agent", v.and_then(|v| v.agent.as_ref()));
        cells.put("entry_position", v.and_then(|v| v.entry_position)).put("consult", v.map(|v| v.consult));
        cells.put("transferred", word(v.and_then(|v| v.transferred).map(transfer)));
        cells.put("ani", v.and_then(|v| v.ani.as_ref())).put("dnis", v.and_then(|v| v.dnis.as_ref()));
        cells.put("closed", v.map(|v| v.closed)).put("revision", v.map(|v| v.revision));
        cells.put("known_at", v.map(|v| v.known_at));
        let position = |of: fn(&Visit) -> String| v.map(|v| Cell::Text(of(v).into()));
        cells.put("first_event", position(|v| v.first_event.to_string()));
        cells.put("last_event", position(|v| v.last_event.to_string()));
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(_: &Options) -> Vec<(&'static str, &'static str)> {
        vec![
            ("joined_at", "joined"),
            ("queue", "queue"),
            ("outcome", "outcome"),
            ("wait_ms", "wait"),
            ("talk_ms", "talk"),
            ("acw_ms", "ACW"),
            ("agent", "agent"),
            ("ani", "number"),
            ("call_id", "call"),
        ]
    }

    fn kind(name: &str) -> Kind {
        if name == "transferred" { Kind::Text } else { Kind::of(name) }
    }
}

const fn transfer(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Blind => "blind",
        TransferKind::Attended => "attended",
    }
}

/// One bucket of a [`WaitRow`].
#[derive(Clone, Debug, Default)]
pub(crate) struct BucketRow {
    pub center: Name,
    pub queue: Name,
    pub interval_start: Instant,
    pub interval_end: Instant,
    /// Waits above it.
    pub over_ms: i64,
    /// Up to it, inclusive; `None`: whatever is above.
    pub to_ms: Option<i64>,
    pub answered: i64,
    pub abandoned: i64,
}

impl BucketRow {
    /// The buckets of some rows, in their order. The first bucket begins with 0, inclusive.
    pub(crate) fn of(rows: &[WaitRow], edges: &[i64]) -> Vec<Self> {
        let bucket = |row: &WaitRow, at: usize| Self {
            center: row.center.clone(),
            queue: row.queue.clone(),
            interval_start: row.interval_start,
            interval_end: row.interval_end,
            over_ms: at.checked_sub(1).and_then(|i| edges.get(i)).copied().unwrap_or(0),
            to_ms: edges.get(at).copied(),
            answered: row.answered.get(at).copied().unwrap_or(0),
            abandoned: row.abandoned.get(at).copied().unwrap_or(0),
        };
        rows.iter().flat_map(|row| (0..=edges.len()).map(move |at| bucket(row, at))).collect()
    }
}

impl Report for BucketRow {
    fn cells(&self, _: &Options) -> Cells {
        let mut cells = Cells::default();
        cells.put("center", &self.center).put("queue", &self.queue);
        cells.put("interval_start", self.interval_start).put("interval_end", self.interval_end);
        cells.put("wait_over_ms", self.over_ms).put("wait_to_ms", self.to_ms);
        cells.put("answered", self.answered).put("abandoned", self.abandoned);
        cells.put("definition_version", i64::from(DEFINITION_VERSION));
        cells
    }

    fn table_columns(_: &Options) -> Vec<(&'static str, &'static str)> {
        vec![("queue", "queue"), ("wait_over_ms", "over"), ("wait_to_ms", "to"), ("answered", "answered")]
    }
}
