//! Everything that must hold, in one go. Every step runs, whatever the ones before it
//! said; the summary names each with its time.

use std::time::{Duration, Instant};

use crate::run::{cargo, command, done};
use crate::{deploy, fuzz, parts, simulate, tidy, workspace};

type Step = (&'static str, fn() -> Result<(), String>);

/// One profile and one set of features for all of them, so that dependencies compile
/// once (and are checked once more, for the lints).
const STEPS: &[Step] = &[
    ("tidy", tidy::check),
    ("format", || done(cargo(&["fmt", "--all", "--check"]))),
    ("scripts", scripts),
    ("setup", parts::setup),
    ("build", || done(cargo(&["build", "--workspace", "--all-features"]))),
    ("test", || done(cargo(&["test", "--workspace", "--all-features", "--no-fail-fast"]))),
    ("simulate", || simulate::run(&[])),
    ("fuzz", || fuzz::run(fuzz::Bound::TEST)),
    ("lints", || done(cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))),
    ("container", deploy::build),
];

/// Runs every step.
///
/// # Errors
/// How many failed; the summary is printed before.
pub fn test() -> Result<(), String> {
    let results: Vec<_> = STEPS.iter().map(one).collect();
    eprintln!("\nsummary");
    for (name, time, result) in &results {
        let verdict = match result {
            Ok(()) => "passed".to_owned(),
            Err(why) => format!("FAILED: {}", why.lines().next().unwrap_or_default()),
        };
        eprintln!("  {name:<9} {:>6.1} s  {verdict}", time.as_secs_f64());
    }
    match results.iter().filter(|(_, _, r)| r.is_err()).count() {
        0 => Ok(()),
        n => Err(format!("{n} of {} steps failed", results.len())),
    }
}

fn one((name, step): &Step) -> (&'static str, Duration, Result<(), String>) {
    eprintln!("\n== {name}");
    let begun = Instant::now();
    let result = step();
    if let Err(why) = &result {
        eprintln!("{name}: {why}");
    }
    (name, begun.elapsed(), result)
}

/// Shell and Python files can be read by their interpreters.
fn scripts() -> Result<(), String> {
    let mut wrong = Vec::new();
    for file in workspace::files()? {
        let first = workspace::text(&file).and_then(|t| t.lines().next().map(str::to_owned)).unwrap_or_default();
        let shell = file.ends_with(".sh") || first.starts_with("#!") && (first.ends_with("sh"));
        let check = if shell {
            command("bash", &["-n", &file])
        } else if file.ends_with(".py") {
            command("python3", &["-c", "import ast, sys; ast.parse(open(sys.argv[1], encoding='utf-8').read())", &file])
        } else {
            continue;
        };
        wrong.extend(crate::run::output(check).err());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
