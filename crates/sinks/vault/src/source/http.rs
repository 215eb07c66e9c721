//! A folder behind HTTP(S): each tail of the announced path is asked for, longest first.
//!
//! Contract: redirects are not followed (a path must not lead elsewhere); header values
//! (tokens) are never printed; one attempt.

use std::time::Duration;

use model::Instant;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED};
use url::Url;

use super::Terms;
use crate::error::{VaultError, chain, scrub};
use crate::tail;
use crate::taken::{Spool, Taken};

/// The environment variable whose value becomes the `Authorization` header.
pub const AUTHORIZATION_VARIABLE: &str = "RINGLEDGER_RECORDINGS_AUTHORIZATION";

/// Longest silence of a server, to the connection and between two pieces.
const SILENCE: Duration = Duration::from_secs(30);

/// A folder behind HTTP(S).
#[derive(Clone)]
pub struct HttpSource {
    base: Url,
    client: reqwest::Client,
    secrets: Vec<String>,
}

impl std::fmt::Debug for HttpSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpSource").field("base", &self.place()).finish_non_exhaustive()
    }
}

impl HttpSource {
    /// The folder at `base`, with `Authorization` from the environment where it is set.
    ///
    /// # Errors
    /// `VaultError::Setup` as in `new`.
    pub fn from_env(base: &str) -> Result<Self, VaultError> {
        let token = std::env::var(AUTHORIZATION_VARIABLE).ok();
        let headers: Vec<_> = token.into_iter().map(|t| ("authorization".to_owned(), t)).collect();
        Self::new(base, &headers)
    }

    /// The folder at `base` (http or https), asked with these headers.
    ///
    /// # Errors
    /// `VaultError::Setup` where the address or a header cannot be used.
    pub fn new(base: &str, headers: &[(String, String)]) -> Result<Self, VaultError> {
        let wrong = |what: &str, todo: &str| VaultError::Setup {
            place: "the HTTP folder of recordings".into(),
            what: what.into(),
            todo: todo.into(),
        };
        let mut base = Url::parse(base)
            .map_err(|e| wrong(&format!("its address cannot be read: {e}"), "write https://host/folder"))?;
        if !matches!(base.scheme(), "http" | "https") || !base.username().is_empty() || base.password().is_some() {
            return Err(wrong(
                "its address is no plain http(s) address",
                "write https://host/folder; keys belong into the environment",
            ));
        }
        base.set_query(None);
        base.set_fragment(None);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let bad =
                || wrong(&format!("header '{name}' cannot be sent"), "check its name, and its value for line ends");
            let mut held = HeaderValue::from_str(value).map_err(|_| bad())?;
            held.set_sensitive(true);
            map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, held);
        }
        let client = reqwest::Client::builder()
            .default_headers(map)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(SILENCE)
            .read_timeout(SILENCE)
            .build()
            .map_err(|e| wrong(&format!("no HTTP client: {}", chain(&e)), "check the system's TLS set-up"))?;
        Ok(Self { base, client, secrets: headers.iter().map(|(_, v)| v.clone()).collect() })
    }

    pub(crate) fn place(&self) -> String {
        self.base.to_string()
    }

    /// Asks for the folder itself. Any answer but a refusal or a failure tells that the server
    /// is there: few show their folders.
    pub(crate) async fn check(&self) -> Result<(), VaultError> {
        match self.ask(&[]).await {
            Ok(_) | Err(VaultError::Setup { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    pub(crate) async fn take(&self, announced: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let refuse = |reason: String| VaultError::Climbs { path: announced.to_owned(), place: self.place(), reason };
        for parts in tail::tails(announced).map_err(refuse)? {
            let Some((name, folders)) = parts.split_last() else { continue };
            for name in tail::names(name) {
                let path = folders.iter().copied().chain([name.as_str()]).collect::<Vec<_>>();
                if let Some(answer) = self.ask(&path).await? {
                    return self.receive(answer, &path.join("/"), terms).await;
                }
            }
        }
        Err(VaultError::NotThere { path: announced.to_owned(), place: self.place() })
    }

    /// The answer to one address; `None` where nothing is there.
    async fn ask(&self, path: &[&str]) -> Result<Option<reqwest::Response>, VaultError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let what = format!("fetch {}", path.join("/"));
        let answer = self.client.get(url).send().await.map_err(|e| self.failed(&what, &e))?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(VaultError::Denied {
                place: self.place(),
                what,
                todo: format!("check the token in {AUTHORIZATION_VARIABLE}"),
            }),
            status if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) => {
                Err(VaultError::Unreachable { place: self.place(), what, why: format!("it answered {status}") })
            }
            status => Err(VaultError::Setup {
                place: self.place(),
                what: format!("{what}: it answered {status}"),
                todo: "check the address (redirects are not followed)".into(),
            }),
        }
    }

    async fn receive(&self, mut answer: reqwest::Response, path: &str, terms: &Terms) -> Result<Taken, VaultError> {
        let modified = answer.headers().get(LAST_MODIFIED).and_then(|v| http_date(v.to_str().ok()?));
        if terms.still_growing(modified) {
            return Err(VaultError::Growing { path: path.to_owned(), place: self.place() });
        }
        let mut spool = Spool::new(path, &self.place(), terms.max_bytes)?;
        while let Some(piece) = answer.chunk().await.map_err(|e| self.failed(&format!("fetch {path}"), &e))? {
            spool.feed(&piece)?;
        }
        Ok(spool.done(modified))
    }

    fn failed(&self, what: &str, error: &reqwest::Error) -> VaultError {
        VaultError::Unreachable { place: self.place(), what: what.to_owned(), why: scrub(&chain(error), &self.secrets) }
    }
}

fn http_date(text: &str) -> Option<Instant> {
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|t| Instant(t.timestamp_micros()))
}
