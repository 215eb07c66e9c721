//! Why a command failed: what, where, what to do.

use std::io::ErrorKind;

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// A file or folder.
    #[error("{0}: {1}{hint}", hint = hint(.1))]
    File(String, std::io::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] event_log::LogError),
    /// The tables.
    #[error(transparent)]
    Tables(#[from] tables::TablesError),
    /// A stage.
    #[error(transparent)]
    Stage(#[from] pipeline::facts_stage::StageError),
    /// An import.
    #[error(transparent)]
    Import(#[from] collectors::import::ImportError),
    /// Anything else, said whole.
    #[error("{0}")]
    Other(String),
}

/// What to do about a file that cannot be used.
fn hint(e: &std::io::Error) -> &'static str {
    match e.kind() {
        ErrorKind::NotFound => "; create it or correct the path",
        ErrorKind::PermissionDenied => "; let this user read it, and write it where it is the data directory",
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => "; correct the path",
        ErrorKind::StorageFull => "; make room on that disk",
        ErrorKind::ReadOnlyFilesystem => "; name a folder that can be written",
        _ => "",
    }
}

impl Failure {
    /// 2 for a wrong call, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }
}
