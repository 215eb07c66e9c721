//! What can go wrong in one attempt, and what the caller can do about it.
//!
//! Every message says what, where and what to do. Keys, tokens and header values never
//! appear: store errors are put into our own words, and what a server said is scrubbed.

/// What the caller can do about a failure; only the engine waits or retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The file is not there, or not finished: look again until the recording's deadline.
    NotYet,
    /// The network or a server failed: try again, with growing pauses.
    Transient,
    /// A key, an address or a permission is wrong: trying again changes nothing until a
    /// person acts.
    Setup,
    /// This recording is refused for good (its path climbs out of the folder, it is over
    /// the size limit).
    Refused,
}

/// A failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing of that name lies in the source.
    #[error("recording '{path}' is not (yet) in {place}")]
    NotThere {
        /// The announced path.
        path: String,
        /// The source.
        place: String,
    },
    /// The file is there but still being written.
    #[error("recording '{path}' in {place} is still growing; it is taken once it rests")]
    Growing {
        /// The path below the source.
        path: String,
        /// The source.
        place: String,
    },
    /// The announced path leads, or would lead, out of the folder.
    #[error("recording path '{path}' is refused: {reason}; nothing outside {place} is read")]
    Climbs {
        /// The announced path.
        path: String,
        /// The source.
        place: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// Larger than one recording may be.
    #[error(
        "recording '{path}' in {place} is larger than {limit} bytes and is not taken; raise the limit if it is genuine"
    )]
    TooLarge {
        /// The path below the source.
        path: String,
        /// The source.
        place: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The place refuses us.
    #[error("{place} refuses access ({what}); {todo}")]
    Denied {
        /// Which place.
        place: String,
        /// What was asked of it.
        what: String,
        /// What to do.
        todo: String,
    },
    /// An address or an option cannot be used.
    #[error("{place}: {what}; {todo}")]
    Setup {
        /// Which place.
        place: String,
        /// What is wrong.
        what: String,
        /// What to do.
        todo: String,
    },
    /// A server or the network failed.
    #[error("{place} failed ({what}): {why}")]
    Unreachable {
        /// Which place.
        place: String,
        /// What was asked of it.
        what: String,
        /// What it said, scrubbed and shortened.
        why: String,
    },
    /// The local disk failed.
    #[error("{path}: {what}: {source}; {todo}")]
    Disk {
        /// Which file.
        path: String,
        /// What was tried.
        what: &'static str,
        /// The system's error.
        source: std::io::Error,
        /// What to do.
        todo: &'static str,
    },
    /// What was read back differs from what was sent.
    #[error("{uri} was written but reads back differently: {what}; the attempt counts as failed")]
    NotVerified {
        /// The object.
        uri: String,
        /// What differs.
        what: String,
    },
}

impl VaultError {
    /// What the caller can do.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotThere { .. } | Self::Growing { .. } => FailureKind::NotYet,
            Self::Climbs { .. } | Self::TooLarge { .. } => FailureKind::Refused,
            Self::Denied { .. } | Self::Setup { .. } => FailureKind::Setup,
            Self::Unreachable { .. } | Self::NotVerified { .. } => FailureKind::Transient,
            Self::Disk { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => FailureKind::Setup,
                _ => FailureKind::Transient,
            },
        }
    }

    /// An error of the local disk, with advice by its kind.
    pub(crate) fn disk(path: &std::path::Path, what: &'static str, source: std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let todo = match source.kind() {
            K::StorageFull | K::QuotaExceeded => "free some space; nothing half-written is kept",
            K::PermissionDenied => "give this user access to it",
            K::ReadOnlyFilesystem => "mount it writable, or choose another place",
            K::NotFound => "check the address and whether it is mounted",
            _ => "it is tried again",
        };
        Self::Disk { path: path.display().to_string(), what, source, todo }
    }

    /// Puts an object store's error into our words; `secrets` never survive.
    pub(crate) fn store(place: &str, what: &str, error: &object_store::Error, secrets: &[String]) -> Self {
        use object_store::Error as E;
        let told = chain(error);
        let says = |words: &[&str]| words.iter().any(|w| told.contains(w));
        let (place, what) = (place.to_owned(), what.to_owned());
        // Some requests (lists, the ends of uploads) keep the answer only in their text.
        if matches!(error, E::Unauthenticated { .. } | E::PermissionDenied { .. }) || says(DENIED) {
            let todo = "check the access key, its secret and the bucket's policy".into();
            return Self::Denied { place, what, todo };
        }
        if matches!(error, E::NotFound { .. }) || says(NO_BUCKET) {
            let what = format!("{what}: no such bucket or object");
            return Self::Setup {
                place,
                what,
                todo: "check that the bucket exists and that the address names it".into(),
            };
        }
        if let E::UnknownConfigurationKey { key, .. } = error {
            let todo = "see the object store's option names (region, endpoint, allow_http, …)".into();
            return Self::Setup { place, what: format!("unknown option '{key}'"), todo };
        }
        Self::Unreachable { place, what, why: scrub(&told, secrets) }
    }
}

/// What an S3 server's answer says where it does not let us in.
const DENIED: &[&str] = &[
    "<Code>AccessDenied</Code>",
    "<Code>SignatureDoesNotMatch</Code>",
    "<Code>InvalidAccessKeyId</Code>",
    "<Code>ExpiredToken</Code>",
    "<Code>InvalidToken</Code>",
    "401 Unauthorized",
    "403 Forbidden",
];

/// What it says where the bucket is not there.
const NO_BUCKET: &[&str] = &["<Code>NoSuchBucket</Code>"];

/// An error and what caused it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

/// Longest text of somebody else's error that is passed on, in characters.
const MAX_TOLD: usize = 400;

/// Takes secrets out of a text, makes it one line, and shortens it.
pub(crate) fn scrub(text: &str, secrets: &[String]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|s| !s.is_empty()) {
        clean = clean.replace(secret.as_str(), "…");
    }
    let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_TOLD {
        return line;
    }
    line.chars().take(MAX_TOLD).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn secrets_and_line_ends_do_not_survive() {
        let told = scrub("key\n  hunter2 is\twrong", &["hunter2".into(), String::new()]);
        assert_eq!(told, "key … is wrong");
    }

    #[test]
    fn long_answers_are_cut_at_a_character() {
        assert_eq!(scrub(&"ü".repeat(1000), &[]).chars().count(), 401);
    }
}
