//! Runs from seeds (docs/simulation.md), by the program of that name, built as all others are.

use crate::run::{cargo, command, done};

/// Runs what `words` ask for; without any, 300 seeds.
///
/// # Errors
/// Where a seed ends otherwise than undisturbed, or a kind of trouble never happened.
pub fn run(words: &[&str]) -> Result<(), String> {
    // Cargo builds a package's programs for its tests; so features are those of all tests.
    done(cargo(&["test", "--workspace", "--all-features", "--no-run", "--test", "seeds"]))?;
    let here = std::env::current_exe().map_err(|e| format!("where this program lies is not known: {e}"))?;
    done(command(here.with_file_name("simulation"), words))
}
