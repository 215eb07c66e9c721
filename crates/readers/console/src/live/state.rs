//! The newest record of each key of `cti.live`.

use std::collections::{BTreeMap, HashSet};

use metrics::{AgentNow, LiveRecord, LiveRow, SwitchNow};
use model::{Instant, Name};

/// A switch's record and when it was told.
pub(super) struct Heard {
    pub now: SwitchNow,
    pub told_at: Instant,
}

/// What is known: as much as there are queues, agents and switches.
#[derive(Default)]
pub(super) struct State {
    /// By switch and queue.
    pub queues: BTreeMap<(Name, Name), LiveRow>,
    /// By switch and agent.
    pub agents: BTreeMap<(Name, Name), AgentNow>,
    pub switches: BTreeMap<Name, Heard>,
    /// The end of the topic was reached once.
    pub caught_up: bool,
    /// Why the topic cannot be read now.
    pub trouble: Option<String>,
}

impl State {
    /// Takes a record in; one that cannot be read is of another build and will be written anew.
    pub fn take(&mut self, key: &[u8], value: &[u8], told_at: Instant) {
        match LiveRecord::of(key, value) {
            None => {
                tracing::debug!(key = %String::from_utf8_lossy(key), "a live record of another build was passed over")
            }
            Some(LiveRecord::Queue(row)) => {
                self.queues.insert((row.switch.clone().unwrap_or_default(), row.queue.clone()), row);
            }
            Some(LiveRecord::Agent(agent)) => {
                self.agents.insert((agent.switch.clone(), agent.agent.clone()), agent);
            }
            Some(LiveRecord::Switch(now)) => {
                let there: HashSet<&Name> = now.agents.iter().collect();
                self.agents.retain(|(switch, agent), _| *switch != now.switch || there.contains(agent));
                self.switches.insert(now.switch.clone(), Heard { now, told_at });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_whom_the_switch_does_not_name_any_more_is_gone() {
        let mut state = State::default();
        let agent = br#"{"center":"main","switch":"pbx","agent":"Ann","state":"talking","since":null,"reason":null,"queue":null,"queues":[],"paused_in":[]}"#;
        state.take(b"//agent/pbx/Ann", agent, Instant(0));
        assert_eq!(state.agents.len(), 1);
        let switch =
            br#"{"center":"main","switch":"pbx","as_of":"2026-11-22T08:00:00Z","last_event":null,"agents":["Bob"]}"#;
        state.take(b"//switch/pbx", switch, Instant(0));
        assert!(state.agents.is_empty());
        state.take(b"pbx/support", b"[]", Instant(0));
        assert!(state.queues.is_empty());
    }
}
