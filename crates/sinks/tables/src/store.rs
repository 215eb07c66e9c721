//! The object store under the lake: a local folder or S3, and the Delta log stores on it.
//!
//! Contract: a commit is one conditional put (a hard link on a folder, `If-None-Match` on
//! S3), so that two writers can never both make the same version. deltalake-core knows
//! only files and memory; here each table gets its log store built on the store at hand,
//! so nothing is registered process-wide and two lakes may use different keys.
//! Failure: a store's error becomes one that names place and key, never the secret.

use std::sync::Arc;
use std::time::Duration;

use deltalake_core::DeltaTableError;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::{ClientOptions, DynObjectStore, RetryConfig};
use url::Url;

use crate::config::LakeConfig;
use crate::error::TablesError;
use crate::synced::SyncedFolder;
use crate::table::Table;

/// Requests are tried again this often before the failure is handed on.
const RETRIES: usize = 3;
/// And not longer than this.
const RETRY_FOR: Duration = Duration::from_secs(20);

/// The store that a lake lies on.
#[derive(Clone)]
pub(crate) struct Place {
    /// The whole store: the root of the file system, or the bucket.
    root: Arc<DynObjectStore>,
    /// The lake's own URL, ending in `/`.
    url: Url,
    /// For people: folder, or endpoint, bucket and path.
    text: String,
    /// The id of the key, shortened.
    key: String,
}

impl Place {
    /// Finds the store of a configuration; nothing is read yet.
    ///
    /// # Errors
    /// The place is neither a folder nor an `s3://` URL, or settings contradict each other.
    pub(crate) fn of(config: &LakeConfig) -> Result<Self, TablesError> {
        match config.place.split_once("://") {
            Some(("s3" | "s3a", _)) => Self::s3(config),
            Some(("file", path)) => Self::folder(path),
            Some((scheme, _)) => Err(refuse(&config.place, format!("the scheme '{scheme}' is not known"))),
            None => Self::folder(&config.place),
        }
    }

    fn folder(path: &str) -> Result<Self, TablesError> {
        // A folder that is not there yet is made by the first table, not by looking for it.
        let full = std::fs::canonicalize(path)
            .or_else(|_| std::path::absolute(path))
            .map_err(|e| refuse(path, e.to_string()))?;
        let url = Url::from_directory_path(&full).map_err(|()| refuse(path, "no absolute path".to_owned()))?;
        Ok(Self { root: Arc::new(SyncedFolder::whole()), url, text: full.display().to_string(), key: String::new() })
    }

    fn s3(config: &LakeConfig) -> Result<Self, TablesError> {
        let place = config.place.replacen("s3a://", "s3://", 1);
        let mut url = Url::parse(&place).map_err(|e| refuse(&place, e.to_string()))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let bucket = url.host_str().ok_or_else(|| refuse(&place, "no bucket".to_owned()))?.to_owned();
        let builder = s3_builder(config, &bucket);
        let setting = |key| builder.get_config_value(&key);
        let endpoint = setting(AmazonS3ConfigKey::Endpoint).unwrap_or_else(|| "Amazon S3".to_owned());
        let key = setting(AmazonS3ConfigKey::AccessKeyId).map_or_else(|| "none is set".to_owned(), |k| shorten(&k));
        let text = format!("{endpoint}, {url}");
        let root = builder.build().map_err(|e| refuse(&text, e.to_string()))?;
        Ok(Self { root: Arc::new(root), url, text, key })
    }

    /// A folder in a store that the caller has.
    ///
    /// # Errors
    /// The folder is no path.
    pub(crate) fn over(root: Arc<DynObjectStore>, folder: &str) -> Result<Self, TablesError> {
        let text = format!("memory:///{}/", folder.trim_matches('/'));
        let url = Url::parse(&text).map_err(|e| refuse(folder, e.to_string()))?;
        Ok(Self { root, url, text, key: String::new() })
    }

    /// The same place through another store.
    #[cfg(test)]
    pub(crate) fn wrapped(mut self, wrap: impl FnOnce(Arc<DynObjectStore>) -> Arc<DynObjectStore>) -> Self {
        self.root = wrap(self.root);
        self
    }

    /// For people.
    pub(crate) fn text(&self, table: Table) -> String {
        format!("{}{table}", if self.text.ends_with('/') { self.text.clone() } else { format!("{}/", self.text) })
    }

    /// The table's own URL.
    pub(crate) fn url(&self, table: Table) -> Result<Url, TablesError> {
        self.url.join(&format!("{}/", table.name())).map_err(|e| refuse(&self.text, e.to_string()))
    }

    /// The log store of one table.
    pub(crate) fn log_store(&self, table: Table) -> Result<LogStoreRef, TablesError> {
        let url = self.url(table)?;
        let options = StorageConfig::default();
        let prefixed = options.decorate_store(Arc::clone(&self.root), &url).map_err(|e| self.explain(table, &e))?;
        Ok(default_logstore(Arc::from(prefixed), Arc::clone(&self.root), &url, &options))
    }

    /// What an error of the library means here.
    pub(crate) fn explain(&self, table: Table, error: &DeltaTableError) -> TablesError {
        let reason = chain(error);
        let store = matches!(error, DeltaTableError::ObjectStore { .. }) || reason.contains("bject store");
        self.judge(reason.clone(), store).unwrap_or_else(|| TablesError::Table {
            table,
            place: self.text(table),
            reason: tidy(&reason),
        })
    }

    /// What an error of the store means here.
    pub(crate) fn explain_store(&self, error: &object_store::Error) -> TablesError {
        let reason = chain(error);
        self.judge(reason.clone(), true)
            .unwrap_or_else(|| TablesError::Store { place: self.text.clone(), reason: tidy(&reason) })
    }

    fn judge(&self, reason: String, store: bool) -> Option<TablesError> {
        const REFUSALS: [&str; 6] = [
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "AccessDenied",
            "403 Forbidden",
            "401 Unauthorized",
            "Unauthenticated",
        ];
        if self.url.scheme() == "s3" && REFUSALS.iter().any(|word| reason.contains(word)) {
            let reason = tidy(&reason);
            return Some(TablesError::Refused { place: self.text.clone(), key: self.key.clone(), reason });
        }
        store.then(|| TablesError::Store { place: self.text.clone(), reason: tidy(&reason) })
    }

    /// Asks the store for one thing, so that a wrong key or address is told at once.
    ///
    /// # Errors
    /// The store refuses or cannot be reached.
    pub(crate) async fn probe(&self) -> Result<(), TablesError> {
        if self.url.scheme() != "s3" {
            return Ok(());
        }
        let path = object_store::path::Path::from_url_path(self.url.path())
            .map_err(|e| refuse(&self.text, e.to_string()))?
            .join("events")
            .join("_delta_log")
            .join("_last_checkpoint");
        match object_store::ObjectStoreExt::head(&self.root, &path).await {
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                self.root.list_with_delimiter(Some(&path)).await.map(|_| ()).map_err(|e| self.explain_store(&e))
            }
            Err(e) => Err(self.explain_store(&e)),
        }
    }
}

fn s3_builder(config: &LakeConfig, bucket: &str) -> AmazonS3Builder {
    let s3 = &config.s3;
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
    if builder.get_config_value(&AmazonS3ConfigKey::Region).is_none() {
        builder = builder.with_region("us-east-1");
    }
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some(id) = &s3.access_key_id {
        builder = builder.with_access_key_id(id);
    }
    if let Some(secret) = &s3.secret_access_key {
        builder = builder.with_secret_access_key(secret);
    }
    if s3.allow_http {
        builder = builder.with_client_options(ClientOptions::new().with_allow_http(true));
    }
    builder
}

/// Enough of a key's id to tell it from others.
fn shorten(id: &str) -> String {
    let head: String = id.chars().take(4).collect();
    format!("id begins with '{head}'")
}

fn refuse(place: &str, reason: String) -> TablesError {
    TablesError::Place { place: place.to_owned(), reason }
}

/// An error with all that caused it, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

/// The code and message of an S3 answer instead of its XML, and no more than a few lines.
fn tidy(reason: &str) -> String {
    const LONGEST: usize = 600;
    let part = |tag: &str| {
        let (_, rest) = reason.split_once(&format!("<{tag}>"))?;
        rest.split_once(&format!("</{tag}>")).map(|(text, _)| text)
    };
    match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => reason.chars().take(LONGEST).collect::<String>().replace('\n', " "),
    }
}
