//! The names of the metrics; what each means for a reader is `docs/monitoring.md`.
//!
//! Names end in their unit (seconds, ratio) where they have one; counters get `_total`
//! when they are written. Labels are taken from what the pipeline file and this program
//! name, but for queues, whose number is limited (`queues`).

/// What only grows: name (without `_total`) and meaning.
pub const COUNTERS: &[(&str, &str)] = &[
    ("ringledger_records_folded", "Records read and folded"),
    ("ringledger_rows_committed", "Rows committed to tables"),
    ("ringledger_flushes", "Flushes"),
    ("ringledger_dead_letters", "Records that went to the dead letters, by reason"),
    ("ringledger_flush_retries", "Commits that were tried again"),
    ("ringledger_overtaken", "Times that another owner was found ahead"),
    ("ringledger_events_appended", "Events of a source appended"),
    ("ringledger_adapter_events", "Adapter events by what became of them"),
    ("ringledger_crm_rows_written", "Rows written to a CRM, by object"),
    ("ringledger_crm_rows_parked", "Rows that a CRM refused for good"),
    ("ringledger_crm_rows_put_off", "Rows put off"),
    ("ringledger_crm_retries", "CRM requests repeated"),
    ("ringledger_recording_retries", "Attempts at recordings repeated"),
    ("ringledger_task_failures", "Times that a task failed and was started again"),
    ("ringledger_maintenance_files_merged", "Files of tables that compaction replaced"),
    ("ringledger_maintenance_files_removed", "Replaced files that vacuum removed"),
    ("ringledger_maintenance_runs", "Times that maintenance went through every table"),
    ("ringledger_orphan_sweeps", "Looks for recordings that nobody announced"),
    ("ringledger_http_requests", "Requests answered, by method, route and status"),
    ("ringledger_sign_in_refusals", "Callers that were not let in, by what they showed: a token or a form"),
];

/// What rises and falls, in whole numbers: name and meaning.
pub const GAUGES: &[(&str, &str)] = &[
    ("ringledger_restated_visits", "Visits of the folds as they stand that changed after their close"),
    ("ringledger_lag_records", "Records of a partition that are not folded yet"),
    (
        "ringledger_partitions_folded",
        "Partitions that this process folds and whose lag it tells; over all processes less than there are while \
         some have no owner",
    ),
    ("ringledger_partitions", "Partitions of the events' topic"),
    ("ringledger_source_connected", "1 where a source is connected"),
    ("ringledger_crm_contacts_waiting", "Contacts that wait for their CRM rows"),
    ("ringledger_crm_budget_used", "Requests used of the CRM's daily limit"),
    ("ringledger_crm_budget_limit", "The CRM's daily limit"),
    (
        "ringledger_recordings",
        "Recordings by state: those pending, and those of calls that changed in the last two days",
    ),
    ("ringledger_rows_held", "Rows that wait for a flush"),
    ("ringledger_queue_callers_waiting", "Callers who wait in a queue"),
    ("ringledger_queue_agents", "Agents of a queue by what they do"),
    ("ringledger_queue_calls_talking", "Answered calls of a queue whose talk lasts"),
    ("ringledger_queue_offered_today", "Calls that joined a queue since midnight"),
    ("ringledger_queue_answered_today", "Of those, answered"),
    ("ringledger_queue_abandoned_today", "Of those, abandoned"),
    ("ringledger_queues_not_shown", "Queues beyond the limit of those that have gauges"),
    ("ringledger_ready", "1 where /readyz says so"),
];

/// What rises and falls, in seconds or parts: name and meaning.
pub const FLOATS: &[(&str, &str)] = &[
    (
        "ringledger_waiting_seconds",
        "How long something has been waited for: an effect that fails or lasts; 0 once it ended",
    ),
    ("ringledger_start_timestamp_seconds", "When the process began"),
    ("ringledger_last_flush_timestamp_seconds", "When all that was folded was last durable"),
    ("ringledger_switch_heard_timestamp_seconds", "When the log took the last event of a switch that was folded"),
    ("ringledger_switch_event_timestamp_seconds", "The last event of a switch that was folded, by its own time"),
    ("ringledger_recordings_oldest_pending_seconds", "Age of the oldest recording that has no outcome; 0 for none"),
    ("ringledger_queue_longest_wait_seconds", "How long the first caller in a queue has waited; 0 for none"),
    ("ringledger_queue_service_level_ratio", "Service level of a queue since midnight (docs/metrics.md, section 5)"),
];
