//! Bounded fuzzing: every decoder on mutated real input, so many inputs or seconds a
//! target. The targets are tests of the workspace (`tests/tests/fuzz.rs`), built as all
//! others are, so that no second tool chain is needed.

use crate::run::{cargo, done};

/// Where each target ends.
#[derive(Clone, Copy)]
pub struct Bound {
    /// Inputs a target, the same ones on every machine.
    pub inputs: u64,
    /// Seconds a target.
    pub seconds: u64,
}

impl Bound {
    /// What every test run does: bounded by its inputs, so that a slow machine tries
    /// fewer and none tries others.
    pub const TEST: Self = Self { inputs: 20_000, seconds: 30 };

    /// As much as fits into the time.
    pub fn seconds(seconds: u64) -> Self {
        Self { inputs: u64::MAX, seconds }
    }

    /// So many, however long it takes.
    pub fn inputs(inputs: u64) -> Self {
        Self { inputs, seconds: u64::MAX }
    }
}

/// Runs every target.
///
/// # Errors
/// Where one fails; it prints the input that did it.
pub fn run(bound: Bound) -> Result<(), String> {
    let mut tests = cargo(&["test", "--workspace", "--all-features", "--test", "fuzz", "--", "--nocapture"]);
    tests.env("RINGLEDGER_FUZZ_INPUTS", bound.inputs.to_string());
    tests.env("RINGLEDGER_FUZZ_SECONDS", bound.seconds.to_string());
    done(tests)
}
