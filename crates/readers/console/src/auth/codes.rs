//! One-time codes: each becomes a session once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Caller, Token};

/// Life of a code that a token's holder asked for.
const CODE: Duration = Duration::from_secs(15 * 60);
/// Such codes kept at once; the oldest goes first.
const MOST_CODES: usize = 1_000;

pub(crate) struct Codes {
    /// Each with its end; the first ones of a process last as long as it does.
    held: Mutex<Vec<(Token, Option<Instant>)>>,
}

impl Codes {
    pub fn new(first: Vec<Token>) -> Self {
        Self { held: Mutex::new(first.into_iter().map(|c| (c, None)).collect()) }
    }

    /// Uses a code up; whose it was.
    pub fn take(&self, code: &str) -> Option<Token> {
        let hash: [u8; 32] = Sha256::digest(code.as_bytes()).into();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, until)| until.is_none_or(|u| Instant::now() < u));
        let at = held.iter().position(|(c, _)| bool::from(c.hash.ct_eq(&hash)))?;
        Some(held.swap_remove(at).0)
    }

    /// Takes a code for `caller`: good for fifteen minutes.
    pub fn give(&self, caller: &Caller, code: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, until)| until.is_none_or(|u| Instant::now() < u));
        if held.len() >= MOST_CODES {
            held.remove(0);
        }
        let token = Token { sees: caller.sees.clone(), ..Token::new(&caller.name, caller.role, code) };
        held.push((token, Some(Instant::now() + CODE)));
    }
}
