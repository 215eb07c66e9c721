//! Why a command failed: what, where, what to do.

/// A failed command.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// A file or folder.
    #[error("{0}: {1}")]
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

impl Failure {
    /// 2 for a wrong call, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Usage(_)) { 2 } else { 1 }
    }
}
