//! The words of the pages of health.

pub(crate) const HEALTH: &str = "Health";
pub(crate) const ALL_WELL: &str = "Nothing is wrong.";
pub(crate) const WRONG: &str = "What is wrong";
pub(crate) const WHAT_TO_DO: &str = "What to do:";
pub(crate) const GO_THERE: &str = "Go there";
pub(crate) const FOLLOWS: &str = "This page follows by itself; without scripts, load it again.";

pub(crate) const STARTING: &str = "This process is starting or draining.";
pub(crate) const STARTING_ACTION: &str = "Wait; where it lasts, its log says what it waits for.";
pub(crate) const TASK: &str = "The task";
pub(crate) const TASK_FAILED: &str = "failed and waits to be started again";
pub(crate) const TASK_ACTION: &str =
    "It is started again by itself with growing pauses; the process's log says why it failed.";
pub(crate) const SOURCE: &str = "The source";
pub(crate) const SOURCE_LOST: &str = "is not connected";
pub(crate) const SOURCE_ACTION: &str = "It is tried again by itself. See whether the switch runs and lets this host in \
     (`ringledger check` says what it answers); what it said meanwhile is shown as a gap.";
pub(crate) const WAITS_FOR: &str = "Waits for";
pub(crate) const SINCE: &str = "for";
pub(crate) const FOR: &str = "for another";
pub(crate) const SILENT: &str = "Nothing has been heard of the switch";
pub(crate) const SILENT_ACTION: &str =
    "Where calls come in there now, see whether its source is connected and whether the switch tells of events.";
pub(crate) const BEHIND_ACTION: &str = "Where it grows: see that every partition has a process that folds it, and \
     what is waited for; more processes share the partitions (docs/scaling.md).";
pub(crate) const NO_FLUSH: &str = "The last flush into the tables was long ago:";
pub(crate) const SLOW_FLUSH: &str = "The last flush into the tables took long:";
pub(crate) const FLUSH_ACTION: &str =
    "See whether the store of the tables answers and has room; rows wait meanwhile and none is lost.";
pub(crate) const CRM_HELD_BACK: &str = "The daily limit of requests is used up:";
pub(crate) const CRM_HELD_BACK_ACTION: &str =
    "Rows wait and are written once the CRM lets requests in again; a higher limit is the CRM administrator's.";
pub(crate) const LOG_UNREAD: &str = "The log cannot be asked how far it is";
pub(crate) const LOG_ACTION: &str = "See whether the log's servers are reachable from here; nothing is lost meanwhile.";

/// How far folds are behind.
pub(crate) fn behind(count: usize, worst: i32, age: &str, records: i64) -> String {
    let are = if count == 1 { "partition is" } else { "partitions are" };
    format!("{count} {are} behind the log: partition {worst} the furthest, by {age}; {records} records in all.")
}

/// What to do about something that is waited for, by what it is.
pub(crate) fn wait_action(what: &str) -> &'static str {
    match what {
        w if w.starts_with("table") => {
            "The store of the tables does not answer or refuses: see whether it is reachable, has room and lets this \
             process in. Rows wait; none is lost."
        }
        w if w.contains("snapshot") => "The store of the snapshots does not answer: see whether it is reachable.",
        w if w.contains("vault") || w.contains("recording") => {
            "The vault or the place of the recordings does not answer: see whether it is reachable and has room."
        }
        w if w.contains("log") => "The log does not take what is appended: see whether its servers are reachable.",
        w if w.contains("crm") => "The CRM does not answer; rows wait and are written once it does.",
        _ => "See the process's log for why; it is tried again by itself.",
    }
}

pub(crate) const PROCESS: &str = "This process";
pub(crate) const VERSION: &str = "Version";
pub(crate) const STARTED: &str = "Running since";
pub(crate) const LAST_FLUSH: &str = "Last flush";
pub(crate) const NONE_YET: &str = "none yet";
pub(crate) const FOLDS_HERE: &str = "Partitions folded here";
pub(crate) const ROWS_HELD: &str = "Rows that wait for a flush";
pub(crate) const SWITCHES: &str = "Switches";
pub(crate) const NO_SWITCHES: &str = "No switch has been heard yet.";
pub(crate) const WAITS: &str = "Waited for now";
pub(crate) const LAG: &str = "The log";
pub(crate) const LAG_HINT: &str = "Behind: records that are not folded durably into the tables yet. A flush comes every \
     few seconds, so a few records and seconds are usual.";
pub(crate) const CRM: &str = "CRM";
pub(crate) const CRM_HINT: &str = "Counts are of this process since it began.";
pub(crate) const NOTHING: &str = "Nothing.";

pub(crate) const BACK: &str = "Back to health";
pub(crate) const NEXT: &str = "Older ones";
pub(crate) const GONE: &str = "There is none of that name, or it was dealt with meanwhile.";
pub(crate) const OUTCOMES: &str = "What became of each";
pub(crate) const FAILED_ROWS: &str = "What failed";
pub(crate) const RECORDINGS: &str = "Recordings";

/// An outcome's word.
pub(crate) fn outcome(result: &str) -> &str {
    match result {
        "taken_in" => "Taken in",
        "replay" => "Waits for a replay",
        "unreadable" => "Still cannot be read",
        "written" => "Written",
        "refused" => "Still refused",
        "later" => "Not now",
        "not_given" => "Not given",
        other => other,
    }
}

/// Dead letters that stand.
pub(crate) fn letters(n: u64) -> String {
    if n == 1 { "One record could not be read.".to_owned() } else { format!("{n} records could not be read.") }
}

/// Parked rows that stand.
pub(crate) fn parked(n: u64) -> String {
    if n == 1 { "The CRM refused one row for good.".to_owned() } else { format!("The CRM refused {n} rows for good.") }
}

/// Recordings that are missing.
pub(crate) fn missing(n: u64) -> String {
    if n == 1 { "One recording is missing.".to_owned() } else { format!("{n} recordings are missing.") }
}

pub(crate) const LETTERS_ACTION: &str = "Read why, put right what makes them, and try them once more.";
pub(crate) const PARKED_ACTION: &str = "Read what it said, correct the rows or the CRM, and give them again.";
pub(crate) const MISSING_ACTION: &str =
    "See whether the place where the switch leaves them is the configured one, and whether they are removed too early.";
pub(crate) const DEAD_LETTERS: &str = "Dead letters";
pub(crate) const PARKED: &str = "Parked CRM rows";
pub(crate) const NOT_KNOWN: &str = "not known now";
