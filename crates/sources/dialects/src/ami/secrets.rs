//! Passwords in what the switch answers: `GetConfig`, `Command` output and the like may
//! hold them, and none may reach the log.

use serde_json::{Map, Value};

use crate::masking::MASK;

const WORDS: [&str; 4] = ["secret", "password", "passwd", "md5_cred"];

/// Masks them in a record; returns how many values were changed.
pub(super) fn mask(data: &mut Map<String, Value>) -> u32 {
    let mut count = 0;
    for (name, value) in data.iter_mut() {
        let whole = speaks_of_secret(name).is_some() && !name.eq_ignore_ascii_case("UsingPassword");
        let mut one = |value: &mut Value| {
            let Value::String(text) = value else { return };
            let masked = if whole { Some(MASK.to_string()) } else { without_secret(text) };
            if let Some(masked) = masked.filter(|m| m != text) {
                *text = masked;
                count += 1;
            }
        };
        match value {
            Value::Array(list) => list.iter_mut().for_each(&mut one),
            text => one(text),
        }
    }
    count
}

/// Where a text first names a secret: behind the word.
fn speaks_of_secret(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    WORDS.iter().filter_map(|w| lower.find(w).map(|at| at + w.len())).min()
}

/// `secret = abc`, `password: abc`: nothing behind the sign stays.
fn without_secret(text: &str) -> Option<String> {
    let from = speaks_of_secret(text)?;
    let sign = from + text[from..].find(['=', ':'])? + 1;
    (!text[sign..].trim().is_empty()).then(|| format!("{}{MASK}", &text[..sign]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_lose_their_passwords_and_nothing_else() {
        let json = r#"{"Response":"Success","Line-000001-000001":"secret=observer-pass","Output":["Password : x y","  secret ","a=1"],
            "Challenge":"1","Message":"Authentication accepted","UsingPassword":"0","AuthPassword":"hush"}"#;
        let mut data: Map<String, Value> = serde_json::from_str(json).expect("JSON");
        assert_eq!(mask(&mut data), 3);
        let text = Value::Object(data).to_string();
        assert!(!text.contains("observer-pass") && !text.contains("x y") && !text.contains("hush"), "{text}");
        assert!(text.contains("secret=X") && text.contains("a=1") && text.contains(r#""UsingPassword":"0""#), "{text}");
    }
}
