//! Who may do what: bearer tokens with roles, and sessions made by a one-time code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

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

/// What a token's holder may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Queues and agents.
    Operations,
    /// Recordings.
    Compliance,
    /// Tables and reports.
    Analyst,
    /// Everything.
    Administrator,
    /// Sending adapter events.
    Adapter,
    /// Reading `/metrics`.
    Metrics,
}

impl Role {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "operations" => Self::Operations,
            "compliance" => Self::Compliance,
            "analyst" => Self::Analyst,
            "administrator" => Self::Administrator,
            "adapter" => Self::Adapter,
            "metrics" => Self::Metrics,
            _ => return None,
        })
    }

    /// Whether recordings may be heard.
    pub fn hears(self) -> bool {
        matches!(self, Self::Compliance | Self::Administrator)
    }

    /// Whether adapter events may be sent.
    pub fn sends(self) -> bool {
        matches!(self, Self::Adapter | Self::Administrator)
    }

    /// Whether `/metrics` may be read.
    pub fn measures(self) -> bool {
        matches!(self, Self::Metrics | Self::Operations | Self::Administrator)
    }
}

/// A token: its holder, role, and the hash of its secret.
#[derive(Clone)]
pub struct Token {
    /// The holder's name, as it stands in the log of accesses.
    pub name: String,
    /// The role.
    pub role: Role,
    hash: [u8; 32],
}

impl Token {
    /// A token from its secret; only the hash is kept.
    pub fn new(name: &str, role: Role, secret: &str) -> Self {
        Self { name: name.to_owned(), role, hash: Sha256::digest(secret.as_bytes()).into() }
    }
}

/// A line of the tokens file that is not readable; the secret is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "tokens, line {line}: {what}; wanted is `name role secret`, role one of operations, compliance, analyst, \
     administrator, adapter, metrics, and a secret of at least 16 characters"
)]
pub struct TokenError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads tokens: a line each, `name role secret`; empty lines and `#` lines are passed over.
///
/// # Errors
/// The first line that is not readable.
pub fn tokens_from_text(text: &str) -> Result<Vec<Token>, TokenError> {
    let mut tokens = Vec::new();
    for (i, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let bad = |what| TokenError { line: i + 1, what };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, role, secret] = words[..] else { return Err(bad("not three words")) };
        let role = Role::of(role).ok_or_else(|| bad("unknown role"))?;
        if secret.len() < 16 {
            return Err(bad("the secret is too short"));
        }
        tokens.push(Token::new(name, role, secret));
    }
    Ok(tokens)
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The holder's name.
    pub name: String,
    /// The role.
    pub role: Role,
    /// By session (a browser) rather than by token.
    pub by_session: bool,
}

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
                found = Some(Caller { name: token.name.clone(), role: token.role, by_session: false });
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
        sessions.get(&key).map(|(caller, _)| caller.clone())
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
        let caller = Caller { name: token.name, role: token.role, by_session: true };
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
        codes.push((Token::new(&caller.name, caller.role, code), Some(Instant::now() + CODE)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(caller.by_session);
        h.insert(COOKIE, format!("{COOKIE_NAME}=session-2").parse().unwrap());
        assert_eq!(access.caller(&h), None);
        access.issue(&caller, "code-2");
        assert!(access.sign_in("code-2", "session-2") && !access.sign_in("code-2", "session-3"));
        assert_eq!(access.caller(&h).unwrap().name, "first look");
    }
}
