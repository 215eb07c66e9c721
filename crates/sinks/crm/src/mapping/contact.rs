//! A contact as `Call_Metric__c`: what the Task cannot take, and everything that comes
//! late.
//!
//! The lookup to the Task is its id as text: Salesforce offers no lookup relationship to
//! an activity.

use model::Name;
use model::facts::Call;

use super::fields::{self, Fields, cut, instant, int, text};
use super::{MappingContext, TaskState, call_key};
use crate::matcher::Party;
use crate::row::{Object, Row, Scalar};

const TEXT: usize = 255;
const COMMENTS: usize = 32_000;

pub(super) fn row(call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) -> Row {
    let key = call_key(call);
    let mut f: Fields = Vec::new();
    who(&mut f, call, context, party, task);
    what(&mut f, call);
    how_long(&mut f, call, context);
    late(&mut f, call, context);
    Row {
        object: Object::CallMetric,
        parent: party.parent().map_or_else(|| key.clone(), str::to_owned),
        key,
        fields: f,
        call_id: Some(call.call_id.clone()),
        switch: Some(call.switch.clone()),
        revision: call.revision,
    }
}

fn put(f: &mut Fields, name: &'static str, value: Scalar) {
    f.push((Name::new_static(name), value));
}

fn who(f: &mut Fields, call: &Call, context: &MappingContext<'_>, party: &Party, task: &TaskState) {
    if let TaskState::Written { id: Some(id) } = task {
        put(f, "Task_Id__c", text(Some(id.as_str())));
    }
    // A caller who cannot be found now may have been found before: links are never emptied.
    for (name, id) in [("Account__c", party.account()), ("Contact__c", party.contact()), ("Lead__c", party.lead())] {
        if let Some(id) = id {
            put(f, name, text(Some(id)));
        }
    }
    put(f, "Match_Status__c", text(Some(party.word())));
    let agent = fields::agent(call);
    put(f, "Agent__c", text(agent.map(|a| cut(a, TEXT))));
    if let Some(user) = fields::crm_user(agent, context.roster) {
        put(f, "Agent_User__c", text(Some(user.as_str())));
    }
    put(
        f,
        "ANI__c",
        text(call.ani.as_ref().or(call.ani_raw.as_ref()).filter(|_| !call.ani_withheld).map(|n| cut(n, 40))),
    );
    put(f, "DNIS__c", text(call.dnis.as_ref().map(|n| cut(n, 40))));
}

fn what(f: &mut Fields, call: &Call) {
    put(f, "Call_Id__c", text(Some(cut(&call.call_id, TEXT))));
    put(f, "Center__c", text(Some(cut(&call.center, 80))));
    put(f, "Switch__c", text(Some(cut(&call.switch, 80))));
    put(f, "Direction__c", text(Some(direction_word(call))));
    put(f, "Outcome__c", text(Some(fields::outcome_word(call.outcome))));
    put(f, "Ended_By__c", text(Some(ended_by_word(call))));
    put(f, "Queue__c", text(fields::chief_visit(call).map(|v| cut(&v.queue, 80))));
    put(f, "Queue_Visits__c", int(i64::try_from(fields::own_visits(call).count()).ok()));
    put(f, "Transfers__c", int(i64::try_from(call.transfers.len()).ok()));
}

fn how_long(f: &mut Fields, call: &Call, context: &MappingContext<'_>) {
    put(f, "Started_At__c", instant(Some(call.started_at)));
    put(f, "Answered_At__c", instant(fields::answered_at(call)));
    put(f, "Ended_At__c", instant(call.ended_at));
    let over = |part: fn(&model::facts::Visit) -> Option<i64>| fields::sum(fields::own_visits(call).map(part));
    put(f, "Wait_Ms__c", int(over(|v| v.wait_ms)));
    put(f, "Talk_Ms__c", int(fields::talk_ms(call)));
    put(f, "Hold_Ms__c", int(over(|v| v.hold_ms)));
    put(f, "ACW_Ms__c", int(over(|v| v.acw_ms)));
    put(f, "In_Service_Level__c", Scalar::Bool(in_service_level(call, context)));
}

/// Answered within T of its queue.
fn in_service_level(call: &Call, context: &MappingContext<'_>) -> bool {
    fields::chief_visit(call).is_some_and(|v| {
        let settings = context.settings;
        let t = settings.service_level_ms_by_queue.get(v.queue.as_str()).copied().unwrap_or(settings.service_level_ms);
        v.answered_at.is_some() && v.wait_ms.is_some_and(|w| w <= t)
    })
}

fn late(f: &mut Fields, call: &Call, context: &MappingContext<'_>) {
    put(f, "Disposition__c", text(call.disposition.as_ref().map(|d| cut(d, TEXT))));
    let notes = (!call.notes.is_empty()).then(|| cut(&call.notes.join("\n\n"), COMMENTS));
    put(f, "Comments__c", text(notes));
    put(f, "Recording_URL__c", text(fields::recording_url(call, context)));
    put(f, "Recording_Status__c", text(fields::recording(call).map(|r| fields::state_word(r.state))));
    put(f, "Revision__c", Scalar::Int(call.revision));
}

const fn direction_word(call: &Call) -> &'static str {
    match call.direction {
        model::facts::Direction::Inbound => "inbound",
        model::facts::Direction::Outbound => "outbound",
        model::facts::Direction::Internal => "internal",
    }
}

const fn ended_by_word(call: &Call) -> &'static str {
    match call.ended_by {
        model::event::EndedBy::Caller => "caller",
        model::event::EndedBy::Agent => "agent",
        model::event::EndedBy::System => "system",
        model::event::EndedBy::Unknown => "unknown",
    }
}
