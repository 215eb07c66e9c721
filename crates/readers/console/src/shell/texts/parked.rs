//! The words of the pages of parked CRM rows.

pub(crate) const PARKED: &str = "Parked CRM rows";
pub(crate) const ROW: &str = "Parked CRM row";
pub(crate) const WHAT: &str = "Rows that the CRM refused for good. They are not in the CRM until they are written by a retry \
     or a later change of the same contact.";
pub(crate) const NONE: &str = "Nothing is parked.";
pub(crate) const LOOKED_FROM: &str = "Looked at are contacts that ended since";
pub(crate) const RETRY_ALL: &str = "Give those listed to the CRM again";
pub(crate) const RETRY: &str = "Give it to the CRM again";
pub(crate) const RETRIED: &str = "Given again";
pub(crate) const NOTHING_RETRIED: &str = "There was nothing to give.";
pub(crate) const BACK: &str = "All parked rows";
pub(crate) const SAID: &str = "The CRM said";
pub(crate) const FIELDS: &str = "What is to be written";
pub(crate) const CORRECT: &str = "Correct";
pub(crate) const CORRECT_HINT: &str = "Words and links may be corrected; figures, times and keys are as they were measured. \
     Only fields that you change are kept, with your name and reason; an emptied one is emptied in the CRM. A later change of \
     the contact makes a row of what was measured again.";
pub(crate) const NOT_CORRECTABLE: &str =
    "There is nothing in this row that may be corrected: its fields are as they were measured.";
pub(crate) const UNREADABLE: &str = "This version cannot read the row that was parked.";
pub(crate) const FURTHER: &str = "Another field";
pub(crate) const FURTHER_VALUE: &str = "Its text";
pub(crate) const REASON: &str = "Why? It is kept with your name.";
pub(crate) const KEEP: &str = "Keep the correction";
pub(crate) const GIVE_UP: &str = "Give the row up";
pub(crate) const GIVE_UP_HINT: &str =
    "It is not written to the CRM and is parked no more; the log keeps that you did so.";
pub(crate) const HISTORY: &str = "What became of it so far";
pub(crate) const CALL: &str = "The call";

/// What a code of the CRM means, and what to do about it.
pub(crate) fn explain(reason: &str) -> (&'static str, &'static str) {
    match reason.split(':').next().unwrap_or_default() {
        "STRING_TOO_LONG" => {
            ("A text is longer than its field in the CRM.", "Shorten it here, or have the field made longer there.")
        }
        "INVALID_FIELD" | "INVALID_FIELD_FOR_INSERT_UPDATE" | "INVALID_TYPE" => (
            "The CRM does not have a field or an object, or the user of the integration may not see it.",
            "Have the package deployed and the permission set assigned (docs/crm.md), then give the row again.",
        ),
        "REQUIRED_FIELD_MISSING" => {
            ("The CRM wants a field that the row leaves empty.", "Fill it in here, or have the rule changed there.")
        }
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => (
            "A validation rule of your organisation refuses the row.",
            "Correct what the rule complains of, or have integrations exempted from it.",
        ),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => {
            ("A value is not in the CRM's list of values.", "Choose one that is, or have this one added to the list.")
        }
        "INVALID_CROSS_REFERENCE_KEY"
        | "ENTITY_IS_DELETED"
        | "MALFORMED_ID"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => (
            "A record that the row refers to is gone, or the user of the integration may not see it.",
            "Refer to another one or empty the field; for an owner who left, name the one who took over.",
        ),
        "INACTIVE_OWNER_OR_USER" | "OPERATION_WITH_INVALID_USER_TYPE_EXCEPTION" => (
            "The owner's user is not active in the CRM.",
            "Name another owner here, and correct the agent's CRM user in the roster.",
        ),
        "DUPLICATE_VALUE" | "DUPLICATES_DETECTED" => (
            "The CRM takes it for a record that is there already.",
            "See which; where a duplicate rule applies, have integrations exempted from it.",
        ),
        "INSUFFICIENT_ACCESS_OR_READONLY" | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" => (
            "The user of the integration may not write this, or something automatic in the CRM failed.",
            "Have the permission set assigned, or the automation looked at; then give the row again.",
        ),
        _ => (
            "The CRM refused the row for good.",
            "Correct what it complains of, here or in the CRM, then give the row again.",
        ),
    }
}
