//! Verifying an id token (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, get_current_timestamp};
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::OidcSettings;

/// How far two clocks may be apart, seconds.
const LEEWAY: u64 = 60;
/// What a token may be signed with: keys that the provider alone holds.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Whether one of the keys may have signed it.
pub(super) fn has_key(token: &str, keys: &[Jwk]) -> bool {
    decode_header(token).is_ok_and(|h| key(h.kid.as_deref(), keys).is_some())
}

/// The key of that id; without one the only key there is.
fn key<'a>(kid: Option<&str>, keys: &'a [Jwk]) -> Option<&'a Jwk> {
    let mut signing =
        keys.iter().filter(|k| k.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature));
    match kid {
        Some(kid) => signing.find(|k| k.common.key_id.as_deref() == Some(kid)),
        None => signing.next().filter(|_| signing.next().is_none()),
    }
}

/// Its claims.
///
/// # Errors
/// What is wrong with it; nothing of the token itself.
pub(super) fn verified(token: &str, keys: &[Jwk], settings: &OidcSettings, nonce: &str) -> Result<Value, String> {
    let header = decode_header(token).map_err(|e| e.to_string())?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(format!("signed with {:?}, which is not taken", header.alg));
    }
    let key = key(header.kid.as_deref(), keys).ok_or("signed with a key that the provider does not publish")?;
    let key = DecodingKey::from_jwk(key).map_err(|e| e.to_string())?;
    let mut wanted = Validation::new(header.alg);
    wanted.leeway = LEEWAY;
    wanted.validate_nbf = true;
    wanted.set_issuer(&[&settings.issuer]);
    wanted.set_audience(&[&settings.client_id]);
    wanted.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims: Value = decode(token, &key, &wanted).map_err(|e| e.to_string())?.claims;
    if claims["iat"].as_u64().is_none_or(|iat| iat > get_current_timestamp() + LEEWAY) {
        return Err("issued in the future, or no one knows when".into());
    }
    let several = claims["aud"].as_array().is_some_and(|a| a.len() > 1);
    let party = claims["azp"].as_str();
    if party.is_some_and(|p| p != settings.client_id) || (several && party.is_none()) {
        return Err("issued to another client".into());
    }
    let given = claims["nonce"].as_str().unwrap_or_default();
    if !bool::from(given.as_bytes().ct_eq(nonce.as_bytes())) {
        return Err("of another sign-in (nonce)".into());
    }
    Ok(claims)
}
