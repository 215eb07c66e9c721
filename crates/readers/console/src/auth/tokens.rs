//! Bearer tokens and the file of them.

use model::Name;
use sha2::{Digest, Sha256};

use super::{Rights, Role, Sees};

/// Shortest secret, characters.
const SHORTEST: usize = 16;

/// A token: its holder, role, and the hash of its secret.
#[derive(Clone)]
pub struct Token {
    /// The holder's name, as it stands in the log of accesses.
    pub name: String,
    /// The role; what scopes leave of it, where the file gives some.
    pub role: Role,
    /// Which centres and queues.
    pub sees: Sees,
    pub(crate) hash: [u8; 32],
}

impl Token {
    /// A token from its secret, for everything its role may see; only the hash is kept.
    pub fn new(name: &str, role: Role, secret: &str) -> Self {
        Self { name: name.to_owned(), role, sees: Sees::default(), hash: Sha256::digest(secret.as_bytes()).into() }
    }
}

/// A line of the tokens file that is not readable; the secret is never shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "tokens, line {line}: {what}; wanted is `name role secret`, role one of operations, compliance, analyst, \
     administrator, adapter, metrics, and a secret of at least 16 characters; then, where they narrow it, \
     `scopes=read,hear,tend,send,measure`, `centers=a,b`, `queues=a,b`"
)]
pub struct TokenError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// Reads tokens: a line each, `name role secret` and what narrows it: `scopes=…` (a token
/// may do what its role and its scopes both allow), `centers=…`, `queues=…`. Empty lines
/// and `#` lines are passed over.
///
/// # Errors
/// The first line that is not readable.
pub fn tokens_from_text(text: &str) -> Result<Vec<Token>, TokenError> {
    let lines = text.lines().enumerate();
    let wanted = lines.filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    wanted.map(|(i, l)| token(l).map_err(|what| TokenError { line: i + 1, what })).collect()
}

fn token(line: &str) -> Result<Token, &'static str> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(role), Some(secret)) = (words.next(), words.next(), words.next()) else {
        return Err("fewer than three words");
    };
    let role = Role::of(role).ok_or("unknown role")?;
    if secret.chars().count() < SHORTEST {
        return Err("the secret is too short");
    }
    let mut token = Token::new(name, role, secret);
    let mut seen = [false; 3];
    for word in words {
        // (The word is not repeated: it may be part of a secret with a space in it.)
        let (key, value) = word.split_once('=').ok_or("a word after the secret that is no `key=a,b`")?;
        let at = match key {
            "scopes" => {
                token.role = Role::Limited(scopes(value)?.within(role.rights()));
                0
            }
            "centers" => {
                token.sees.centers = Some(names(value)?);
                1
            }
            "queues" => {
                token.sees.queues = Some(names(value)?);
                2
            }
            _ => return Err("a key after the secret that is none of scopes, centers, queues"),
        };
        if std::mem::replace(&mut seen[at], true) {
            return Err("a key that stands twice");
        }
    }
    if token.role.rights() == Rights::default() {
        return Err("its role allows none of its scopes");
    }
    Ok(token)
}

fn scopes(value: &str) -> Result<Rights, &'static str> {
    value.split(',').try_fold(Rights::default(), |rights, scope| {
        Ok(rights.and(match scope {
            "read" => Rights::WATCH.and(Rights::REPORT),
            "hear" => Rights::HEAR,
            "tend" => Rights::TEND,
            "send" => Rights::SEND,
            "measure" => Rights::MEASURE,
            _ => return Err("unknown scope"),
        }))
    })
}

fn names(value: &str) -> Result<Vec<Name>, &'static str> {
    let names: Vec<Name> = value.split(',').map(Name::from).collect();
    if names.iter().any(|n| n.is_empty()) { Err("an empty name in a list") } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_what_role_and_scopes_both_allow() {
        let line = "grafana operations 0123456789abcdef scopes=read,hear queues=sales,support";
        let token = tokens_from_text(line).unwrap().remove(0);
        assert!(token.role.watches() && token.role.reports());
        assert!(!token.role.hears() && !token.role.tends() && !token.role.measures(), "{:?}", token.role);
        assert!(token.sees.queue("main", "sales") && !token.sees.queue("main", "secret"));
        let whole = tokens_from_text("ann operations 0123456789abcdef centers=north").unwrap().remove(0);
        assert!(whole.role == Role::Operations && whole.sees.center("north") && !whole.sees.center("main"));
    }

    #[test]
    fn errors_name_the_line_and_hide_secrets() {
        for (line, wanted) in [
            ("ann boss supersecretsecret1", "unknown role"),
            ("ann compliance", "fewer than three"),
            ("ann compliance short", "too short"),
            ("ann compliance supersecretsecret1 supersecret2", "no `key=a,b`"),
            ("ann compliance supersecretsecret1 scopes=read,supersecret", "unknown scope"),
            ("ann compliance supersecretsecret1 scopes=send", "allows none of its scopes"),
            ("ann compliance supersecretsecret1 queues=a queues=b", "stands twice"),
            ("ann compliance supersecretsecret1 queues=a,", "empty name"),
            ("ann compliance supersecretsecret1 qeues=a", "none of scopes"),
        ] {
            let error = tokens_from_text(&format!("\n{line}\n")).err().unwrap().to_string();
            assert!(error.contains("line 2") && error.contains(wanted) && !error.contains("supersecret"), "{error}");
        }
    }
}
