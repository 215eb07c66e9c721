//! Our own acts: what a stage did or decided outside the log, and what shapes rows.
//! They are events of `cti.events` too (`ce_type` `ringledger.act`, source
//! `/ringledger/<stage>`), under the key of the switch they concern, so that a replay
//! gives the same rows.

use serde::{Deserialize, Serialize};

use crate::{Dialect, Envelope, Instant, Name, Roster, facts::RecordingState};

/// One act; as JSON `{"act": "<name>", …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// Which interface is which agent, from now on.
    RosterSet {
        /// The whole roster of the switch.
        roster: Roster,
    },
    /// What shapes rows of this switch, from now on.
    SettingsSet {
        /// The settings, whole.
        settings: SwitchSettings,
    },
    /// A finite input of the given dialect has ended: every join and deadline is released.
    InputEnded {
        /// The dialect of the input (`ce_type`).
        dialect: Name,
        /// The time of the last event in it.
        last_event: Instant,
    },
    /// Nothing was heard from a source between two instants (a broken connection); becomes
    /// the event `SourceGap`.
    SourceGap {
        /// The dialect of the source (`ce_type`).
        dialect: Name,
        /// From.
        from: Instant,
        /// To.
        to: Instant,
    },
    /// What became of a recording in the vault.
    RecordingOutcome(RecordingOutcome),
    /// Somebody was given a recording to hear; written before the first byte.
    AccessGranted {
        /// Which recording.
        recording_id: Name,
        /// Who (the name of the token or of the session).
        who: Name,
        /// The reason they gave.
        reason: String,
    },
    /// A row was written to a CRM.
    CrmWritten {
        /// The contact.
        call_id: Name,
        /// The CRM target: `salesforce`, `webhook`.
        target: Name,
        /// The object: `Task`, `Call_Metric__c`.
        object: Name,
        /// The record's id in the CRM, where it told one.
        record_id: Option<Name>,
        /// The contact's revision that was written.
        revision: i64,
    },
    /// A row was refused for good and parked.
    CrmParked {
        /// The contact.
        call_id: Name,
        /// The CRM target.
        target: Name,
        /// The object.
        object: Name,
        /// What the CRM said.
        reason: String,
        /// The parked row as JSON text, so that `crm retry` can give it again.
        #[serde(default)]
        row: String,
    },
    /// Somebody signed in to the console or out of it, or was refused. It concerns no
    /// switch: it stands under `console`.
    SignIn {
        /// Who; for a refusal the name given, where there is such an account.
        who: Name,
        /// `password`, `code` or `oidc`.
        how: Name,
        /// The address that asked, where it is known.
        from: Option<Name>,
        /// What came of it.
        outcome: SignInOutcome,
        /// Why it was refused; the role otherwise.
        why: String,
    },
    /// Somebody corrected fields of a parked row; the next retry writes them so.
    CrmCorrected {
        /// The contact, or the key of an interval.
        call_id: Name,
        /// The CRM target.
        target: Name,
        /// The object.
        object: Name,
        /// Fields and their new text; `None` empties the field.
        fields: Vec<(Name, Option<String>)>,
        /// Who.
        who: Name,
        /// Why, in their words.
        reason: String,
    },
    /// Somebody had a parked row written again; where the CRM took it, `CrmWritten` follows.
    CrmRetried {
        /// The contact, or the key of an interval.
        call_id: Name,
        /// The CRM target.
        target: Name,
        /// The object.
        object: Name,
        /// Who.
        who: Name,
        /// What the CRM said.
        outcome: String,
    },
    /// Somebody gave a parked row up: it is not written, and stands parked no more.
    CrmDiscarded {
        /// The contact, or the key of an interval.
        call_id: Name,
        /// The CRM target.
        target: Name,
        /// The object.
        object: Name,
        /// Who.
        who: Name,
        /// Why, in their words.
        reason: String,
    },
}

/// What came of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    /// A session began.
    SignedIn,
    /// Its holder ended it.
    SignedOut,
    /// No session began.
    Refused,
}

impl Act {
    /// The envelope of this act: `stage` is who acts (`/ringledger/<stage>`), `id` derives
    /// from what the act says. Acts carry no sequence: folds know them by id.
    pub fn envelope(&self, stage: &str, id: Name, place: (&Name, &Name), at: Instant, received: Instant) -> Envelope {
        let (center, switch) = place;
        Envelope {
            id,
            source: format!("/ringledger/{stage}").into(),
            dialect: Dialect::Ringledger,
            time: at,
            received,
            epoch: 0,
            sequence: 0,
            center: center.clone(),
            switch: switch.clone(),
            data: serde_json::to_vec(self).unwrap_or_default().into(),
        }
    }
}

/// What shapes the rows of one switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchSettings {
    /// The dialect that makes the figures (`ce_type`); none: the first one seen.
    #[serde(default)]
    pub figures: Option<Name>,
    /// Pauses with these reasons are after-call work.
    #[serde(default)]
    pub acw_pause_reasons: Vec<Name>,
    /// T of `queue_intervals` where the queue has none of its own, milliseconds (default
    /// 20 000).
    #[serde(default)]
    pub sl_threshold_ms: Option<i64>,
    /// S of `queue_intervals`, milliseconds (default 5 000).
    #[serde(default)]
    pub short_abandon_ms: Option<i64>,
    /// T by queue, milliseconds.
    #[serde(default)]
    pub queue_thresholds: Vec<(Name, i64)>,
    /// Region (ISO 3166-1 alpha-2) by which national numbers become E.164; none: only
    /// international ones do.
    #[serde(default)]
    pub default_region: Option<Name>,
}

/// What the vault did with one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingOutcome {
    /// Which recording; an orphan's id derives from its path and content.
    pub recording_id: Name,
    /// The contact, where one is known.
    pub call_id: Option<Name>,
    /// What became of it.
    pub state: RecordingState,
    /// Length of the media, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Size in bytes.
    pub bytes: Option<i64>,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: Option<String>,
    /// Where it is kept.
    pub uri: Option<String>,
    /// The announced path, or the file's path below its folder.
    pub path: String,
    /// File time of an orphan, start of media otherwise, where known.
    pub started_at: Option<Instant>,
    /// When it was stored. A wall-clock value.
    pub stored_at: Option<Instant>,
    /// What was wrong, where something was.
    pub note: Option<String>,
    /// The row that the vault acted on; none for an orphan. With it the outcome makes its
    /// revision also after the contact was let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<Box<crate::facts::Recording>>,
}
