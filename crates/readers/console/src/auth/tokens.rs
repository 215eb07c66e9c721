//! Bearer tokens and the file of them.

use sha2::{Digest, Sha256};

use super::{Role, Sees};

/// A token: its holder, role, and the hash of its secret.
#[derive(Clone)]
pub struct Token {
    /// The holder's name, as it stands in the log of accesses.
    pub name: String,
    /// The role.
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
