//! Who sends a request: by bearer token, or by a session. The ways to begin a session.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{Extensions, HeaderMap};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::accounts_file::AccountsFile;
use super::audit::{Audit, Auditor};
use super::codes::Codes;
use super::kept::Kept;
use super::limits::Buckets;
use super::oidc::Oidc;
use super::sessions::{Holder, LONGEST, Sessions};
use super::{Caller, Sees, Token};

/// Settings of sign-in and API that a pipeline file may give.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessSettings {
    /// Where browsers find this server (`https://console.example`), without a path. With
    /// `https` the cookies are sent over TLS only.
    pub public_url: Option<String>,
    /// A proxy stands before this server and appends to `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// API calls a second that one caller may make over time, above 0 …
    pub calls_per_second: f64,
    /// … and at once, at least 1.
    pub calls_at_once: f64,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self { public_url: None, behind_proxy: false, calls_per_second: 50.0, calls_at_once: 200.0 }
    }
}

/// Tokens, accounts, one-time codes and sessions.
pub struct Access {
    pub(super) tokens: Vec<Token>,
    pub(crate) codes: Codes,
    pub(crate) sessions: Sessions,
    /// Where they outlive the process, if anywhere.
    pub(crate) kept: Option<Kept>,
    pub(crate) accounts: Option<AccountsFile>,
    pub(crate) oidc: Option<Oidc>,
    pub(crate) auditor: Auditor,
    pub(crate) settings: AccessSettings,
    /// Attempts to sign in, by name …
    pub(crate) names: Buckets,
    /// … and by address.
    pub(crate) addresses: Buckets,
    /// Calls of the API, by caller.
    pub(crate) calls: Buckets,
}

impl Access {
    /// With these tokens and one-time codes (each becomes a session once).
    pub fn new(tokens: Vec<Token>, codes: Vec<Token>) -> Self {
        let settings = AccessSettings::default();
        Self {
            tokens,
            codes: Codes::new(codes),
            sessions: Sessions::default(),
            kept: None,
            accounts: None,
            oidc: None,
            auditor: Auditor::new(None),
            // Five wrong passwords, then two a minute; an address has the names of an office.
            names: Buckets::new(1.0 / 30.0, 5.0),
            addresses: Buckets::new(1.0 / 3.0, 30.0),
            calls: Buckets::new(settings.calls_per_second, settings.calls_at_once),
            settings,
        }
    }

    /// With these settings.
    #[must_use]
    pub fn with_settings(self, settings: AccessSettings) -> Self {
        let calls = Buckets::new(settings.calls_per_second, settings.calls_at_once);
        Self { calls, settings, ..self }
    }

    /// With local accounts.
    #[must_use]
    pub fn with_accounts(self, accounts: AccountsFile) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    /// With a provider (OpenID Connect).
    #[must_use]
    pub fn with_oidc(self, oidc: Oidc) -> Self {
        Self { oidc: Some(oidc), ..self }
    }

    /// With somebody who keeps sign-ins.
    #[must_use]
    pub fn with_audit(self, keeper: Arc<dyn Audit>) -> Self {
        Self { auditor: Auditor::new(Some(keeper)), ..self }
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
        let cookie = self.cookie(headers)?;
        let (name, role, sees) = match self.sessions.holder(cookie)? {
            Holder::Fixed { name, role, sees } => (name, role, sees),
            Holder::Account { name, stamp } => match self.account(&name, stamp) {
                Some((role, sees)) => (name, role, sees),
                None => {
                    self.sessions.end(cookie);
                    return None;
                }
            },
        };
        Some(Caller { name, role, by_session: true, sees, csrf: Some(csrf(cookie)) })
    }

    /// What an account may do now, where it still stands with that password.
    fn account(&self, name: &str, stamp: [u8; 32]) -> Option<(super::Role, Sees)> {
        let account = self.accounts.as_ref()?.get(name).filter(|a| a.stamp() == stamp)?;
        Some((account.role()?, account.sees()))
    }

    /// The value of the session's cookie.
    pub(crate) fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        named_cookie(headers, self.cookie_name())
    }

    /// A browser keeps one that begins with `__Host-` to this host, this path and TLS.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.secure() { "__Host-ringledger_session" } else { "ringledger_session" }
    }

    /// Whether browsers come over TLS.
    pub(crate) fn secure(&self) -> bool {
        self.settings.public_url.as_ref().is_some_and(|u| u.starts_with("https://"))
    }

    /// The header that gives a browser its session.
    pub(crate) fn set_cookie(&self, value: &str) -> String {
        let secure = if self.secure() { "; Secure" } else { "" };
        let age = LONGEST.as_secs();
        format!("{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={age}{secure}", self.cookie_name())
    }

    /// … and that takes it away.
    pub(crate) fn clear_cookie(&self) -> String {
        let secure = if self.secure() { "; Secure" } else { "" };
        format!("{}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0{secure}", self.cookie_name())
    }

    /// The address that asks: of the connection, or what the proxy before us saw.
    pub(crate) fn from(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        if self.settings.behind_proxy
            && let Some(list) = headers.get_all("x-forwarded-for").iter().next_back()
            && let Some(last) = list.to_str().ok().and_then(|l| l.rsplit(',').next())
        {
            return last.trim().parse().ok();
        }
        extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip())
    }

    /// Makes a session of this name, once for each code; tells whether the code was good.
    pub fn sign_in(&self, code: &str, session: &str) -> bool {
        let Some(Token { name, role, sees, .. }) = self.codes.take(code) else { return false };
        self.sessions.begin(session, Holder::Fixed { name, role, sees });
        true
    }

    /// Takes a one-time code for `caller`: good for fifteen minutes.
    pub fn issue(&self, caller: &Caller, code: &str) {
        self.codes.give(caller, code);
    }
}

/// The value of a cookie.
pub(crate) fn named_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|c| c.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|c| c.trim().strip_prefix(name)?.strip_prefix('='))
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
    fn a_token_has_its_role() {
        let tokens = tokens_from_text("# who\nann compliance 0123456789abcdef\n\n").unwrap();
        let access = Access::new(tokens, Vec::new());
        let caller = access.caller(&bearer("0123456789abcdef")).unwrap();
        assert!(caller.role.hears() && !caller.role.sends());
        assert_eq!(access.caller(&bearer("0123456789abcdeX")), None);
    }

    #[test]
    fn a_code_makes_one_session() {
        let access = Access::new(Vec::new(), vec![Token::new("first look", Role::Compliance, "code-1")]);
        assert!(access.sign_in("code-1", "session-1"));
        assert!(!access.sign_in("code-1", "session-2"));
        let mut h = HeaderMap::new();
        h.insert(COOKIE, "a=b; ringledger_session=session-1".parse().unwrap());
        let caller = access.caller(&h).unwrap();
        assert!(caller.by_session && caller.csrf().is_some_and(|c| c.len() == 32));
        h.insert(COOKIE, "ringledger_session=session-2".parse().unwrap());
        assert_eq!(access.caller(&h), None);
        access.issue(&caller, "code-2");
        assert!(access.sign_in("code-2", "session-2") && !access.sign_in("code-2", "session-3"));
        assert_eq!(access.caller(&h).unwrap().name, "first look");
    }

    #[test]
    fn behind_a_proxy_the_address_is_what_the_proxy_saw() {
        let mut h = HeaderMap::new();
        h.insert("x-forwarded-for", "6.6.6.6, 10.0.0.7".parse().unwrap());
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo::<SocketAddr>("127.0.0.1:5".parse().unwrap()));
        let plain = Access::new(Vec::new(), Vec::new());
        assert_eq!(plain.from(&h, &extensions), Some("127.0.0.1".parse().unwrap()));
        let behind = plain.with_settings(AccessSettings { behind_proxy: true, ..AccessSettings::default() });
        assert_eq!(behind.from(&h, &extensions), Some("10.0.0.7".parse().unwrap()));
    }
}
