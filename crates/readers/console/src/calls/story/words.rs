//! A contact's story in sentences, by time.

use std::collections::BTreeMap;

use model::Instant;
use model::facts::{Leg, LegResult, LegRole, Visit, VisitOutcome};
use tables::Contact;

use super::lanes::body;
use crate::calls::word;
use crate::shell::texts::calls::{recording_lane, sentences as texts};

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::calls) struct Line {
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}

/// The story, in order.
pub(in crate::calls) fn of(contact: &Contact) -> Vec<Line> {
    let call = &contact.call;
    let mut lines = vec![Line { at: call.started_at, text: texts::began(call) }];
    for v in contact.visits.iter().filter(|v| !v.retracted) {
        visit(v, &mut lines);
    }
    let legs = || contact.legs.iter().filter(|l| !l.retracted);
    legs().for_each(|l| leg(l, &mut lines));
    among_agents(legs(), &mut lines);
    for h in &call.holds {
        lines.push(Line { at: h.from, text: texts::held(h.agent.as_deref(), h.to.map(|to| to.millis_since(h.from))) });
        lines.extend(h.to.map(|at| Line { at, text: texts::taken_back(h.agent.as_deref()) }));
    }
    lines.extend(call.transfers.iter().map(|t| Line { at: t.at, text: texts::transferred(t) }));
    for (n, r) in call.recordings.iter().enumerate() {
        let name = recording_lane(n, call.recordings.len());
        lines.push(Line { at: r.started_at, text: texts::recording_began(&name, &word(&r.state)) });
        for (from, to) in &r.suspended {
            lines.push(Line { at: *from, text: texts::recording_suspended(&name) });
            lines.extend(to.map(|at| Line { at, text: texts::recording_resumed(&name) }));
        }
        lines.extend(r.ended_at.map(|at| Line { at, text: texts::recording_ended(&name) }));
    }
    lines.extend(contact.events.iter().filter_map(|e| {
        let text = texts::told(&body(e)?, e.agent.as_deref())?;
        Some(Line { at: e.at, text })
    }));
    // Stable: of one instant, in the order above. The end closes the list.
    lines.sort_by_key(|l| l.at);
    lines.dedup();
    lines.extend(call.ended_at.map(|at| Line { at, text: texts::ended(call) }));
    lines
}

fn visit(v: &Visit, lines: &mut Vec<Line>) {
    if let VisitOutcome::Rejected(_) = v.outcome {
        lines.push(Line { at: v.joined_at, text: texts::rejected(v) });
        return;
    }
    lines.push(Line { at: v.joined_at, text: texts::joined(v) });
    match (v.answered_at, v.left_at) {
        (Some(at), _) => lines.push(Line { at, text: texts::answered(v) }),
        (None, Some(at)) => lines.push(Line { at, text: texts::left(v) }),
        (None, None) => {}
    }
}

fn leg(l: &Leg, lines: &mut Vec<Line>) {
    lines.extend(l.offered_at.filter(|_| l.role == LegRole::Queue).map(|at| Line { at, text: texts::rang(l) }));
    let end = l.ended_at.or_else(|| Some(l.offered_at?.plus_millis(l.ring_ms?)));
    match (l.role, l.answered_at, l.result) {
        (LegRole::Queue, None, Some(LegResult::Missed | LegResult::Declined)) => {
            lines.extend(end.map(|at| Line { at, text: texts::not_taken(l) }));
        }
        (LegRole::Queue | LegRole::Internal, ..) => {}
        (_, Some(at), _) => lines.push(Line { at, text: texts::talks(l) }),
        _ => {}
    }
}

/// Talks of agents with one another: one sentence for those who began and ended together.
fn among_agents<'a>(legs: impl Iterator<Item = &'a Leg>, lines: &mut Vec<Line>) {
    let mut talks: BTreeMap<(Instant, Option<Instant>), Vec<&str>> = BTreeMap::new();
    for leg in legs.filter(|l| l.role == LegRole::Internal) {
        if let Some(at) = leg.answered_at {
            talks.entry((at, leg.ended_at)).or_default().push(&leg.agent);
        }
    }
    for ((at, end), agents) in talks {
        lines.push(Line { at, text: texts::among(&agents, end.map(|end| end.millis_since(at))) });
    }
}
