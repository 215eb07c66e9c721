//! A provider's metadata and keys, and the client that asks for them.

use std::path::Path;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::OidcError;

/// Longest answer, bytes.
const LONGEST: usize = 512 << 10;

/// What is used of the metadata (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: Option<String>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

pub(super) struct Provider {
    pub metadata: Metadata,
    /// Those of a kind that is known here.
    pub keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

impl Provider {
    pub async fn discover(client: &reqwest::Client, issuer: &str) -> Result<Self, OidcError> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = answer(client.get(&address), "its metadata").await?;
        if metadata.issuer != issuer {
            return Err(OidcError::Answer(format!(
                "its metadata name the issuer {}, the configuration {issuer}",
                metadata.issuer
            )));
        }
        let userinfo = metadata.userinfo_endpoint.iter();
        for url in
            [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri].into_iter().chain(userinfo)
        {
            safe(url).map_err(|e| OidcError::Answer(format!("its metadata name {url}: {e}")))?;
        }
        let keys: Keys = answer(client.get(&metadata.jwks_uri), "its keys").await?;
        let keys: Vec<Jwk> = keys.keys.into_iter().filter_map(|k| serde_json::from_value(k).ok()).collect();
        if keys.is_empty() {
            return Err(OidcError::Answer("it publishes no key of a kind that is known here".into()));
        }
        Ok(Self { metadata, keys })
    }
}

/// That secrets may be sent there: over TLS, or within this machine.
pub(super) fn safe(url: &str) -> Result<(), String> {
    let url = Url::parse(url).map_err(|e| e.to_string())?;
    let here = match url.host() {
        Some(url::Host::Ipv4(a)) => a.is_loopback(),
        Some(url::Host::Ipv6(a)) => a.is_loopback(),
        Some(url::Host::Domain(d)) => d == "localhost",
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && here) { Ok(()) } else { Err("https:// is wanted".into()) }
}

/// The client; `ca_file` adds to the trusted authorities.
pub(super) fn client(ca_file: Option<&Path>) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("ringledger/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca_file {
        let wrong = |e: &dyn std::fmt::Display| format!("ca_file {}: {e}; give a PEM certificate", path.display());
        let pem = std::fs::read(path).map_err(|e| wrong(&e))?;
        for certificate in reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| wrong(&e))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|e| format!("the HTTP client: {e}"))
}

/// Sends a request and reads its answer as JSON; `what` names it in errors.
pub(super) async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder, what: &str) -> Result<T, OidcError> {
    let broken = |e: reqwest::Error| OidcError::Unreachable(format!("{what}: {}", reason(&e)));
    let mut response = request.send().await.map_err(broken)?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > LONGEST {
            return Err(OidcError::Answer(format!("{what}: more than {LONGEST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_server_error() {
        return Err(OidcError::Unreachable(format!("{what}: HTTP {status}")));
    }
    if !status.is_success() {
        // (RFC 6749: `error` is a short word, and no secret.)
        let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let word = told["error"].as_str().unwrap_or_default().chars().take(60).collect::<String>();
        return Err(OidcError::Answer(format!("{what}: HTTP {status} {word}").trim_end().to_owned()));
    }
    // (The reader's own error may hold what it read.)
    serde_json::from_slice(&body).map_err(|e| {
        OidcError::Answer(format!("{what}: not the JSON that is wanted, at line {} column {}", e.line(), e.column()))
    })
}

/// What broke, without the address.
fn reason(e: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = e;
    while let Some(source) = at.source() {
        at = source;
    }
    if e.is_timeout() { format!("timed out: {at}") } else { at.to_string() }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for good in ["https://login.example/realms/a", "http://127.0.0.1:9000", "http://localhost/x", "http://[::1]:1"]
        {
            assert_eq!(safe(good), Ok(()), "{good}");
        }
        for bad in ["http://login.example", "ftp://localhost", "login.example", "http://127.0.0.1.evil.example"] {
            assert!(safe(bad).is_err(), "{bad}");
        }
    }
}
