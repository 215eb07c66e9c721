//! Build and test tasks of the workspace: `cargo xtask test` installs what the tests need
//! into `tests/real/` and runs everything; the other commands are its parts.
//!
//! Contract: run twice, the second run installs nothing; what only the system can give
//! is named with its Debian package; every step is run and reported, also after one
//! failed, and the exit code says whether all passed.

mod chaos;
mod deploy;
mod fuzz;
mod parts;
mod run;
mod simulate;
mod stamp;
mod steps;
mod system;
mod tidy;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  setup              install what the tests need into tests/real/ (idempotent)
  test               setup, then every check and every test, real parts included
  tidy               the house rules: rooms, owners, file lengths, words, links, deploy files
  fuzz [--seconds N | --inputs N]
                     every decoder on mutated input, N seconds or inputs each (default: as in test)
  chaos [--kills N] [--seed N]
                     processes, broker and S3 server killed under load (default: as in test, 15 and 1)
  simulate [--seeds N] [--first SEED] [--nightly] | --seed N [--trace]
                     runs from seeds, 300 or (nightly) 10000, with everything failing: docs/simulation.md
  help               this text

`cargo test` alone runs what needs no outside part.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["setup"] => parts::setup(),
        ["test"] => steps::test(),
        ["tidy"] => tidy::check(),
        ["simulate", rest @ ..] => simulate::run(rest),
        ["fuzz"] => fuzz::run(fuzz::Bound::TEST),
        ["fuzz", what @ ("--seconds" | "--inputs"), n] => match (n.parse(), *what) {
            (Ok(n), "--seconds") => fuzz::run(fuzz::Bound::seconds(n)),
            (Ok(n), _) => fuzz::run(fuzz::Bound::inputs(n)),
            (Err(_), _) => Err(format!("'{n}' is no whole number for {what}")),
        },
        ["chaos", rest @ ..] => chaos::Chaos::parse(rest).and_then(chaos::Chaos::run),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("'{}' is no task\n\n{HELP}", other.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
