//! Secrets: from the environment or from a file, never from the pipeline file itself.

use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Name of the environment variable.
    pub env: Option<String>,
    /// Path of the file; a line break at its end is taken off.
    pub file: Option<PathBuf>,
}

impl Secret {
    /// Reads it.
    ///
    /// # Errors
    /// Which variable or file is missing; never the secret.
    pub fn read(&self, of: &str) -> Result<String, String> {
        match (&self.env, &self.file) {
            (Some(name), None) => {
                std::env::var(name).map_err(|_| format!("{of}: the environment variable {name} is not set"))
            }
            (None, Some(path)) => std::fs::read_to_string(path)
                .map(|t| t.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|e| format!("{of}: {}: {e}", path.display())),
            _ => Err(format!("{of}: say either `env` or `file`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_secret_is_named_not_shown() {
        let s = Secret { env: Some("RINGLEDGER_NO_SUCH_VARIABLE".into()), file: None };
        assert!(s.read("source pbx1").unwrap_err().contains("RINGLEDGER_NO_SUCH_VARIABLE"));
        assert!(Secret { env: None, file: None }.read("x").is_err());
    }
}
