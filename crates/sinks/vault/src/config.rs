//! Where the vault is, said by a URL and options; keys only from the environment.
//!
//! `file:///path` or a plain path is a local folder; `s3://bucket/prefix` is S3 and
//! whatever is compatible with it. Options are those of the object-store library
//! (`endpoint`, `region`, `allow_http`, `virtual_hosted_style_request`, …); the
//! environment variables are the usual `AWS_…`. An option wins over the environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use crate::error::VaultError;

/// Longest time that one request (one part of an upload) may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest time to a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An address with its options and its part of the environment.
#[derive(Clone)]
pub struct StoreConfig {
    /// `s3://bucket/prefix`, `file:///path`, or a path.
    pub location: String,
    /// Options by the library's names.
    pub options: Vec<(String, String)>,
    /// Environment variables that may matter (`AWS_…`).
    pub environment: Vec<(String, String)>,
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.options.iter().map(|(k, _)| k.as_str()).collect();
        f.debug_struct("StoreConfig").field("location", &self.location).field("options", &names).finish_non_exhaustive()
    }
}

impl StoreConfig {
    /// An address with options, and the process's own environment.
    pub fn from_env(location: &str, options: &[(String, String)]) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .filter(|(k, _)| k.starts_with("AWS_"))
            .collect();
        Self { location: location.to_owned(), options: options.to_vec(), environment }
    }
}

/// An opened address.
pub(crate) enum Opened {
    /// A local folder.
    Local(PathBuf),
    /// A bucket, the prefix in it, what it is called, and what must never be printed.
    Remote { store: Arc<dyn ObjectStore>, prefix: String, base: String, secrets: Vec<String> },
}

/// Opens an address; asks nothing of any server yet.
pub(crate) fn open(config: &StoreConfig) -> Result<Opened, VaultError> {
    let Ok(url) = Url::parse(&config.location) else {
        return Ok(Opened::Local(PathBuf::from(&config.location)));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(setup(
            "the vault's address",
            "it holds a user name or a password",
            "keys belong into the environment",
        ));
    }
    match url.scheme() {
        "file" => url
            .to_file_path()
            .map(Opened::Local)
            .map_err(|()| setup(&config.location, "it is no local path", "write file:///folder or a plain path")),
        "s3" | "s3a" => open_s3(&url, config),
        other => Err(setup(
            &config.location,
            &format!("'{other}' is no kind of store that this build has"),
            "use a local folder, file:// or s3:// (with `endpoint` for compatible servers)",
        )),
    }
}

fn open_s3(url: &Url, config: &StoreConfig) -> Result<Opened, VaultError> {
    let bucket = url.host_str().unwrap_or_default();
    let base = format!("s3://{bucket}{}", url.path().trim_end_matches('/'));
    let mut builder = AmazonS3Builder::new().with_bucket_name(bucket);
    let client = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_connect_timeout(CONNECT_TIMEOUT);
    // One attempt: only the engine retries.
    let once = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    builder = builder.with_client_options(client).with_retry(once);
    let mut secrets = Vec::new();
    for (name, value) in &config.environment {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            note_secret(&key, value, &mut secrets);
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in &config.options {
        let key = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>().map_err(|_| {
            setup(
                &base,
                &format!("unknown option '{name}'"),
                "options are endpoint, region, allow_http, virtual_hosted_style_request, …",
            )
        })?;
        note_secret(&key, value, &mut secrets);
        builder = builder.with_config(key, value);
    }
    let store = builder.build().map_err(|e| VaultError::store(&base, "open", &e, &secrets))?;
    let prefix = url.path().trim_matches('/').to_owned();
    Ok(Opened::Remote { store: Arc::new(store), prefix, base, secrets })
}

fn note_secret(key: &AmazonS3ConfigKey, value: &str, secrets: &mut Vec<String>) {
    use AmazonS3ConfigKey as K;
    if matches!(key, K::SecretAccessKey | K::Token | K::AccessKeyId) {
        secrets.push(value.to_owned());
    }
}

fn setup(place: &str, what: &str, todo: &str) -> VaultError {
    VaultError::Setup { place: place.to_owned(), what: what.to_owned(), todo: todo.to_owned() }
}
