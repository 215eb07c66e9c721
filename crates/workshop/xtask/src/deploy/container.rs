//! A container file, linted: several stages, pinned bases, not root, no secret, sources
//! that exist.

use super::{exists, pinned};
use crate::tidy::Finding;

/// Instructions that a container file may hold.
const KNOWN: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// What is wrong with it.
pub fn check(file: &str, text: &str, files: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut wrong = |line: usize, what: String| found.push(Finding::error(format!("{file}:{line}"), what));
    let (mut stages, mut user, mut entry): (Vec<String>, Option<String>, bool) = (Vec::new(), None, false);
    for (line, instruction, rest) in instructions(text) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match instruction.as_str() {
            "FROM" => {
                let base = words.iter().find(|w| !w.starts_with("--")).copied().unwrap_or_default();
                if !pinned(base) && !stages.iter().any(|s| s == base) && base != "scratch" {
                    wrong(line, format!("'{base}' says no version"));
                }
                stages.push(words.last().copied().unwrap_or_default().to_owned());
                (user, entry) = (None, false);
            }
            _ if stages.is_empty() && instruction != "ARG" => wrong(line, "the first instruction is FROM".into()),
            "USER" => user = words.first().map(|w| (*w).to_owned()),
            "ENTRYPOINT" | "CMD" => {
                let list = serde_json::from_str::<Vec<String>>(&rest);
                if list.is_err() {
                    wrong(line, format!("{instruction} is a JSON list, so that signals arrive"));
                }
                entry |= instruction == "ENTRYPOINT";
            }
            "COPY" | "ADD" => {
                for problem in copies(&words, &stages, files) {
                    wrong(line, problem);
                }
            }
            "ENV" | "ARG" if secret(&rest) => wrong(line, "a secret does not belong into an image".into()),
            known if KNOWN.contains(&known) => {}
            other => wrong(line, format!("'{other}' is no instruction")),
        }
    }
    let last = text.lines().count();
    if stages.len() < 2 {
        wrong(last, "builds and runs in one stage; the compiler does not belong into the image".into());
    }
    if user.as_deref().is_none_or(|u| u == "root" || u.split(':').next() == Some("0")) {
        wrong(last, "runs as root; end with USER".into());
    }
    if !entry {
        wrong(last, "has no ENTRYPOINT".into());
    }
    found
}

/// Instructions with the line they begin on; continued lines are joined, comments left out.
fn instructions(text: &str) -> Vec<(usize, String, String)> {
    let mut found: Vec<(usize, String, String)> = Vec::new();
    let mut open = false;
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let goes_on = line.ends_with('\\');
        let line = line.trim_end_matches('\\').trim();
        match found.last_mut() {
            Some((_, _, rest)) if open => {
                rest.push(' ');
                rest.push_str(line);
            }
            _ => {
                let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                found.push((n + 1, word.to_ascii_uppercase(), rest.trim().to_owned()));
            }
        }
        open = goes_on;
    }
    found
}

fn copies(words: &[&str], stages: &[String], files: &[String]) -> Vec<String> {
    let from = words.iter().find_map(|w| w.strip_prefix("--from="));
    if let Some(stage) = from {
        let known = stages.iter().any(|s| s == stage) || pinned(stage);
        return if known { Vec::new() } else { vec![format!("copies from '{stage}', which is no stage")] };
    }
    let paths: Vec<&&str> = words.iter().filter(|w| !w.starts_with("--")).collect();
    let sources = paths.split_last().map_or(&[][..], |(_, sources)| sources);
    sources.iter().filter(|s| !exists(s, files)).map(|s| format!("copies '{s}', which is not there")).collect()
}

fn secret(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["SECRET", "PASSWORD", "TOKEN", "ACCESS_KEY"].iter().any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::check;

    const GOOD: &str = "FROM rust:1 AS build\nRUN a \\\n  && b\nFROM debian:12-slim\nCOPY --from=build /o /o\nUSER 10001\nENTRYPOINT [\"/o\"]\n";

    #[test]
    fn a_good_one_passes() {
        assert_eq!(check("f", GOOD, &[]), []);
    }

    #[test]
    fn each_fault_is_found() {
        let cases = [
            ("USER 10001", "USER root", "root"),
            ("USER 10001\n", "", "root"),
            ("debian:12-slim", "debian:latest", "version"),
            ("[\"/o\"]", "/o", "JSON"),
            ("--from=build", "--from=other", "no stage"),
            ("--from=build", "", "not there"),
            ("RUN a", "RUNS a", "no instruction"),
            ("USER", "ENV API_TOKEN=x\nUSER", "secret"),
            ("ENTRYPOINT [\"/o\"]\n", "", "ENTRYPOINT"),
        ];
        for (from, to, says) in cases {
            let found = check("f", &GOOD.replace(from, to), &[]);
            assert!(found.iter().any(|f| f.what.contains(says)), "{to}: {found:?}");
        }
    }
}
