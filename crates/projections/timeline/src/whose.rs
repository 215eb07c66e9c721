//! Of which queue and agent a recording is that another dialect told of (`crate::heard`):
//! worked out of its contact as that stands, whichever was told first.
//!
//! The queue is the one that the caller was in as it began, else the next one before its
//! end (a dial plan may begin it just before the queue), else the one that the caller came
//! from. The agent is the first who talked while it ran: on that very telephone, else with
//! the caller whose connection it is, else with anybody in the contact.

use model::Name;
use model::facts::LegResult;

use crate::state::{Contact, LegState, RecordingState, VisitState};

impl Contact {
    /// Queue and agent of the recordings that were heard of.
    pub fn place_heard(&mut self) {
        if !self.recordings.iter().any(|r| r.heard) {
            return;
        }
        for i in 0..self.recordings.len() {
            let recording = &self.recordings[i];
            if !recording.heard {
                continue;
            }
            let (queue, agent) = (queue_of(self, recording), agent_of(self, recording));
            let recording = &mut self.recordings[i];
            if (&recording.row.queue, &recording.row.agent) != (&queue, &agent) {
                (recording.row.queue, recording.row.agent) = (queue, agent);
                recording.dirty = true;
            }
        }
    }

    fn visits_of(&self, conn: Option<&Name>) -> Vec<&VisitState> {
        let told = || self.visits.iter().filter(|v| !v.row.retracted);
        let own: Vec<_> = told().filter(|v| v.conn.as_ref() == conn).collect();
        if own.is_empty() { told().collect() } else { own }
    }
}

fn queue_of(contact: &Contact, recording: &RecordingState) -> Option<Name> {
    let (start, end) = (recording.row.started_at, recording.row.ended_at);
    if let Some(queue) = telephone(contact, recording).and_then(|l| l.row.queue.clone()) {
        return Some(queue);
    }
    let visits = contact.visits_of(recording.conn.as_ref());
    let there = |v: &&&VisitState| v.row.joined_at <= start && v.row.left_at.is_none_or(|left| start <= left);
    let next = |v: &&&VisitState| v.row.joined_at > start && end.is_none_or(|end| v.row.joined_at <= end);
    let found = visits.iter().filter(there).max_by_key(|v| v.row.joined_at);
    let found = found.or_else(|| visits.iter().filter(next).min_by_key(|v| v.row.joined_at));
    let found = found.or_else(|| visits.iter().filter(|v| v.row.joined_at <= start).max_by_key(|v| v.row.joined_at));
    found.map(|v| v.row.queue.clone())
}

fn agent_of(contact: &Contact, recording: &RecordingState) -> Option<Name> {
    if let Some(leg) = telephone(contact, recording) {
        return Some(leg.row.agent.clone());
    }
    let (start, end) = (recording.row.started_at, recording.row.ended_at);
    let visits: Vec<&Name> = contact.visits_of(recording.conn.as_ref()).into_iter().map(|v| &v.row.visit_id).collect();
    let meanwhile = |l: &&LegState| {
        let talked = l.row.result == Some(LegResult::Answered) && !l.row.retracted;
        talked
            && l.row.visit_id.as_ref().is_none_or(|v| visits.contains(&v))
            && l.row.answered_at.is_some_and(|a| end.is_none_or(|end| a < end))
            && l.row.ended_at.is_none_or(|ended| ended > start)
    };
    contact.legs.iter().filter(meanwhile).min_by_key(|l| l.row.answered_at).map(|l| l.row.agent.clone())
}

/// The newest part that an agent has in the contact with the recorded telephone.
fn telephone<'a>(contact: &'a Contact, recording: &RecordingState) -> Option<&'a LegState> {
    let conn = recording.conn.as_ref();
    contact.legs.iter().rev().find(|l| conn.is_some() && l.device.as_ref() == conn && !l.row.retracted)
}
