//! Dependency directions, proven from `cargo metadata`: the folder of a crate says what
//! it may import (`docs/house.md`), and who owns an outside package.

use serde_json::Value;

use super::Finding;
use crate::run;

/// Which rooms a room may import from. `tests` may import everything.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("vocabulary", &[]),
    ("sources", &["vocabulary"]),
    ("log", &["vocabulary"]),
    ("projections", &["vocabulary"]),
    ("sinks", &["vocabulary", "projections"]),
    ("engine", &["vocabulary", "log", "projections", "sinks"]),
    ("readers", &["vocabulary", "log", "projections", "sinks"]),
    ("app", &["vocabulary", "sources", "log", "projections", "sinks", "engine", "readers"]),
    ("workshop", &["vocabulary"]),
];

/// Imports that the rule forbids and the house allows, each with its reason; `*`: all of
/// ours.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("collectors", "dialects", "what comes over a socket is framed and masked before the log takes it"),
    ("collectors", "event-log", "a collector's whole work ends in an append"),
    ("bench", "*", "the benchmark runs the product's own parts, and Kafka from the tests' harness"),
    ("simulation", "*", "it runs the product's own stages over a log and a store of its own"),
    ("ringledger", "crm-sandbox", "`demo` starts the sandbox in its own process; `crm-sandbox` is a command"),
];

/// Who alone may import an outside package.
const OWNERS: &[(&str, &[&str])] = &[
    ("rdkafka", &["event-log"]),
    ("redb", &["event-log"]),
    ("arrow", &["tables"]),
    ("parquet", &["tables"]),
    ("deltalake-core", &["tables"]),
    // (console: it asks a provider of sign-ins for its keys, and for who somebody is)
    ("reqwest", &["crm", "vault", "collectors", "console"]),
    ("rusqlite", &["crm-sandbox"]),
    ("maud", &["console"]),
    ("utoipa", &["console"]),
    ("utoipa-axum", &["console"]),
    ("jsonwebtoken", &["crm", "crm-sandbox", "console"]),
    ("rust_xlsxwriter", &["console"]),
    ("prometheus-client", &["ringledger"]),
    ("clap", &["ringledger"]),
    ("rpassword", &["ringledger"]),
    ("argon2", &["console"]),
    ("indicatif", &["ringledger"]),
    ("tracing-subscriber", &["ringledger"]),
    ("toml", &["ringledger"]),
    ("phonenumber", &["timeline", "crm"]),
    // Object stores are reached by whoever keeps things there: tables, recordings, snapshots.
    ("object_store", &["tables", "vault", "pipeline", "ringledger", "bench", "simulation"]),
];

/// One crate of ours, as `cargo metadata` tells it.
#[derive(Debug)]
pub struct Member {
    name: String,
    room: String,
    /// Normal and build dependencies; what only tests use is free.
    imports: Vec<String>,
}

/// The workspace's crates.
///
/// # Errors
/// Where cargo cannot tell.
pub fn metadata() -> Result<Vec<Member>, String> {
    let text = run::output(run::cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]))?;
    let told: Value = serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))?;
    Ok(told["packages"].as_array().into_iter().flatten().map(member).collect())
}

fn member(package: &Value) -> Member {
    let words = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let manifest = words(&package["manifest_path"]);
    let parts: Vec<&str> = manifest.rsplit('/').collect();
    // …/crates/<room>/<crate>/Cargo.toml, or tests/Cargo.toml
    let room = if parts.get(3) == Some(&"crates") { parts[2] } else { parts.get(1).copied().unwrap_or_default() };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let imports = dependencies.filter(|d| d["kind"].as_str() != Some("dev")).map(|d| words(&d["name"])).collect();
    Member { name: words(&package["name"]), room: room.to_owned(), imports }
}

/// What breaks the rule.
pub fn check(members: &[Member]) -> Vec<Finding> {
    members.iter().filter(|m| m.room != "tests").flat_map(|m| check_one(m, members)).collect()
}

fn check_one(member: &Member, members: &[Member]) -> Vec<Finding> {
    let place = format!("crates/{}/{}", member.room, member.name);
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(room, _)| *room == member.room) else {
        return vec![Finding::error(&place, format!("'{}' is no room of the house", member.room))];
    };
    let mut found = Vec::new();
    for import in &member.imports {
        if let Some(other) = members.iter().find(|m| m.name == *import) {
            let named = EXCEPTIONS.iter().any(|(from, to, _)| *from == member.name && (to == import || *to == "*"));
            if !allowed.contains(&other.room.as_str()) && !named {
                found.push(Finding::error(
                    &place,
                    format!("imports {import} of room '{}', which '{}' may not", other.room, member.room),
                ));
            }
        } else if let Some((_, owners)) = OWNERS.iter().find(|(package, _)| package == import)
            && !owners.contains(&member.name.as_str())
        {
            found.push(Finding::error(&place, format!("imports {import}, which belongs to {}", owners.join(", "))));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, room: &str, imports: &[&str]) -> Member {
        Member { name: name.into(), room: room.into(), imports: imports.iter().map(|i| (*i).to_owned()).collect() }
    }

    #[test]
    fn this_workspace_keeps_its_directions() {
        let members = metadata().unwrap();
        assert!(members.iter().any(|m| m.name == "model" && m.room == "vocabulary"), "{members:?}");
        assert_eq!(check(&members), []);
    }

    #[test]
    fn imports_against_the_direction_are_found() {
        let members = [
            member("model", "vocabulary", &["timeline"]),
            member("timeline", "projections", &["model", "metrics", "arrow"]),
            member("metrics", "projections", &["model"]),
        ];
        let places: Vec<_> = check(&members).into_iter().map(|f| f.place).collect();
        assert_eq!(places, ["crates/vocabulary/model", "crates/projections/timeline", "crates/projections/timeline"]);
    }

    #[test]
    fn exceptions_are_by_name() {
        let members = [member("dialects", "sources", &[]), member("collectors", "sources", &["dialects"])];
        assert_eq!(check(&members), []);
        let members = [member("collectors", "sources", &[]), member("dialects", "sources", &["collectors"])];
        assert_eq!(check(&members).len(), 1);
    }
}
