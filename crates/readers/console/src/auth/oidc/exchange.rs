//! The code against tokens, and the claims that the id token does not hold.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::provider::{Provider, answer};
use super::{Oidc, OidcError};

/// What the token endpoint gives; nothing of it is kept or shown.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub id_token: String,
    pub access_token: Option<String>,
}

pub(super) async fn tokens(oidc: &Oidc, provider: &Provider, code: &str, verifier: &str) -> Result<Tokens, OidcError> {
    answer(request(oidc, provider, code, verifier), "the code's exchange").await
}

fn request(oidc: &Oidc, provider: &Provider, code: &str, verifier: &str) -> reqwest::RequestBuilder {
    let settings = &oidc.settings;
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &oidc.redirect_uri())
        .append_pair("code_verifier", verifier);
    let mut request = oidc.client.post(&provider.metadata.token_endpoint);
    match &settings.client_secret {
        Some(secret) if takes_basic(provider) => {
            // RFC 6749, 2.3.1: both encoded as in a form.
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            request = request.basic_auth(encoded(&settings.client_id), Some(encoded(secret)));
        }
        Some(secret) => {
            form.append_pair("client_id", &settings.client_id).append_pair("client_secret", secret);
        }
        None => {
            form.append_pair("client_id", &settings.client_id);
        }
    }
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .body(form.finish())
}

/// A provider that does not say takes it (Discovery 1.0, 3).
fn takes_basic(provider: &Provider) -> bool {
    let methods = &provider.metadata.token_endpoint_auth_methods_supported;
    methods.as_ref().is_none_or(|m| m.iter().any(|m| m == "client_secret_basic"))
}

/// Adds the claims of the userinfo endpoint, where there is one, that the id token lacks.
pub(super) async fn add_userinfo(
    oidc: &Oidc,
    provider: &Provider,
    access_token: Option<&str>,
    claims: &mut Value,
) -> Result<(), OidcError> {
    let (Some(endpoint), Some(token)) = (&provider.metadata.userinfo_endpoint, access_token) else { return Ok(()) };
    let told: Value = answer(oidc.client.get(endpoint).bearer_auth(token), "its userinfo").await?;
    if told["sub"].as_str().is_none() || told["sub"] != claims["sub"] {
        return Err(OidcError::Answer("its userinfo are somebody else's".into()));
    }
    if let (Value::Object(into), Value::Object(from)) = (claims, told) {
        for (name, value) in from {
            into.entry(name).or_insert(value);
        }
    }
    Ok(())
}
