//! The words of the reports and of the staffing page.

pub(crate) const REPORTS: &str = "Reports";
pub(crate) const QUEUES: &str = "Queues by interval";
pub(crate) const AGENTS: &str = "Agents by interval";
pub(crate) const CONTACTS: &str = "Contacts by outcome";
pub(crate) const VISITS: &str = "Visits behind a figure";
pub(crate) const KINDS: &str = "Kinds of reports";

pub(crate) const SHOW: &str = "Show";
pub(crate) const OWN_RANGE: &str = "as in From and To";
pub(crate) const LINK: &str = "Link to these figures as they are now";
pub(crate) const EXPORT: &str = "Export";
pub(crate) const NOTHING: &str = "There is nothing in this range.";
pub(crate) const LAST_EVENT: &str = "The day of the last event";
pub(crate) const NOT_ANSWERED: &str = "These figures cannot be shown.";
pub(crate) const TABLES_DOWN: &str = "the tables cannot be read now: try again later";
pub(crate) const CUT: &str = "The table is cut off: an export has all rows.";
pub(crate) const NOT_DRAWN: &str = "There are too many intervals to draw: choose longer ones.";
pub(crate) const NO_COMPARE: &str = "Without a begin and an end there is no week before to compare with.";
pub(crate) const NOTHING_BEFORE: &str = "There is nothing in the same range of the week before.";
pub(crate) const NO_QUEUE: &str = "(no queue)";
pub(crate) const COMPARED: &str = "Beside each figure: the difference to the week before.";
pub(crate) const GAPS: &str = "Gaps of sources";
pub(crate) const GAPS_WHAT: &str =
    "Nothing was heard of these switches at these times: what happened then may be missing from the figures.";
pub(crate) const RESTATED: &str = "restated: visits of the row that changed after their close";
pub(crate) const BY_QUEUE: &str = "By queue";
pub(crate) const BY_INTERVAL: &str = "By interval";
pub(crate) const BY_AGENT: &str = "By agent";
pub(crate) const LOST: &str = "Contacts that got nobody";
pub(crate) const HEAT: &str = "By weekday and hour";
pub(crate) const HEAT_SUMS: &str = "Sums over the range, on the clocks of the report's zone.";

/// Charts: title, and what is to be seen for who does not see it.
pub(crate) const CHART_OUTCOMES: (&str, &str) = (
    "Offered by outcome",
    "A bar for each interval: answered, abandoned, and what flowed out or is open, stacked to the offered visits.",
);
pub(crate) const CHART_LEVEL: (&str, &str) =
    ("Service level", "A line over the intervals, from 0 to 100 per cent; broken where nothing counts.");
pub(crate) const CHART_WAITS: (&str, &str) = (
    "Waits of the answered",
    "Two lines over the intervals: the median wait, and the wait that nine of ten stayed below.",
);
pub(crate) const CHART_DISTRIBUTION: (&str, &str) = (
    "How long callers waited",
    "A bar for each range of waits, in the whole range of the report: answered and abandoned visits, stacked.",
);
pub(crate) const CHART_TIMES: (&str, &str) = (
    "How agents' time was spent",
    "A bar for each interval: talking, after-call work, ringing, paused and idle, stacked to the time logged in.",
);
pub(crate) const NO_VISITS: &str = "No visit is behind it.";
pub(crate) const NEXT: &str = "Next page";
pub(crate) const OPENS: &str = "A figure opens the visits behind it.";

/// Ranges by name, as addresses and people name them.
pub(crate) const RANGES: [(&str, &str); 6] = [
    ("today", "today"),
    ("yesterday", "yesterday"),
    ("this-week", "this week"),
    ("last-week", "last week"),
    ("this-month", "this month"),
    ("last-month", "last month"),
];

/// Intervals.
pub(crate) const INTERVALS: [(&str, &str); 6] = [
    ("15m", "15 minutes"),
    ("30m", "half hours"),
    ("1h", "hours"),
    ("1d", "days"),
    ("1w", "weeks"),
    ("all", "the whole range"),
];

/// Attributions.
pub(crate) const ATTRIBUTIONS: [(&str, &str); 2] =
    [("arrival", "when the caller arrived"), ("event-time", "when it happened")];

/// The formulas of the service level.
pub(crate) const FORMULAS: [(&str, &str); 7] = [
    ("service_level", "short abandons set aside"),
    ("service_level_negative", "abandons count as missed"),
    ("service_level_ignore", "abandons within T ignored"),
    ("service_level_positive", "abandons within T count as met"),
    ("service_level_answered", "of the answered"),
    ("service_level_amazon", "of the offered"),
    ("service_level_avaya", "of all received"),
];

/// What a heat map shows.
pub(crate) const HEATS: [(&str, &str); 3] =
    [("offered", "offered"), ("abandon_rate", "abandonment"), ("service_level", "service level")];

pub(crate) const WHAT_IF: &str = "what-if";
pub(crate) const STAFFING: &str = "Staffing what-if";
pub(crate) const STAFFING_NAME: &str = "Staffing";
