//! Callers in queues: joining, leaving, giving up, being refused.
//!
//! AMI says in pieces why a caller left. `QueueCallerAbandon` is sent for time-outs and
//! for queues run empty as well; a caller who leaves by key sends `QueueCallerLeave`
//! alone, and so does one who is answered, just before `AgentConnect`. So the end of a
//! wait is held back until `QUEUESTATUS`, the next queue, the hang-up or a short time
//! settles it. (Seen in Asterisk 22; `app_queue.c` orders it so since version 12.)

use model::event::{Body, DivertReason, RejectReason};
use model::{Instant, Name};

use super::SETTLE_MS;
use super::fields::Fields;
use super::state::{Leaving, State, Visit};
use crate::emit::{Emit, named};

/// What is known about the end of a wait when it is settled.
#[derive(Clone, Copy, PartialEq)]
enum Settled {
    /// `QUEUESTATUS` gave the reason.
    Reason(DivertReason),
    /// The channel ended.
    Ended,
    /// It went on in the dial plan, or nothing was heard.
    GoesOn,
}

impl State {
    /// `QueueCallerJoin`.
    pub fn caller_joined(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(queue) = fields.name("Queue") else { return };
        self.settle(&uid, Settled::GoesOn, emit);
        let position = fields.whole("Position");
        if let Some(channel) = self.channels.get_mut(&uid) {
            channel.visit = Some(Box::new(Visit { queue: queue.clone(), position, leaving: None }));
            channel.refused = None;
            channel.queue_wait = None;
        }
        let ani = fields.name("CallerIDNum");
        emit.push(&self.caller(&uid, &queue, None), Body::Queued { position, ani });
    }

    /// `QueueCallerAbandon`.
    pub fn caller_gave_up(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let leaving = Leaving {
            at: emit.now(),
            abandon: true,
            wait_ms: fields.seconds("HoldTime"),
            entry_position: fields.whole("OriginalPosition"),
        };
        self.leave(leaving, fields, emit);
    }

    /// `QueueCallerLeave`.
    pub fn caller_left(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let leaving = Leaving { at: emit.now(), abandon: false, wait_ms: None, entry_position: None };
        self.leave(leaving, fields, emit);
    }

    fn leave(&mut self, mut leaving: Leaving, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let Some(queue) = fields.name("Queue") else { return };
        if self.channels.get(&uid).and_then(|c| c.visit.as_ref()).is_some_and(|v| v.queue != queue) {
            self.settle(&uid, Settled::GoesOn, emit);
        }
        let Some(channel) = self.channels.get_mut(&uid) else { return };
        let visit = channel.visit.get_or_insert_with(|| Box::new(Visit { queue, position: None, leaving: None }));
        // The leave behind an abandon adds nothing; an abandon tells more than a leave.
        if visit.leaving.as_ref().is_none_or(|l| leaving.abandon && !l.abandon) {
            leaving.wait_ms = leaving.wait_ms.or(channel.queue_wait.as_deref().copied());
            visit.leaving = Some(Box::new(leaving));
            self.settling.push_back((emit.now().plus_millis(SETTLE_MS), uid));
        }
    }

    /// `VarSet`: the three variables that tell of queues and recordings.
    pub fn variable_set(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        self.sees_variables = true;
        let Some(uid) = self.touch("", fields, emit) else { return };
        let value = fields.get("Value").unwrap_or("");
        match fields.get("Variable") {
            Some("QUEUESTATUS") => self.queue_status(&uid, value, fields, emit),
            Some("MIXMONITOR_FILENAME") => self.recording_named(&uid, value, emit),
            Some("QUEUEWAIT") => {
                if let Some(channel) = self.channels.get_mut(&uid) {
                    channel.queue_wait = crate::emit::seconds_to_ms(value).map(Box::new);
                }
            }
            _ => {}
        }
    }

    fn queue_status(&mut self, uid: &Name, status: &str, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        match status {
            "TIMEOUT" => self.settle(uid, Settled::Reason(DivertReason::Timeout), emit),
            "LEAVEEMPTY" | "LEAVEUNAVAIL" => self.settle(uid, Settled::Reason(DivertReason::Empty), emit),
            "WITHDRAW" => self.settle(uid, Settled::Reason(DivertReason::Transfer), emit),
            "JOINEMPTY" | "JOINUNAVAIL" => self.refused(uid, RejectReason::Empty, fields, emit),
            "FULL" => self.refused(uid, RejectReason::Full, fields, emit),
            // CONTINUE: the agent hung up and the caller goes on; the visit is closed.
            _ => {}
        }
    }

    fn refused(&mut self, uid: &Name, reason: RejectReason, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        self.settle(uid, Settled::GoesOn, emit);
        let queue = self.channels.get(uid).and_then(|c| c.queue_app.clone()).or_else(|| fields.name("Exten"));
        if let Some(queue) = queue {
            self.reject(uid, queue, reason, emit);
        }
    }

    /// One refusal, told once though the switch and the dial plan both tell it.
    fn reject(&mut self, uid: &Name, queue: Name, reason: RejectReason, emit: &mut Emit<'_>) {
        let refusal = Some(Box::new((queue.clone(), reason)));
        if let Some(channel) = self.channels.get_mut(uid) {
            if channel.refused == refusal {
                return;
            }
            channel.refused = refusal;
        }
        emit.push(&self.caller(uid, &queue, None), Body::Rejected { reason });
    }

    /// `Newexten`: the applications `Queue` and `QueueLog`, and steps onto a key.
    pub fn dialplan_step(&mut self, fields: &Fields<'_>, emit: &mut Emit<'_>) {
        let Some(uid) = self.touch("", fields, emit) else { return };
        let step = fields.get("Application").unwrap_or("");
        let arguments = fields.get("AppData").unwrap_or("");
        if step.eq_ignore_ascii_case("QueueLog") {
            self.row_written(&uid, arguments, emit);
        } else if step.eq_ignore_ascii_case("Queue") {
            self.queue_called(&uid, arguments.split(',').next().and_then(named));
        } else {
            self.key_taken(&uid, fields, emit);
        }
    }

    /// The dial plan calls `Queue`. (A step that only repeats the application, as for a
    /// caller who is leaving by key, shows the queue that the caller is still in.)
    fn queue_called(&mut self, uid: &Name, queue: Option<Name>) {
        let Some(channel) = self.channels.get_mut(uid) else { return };
        if channel.visit.as_ref().is_none_or(|v| Some(&v.queue) != queue.as_ref()) {
            channel.queue_app = queue;
            channel.refused = None;
        }
    }

    /// `QueueLog(queue,uniqueid,agent,EVENT,…)`: refusals that only the dial plan knows.
    fn row_written(&mut self, uid: &Name, arguments: &str, emit: &mut Emit<'_>) {
        let mut parts = arguments.split(',').map(str::trim);
        let (Some(queue), Some(caller), Some(_), Some(row)) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return;
        };
        let reason = match row.to_ascii_uppercase().as_str() {
            "CLOSED" => RejectReason::Closed,
            "FULL" => RejectReason::Full,
            "JOINEMPTY" | "JOINUNAVAIL" => RejectReason::Empty,
            "DIVERT_CA_RATIO" | "DIVERT_HOLDTIME" => RejectReason::Diverted,
            _ => return,
        };
        let caller = if self.channels.contains_key(caller) { Name::from(caller) } else { uid.clone() };
        if let Some(queue) = named(queue) {
            self.settle(&caller, Settled::GoesOn, emit);
            self.reject(&caller, queue, reason, emit);
        }
    }

    /// Ends the caller's stay, if it is ending, as what it has turned out to be.
    fn settle(&mut self, uid: &Name, how: Settled, emit: &mut Emit<'_>) {
        let sees_variables = self.sees_variables;
        let Some(channel) = self.channels.get_mut(uid) else { return };
        // Without variables a time-out is told by what follows: the caller goes on in the
        // dial plan, or the switch, not the caller, hangs up.
        let by_switch = channel.soft && channel.ended.is_none();
        let Some(visit) = channel.visit.take_if(|v| v.leaving.is_some() || matches!(how, Settled::Reason(_))) else {
            return;
        };
        let leaving = visit.leaving.map_or_else(
            || Leaving { at: emit.now(), abandon: true, wait_ms: None, entry_position: None },
            |leaving| *leaving,
        );
        let wait_ms = leaving.wait_ms;
        let entry_position = leaving.entry_position.or(visit.position);
        let diverted = |reason| Body::Diverted { reason, wait_ms, entry_position };
        let body = match how {
            Settled::Reason(reason) => diverted(reason),
            _ if !leaving.abandon => diverted(DivertReason::Key),
            _ if !sees_variables && (how == Settled::GoesOn || by_switch) => diverted(DivertReason::Timeout),
            _ => Body::Abandoned { wait_ms, entry_position },
        };
        emit.push_at(leaving.at, &self.caller(uid, &visit.queue, None), body);
    }

    /// The channel is about to end: a caller who never left the queue did so by that.
    pub fn settle_ended(&mut self, uid: &Name, emit: &mut Emit<'_>) {
        self.settle(uid, Settled::Ended, emit);
        let Some(visit) = self.channels.get_mut(uid).and_then(|c| c.visit.take()) else { return };
        let body = Body::Abandoned { wait_ms: None, entry_position: visit.position };
        emit.push(&self.caller(uid, &visit.queue, None), body);
    }

    /// The answer of an agent ends the wait: nothing is left to settle.
    pub fn settle_answered(&mut self, uid: &Name, queue: &Name, emit: &mut Emit<'_>) {
        let Some(channel) = self.channels.get_mut(uid) else { return };
        if channel.visit.as_ref().is_some_and(|v| v.queue == *queue) {
            channel.visit = None;
        } else {
            self.settle(uid, Settled::GoesOn, emit);
        }
    }

    /// Settles what has waited long enough.
    pub fn settle_due(&mut self, emit: &mut Emit<'_>) {
        while self.settling.front().is_some_and(|(due, _)| *due < self.now) {
            let Some((due, uid)) = self.settling.pop_front() else { return };
            let is_due = |at: Instant| at.plus_millis(SETTLE_MS) <= due;
            let leaving = self.channels.get(&uid).and_then(|c| c.visit.as_ref()).and_then(|v| v.leaving.as_ref());
            if leaving.is_some_and(|l| is_due(l.at)) {
                self.settle(&uid, Settled::GoesOn, emit);
            }
        }
    }

    /// Settles all that is held back, in the order in which it happened.
    pub fn settle_all(&mut self, emit: &mut Emit<'_>) {
        for (_, uid) in std::mem::take(&mut self.settling) {
            self.settle(&uid, Settled::Ended, emit);
        }
        let mut unnamed: Vec<_> =
            self.channels.iter().filter_map(|(uid, c)| c.unnamed.as_deref().map(|at| (*at, uid.clone()))).collect();
        unnamed.sort_unstable();
        for (_, uid) in unnamed {
            self.recording_stays_unnamed(&uid, emit);
        }
    }
}
