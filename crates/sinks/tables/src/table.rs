//! The seven tables of the lake, by name. One place says what each is called, what it
//! holds, and which columns the Delta log keeps minima and maxima of.

/// A table of the lake (`docs/tables.md`, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Canonical events.
    Events,
    /// Queue visits: the fact behind every queue figure.
    QueueVisits,
    /// One agent's part in one contact.
    AgentLegs,
    /// A stretch of one state of one agent.
    AgentStates,
    /// Contact records.
    Calls,
    /// Counts of one switch, queue and 15-minute interval.
    QueueIntervals,
    /// Life of a recording.
    Recordings,
}

impl Table {
    /// All of them, in the order in which a flush commits them.
    pub const ALL: [Self; 7] = [
        Self::Events,
        Self::QueueVisits,
        Self::AgentLegs,
        Self::AgentStates,
        Self::Calls,
        Self::QueueIntervals,
        Self::Recordings,
    ];

    /// The folder's name, which is the table's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::QueueVisits => "queue_visits",
            Self::AgentLegs => "agent_legs",
            Self::AgentStates => "agent_states",
            Self::Calls => "calls",
            Self::QueueIntervals => "queue_intervals",
            Self::Recordings => "recordings",
        }
    }

    /// The table of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// One sentence for the table's metadata.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Events => "Canonical events, one row each, as the decoders understood the switch.",
            Self::QueueVisits => {
                "One row a queue visit and revision; the truth is the highest revision, not retracted."
            }
            Self::AgentLegs => "One agent's part in one contact, one row a revision.",
            Self::AgentStates => "A stretch of one state (login, pause, acw) of one agent, one row a revision.",
            Self::Calls => "Contact records, one row a revision; leave out those with merged_into.",
            Self::QueueIntervals => "Full counts of one switch, queue and 15-minute interval, one row a revision.",
            Self::Recordings => "Life of a recording, one row a revision.",
        }
    }

    /// The columns that make up the key of a row, without `revision`.
    pub const fn key(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["event_id"],
            Self::QueueVisits => &["visit_id"],
            Self::AgentLegs => &["leg_id"],
            Self::AgentStates => &["stretch_id"],
            // Two switches may give the same native id.
            Self::Calls => &["switch", "call_id"],
            Self::QueueIntervals => &["switch", "queue", "interval_start"],
            Self::Recordings => &["recording_id"],
        }
    }

    /// The columns by which rows stand within a file: centre, then queue or agent, then time.
    pub const fn order(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["center", "queue", "at", "event_id"],
            Self::QueueVisits => &["center", "queue", "joined_at", "visit_id", "revision"],
            Self::AgentLegs => &["center", "agent", "offered_at", "leg_id", "revision"],
            Self::AgentStates => &["center", "agent", "from", "stretch_id", "revision"],
            Self::Calls => &["center", "started_at", "call_id", "revision"],
            Self::QueueIntervals => &["center", "queue", "interval_start", "switch", "revision"],
            Self::Recordings => &["center", "queue", "started_at", "recording_id", "revision"],
        }
    }

    /// The columns whose minima, maxima and null counts each file's entry in the log has.
    pub const fn measured(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["center", "switch", "queue", "agent", "call_id", "type", "at", "known_at"],
            Self::QueueVisits => &[
                "center",
                "switch",
                "queue",
                "agent",
                "call_id",
                "visit_id",
                "joined_at",
                "left_at",
                "closed",
                "known_at",
            ],
            Self::AgentLegs => {
                &["center", "switch", "queue", "agent", "call_id", "offered_at", "answered_at", "ended_at", "known_at"]
            }
            Self::AgentStates => &["center", "switch", "queue", "agent", "kind", "from", "to", "known_at"],
            Self::Calls => {
                &["center", "switch", "direction", "call_id", "ani", "started_at", "ended_at", "outcome", "known_at"]
            }
            Self::QueueIntervals => &["center", "switch", "queue", "interval_start", "interval_end", "known_at"],
            Self::Recordings => {
                &["center", "switch", "queue", "agent", "call_id", "recording_id", "started_at", "state", "known_at"]
            }
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
