//! Small rooms: how long a file may be.

use super::Finding;

/// A Rust file longer than this is told, in lines.
const LONG: usize = 250;
/// A Rust file longer than this fails.
const TOO_LONG: usize = 400;

/// Plain tables of types or names, which splitting would only scatter.
const LISTS: &[&str] = &["crates/vocabulary/model/src/facts.rs", "crates/vocabulary/model/src/event.rs"];

/// What breaks the rule.
pub fn check(file: &str, text: &str) -> Vec<Finding> {
    if !file.ends_with(".rs") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > TOO_LONG && !LISTS.contains(&file) {
        found.push(Finding::error(file, format!("{lines} lines; split it (at most {TOO_LONG})")));
    } else if lines > LONG && !LISTS.contains(&file) {
        found.push(Finding::warning(file, format!("{lines} lines; {LONG} is the aim")));
    }
    if !text.starts_with("//!") && !text.starts_with("#!") {
        found.push(Finding::error(file, "a file opens with its contract (`//! …`)"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn length_is_told_then_fails() {
        let file = |n: usize| format!("//! A room.\n{}", "\n".repeat(n - 1));
        assert_eq!(check("a.rs", &file(250)), []);
        assert!(!check("a.rs", &file(251))[0].fails);
        assert!(check("a.rs", &file(401))[0].fails);
        assert_eq!(check("a.md", &file(500)), []);
    }

    #[test]
    fn a_file_without_a_contract_fails() {
        assert!(check("a.rs", "fn main() {}\n")[0].fails);
    }
}
