//! Is a stored recording still what it was: its bytes are read again.

use model::facts::Recording;

use crate::Vault;
use crate::error::VaultError;

/// What reading a stored recording again found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Verification {
    /// Size and hash are those of its row.
    Good,
    /// Nothing was ever stored for it.
    NotStored,
    /// The object is gone.
    Gone,
    /// The object's bytes are others.
    Differs {
        /// Size by its row.
        bytes: Option<i64>,
        /// Size found.
        found_bytes: i64,
        /// Hash by its row.
        sha256: Option<String>,
        /// Hash found.
        found_sha256: String,
    },
}

impl Vault {
    /// Reads the object of a row through, and compares size and hash.
    ///
    /// # Errors
    /// As the store fails; that says nothing about the recording.
    pub async fn verify(&self, row: &Recording) -> Result<Verification, VaultError> {
        let Some(key) = row.uri.as_deref().and_then(|uri| self.place.key_of(uri)) else {
            return Ok(Verification::NotStored);
        };
        let Some((size, hash)) = self.place.measure(&key).await? else { return Ok(Verification::Gone) };
        let found_bytes = i64::try_from(size).unwrap_or(i64::MAX);
        if row.bytes == Some(found_bytes) && row.sha256.as_deref() == Some(hash.as_str()) {
            return Ok(Verification::Good);
        }
        let sha256 = row.sha256.as_ref().map(ToString::to_string);
        Ok(Verification::Differs { bytes: row.bytes, found_bytes, sha256, found_sha256: hash })
    }
}
