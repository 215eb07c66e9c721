//! Who sends a request: by bearer token, or by a session that a one-time code made.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Caller, Token};

/// Longest life of a session.
const SESSION: Duration = Duration::from_secs(8 * 3600);
/// Sessions kept at once; the oldest goes first.
const MOST_SESSIONS: usize = 1_000;
/// Life of a code that a token's holder asked for.
const CODE: Duration = Duration::from_secs(15 * 60);
/// Such codes kept at once; the oldest goes first.
const MOST_CODES: usize = 1_000;
/// Name of the session's cookie.
pub(crate) const COOKIE_NAME: &str = "ringledger_session";

/// Tokens, one-time codes and sessions.
pub struct Access {
    tokens: Vec<Token>,
    /// Each with its end; the first ones of a process last as long as it does.
    codes: Mutex<Vec<(Token, Option<Instant>)>>,
    sessions: Mutex<HashMap<[u8; 32], (Caller, Instant)>>,
}

impl Access {
    /// With these tokens and one-time codes (each becomes a session once).
    pub fn new(tokens: Vec<Token>, codes: Vec<Token>) -> Self {
        let codes = codes.into_iter().map(|c| (c, None)).collect();
        Self { tokens, codes: Mutex::new(codes), sessions: Mutex::default() }
    }

    /// Who sends these headers; `None` where nobody known does.
    pub fn caller(&self, headers: &HeaderMap) -> Option<Caller> {
        self.by_token(headers).or_else(|| self.by_session(headers))
    }

    fn by_token(&self, headers: &HeaderMap) -> Option<Caller> {
        let secret = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let hash: [u8; 32] = Sha256::digest(secret.trim().as_bytes()).into();
        // Every token is compared, so that the time tells nothing.
        let mut found = None;
        for token in &self.tokens {
            if bool::from(token.hash.ct_eq(&hash)) {
                let Token { name, role, sees, .. } = token.clone();
                found = Some(Caller { name, role, by_session: false, sees, csrf: None });
            }
        }
        found
    }

    fn by_session(&self, headers: &HeaderMap) -> Option<Caller> {
        let cookies = headers.get(COOKIE)?.to_str().ok()?;
        let value = cookies.split(';').find_map(|c| c.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='))?;
        let key: [u8; 32] = Sha256::digest(value.as_bytes()).into();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, (_, since)| since.elapsed() < SESSION);
        let (caller, _) = sessions.get(&key)?;
        Some(Caller { csrf: Some(csrf(value)), ..caller.clone() })
    }

    /// Makes a session of this name, once for each code; tells whether the code was good.
    pub fn sign_in(&self, code: &str, session: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(code.as_bytes()).into();
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, until)| until.is_none_or(|u| Instant::now() < u));
        let Some(at) = codes.iter().position(|(c, _)| bool::from(c.hash.ct_eq(&hash))) else { return false };
        let (token, _) = codes.swap_remove(at);
        let key: [u8; 32] = Sha256::digest(session.as_bytes()).into();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST_SESSIONS
            && let Some(oldest) = sessions.iter().min_by_key(|(_, (_, since))| *since).map(|(k, _)| *k)
        {
            sessions.remove(&oldest);
        }
        let Token { name, role, sees, .. } = token;
        let caller = Caller { name, role, by_session: true, sees, csrf: None };
        sessions.insert(key, (caller, Instant::now()));
        true
    }

    /// Takes a one-time code for `caller`: good for fifteen minutes.
    pub fn issue(&self, caller: &Caller, code: &str) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|(_, until)| until.is_none_or(|u| Instant::now() < u));
        if codes.len() >= MOST_CODES {
            codes.remove(0);
        }
        let token = Token { sees: caller.sees.clone(), ..Token::new(&caller.name, caller.role, code) };
        codes.push((token, Some(Instant::now() + CODE)));
    }
}

/// The secret against forged forms of a session: made from the cookie's value, which no
/// other site can read, so that nothing more has to be kept.
fn csrf(session: &str) -> String {
    let hash = Sha256::new().chain_update(b"ringledger csrf\0").chain_update(session.as_bytes()).finalize();
    hex::encode(&hash[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Role, tokens_from_text};

    fn bearer(secret: &str) -> HeaderMap {
        let mut h = HeaderMap::new();
        h.insert(AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
        h
    }

    #[test]
    fn tokens_are_read_with_their_roles_and_errors_hide_secrets() {
        let tokens = tokens_from_text("# who\nann compliance 0123456789abcdef\n\n").unwrap();
        let access = Access::new(tokens, Vec::new());
        let caller = access.caller(&bearer("0123456789abcdef")).unwrap();
        assert!(caller.role.hears() && !caller.role.sends());
        assert_eq!(access.caller(&bearer("0123456789abcdeX")), None);
        let error = tokens_from_text("ann boss supersecretsecret1").err().unwrap().to_string();
        assert!(error.contains("line 1") && !error.contains("supersecret"), "{error}");
        assert!(tokens_from_text("ann compliance short").is_err());
    }

    #[test]
    fn a_code_makes_one_session() {
        let access = Access::new(Vec::new(), vec![Token::new("first look", Role::Compliance, "code-1")]);
        assert!(access.sign_in("code-1", "session-1"));
        assert!(!access.sign_in("code-1", "session-2"));
        let mut h = HeaderMap::new();
        h.insert(COOKIE, format!("a=b; {COOKIE_NAME}=session-1").parse().unwrap());
        let caller = access.caller(&h).unwrap();
        assert!(caller.by_session && caller.csrf().is_some_and(|c| c.len() == 32));
        h.insert(COOKIE, format!("{COOKIE_NAME}=session-2").parse().unwrap());
        assert_eq!(access.caller(&h), None);
        access.issue(&caller, "code-2");
        assert!(access.sign_in("code-2", "session-2") && !access.sign_in("code-2", "session-3"));
        assert_eq!(access.caller(&h).unwrap().name, "first look");
    }
}
