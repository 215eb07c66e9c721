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

/// The cargo that runs this task.
pub fn cargo(args: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).as_os_str().as_ref() as &Path, args)
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
