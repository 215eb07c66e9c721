//! Passwords: Argon2id, as PHC strings.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params};

/// Shortest password, characters.
const SHORTEST: usize = 10;
/// Longest password, bytes: work is bounded.
pub(crate) const LONGEST: usize = 1_024;

/// Hashes a new password (19 MiB, two passes).
///
/// # Errors
/// It is too short or too long, or the system gives no random numbers.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(format!("a password has at least {SHORTEST} characters and at most {LONGEST} bytes"));
    }
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|e| format!("the system gives no random numbers: {e}"))?;
    let salt = SaltString::encode_b64(&salt).map_err(|e| e.to_string())?;
    Argon2::default().hash_password(password.as_bytes(), &salt).map(|h| h.to_string()).map_err(|e| e.to_string())
}

/// Whether it is the password; the work is that of `hash`, whatever the answer.
pub(crate) fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// Whether this is a hash of ours: another algorithm or other costs would make the work
/// of a sign-in tell which names exist.
pub(crate) fn is_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else { return false };
    let ours = Params::default();
    let same = |p: Params| p.m_cost() == ours.m_cost() && p.t_cost() == ours.t_cost() && p.p_cost() == ours.p_cost();
    hash.algorithm == Algorithm::Argon2id.ident() && hash.hash.is_some() && Params::try_from(&hash).is_ok_and(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hashed = hash("correct horse").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && is_hash(&hashed), "{hashed}");
        assert!(verify("correct horse", &hashed) && !verify("correct horsf", &hashed));
        assert_ne!(hashed, hash("correct horse").unwrap(), "each with its own salt");
        assert!(hash("short").unwrap_err().contains("at least 10"));
        assert!(!is_hash("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g") && !is_hash("plain"));
        assert!(!verify("plain", "plain"));
    }
}
