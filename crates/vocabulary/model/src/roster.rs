//! The roster: which interface is which agent, and which CRM user.

use serde::{Deserialize, Serialize};

use crate::Name;

/// One agent of a switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterEntry {
    /// The member's interface as the switch writes it: `PJSIP/1001`, `Local/1001@agents`.
    pub interface: Name,
    /// The member's name.
    pub name: Name,
    /// The phone's extension, where known: ties an outbound call to the agent.
    #[serde(default)]
    pub extension: Option<Name>,
    /// The user id in the CRM, where known: owner of the Task.
    #[serde(default)]
    pub crm_user: Option<Name>,
}

/// The agents of one switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Its entries, in the order of the file.
    pub entries: Vec<RosterEntry>,
}
