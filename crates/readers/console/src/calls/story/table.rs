//! The drawing's facts as rows, in order.

use model::Instant;

use super::{Story, What};
use crate::shell::texts::calls as texts;

/// A stretch or a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::calls) struct Row {
    /// When it began.
    pub from: Instant,
    /// How long it was, milliseconds; `None`: a moment, or it lasts.
    pub ms: Option<i64>,
    /// It lasts.
    pub open: bool,
    /// Whose lane.
    pub who: String,
    /// What.
    pub what: String,
}

/// Every bar, mark and arrow, by begin; of equal ones, the lanes from top to bottom.
pub(in crate::calls) fn rows(story: &Story) -> Vec<Row> {
    let mut rows = Vec::new();
    for lane in &story.lanes {
        for bar in &lane.bars {
            let ms = bar.to.map(|to| to.millis_since(bar.from).max(0));
            let open = bar.to.is_none() && (story.open || bar.what != What::Call);
            rows.push(Row { from: bar.from, ms, open, who: lane.name.clone(), what: texts::bar(bar) });
        }
        for mark in &lane.marks {
            rows.push(Row { from: mark.at, ms: None, open: false, who: lane.name.clone(), what: mark.text.clone() });
        }
    }
    for arrow in &story.arrows {
        let who = story.lanes.get(arrow.from).map(|l| l.name.clone()).unwrap_or_default();
        rows.push(Row { from: arrow.at, ms: None, open: false, who, what: arrow.text.clone() });
    }
    rows.sort_by_key(|r| r.from);
    rows
}
