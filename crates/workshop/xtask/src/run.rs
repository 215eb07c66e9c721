//! Running other programs with their output on the terminal.

use std::path::Path;
use std::process::Command;

use crate::workspace::root;

/// A command in the repository's top folder.
pub fn command(program: impl AsRef<Path>, args: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(args).current_dir(root());
    command
}

/// The cargo that runs this task, without what it told this task of its own package: to
/// build scripts (ring's) that would be news, and everything above them would be built anew,
/// now and at the next plain `cargo test`.
pub fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = command(program.as_os_str().as_ref() as &Path, args);
    for (name, _) in std::env::vars().filter(|(name, _)| of_a_package(name)) {
        cargo.env_remove(name);
    }
    cargo
}

/// Whether cargo says a thing of the package that it runs in this variable.
fn of_a_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|begin| name.starts_with(begin))
}

/// Runs a command to its end.
///
/// # Errors
/// Where it cannot be started, or fails.
pub fn done(mut command: Command) -> Result<(), String> {
    let shown = shown(&command);
    eprintln!("$ {shown}");
    let status = command.status().map_err(|e| format!("`{shown}` cannot be run: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

/// What a command prints on standard output.
///
/// # Errors
/// As `done`, with what it said.
pub fn output(mut command: Command) -> Result<String, String> {
    let shown = shown(&command);
    let out = command.output().map_err(|e| format!("`{shown}` cannot be run: {e}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    Err(format!("`{shown}` failed: {}", String::from_utf8_lossy(&out.stderr).trim()))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::cargo;

    #[test]
    fn cargo_is_not_told_of_this_package() {
        // Under `cargo test` they are set, as under `cargo run`.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let cargo = cargo(&["test"]);
        let removed = |name: &str| cargo.get_envs().any(|(n, value)| n == name && value.is_none());
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
        assert!(!removed("CARGO_HOME") && !removed("PATH"));
    }
}
