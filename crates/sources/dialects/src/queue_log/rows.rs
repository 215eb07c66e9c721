//! What each kind of row means.
//!
//! Fields are read from the front, but for ATTENDEDTRANSFER, whose length varies: there
//! the last three count. Figures that an older version does not write stay `None`.

use std::borrow::Cow;

use model::event::{Body, DivertReason, EndedBy, OfferEnd, RejectReason, TransferKind};
use model::{Instant, Name};
use serde::Deserialize;

use super::agents::{logged, paused, wrapping_up};
use super::decoder::{Answer, State};
use crate::emit::{Emit, Whom, named, seconds_to_ms, whole, withheld};

/// A row as it stands in the log.
#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    callid: Cow<'a, str>,
    #[serde(borrow)]
    queue: Cow<'a, str>,
    #[serde(borrow)]
    agent: Cow<'a, str>,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    #[serde(borrow, default)]
    data: Vec<Cow<'a, str>>,
}

/// What stands for "none" in the call's field: placeholders of `app_queue`.
const NO_CALL: &[&str] = &["NONE", "MANAGER", "REALTIME", "CLI"];

impl Row<'_> {
    /// The time of the row.
    pub fn at(&self) -> Result<Instant, String> {
        Instant::parse_epoch(self.time.trim())
            .ok_or_else(|| format!("'{}' in 'time' is no time; expected seconds since 1970", self.time))
    }

    pub fn text(&self, i: usize) -> Option<Name> {
        self.data.get(i).and_then(|t| named(t))
    }

    /// A last field that may hold pipes of its own: `app_queue` writes reasons as they are.
    pub fn rest(&self, i: usize) -> Option<Name> {
        named(self.data.get(i..)?.join("|").trim_end_matches('|'))
    }

    fn number(&self, i: usize) -> Option<i64> {
        self.data.get(i).and_then(|t| whole(t))
    }

    pub fn seconds(&self, i: usize) -> Option<i64> {
        self.data.get(i).and_then(|t| seconds_to_ms(t))
    }

    pub fn whom(&self) -> Whom {
        let real = |text: &str, none: &[&str]| named(text).filter(|t| !none.contains(&t.as_str()));
        let call = real(&self.callid, NO_CALL);
        Whom {
            call_id: call.clone(),
            connection: call,
            queue: real(&self.queue, &["NONE"]),
            agent: real(&self.agent, &["NONE"]),
        }
    }

    /// For rows of a caller in a queue: the whom, its call, its queue.
    fn caller(&self) -> Result<(Whom, Name, Name), String> {
        let whom = self.whom();
        match (&whom.call_id, &whom.queue) {
            (Some(call), Some(queue)) => {
                let (call, queue) = (call.clone(), queue.clone());
                Ok((whom, call, queue))
            }
            _ => Err(format!(
                "{} names no {}; expected a caller's Uniqueid and a queue",
                self.event,
                if whom.call_id.is_none() { "call" } else { "queue" }
            )),
        }
    }

    /// For rows about an agent: only agent and queue count, the call field is whoever
    /// pressed the key.
    pub fn member(&self) -> Result<Whom, String> {
        let whom = self.whom();
        if whom.agent.is_none() {
            return Err(format!("{} names no agent in its fourth field", self.event));
        }
        Ok(Whom { call_id: None, connection: None, ..whom })
    }

    /// Keeps a row that tells nothing of calls, queues or agents' times: it is still
    /// heard from the switch, and belongs to the call that it names.
    pub fn without_meaning(&self, emit: &mut Emit<'_>) {
        emit.push(&self.whom(), Body::Unrecognized { name: self.event.as_ref().into() });
    }
}

/// Appends the canonical events of a row.
///
/// # Errors
/// The row lacks what its event needs.
pub(super) fn meaning(row: &Row<'_>, at: Instant, state: &mut State, emit: &mut Emit<'_>) -> Result<(), String> {
    takes_place(row, at, state, emit);
    match row.event.as_ref() {
        "ENTERQUEUE" => entered(row, at, state, emit),
        "CONNECT" | "COMPLETECALLER" | "COMPLETEAGENT" | "RINGNOANSWER" | "RINGCANCELED" | "AGENTDUMP"
        | "SYSCOMPAT" => served(row, at, state, emit),
        "BLINDTRANSFER" | "TRANSFER" | "ATTENDEDTRANSFER" => transferred(row, at, state, emit),
        "ABANDON" | "EXITWITHTIMEOUT" | "EXITWITHKEY" | "EXITEMPTY" | "LEAVEEMPTY" | "WITHDRAW" => {
            left(row, state, emit)
        }
        "CLOSED" | "FULL" | "JOINEMPTY" | "DIVERT_CA_RATIO" | "DIVERT_HOLDTIME" => refused(row, emit),
        "ADDMEMBER" | "REMOVEMEMBER" | "AGENTLOGIN" | "AGENTLOGOFF" | "AGENTCALLBACKLOGIN" | "AGENTCALLBACKLOGOFF" => {
            logged(row, emit)
        }
        "PAUSE" | "PAUSEALL" | "UNPAUSE" | "UNPAUSEALL" => paused(row, emit),
        "WRAPUPSTART" => wrapping_up(row, emit),
        "DID" => {
            match (row.whom(), row.text(0)) {
                (whom @ Whom { call_id: Some(_), .. }, dnis @ Some(_)) => {
                    emit.push(&whom, Body::PartyKnown { ani: None, withheld: false, dnis });
                }
                _ => row.without_meaning(emit),
            }
            Ok(())
        }
        "QUEUESTART" => {
            state.forget();
            emit.push(&Whom::default(), Body::SourceStarted);
            Ok(())
        }
        // Known and meaningless here (CONFIGRELOAD, PENALTY, RINGINUSE, INFO, CALLERID,
        // OUTCALL), or not known at all.
        _ => {
            row.without_meaning(emit);
            Ok(())
        }
    }
}

/// A caller whom an agent passed on while the agent's own consult still waited in a queue
/// waits on in its place (`ATTENDEDTRANSFER|APP|Queue`, by `ast_bridge_transfer_attended`):
/// rows of that stay bear the caller's Uniqueid from then on, and none says so.
fn takes_place(row: &Row<'_>, at: Instant, state: &mut State, emit: &mut Emit<'_>) {
    let (wait_ms, position) = match row.event.as_ref() {
        "CONNECT" => (row.seconds(0), None),
        "ABANDON" | "EXITWITHTIMEOUT" | "EXITEMPTY" | "WITHDRAW" => (row.seconds(2), row.number(1)),
        "EXITWITHKEY" => (row.seconds(3), row.number(2)),
        _ => return,
    };
    let (Some(wait_ms), Ok((whom, call, queue))) = (wait_ms, row.caller()) else { return };
    if let Some((from, passed_on)) = state.place_taken((&call, &queue), at.plus_millis(-wait_ms), position) {
        replace(passed_on, whom, from, emit);
    }
}

/// The end of a talk under the name of a call that never joined: the caller was plumbing
/// (`Local/…;2`, by which the switch's own feature consults) and the channel that came in
/// its place bears the rows from then on (`handle_local_optimization_end`).
fn takes_talk(row: &Row<'_>, at: Instant, figures: (Option<i64>, Option<i64>), state: &mut State, emit: &mut Emit<'_>) {
    let (Some(_), Some(talk_ms), Ok((whom, call, queue))) = (figures.0, figures.1, row.caller()) else { return };
    let answer = Answer { at: at.plus_millis(-talk_ms), agent: whom.agent.clone(), wait_ms: figures.0 };
    if let Some(from) = state.talk_taken((&call, &queue), &answer) {
        replace(answer.at, whom, from, emit);
    }
}

fn replace(at: Instant, whom: Whom, from: Name, emit: &mut Emit<'_>) {
    let body = Body::Transferred { kind: TransferKind::Attended, by: None, target: None, to: Some(from) };
    emit.push_at(at, &Whom { queue: None, agent: None, ..whom }, body);
}

/// `ENTERQUEUE|url|number|position|name`: the position since version 10, the name only
/// with `log-caller-id-name`.
fn entered(row: &Row<'_>, at: Instant, state: &mut State, emit: &mut Emit<'_>) -> Result<(), String> {
    let (whom, call, queue) = row.caller()?;
    let ani = row.text(1);
    if ani.as_deref().is_some_and(withheld) {
        emit.push(&whom, Body::PartyKnown { ani: ani.clone(), withheld: true, dnis: None });
    }
    state.joined(&call, &queue, at, row.number(2));
    emit.push(&whom, Body::Queued { position: row.number(2), ani });
    Ok(())
}

/// `CONNECT|wait|member's channel|ring seconds`, `COMPLETE…|wait|talk|position`,
/// `RINGNOANSWER|ring ms`, `RINGCANCELED|ring ms`; AGENTDUMP and SYSCOMPAT: an agent took
/// the offer up and no talk came of it (the caller's own row follows).
fn served(row: &Row<'_>, at: Instant, state: &mut State, emit: &mut Emit<'_>) -> Result<(), String> {
    let complete = |by| Body::Released {
        by,
        transferred: None,
        wait_ms: row.seconds(0),
        talk_ms: row.seconds(1),
        entry_position: row.number(2),
    };
    let offer = |end, ring_ms| Body::OfferEnded { end, ring_ms, device: None };
    let body = match row.event.as_ref() {
        "CONNECT" => {
            let (_, call, queue) = row.caller()?;
            let answer = Answer { at, agent: row.whom().agent, wait_ms: row.seconds(0) };
            state.answered(&call, &queue, answer);
            let ring_ms = row.seconds(2);
            Body::Established { wait_ms: row.seconds(0), ring_ms, device: row.text(1) }
        }
        "COMPLETECALLER" => complete(EndedBy::Caller),
        "COMPLETEAGENT" => complete(EndedBy::Agent),
        "RINGCANCELED" => offer(OfferEnd::Cancelled, row.number(0)),
        _ => offer(OfferEnd::NoAnswer, row.number(0)),
    };
    if let Body::Released { wait_ms, talk_ms, .. } = &body {
        takes_talk(row, at, (*wait_ms, *talk_ms), state, emit);
    }
    let ends = matches!(body, Body::Released { .. });
    let whom = served_whom(row, ends, state)?;
    emit.push(&whom, body);
    Ok(())
}

/// Whom a row of an agent serving a caller concerns; the queue must be named, and the
/// agent too but for an answer.
fn served_whom(row: &Row<'_>, ends: bool, state: &mut State) -> Result<Whom, String> {
    let whom = row.whom();
    let Some(queue) = &whom.queue else {
        return Err(format!("{} names no queue in its third field", row.event));
    };
    if let (true, Some(call)) = (ends, &whom.call_id) {
        state.left(call, queue);
    }
    if whom.call_id.is_none() && whom.agent.is_none() {
        return Err(format!("{} names neither a call nor an agent", row.event));
    }
    Ok(whom)
}

/// `BLINDTRANSFER|exten|context|wait|talk|position` (`TRANSFER` before version 12, there
/// at first without the figures), `ATTENDEDTRANSFER|BRIDGE|id|…`, `…|APP|name|…`,
/// `…|LINK|channel|channel|…`, each with `wait|talk|position` at the end.
fn transferred(row: &Row<'_>, at: Instant, state: &mut State, emit: &mut Emit<'_>) -> Result<(), String> {
    let attended = row.event == "ATTENDEDTRANSFER";
    let (kind, target, first) = if attended {
        let target = if row.data.first().is_some_and(|k| k == "APP") { row.text(1) } else { None };
        (TransferKind::Attended, target, tail_of_three(&row.data))
    } else {
        (TransferKind::Blind, row.text(0), Some(2))
    };
    let figures = (first.and_then(|i| row.seconds(i)), first.and_then(|i| row.seconds(i + 1)));
    takes_talk(row, at, figures, state, emit);
    let whom = served_whom(row, true, state)?;
    if let (Some("Queue"), Some(call)) = (target.as_deref(), &whom.call_id) {
        state.passed_on(call, at);
    }
    emit.push(&whom, Body::Transferred { kind, by: None, target, to: None });
    emit.push(
        &whom,
        Body::Released {
            by: EndedBy::Agent,
            transferred: Some(kind),
            wait_ms: figures.0,
            talk_ms: figures.1,
            entry_position: first.and_then(|i| row.number(i + 2)),
        },
    );
    Ok(())
}

/// Where the last three fields begin, empty ones at the end not counted, if all three
/// are numbers.
fn tail_of_three(data: &[Cow<'_, str>]) -> Option<usize> {
    let end = data.iter().rposition(|f| !f.trim().is_empty())? + 1;
    let first = end.checked_sub(3)?;
    data.get(first..end)?.iter().all(|f| whole(f).is_some()).then_some(first)
}

/// `ABANDON|position|entry position|wait`, and the same of EXITWITHTIMEOUT, EXITEMPTY and
/// WITHDRAW (taken out by the manager; a text of its own follows); EXITWITHKEY has the key
/// before them. Older versions write the position alone.
fn left(row: &Row<'_>, state: &mut State, emit: &mut Emit<'_>) -> Result<(), String> {
    let (whom, call, queue) = row.caller()?;
    let was_open = state.left(&call, &queue);
    let first = usize::from(row.event == "EXITWITHKEY");
    let entry_position = row.number(first + 1);
    let wait_ms = row.seconds(first + 2);
    let divert = |reason| Body::Diverted { reason, wait_ms, entry_position };
    let body = match row.event.as_ref() {
        "ABANDON" => Body::Abandoned { wait_ms, entry_position },
        "EXITWITHTIMEOUT" => divert(DivertReason::Timeout),
        "EXITWITHKEY" => divert(DivertReason::Key),
        "WITHDRAW" => divert(DivertReason::Transfer),
        // Written by dial plans (XiVO) beside or in place of Asterisk's own EXITEMPTY:
        // one stay ends once.
        "LEAVEEMPTY" if !was_open => {
            row.without_meaning(emit);
            return Ok(());
        }
        _ => divert(DivertReason::Empty),
    };
    // An agent stands there when the caller hung up while an announcement was played to
    // that agent: still nobody answered.
    emit.push(&Whom { agent: None, ..whom }, body);
    Ok(())
}

/// Rows that dial plans write with QueueLog() for callers who were never admitted.
fn refused(row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), String> {
    let (whom, _, _) = row.caller()?;
    let reason = match row.event.as_ref() {
        "CLOSED" => RejectReason::Closed,
        "FULL" => RejectReason::Full,
        "JOINEMPTY" => RejectReason::Empty,
        _ => RejectReason::Diverted,
    };
    emit.push(&whom, Body::Rejected { reason });
    Ok(())
}
