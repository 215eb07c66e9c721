//! Secrets: named in the configuration, held in the environment or in a file, shown
//! nowhere.

use std::path::PathBuf;

use serde::Deserialize;

/// Where a secret is; exactly one of the two is given.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Name of an environment variable.
    #[serde(default)]
    pub env: Option<String>,
    /// Path of a file that holds it (white space around it is cut off).
    #[serde(default)]
    pub file: Option<PathBuf>,
}

/// A secret's value; its debug form hides it.
#[derive(Clone)]
pub(crate) struct Revealed(String);

impl Revealed {
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Secret {
    /// A secret in an environment variable.
    pub fn from_env(name: &str) -> Self {
        Self { env: Some(name.to_owned()), file: None }
    }

    /// A secret in a file.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self { env: None, file: Some(path.into()) }
    }

    /// Reads it for another client than this crate's (a switch, a broker).
    ///
    /// # Errors
    /// Which variable or file, and what to do; never the secret.
    pub fn read(&self, what: &str) -> Result<String, String> {
        self.reveal(what).map(|r| r.text().to_owned())
    }

    /// Reads it.
    ///
    /// # Errors
    /// Which variable or file, and what to do.
    pub(crate) fn reveal(&self, what: &str) -> Result<Revealed, String> {
        let text = match (&self.env, &self.file) {
            (Some(name), None) => std::env::var(name)
                .map_err(|_| format!("{what}: the environment variable {name} is not set; set it"))?,
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|e| {
                format!("{what}: the file {} cannot be read ({e}); create it or correct the path", path.display())
            })?,
            _ => return Err(format!("{what}: give either env = \"NAME\" or file = \"PATH\"")),
        };
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(format!("{what}: the environment variable or file is empty"));
        }
        Ok(Revealed(text))
    }
}
