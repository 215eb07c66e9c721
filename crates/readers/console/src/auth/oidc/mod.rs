//! Sign-in by a provider: OpenID Connect, authorization code with PKCE.
//!
//! Contract: a sign-in is begun here, by the same browser, at most ten minutes before it
//! ends, and ends once (state, cookie). The id token is signed by a key that the provider
//! publishes, with an asymmetric algorithm, for this client, by this issuer, is not
//! expired, and has the nonce of this sign-in. No secret, code or token is part of an
//! error. Answers of the provider are bounded in size and time; redirects are not followed.

mod claims;
mod exchange;
mod flows;
mod id_token;
mod provider;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use super::Role;
pub(crate) use claims::Person;
use flows::{Flow, Flows};
use provider::Provider;

/// Path that the provider sends browsers back to.
pub(crate) const BACK: &str = "/sign-in/oidc/back";
/// How long the provider's metadata and keys are taken for current.
const CURRENT: Duration = Duration::from_secs(3600);
/// Shortest time between two looks for a key that is not known.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A provider and what its claims mean here.
#[derive(Clone)]
pub struct OidcSettings {
    /// The issuer, as its metadata name it.
    pub issuer: String,
    /// This client's id there.
    pub client_id: String,
    /// … and its secret; none for a public client.
    pub client_secret: Option<String>,
    /// Where browsers find this server, without a path.
    pub public_url: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// Claim with the roles: its name, or a path with dots (`realm_access.roles`).
    pub role_claim: String,
    /// Which value of it is which role.
    pub roles: BTreeMap<String, Role>,
    /// Claim with the name that stands in the log.
    pub name_claim: String,
    /// Claim with the queues seen (`*`: all); none: all are.
    pub queues_claim: Option<String>,
    /// Claim with the centres seen (`*`: all); none: all are.
    pub centers_claim: Option<String>,
    /// PEM file of an authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// Why nobody is signed in: what a person may be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OidcError {
    #[error("The sign-in service cannot be reached. Try again in a minute.")]
    Unreachable(String),
    #[error("The sign-in service refused: {0}.")]
    Refused(String),
    #[error("This sign-in was not begun in this browser, took more than ten minutes, or was used before. Begin again.")]
    State,
    #[error(
        "What the sign-in service answered is not valid. Begin again; whoever runs Ringledger finds the reason in its log."
    )]
    Answer(String),
    #[error("You are known, {0}, but have no role here. Whoever runs the sign-in service can give you one.")]
    NoRole(String),
    #[error("The system gives no random numbers. Try again.")]
    Chance,
}

impl OidcError {
    /// For the log.
    pub fn why(&self) -> String {
        match self {
            Self::Unreachable(why) => format!("the provider cannot be reached: {why}"),
            Self::Refused(why) => format!("the provider refused: {why}"),
            Self::State => "no such sign-in was begun".to_owned(),
            Self::Answer(why) => format!("the provider's answer is not valid: {why}"),
            Self::NoRole(_) => "no role for what the claim says".to_owned(),
            Self::Chance => "no random numbers".to_owned(),
        }
    }
}

/// What the provider sends back by the browser.
#[derive(Default, serde::Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// A provider in use.
pub struct Oidc {
    settings: OidcSettings,
    client: reqwest::Client,
    provider: RwLock<Option<(Arc<Provider>, Instant)>>,
    flows: Flows,
}

impl Oidc {
    /// With these settings; nothing is asked of the provider yet.
    ///
    /// # Errors
    /// The issuer is no address over TLS (or of this machine), or the authority's file
    /// cannot be read.
    pub fn new(settings: OidcSettings) -> Result<Self, String> {
        provider::safe(&settings.issuer).map_err(|e| format!("issuer {}: {e}", settings.issuer))?;
        let client = provider::client(settings.ca_file.as_deref())?;
        Ok(Self { settings, client, provider: RwLock::default(), flows: Flows::default() })
    }

    /// Asks the provider for its metadata and keys; what was found.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn check(&self) -> Result<String, String> {
        let provider = self.fetch().await.map_err(|e| e.why())?;
        Ok(format!("{} with {} keys", self.settings.issuer, provider.keys.len()))
    }

    /// Begins a sign-in of the browser with this cookie; where to send it.
    pub(crate) async fn begin(&self, browser: &str, next: Option<&str>) -> Result<String, OidcError> {
        let provider = self.current().await?;
        let [state, nonce, verifier] = [chance()?, chance()?, chance()?];
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let mut url = Url::parse(&provider.metadata.authorization_endpoint)
            .map_err(|e| OidcError::Answer(format!("authorization_endpoint: {e}")))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", &self.scope())
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        self.flows.begin(&state, Flow::new(browser, nonce, verifier, next));
        Ok(url.into())
    }

    /// Ends it: who it is, and where to go on to.
    pub(crate) async fn end(&self, browser: &str, back: Back) -> Result<(Person, Option<String>), OidcError> {
        let flow = self.flows.end(&back.state, browser).ok_or(OidcError::State)?;
        if back.iss.is_some_and(|iss| iss != self.settings.issuer) {
            return Err(OidcError::Answer("it comes from another issuer".into()));
        }
        if let Some(error) = back.error {
            let said = back.error_description.map(|d| format!(" ({d})")).unwrap_or_default();
            return Err(OidcError::Refused(format!("{error}{said}").chars().take(300).collect()));
        }
        let code = back.code.ok_or_else(|| OidcError::Answer("it has no code".into()))?;
        let provider = self.current().await?;
        let tokens = exchange::tokens(self, &provider, &code, &flow.verifier).await?;
        let keys = self.with_key_of(provider.clone(), &tokens.id_token).await?;
        let mut told = id_token::verified(&tokens.id_token, &keys.keys, &self.settings, &flow.nonce)
            .map_err(|why| OidcError::Answer(format!("id token: {why}")))?;
        if claims::missing(&told, &self.settings) {
            exchange::add_userinfo(self, &provider, tokens.access_token.as_deref(), &mut told).await?;
        }
        Ok((claims::person(&told, &self.settings)?, flow.next))
    }

    fn redirect_uri(&self) -> String {
        format!("{}{BACK}", self.settings.public_url.trim_end_matches('/'))
    }

    fn scope(&self) -> String {
        let more = self.settings.scopes.iter().filter(|s| *s != "openid").map(|s| format!(" {s}"));
        format!("openid{}", more.collect::<String>())
    }

    async fn current(&self) -> Result<Arc<Provider>, OidcError> {
        match self.held() {
            Some((provider, at)) if at.elapsed() < CURRENT => Ok(provider),
            _ => self.fetch().await,
        }
    }

    /// The provider with the key that signed the token: looked for again where it is not
    /// known, for providers change keys.
    async fn with_key_of(&self, provider: Arc<Provider>, token: &str) -> Result<Arc<Provider>, OidcError> {
        let old = self.held().is_none_or(|(_, at)| at.elapsed() >= LOOK_AGAIN);
        if old && !id_token::has_key(token, &provider.keys) { self.fetch().await } else { Ok(provider) }
    }

    fn held(&self) -> Option<(Arc<Provider>, Instant)> {
        self.provider.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self) -> Result<Arc<Provider>, OidcError> {
        let provider = Arc::new(Provider::discover(&self.client, &self.settings.issuer).await?);
        *self.provider.write().unwrap_or_else(PoisonError::into_inner) = Some((provider.clone(), Instant::now()));
        Ok(provider)
    }
}

/// 256 bits by chance.
fn chance() -> Result<String, OidcError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| OidcError::Chance)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
