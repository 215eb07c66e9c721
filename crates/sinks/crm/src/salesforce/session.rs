//! Log-in: OAuth 2.0 client credentials and JWT bearer; one log-in at a time.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::failure::{Failure, Kind, excerpt};
use crate::client::reason;
use crate::config::{Auth, CrmError, SalesforceConfig};
use crate::secret::Revealed;
use crate::timing::Timing;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Life of an assertion; Salesforce takes at most a few minutes.
const ASSERTION_S: i64 = 170;

/// What a log-in gives.
#[derive(Clone)]
pub(super) struct Session {
    pub token: String,
    pub instance_url: String,
    /// Counts log-ins, so that those who saw the same expired session log in once.
    pub generation: u64,
}

enum Grant {
    Client { id: String, secret: Revealed },
    Jwt { id: String, user: String, audience: String, key: EncodingKey },
}

/// Logs in when there is no session, or when the one given is over.
pub(super) struct Sessions {
    login_url: String,
    grant: Grant,
    current: Mutex<Option<Session>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    instance_url: String,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

impl Sessions {
    pub fn new(config: &SalesforceConfig) -> Result<Self, CrmError> {
        let login_url = config.login_url.trim_end_matches('/').to_owned();
        let grant = match &config.auth {
            Auth::ClientCredentials { client_id, client_secret } => Grant::Client {
                id: client_id.clone(),
                secret: client_secret.reveal("the CRM's client_secret").map_err(CrmError::Config)?,
            },
            Auth::JwtBearer { client_id, username, private_key, audience } => {
                let pem = private_key.reveal("the CRM's private_key").map_err(CrmError::Config)?;
                let key = EncodingKey::from_rsa_pem(pem.text().as_bytes()).map_err(|_| {
                    CrmError::Config(
                        "the CRM's private_key is no RSA key in PEM; make one with: openssl genrsa 2048".into(),
                    )
                })?;
                Grant::Jwt {
                    id: client_id.clone(),
                    user: username.clone(),
                    audience: audience.clone().unwrap_or_else(|| login_url.clone()),
                    key,
                }
            }
        };
        Ok(Self { login_url, grant, current: Mutex::new(None) })
    }

    /// The session in force; logs in where there is none, or where `over` is the
    /// generation in force. The second value says whether it logged in.
    pub async fn get(
        &self,
        http: &reqwest::Client,
        timing: &dyn Timing,
        over: Option<u64>,
    ) -> Result<(Session, bool), Failure> {
        let mut current = self.current.lock().await;
        if let Some(session) = current.as_ref().filter(|s| Some(s.generation) != over) {
            return Ok((session.clone(), false));
        }
        let generation = current.as_ref().map_or(0, |s| s.generation) + 1;
        let granted = self.login(http, timing).await?;
        let session = Session {
            token: granted.access_token,
            instance_url: granted.instance_url.trim_end_matches('/').to_owned(),
            generation,
        };
        *current = Some(session.clone());
        Ok((session, true))
    }

    async fn login(&self, http: &reqwest::Client, timing: &dyn Timing) -> Result<Granted, Failure> {
        let url = format!("{}/services/oauth2/token", self.login_url);
        let request = http
            .post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .body(self.form(timing)?);
        let unreachable = |e: reqwest::Error| {
            let text = format!(
                "the CRM at {} cannot be reached for the log-in ({}); check login_url and the network",
                self.login_url,
                reason(&e)
            );
            Failure::new(Kind::Unreachable, "", text)
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(unreachable)?;
        if status == 200 {
            return serde_json::from_slice(&body).map_err(|_| {
                let text = format!(
                    "the CRM at {} answered the log-in with {}; is login_url right?",
                    self.login_url,
                    excerpt(&body)
                );
                Failure::new(Kind::Unavailable, "", text)
            });
        }
        Err(self.refused(status, &body))
    }

    fn form(&self, timing: &dyn Timing) -> Result<String, Failure> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        match &self.grant {
            Grant::Client { id, secret } => {
                form.append_pair("grant_type", "client_credentials")
                    .append_pair("client_id", id)
                    .append_pair("client_secret", secret.text());
            }
            Grant::Jwt { id, user, audience, key } => {
                let exp = timing.now().millis() / 1000 + ASSERTION_S;
                let claims = Claims { iss: id, sub: user, aud: audience, exp };
                let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, key)
                    .map_err(|e| Failure::new(Kind::Refused, "", format!("the CRM's JWT cannot be signed: {e}")))?;
                form.append_pair("grant_type", JWT_BEARER).append_pair("assertion", &assertion);
            }
        }
        Ok(form.finish())
    }

    fn refused(&self, status: u16, body: &[u8]) -> Failure {
        let Ok(told) = serde_json::from_slice::<Refusal>(body) else {
            let text = format!("the CRM at {} answered the log-in with {status}, {}", self.login_url, excerpt(body));
            return Failure::new(Kind::Unavailable, "", text);
        };
        if status >= 500 || status == 429 {
            let text = format!("the CRM at {} answered the log-in with {status} {}", self.login_url, told.error);
            return Failure::new(Kind::Unavailable, &told.error, text);
        }
        let (id, advice) = match &self.grant {
            Grant::Client { id, .. } => (
                id,
                "check client_id and client_secret, that the app has the client credentials flow with a run-as user, and that login_url is the organisation's own domain",
            ),
            Grant::Jwt { id, .. } => (
                id,
                "check client_id, username, audience, that the app holds this key's certificate and that the user is approved for it",
            ),
        };
        let text = format!(
            "the CRM at {} refused the log-in of client '{id}' ({}: {}); {advice}",
            self.login_url, told.error, told.error_description
        );
        Failure::new(Kind::Refused, &told.error, text)
    }
}
