//! The words of the pages, in one place. English first.

pub(crate) mod calls;
pub(crate) mod health;
pub(crate) mod letters;
pub(crate) mod parked;
pub(crate) mod recordings;

pub(crate) const PRODUCT: &str = "Ringledger";
pub(crate) const NAVIGATION: &str = "Places";
pub(crate) const SKIP: &str = "Skip to the content";
pub(crate) const SIGN_OUT: &str = "Sign out";

pub(crate) const BOARD: &str = "Live board";
pub(crate) const AGENTS: &str = "Agents";
pub(crate) const WALL: &str = "Wall screen";
pub(crate) const LEAVE_WALL: &str = "Leave the wall screen";
pub(crate) const NO_QUEUES: &str = "No queue has been seen yet. Figures appear as soon as a switch tells of one.";
pub(crate) const NO_AGENTS: &str = "Nobody is logged in.";
pub(crate) const NEEDS_SCRIPT: &str = "Without scripts the figures stand still: load the page again to see newer ones.";
pub(crate) const TODAY: &str = "Counts are of today, by arrival, since midnight of the centre.";
pub(crate) const NOT_LIVE: &str = "is not live";

/// Columns of the board: the field of the API, the heading, what it means.
pub(crate) const BOARD_COLUMNS: &[(&str, &str, &str)] = &[
    ("waiting", "Waiting", "callers who wait now"),
    ("longest_wait_ms", "Longest wait", "the longest of their waits so far"),
    ("agents_available", "Available", "agents who can take a call"),
    ("agents_talking", "Talking", "agents in a call, of whatever queue"),
    ("agents_ringing", "Ringing", "agents who are offered a call"),
    ("agents_in_acw", "ACW", "agents in after-call work"),
    ("agents_paused", "Paused", "agents who are paused in the queue"),
    ("offered", "Offered", "callers who joined today"),
    ("answered", "Answered", "of today's"),
    ("abandoned", "Abandoned", "of today's"),
    ("abandon_rate", "Abandoned %", "abandoned of offered"),
    ("service_level", "Service level", "answered within the threshold; who waits longer already counts as missed"),
    ("sl_threshold_ms", "T", "the threshold of the service level: answered within it"),
    ("asa_ms", "ASA", "average speed of answer"),
];

/// Columns of the agents' board.
pub(crate) const AGENT_COLUMNS: &[(&str, &str)] = &[
    ("state", "State"),
    ("since", "Since"),
    ("reason", "Reason"),
    ("queue", "Queue of the call"),
    ("queues", "Queues"),
];

/// A state's word.
pub(crate) fn state(name: &str) -> &str {
    match name {
        "talking" => "Talking",
        "acw" => "After-call work",
        "ringing" => "Ringing",
        "paused" => "Paused",
        "available" => "Available",
        other => other,
    }
}

pub(crate) mod reports;
pub(crate) mod staffing;
