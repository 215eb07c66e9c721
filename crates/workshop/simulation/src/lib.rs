//! The promise of docs/tables.md, tried on one thread, without a network, from seeds: the
//! real stages, snapshots and Delta commits over a log, an object store and a CRM in
//! memory of which every call can fail. See docs/simulation.md.
//!
//! Contract: one seed is one run, call by call ([`run::Outcome::lines`]); a run that ends
//! otherwise than an undisturbed one says what differs and how to repeat it.

mod baton;
mod broken;
mod compare;
mod crm_records;
mod director;
mod fates;
mod ground;
mod happened;
mod log;
mod memory_log;
mod process;
mod queue_log;
pub mod run;
mod store;
mod trace;
mod upload;
mod world;

pub use broken::Broken;
pub use happened::{Counts, Kind};
pub use memory_log::MemoryLog;
pub use run::{Outcome, run, run_in};

/// Runs seeds on so many threads, each run on one of them; every outcome is handed over as
/// it comes, without its trace.
pub fn many(seeds: std::ops::Range<u64>, threads: usize, broken: Option<Broken>, each: impl Fn(Outcome) + Sync) {
    let next = std::sync::atomic::AtomicU64::new(seeds.start);
    let work = || loop {
        let seed = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if seed >= seeds.end {
            return;
        }
        let mut outcome = run_in(seed, broken);
        (outcome.lines, outcome.by_time) = (Vec::new(), Vec::new());
        each(outcome);
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
}

/// What differs in a run, and the command that repeats it.
pub fn told(outcome: &Outcome) -> String {
    let seed = outcome.seed;
    let differences = outcome.differences.join("\n  ");
    format!(
        "seed {seed} ends otherwise than undisturbed:\n  {differences}\nagain: cargo xtask simulate --seed {seed} --trace"
    )
}
