//! Rows of a table within [`Facts`].

use model::facts::Facts;
use tables::Table;

/// How many rows a table has in `facts`.
pub fn count(table: Table, facts: &Facts) -> usize {
    match table {
        Table::Events => facts.events.len(),
        Table::QueueVisits => facts.queue_visits.len(),
        Table::AgentLegs => facts.agent_legs.len(),
        Table::AgentStates => facts.agent_states.len(),
        Table::Calls => facts.calls.len(),
        Table::QueueIntervals => facts.queue_intervals.len(),
        Table::Recordings => facts.recordings.len(),
    }
}

/// Keeps the first `rows` of a table in `facts`.
pub fn truncate(table: Table, facts: &mut Facts, rows: usize) {
    match table {
        Table::Events => facts.events.truncate(rows),
        Table::QueueVisits => facts.queue_visits.truncate(rows),
        Table::AgentLegs => facts.agent_legs.truncate(rows),
        Table::AgentStates => facts.agent_states.truncate(rows),
        Table::Calls => facts.calls.truncate(rows),
        Table::QueueIntervals => facts.queue_intervals.truncate(rows),
        Table::Recordings => facts.recordings.truncate(rows),
    }
}
