//! Where the lake is and which generation writes it.

use std::fmt;

/// What a lake needs to be opened.
#[derive(Clone, Debug, Default)]
pub struct LakeConfig {
    /// A folder, or `s3://bucket/path`; the tables are folders below it.
    pub place: String,
    /// Settings of an S3 store; unused for a folder.
    pub s3: S3Settings,
    /// Raised with every change of a formula or of a state's format. Tables of another
    /// generation are read, never written to.
    pub generation: String,
}

impl LakeConfig {
    /// A lake in a local folder.
    pub fn folder(path: impl AsRef<std::path::Path>, generation: impl Into<String>) -> Self {
        Self {
            place: path.as_ref().to_string_lossy().into_owned(),
            s3: S3Settings::default(),
            generation: generation.into(),
        }
    }

    /// The `app_id` of one partition of one stage (`docs/tables.md`, section 2).
    pub fn app_id(&self, stage: &str, topic: &str, partition: i32) -> String {
        format!("{}/{stage}/{topic}-{partition}", self.generation)
    }
}

/// How an S3 store (or one compatible with it) is reached. What is `None` here is taken
/// from the usual environment variables (`AWS_REGION`, `AWS_ENDPOINT_URL`,
/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ALLOW_HTTP`).
#[derive(Clone, Default)]
pub struct S3Settings {
    /// The region; stores that are not Amazon's mostly take any.
    pub region: Option<String>,
    /// The address of the server, `http(s)://host:port`; none: Amazon's.
    pub endpoint: Option<String>,
    /// Allow an endpoint without TLS.
    pub allow_http: bool,
    /// The id of the access key.
    pub access_key_id: Option<String>,
    /// The secret of the access key. Never printed.
    pub secret_access_key: Option<String>,
}

impl fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("allow_http", &self.allow_http)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &self.secret_access_key.as_ref().map(|_| "(kept back)"))
            .finish()
    }
}
