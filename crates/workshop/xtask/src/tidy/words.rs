//! Words that may not stand in the repository: unfinished work, tests switched off,
//! paths of one machine.

use super::Finding;

/// Words of Rust that may not stand in code, and why. Written in pieces, so that this
/// file passes its own check.
const IN_CODE: &[(&str, &str)] = &[
    (concat!("todo", "!("), "unfinished work"),
    (concat!("unimplemented", "!("), "unfinished work"),
    (concat!("dbg", "!("), "left over from a search"),
    (OFF, "a test that is switched off; put it behind a feature, or mend it"),
    (concat!("unsa", "fe {"), "forbidden"),
];

const OFF: &str = concat!("#[ign", "ore");

/// A test that another test starts as a process of its own (to kill it) stands behind
/// the same attribute, with this reason.
const HELPER: &str = "helper process";

/// Folders of one machine; nothing of the repository depends on them.
const MACHINE: &[&str] = &[concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

/// What breaks the rule.
pub fn check(file: &str, text: &str) -> Vec<Finding> {
    // Captured data is as the switch wrote it; lock files are cargo's and npm's.
    if file.starts_with("tests/data/") || file.ends_with(".lock") || file.ends_with("-lock.json") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let place = format!("{file}:{}", n + 1);
        if file.ends_with(".rs") {
            for (word, why) in IN_CODE {
                if line.contains(word) && !(*word == OFF && line.contains(HELPER)) {
                    found.push(Finding::error(&place, format!("`{word}`: {why}")));
                }
            }
        }
        for path in MACHINE {
            if absolute(line, path) {
                found.push(Finding::error(&place, format!("`{path}` is a path of one machine")));
            }
        }
    }
    found
}

/// Whether `line` holds `path` as the begin of a path, not within an address or a longer
/// path (`/v1/work/…`).
fn absolute(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '~' | '$')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found_with_its_line() {
        let text = format!("//! x\nfn a() {{ {} }}\n", concat!("todo", "!()"));
        assert_eq!(check("a.rs", &text)[0].place, "a.rs:2");
        assert_eq!(check("a.md", &text), []);
    }

    #[test]
    fn a_switched_off_test_is_found_and_a_helper_process_is_none() {
        assert_eq!(check("a.rs", &format!("//! x\n{OFF} = \"slow\"]\n")).len(), 1);
        assert_eq!(check("a.rs", &format!("//! x\n{OFF} = \"{HELPER} of the test beside it\"]\n")), []);
    }

    #[test]
    fn paths_of_a_machine_are_found_and_addresses_are_not() {
        let path = MACHINE[0];
        assert_eq!(check("a.md", &format!("see {path}main")).len(), 1);
        assert_eq!(check("a.md", &format!("https://host{path}x and ./net{path}y")), []);
    }
}
