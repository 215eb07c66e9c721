//! Rows about agents: logging on and off, pauses, after-call work.

use model::event::{Body, LogonKind};

use super::rows::Row;
use crate::emit::Emit;

/// `ADDMEMBER|PAUSED` or with nothing, `REMOVEMEMBER`, `AGENTLOGIN|channel`,
/// `AGENTLOGOFF|channel|seconds`, `AGENTCALLBACKLOGIN|exten@context`,
/// `AGENTCALLBACKLOGOFF|exten@context|seconds|reason`.
pub(super) fn logged(row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), String> {
    let mut whom = row.member()?;
    let kind = match row.event.as_ref() {
        "ADDMEMBER" | "REMOVEMEMBER" => LogonKind::Member,
        "AGENTLOGIN" | "AGENTLOGOFF" => LogonKind::Agent,
        _ => LogonKind::Callback,
    };
    match kind {
        LogonKind::Member if whom.queue.is_none() => {
            return Err(format!("{} names no queue in its third field", row.event));
        }
        LogonKind::Member => {}
        _ => whom.queue = None,
    }
    match row.event.as_ref() {
        "ADDMEMBER" | "AGENTLOGIN" | "AGENTCALLBACKLOGIN" => {
            emit.push(&whom, Body::AgentLoggedOn { kind, listed: false });
            if kind == LogonKind::Member && row.text(0).is_some_and(|t| t == "PAUSED") {
                emit.push(&whom, Body::AgentNotReady { reason: None, listed: false });
            }
        }
        _ => {
            let stated_ms = if kind == LogonKind::Member { None } else { row.seconds(1) };
            emit.push(&whom, Body::AgentLoggedOff { kind, stated_ms });
        }
    }
    Ok(())
}

/// `PAUSE|reason` per queue, `PAUSEALL|reason` for every queue at once.
pub(super) fn paused(row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), String> {
    let mut whom = row.member()?;
    if row.event.ends_with("ALL") {
        whom.queue = None;
    }
    let body = if row.event.starts_with("UN") {
        Body::AgentReady { listed: false }
    } else {
        Body::AgentNotReady { reason: row.rest(0), listed: false }
    };
    emit.push(&whom, body);
    Ok(())
}

/// `WRAPUPSTART|seconds`, under the call just ended. No row tells when it ends: one that
/// does not say its length measures nothing.
pub(super) fn wrapping_up(row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), String> {
    row.member()?;
    match row.seconds(0) {
        stated_ms @ Some(_) => emit.push(&row.whom(), Body::AgentWorkingAfterCall { stated_ms }),
        None => row.without_meaning(emit),
    }
    Ok(())
}
