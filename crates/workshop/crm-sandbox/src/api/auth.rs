//! Log-in: OAuth 2.0 client credentials (in the body or Basic), JWT bearer, and the SOAP
//! log-in that older clients use.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::serve::Origin;
use crate::state::{Credentials, Sandbox};

const ORGANISATION: &str = "00D000000000001EAA";
const INTEGRATION_USER: &str = "005000000000001AAA";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// `POST /services/oauth2/token`.
pub(super) async fn token(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let known = &sandbox.inner.settings.credentials;
    let checked = match field("grant_type") {
        "client_credentials" => {
            let (id, secret) =
                basic(&headers).unwrap_or_else(|| (field("client_id").to_owned(), field("client_secret").to_owned()));
            client(known, &id, &secret)
        }
        JWT_BEARER => assertion(known, field("assertion")),
        _ => Err(("unsupported_grant_type", "grant type not supported".to_owned())),
    };
    match checked {
        Ok(()) => Json(granted(&sandbox, &Origin::of(&headers))).into_response(),
        Err((error, text)) => {
            (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": text }))).into_response()
        }
    }
}

fn granted(sandbox: &Sandbox, origin: &Origin) -> serde_json::Value {
    json!({
        "access_token": sandbox.new_session(),
        "instance_url": origin.url(),
        "id": format!("{}/id/{ORGANISATION}/{INTEGRATION_USER}", origin.url()),
        "token_type": "Bearer",
        "scope": "api",
        "issued_at": chrono::Utc::now().timestamp_millis().to_string(),
        "signature": "",
    })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, coded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(coded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

type Refusal = (&'static str, String);

fn client(known: &Credentials, id: &str, secret: &str) -> Result<(), Refusal> {
    if id != known.client_id {
        return Err(("invalid_client_id", "client identifier invalid".into()));
    }
    if !same(secret, &known.client_secret) {
        return Err(("invalid_client", "invalid client credentials".into()));
    }
    Ok(())
}

fn same(a: &str, b: &str) -> bool {
    bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
}

/// Checks signature, issuer, user, expiry. Assumption: the audience may be the address of
/// the log-in host or of the own domain; the sandbox has no fixed address, so it is not
/// compared.
fn assertion(known: &Credentials, token: &str) -> Result<(), Refusal> {
    let refuse = |text: String| ("invalid_grant", text);
    let Some(pem) = &known.jwt_public_key else {
        return Err(refuse("user hasn't approved this consumer: no public key is set in the sandbox".into()));
    };
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|e| refuse(format!("public key: {e}")))?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &rules)
        .map_err(|e| refuse(format!("invalid assertion: {e}")))?
        .claims;
    if claims.exp > chrono::Utc::now().timestamp() + 300 {
        return Err(refuse("invalid assertion: exp is more than 5 minutes ahead".into()));
    }
    if claims.iss != known.client_id || claims.sub != known.username {
        return Err(refuse("user hasn't approved this consumer".into()));
    }
    Ok(())
}

/// `POST /services/Soap/u/{version}`: the `login` call only.
pub(super) async fn soap_login(State(sandbox): State<Sandbox>, headers: HeaderMap, body: String) -> Response {
    let known = &sandbox.inner.settings.credentials;
    let user = element(&body, "username").unwrap_or_default();
    let password = element(&body, "password").unwrap_or_default();
    let xml = [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")];
    // The security token is appended to the password, if there is one; the sandbox has none.
    if user != known.username || !same(&password, &known.password) {
        return (StatusCode::INTERNAL_SERVER_ERROR, xml, soap_fault()).into_response();
    }
    let url = format!("{}/services/Soap/u/59.0/{ORGANISATION}", Origin::of(&headers).url());
    let session = sandbox.new_session();
    (StatusCode::OK, xml, soap_result(&url, &session, &user)).into_response()
}

/// The text of the first element with this local name, entities resolved.
fn element(xml: &str, name: &str) -> Option<String> {
    let start =
        xml.find(&format!(":{name}>")).map(|i| i + 1).or_else(|| xml.find(&format!("<{name}>")).map(|i| i + 1))?;
    let rest = &xml[start + name.len() + 1..];
    let text = &rest[..rest.find("</")?];
    let text = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(text.replace("&apos;", "'").replace("&amp;", "&"))
}

fn soap_fault() -> String {
    let text = "INVALID_LOGIN: Invalid username, password, security token; or user locked out.";
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>{text}</faultstring><detail><sf:LoginFault><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"#
    )
}

fn soap_result(url: &str, session: &str, user: &str) -> String {
    let user = user.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result><metadataServerUrl>{url}</metadataServerUrl><passwordExpired>false</passwordExpired><sandbox>true</sandbox><serverUrl>{url}</serverUrl><sessionId>{session}</sessionId><userId>{INTEGRATION_USER}</userId><userInfo><organizationId>{ORGANISATION}</organizationId><userId>{INTEGRATION_USER}</userId><userName>{user}</userName><sessionSecondsValid>7200</sessionSecondsValid></userInfo></result></loginResponse></soapenv:Body></soapenv:Envelope>"#
    )
}
