//! Bounded fuzzing: every decoder on mutated real input, so many seconds a target. The
//! targets are tests of the workspace (`tests/tests/fuzz.rs`), built as all others are,
//! so that no second tool chain is needed.

use crate::run::{cargo, done};

/// Seconds a target, where nobody says.
pub const DEFAULT_SECONDS: u64 = 20;

/// Says the time to the targets.
const VARIABLE: &str = "RINGLEDGER_FUZZ_SECONDS";

/// Runs every target.
///
/// # Errors
/// Where one fails; it prints the input that did it.
pub fn run(seconds: u64) -> Result<(), String> {
    let mut tests = cargo(&["test", "--workspace", "--all-features", "--test", "fuzz", "--", "--nocapture"]);
    tests.env(VARIABLE, seconds.to_string());
    done(tests)
}
