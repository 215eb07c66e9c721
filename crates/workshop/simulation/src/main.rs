//! `simulation [--seed N [--trace]] | [--seeds N] [--first SEED] [--nightly] [--broken HOW]`:
//! runs seeds, says which end otherwise than undisturbed and how often each kind of trouble
//! happened. Exits with 1 where a seed fails, or where many seeds lack a kind of trouble.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use simulation::{Broken, Counts, Kind, Outcome, many, run_in, told};

/// Seeds of a call, and of a night.
const SEEDS: u64 = 300;
const NIGHTLY: u64 = 10_000;
/// So many seeds have every kind of trouble.
const HAVE_ALL: u64 = 150;
/// Seeds done are told as often.
const TOLD_EVERY: u64 = 100;

const USAGE: &str = "simulation [--seed N [--trace]] | [--seeds N] [--first SEED] [--nightly]
  --seeds N      so many (300); --nightly: 10000
  --first SEED   from there on (0)
  --seed N       only this one; --trace: with every call and its fate
  --broken HOW   in a world that is broken on purpose, and should be noticed:";

/// What was asked for.
struct Asked {
    seed: Option<u64>,
    first: u64,
    seeds: u64,
    trace: bool,
    broken: Option<Broken>,
}

fn main() -> ExitCode {
    without_known_panics();
    match asked(std::env::args().skip(1)) {
        Ok(asked) => match asked.seed {
            Some(seed) => one(seed, &asked),
            None => all(&asked),
        },
        Err(why) => {
            let broken: Vec<_> = Broken::ALL.iter().map(|(name, _)| *name).collect();
            eprintln!("simulation: {why}\n{USAGE} {}", broken.join(", "));
            ExitCode::FAILURE
        }
    }
}

/// The table library aborts an upload that has failed, and panics then in a task of its own;
/// it hands that on as an error. Every other panic is told.
fn without_known_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"Already shut down") {
            told(panic);
        }
    }));
}

fn asked(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { seed: None, first: 0, seeds: SEEDS, trace: false, broken: None };
    while let Some(word) = words.next() {
        let mut next = || words.next().unwrap_or_default();
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("'{text}' is no whole number for {word}"));
        match word.as_str() {
            "--seed" => asked.seed = Some(number(next())?),
            "--first" => asked.first = number(next())?,
            "--seeds" => asked.seeds = number(next())?,
            "--nightly" => asked.seeds = NIGHTLY,
            "--trace" => asked.trace = true,
            "--broken" => {
                let name = next();
                asked.broken = Some(Broken::named(&name).ok_or_else(|| format!("no world is broken by '{name}'"))?);
            }
            other => return Err(format!("'{other}' is not known")),
        }
    }
    Ok(asked)
}

fn one(seed: u64, asked: &Asked) -> ExitCode {
    let outcome = run_in(seed, asked.broken);
    if asked.trace {
        outcome.by_time.iter().for_each(|line| println!("{line}"));
    }
    happened(&outcome.happened);
    println!("seed {seed}: {} calls, rows {:?}, {} CRM records", outcome.lines.len(), outcome.rows, outcome.crm);
    if outcome.differences.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("{}", told(&outcome));
    ExitCode::FAILURE
}

/// What came of many seeds.
#[derive(Default)]
struct Sums {
    done: u64,
    calls: usize,
    failed: Vec<u64>,
    happened: Counts,
}

impl Sums {
    fn take(&mut self, outcome: &Outcome) {
        self.done += 1;
        self.calls += outcome.calls;
        outcome.happened.iter().for_each(|(kind, n)| *self.happened.entry(*kind).or_default() += n);
        if !outcome.differences.is_empty() {
            self.failed.push(outcome.seed);
            eprintln!("{}", told(outcome));
        }
        if self.done.is_multiple_of(TOLD_EVERY) {
            eprintln!("{} seeds, {} failed", self.done, self.failed.len());
        }
    }
}

fn all(asked: &Asked) -> ExitCode {
    let begun = std::time::Instant::now();
    let sums = Mutex::new(Sums::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let seeds = asked.first..asked.first.saturating_add(asked.seeds);
    many(seeds, threads, asked.broken, |outcome| sums.lock().unwrap_or_else(PoisonError::into_inner).take(&outcome));
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    happened(&sums.happened);
    let (done, first, calls, seconds) = (sums.done, asked.first, sums.calls, begun.elapsed().as_secs_f64());
    println!(
        "{done} seeds from {first}, {calls} calls: {} failed {:?}, {seconds:.1} s",
        sums.failed.len(),
        sums.failed
    );
    let lacking: Vec<_> = Kind::ALL.iter().filter(|kind| !sums.happened.contains_key(kind)).collect();
    if done >= HAVE_ALL && !lacking.is_empty() {
        eprintln!("never happened: {lacking:?}");
        return ExitCode::FAILURE;
    }
    if sums.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn happened(counts: &Counts) {
    for kind in Kind::ALL {
        println!("{:>9} {}", counts.get(kind).copied().unwrap_or_default(), kind.text());
    }
}
