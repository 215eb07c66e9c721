//! Every name and instant of a contact and its connections, in one order.
//!
//! What is left out here is packed as it stands; so a field that is forgotten costs room,
//! and nothing else.

use model::facts::{CrmLink, Hold, Leg, Recording, Transfer, Visit};
use model::{Instant, Name};

use super::Sleeper;
use crate::state::{Conn, Contact, HoldState, LegState, RecordingState, VisitState};

/// What is done to each of them.
pub(crate) trait Walker {
    /// A name of this contact.
    fn name(&mut self, name: &mut Name);
    /// A name that other contacts have too.
    fn word(&mut self, word: &mut Name);
    fn at(&mut self, at: &mut Instant);
}

fn names<'a>(walker: &mut impl Walker, names: impl IntoIterator<Item = &'a mut Name>) {
    names.into_iter().for_each(|n| walker.name(n));
}

fn words<'a>(walker: &mut impl Walker, words: impl IntoIterator<Item = &'a mut Name>) {
    words.into_iter().for_each(|w| walker.word(w));
}

fn times<'a>(walker: &mut impl Walker, times: impl IntoIterator<Item = &'a mut Instant>) {
    times.into_iter().for_each(|t| walker.at(t));
}

/// All of a packed contact.
pub(crate) fn sleeper(s: &mut Sleeper, w: &mut impl Walker) {
    contact(&mut s.contact, w);
    names(w, &mut s.calls);
    for (name, conn) in &mut s.conns {
        w.name(name);
        connection(conn, w);
    }
    for (name, members) in &mut s.conversations {
        w.name(name);
        names(w, members);
    }
    for (conn, leg) in &mut s.talks {
        names(w, [conn, leg]);
    }
}

fn contact(c: &mut Contact, w: &mut impl Walker) {
    names(w, [&mut c.call_id]);
    names(w, [&mut c.ani, &mut c.ani_raw, &mut c.dnis, &mut c.merged_into].into_iter().flatten());
    words(w, &mut c.disposition);
    names(w, c.conns.iter_mut().chain(&mut c.moved).chain(&mut c.natives));
    times(w, [&mut c.started_at, &mut c.active_at].into_iter().chain(&mut c.ended_at));
    c.visits.iter_mut().for_each(|v| visit(v, w));
    c.legs.iter_mut().for_each(|l| leg(l, w));
    c.recordings.iter_mut().for_each(|r| recording(r, w));
    for HoldState { row: Hold { from, to, agent }, conn } in &mut c.holds {
        times(w, to.iter_mut().chain([from]));
        words(w, agent);
        w.name(conn);
    }
    for Transfer { at, from_agent, to_agent, target, kind: _ } in &mut c.transfers {
        w.at(at);
        words(w, [from_agent, to_agent, target].into_iter().flatten());
    }
    for (key, value) in &mut c.ivr {
        w.word(key);
        w.name(value);
    }
    for CrmLink { target, object, record_id } in &mut c.crm {
        names(w, record_id);
        words(w, [target, object]);
    }
    for (conn, at) in &mut c.gone {
        w.name(conn);
        w.at(at);
    }
}

fn visit(v: &mut VisitState, w: &mut impl Walker) {
    let Visit { visit_id, call_id, center, switch, queue, agent, ani, dnis, .. } = &mut v.row;
    names(w, [visit_id, call_id]);
    words(w, agent.iter_mut().chain([center, switch, queue]));
    names(w, [ani, dnis, &mut v.conn].into_iter().flatten());
    let Visit { joined_at, answered_at, left_at, known_at, .. } = &mut v.row;
    times(w, [joined_at, known_at].into_iter().chain(answered_at).chain(left_at));
}

fn leg(l: &mut LegState, w: &mut impl Walker) {
    let Leg { leg_id, call_id, visit_id, center, switch, agent, queue, .. } = &mut l.row;
    names(w, [leg_id, call_id]);
    words(w, queue.iter_mut().chain([center, switch, agent]));
    names(w, [visit_id, &mut l.device].into_iter().flatten());
    let Leg { offered_at, answered_at, ended_at, known_at, .. } = &mut l.row;
    w.at(known_at);
    let rest = [offered_at, answered_at, ended_at, &mut l.phone_left, &mut l.talking_since];
    times(w, rest.into_iter().flatten());
}

fn recording(r: &mut RecordingState, w: &mut impl Walker) {
    let Recording { recording_id, call_id, center, switch, queue, agent, source, sha256, .. } = &mut r.row;
    w.name(recording_id);
    words(w, [center, switch].into_iter().chain(queue).chain(agent));
    names(w, [call_id, source, sha256, &mut r.conn].into_iter().flatten());
    let Recording { started_at, ended_at, known_at, stored_at, suspended, .. } = &mut r.row;
    times(w, [started_at, known_at].into_iter().chain(ended_at).chain(stored_at));
    for (from, to) in suspended {
        times(w, to.iter_mut().chain([from]));
    }
}

fn connection(k: &mut Conn, w: &mut impl Walker) {
    words(w, &mut k.agent);
    names(w, [&mut k.native, &mut k.conversation].into_iter().flatten());
    w.at(&mut k.since);
}
