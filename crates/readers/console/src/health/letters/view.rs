//! Dead letters as the API has them, and which are asked for.

use std::collections::BTreeMap;

use event_log::dead_letters::DeadLetter;
use model::{Name, Position};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::health::desk::place_text;

/// A dead letter without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LetterView {
    /// Where it stands in `cti.dead-letters`: `0-42` is offset 42 of partition 0.
    pub place: String,
    /// Its id, as `ringledger dead-letters` knows it.
    pub id: String,
    /// A word for the kind: `unframed`, `envelope`, `undecodable`, `too_late`.
    pub reason: String,
    /// What is wrong, as it was found.
    pub text: String,
    /// The source, where known.
    pub source: Option<String>,
    /// The switch, where known.
    pub switch: Option<String>,
    /// The dialect, where known.
    pub dialect: Option<String>,
    /// The centre, where known.
    pub center: Option<String>,
    /// Where it stands in `cti.events`, where it does.
    pub position: Option<String>,
    /// When it was found, RFC 3339.
    pub at: String,
    /// How many bytes.
    pub bytes: usize,
    /// A retry has taken it in since.
    pub taken_in: bool,
}

/// Some dead letters, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LettersView {
    /// The letters.
    pub letters: Vec<LetterView>,
    /// `after` of the next page; null where there is none.
    pub next: Option<String>,
    /// How many stand, by reason, whatever was asked for.
    pub by_reason: BTreeMap<String, u64>,
    /// There are older ones than are listed; `ringledger dead-letters list` has all.
    pub older: bool,
}

/// Which letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, IntoParams, ToSchema)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct LetterFilter {
    /// Of this reason.
    pub reason: Option<String>,
    /// Of this switch.
    pub switch: Option<String>,
    /// Also those that a retry has taken in since.
    #[serde(deserialize_with = "crate::health::flag")]
    pub taken_in: bool,
    /// Where the page before ended (`next`).
    pub after: Option<String>,
    /// Letters of a page, 1 to 500.
    #[serde(deserialize_with = "crate::health::number")]
    pub limit: Option<usize>,
}

/// A letter that stands there in the topic.
pub(super) fn view(place: Position, letter: &DeadLetter) -> LetterView {
    let text = |name: &Option<Name>| name.as_ref().map(ToString::to_string);
    LetterView {
        place: place_text(place),
        id: letter.id.to_string(),
        reason: letter.reason.to_string(),
        text: letter.text.clone(),
        source: text(&letter.source),
        switch: text(&letter.switch),
        dialect: text(&letter.dialect),
        center: text(&letter.center),
        position: letter.position.map(|p| p.to_string()),
        at: letter.at.to_rfc3339(),
        bytes: letter.bytes.len(),
        taken_in: false,
    }
}

impl LetterFilter {
    /// Whether a letter is one of them, wherever the page begins.
    pub(super) fn wants(&self, letter: &LetterView) -> bool {
        let is = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|a| a.is_empty() || a == has);
        is(&self.reason, &letter.reason)
            && is(&self.switch, letter.switch.as_deref().unwrap_or_default())
            && (self.taken_in || !letter.taken_in)
    }
}
