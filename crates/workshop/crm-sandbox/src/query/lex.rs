//! Words, quoted text, numbers and signs of a query.

use super::QueryError;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

impl Token {
    /// Whether this is the word, in any case.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(w) if w.eq_ignore_ascii_case(word))
    }
}

const SIGNS: [&str; 11] = ["<>", "<=", ">=", "!=", "=", "<", ">", "(", ")", ",", ":"];

/// Splits `text`; words hold letters, digits and `_ . + - :` inside (names, numbers,
/// instants).
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, length) = next(rest)?;
        out.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(out)
}

fn next(rest: &str) -> Result<(Token, usize), QueryError> {
    if let Some(inside) = rest.strip_prefix('\'') {
        return quoted(inside).map(|(text, length)| (Token::Text(text), length + 1));
    }
    if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let length = rest.find(|c: char| !(c.is_alphanumeric() || "_.+-:".contains(c))).unwrap_or(rest.len());
    if length == 0 {
        return Err(QueryError::malformed(format!("unexpected token: '{}'", rest.chars().next().unwrap_or(' '))));
    }
    Ok((Token::Word(rest[..length].to_owned()), length))
}

/// Text up to the closing quote, with `\'`, `\\`, `\n` and the like resolved.
fn quoted(rest: &str) -> Result<(String, usize), QueryError> {
    let mut out = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Ok((out, at + 1)),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 'r')) => out.push('\r'),
                Some((_, 't')) => out.push('\t'),
                Some((_, c)) => out.push(c),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(QueryError::malformed("a quoted text has no end"))
}
