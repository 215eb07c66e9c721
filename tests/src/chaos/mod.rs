//! Real kills: `kill -9` of processes, broker and S3 server, and troubles of every part,
//! in an order that follows from a seed, under load.
//!
//! Contract: the plan of a seed is the same everywhere ([`plan`]); what the machine makes
//! of it in time is not, so a run that failed is repeated by its seed and may need more than
//! one try. What must hold in the end is in [`judge`].

pub mod calls;
pub mod heard;
pub mod judge;
pub mod load;
pub mod plan;
pub mod verdicts;
pub mod world;

use std::time::{Duration, Instant};

use judge::{first_tasks, judge};
use plan::plan;
use world::World;

/// Says how many kills.
pub const KILLS: &str = "RINGLEDGER_CHAOS_KILLS";
/// Says the seed.
pub const SEED: &str = "RINGLEDGER_CHAOS_SEED";

/// Kills for each repetition of the capture.
const KILLS_A_REPETITION: usize = 6;
const PATIENCE: Duration = Duration::from_secs(240);

/// Kills so often, and judges.
///
/// # Panics
/// Where something does not hold in the end.
pub async fn run(kills: usize, seed: u64) {
    let repeat = Repeat { kills, seed };
    eprintln!("chaos: {kills} kills of seed {seed}; to repeat it: {}", repeat.command());
    crate::process::program();
    let begun = Instant::now();
    let steps = plan(kills, seed);
    let mut world = World::begin(kills.div_ceil(KILLS_A_REPETITION).max(2));
    world.load.may_send(1, steps.len() + 2);
    first_tasks_or_addresses(&mut world).await;
    for (i, step) in steps.iter().enumerate() {
        eprintln!("chaos: {:>4} s, {} of {kills}: {step:?}", begun.elapsed().as_secs(), i + 1);
        world.load.may_send(i + 2, steps.len() + 2);
        world.go(step).await;
    }
    world.load.may_send(1, 1);
    let ended = begun.elapsed();
    // What was sent meanwhile grows with the kills, and so does what is to be caught up.
    let patience = PATIENCE + Duration::from_secs(3) * u32::try_from(kills).unwrap_or(u32::MAX);
    world.calm_down(patience).await;
    eprintln!("chaos: {:>4} s, all is sent", begun.elapsed().as_secs());
    let found = judge(&mut world, patience).await;
    tell(&world, ended, begun.elapsed(), &found);
    std::mem::forget(repeat);
}

async fn first_tasks_or_addresses(world: &mut World) {
    let begun = Instant::now();
    while let Err(what) = world.lag().await {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: both processes serve: {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    first_tasks(world, PATIENCE).await;
}

fn tell(world: &World, ended: Duration, all: Duration, found: &judge::Found) {
    let (told, _, rows, _) = world.load.counts();
    let kinds: Vec<String> = world.done.iter().map(|(what, n)| format!("{n} {what}")).collect();
    eprintln!("chaos: {}", kinds.join(", "));
    let sent = format!("{told} notes ({} of them given again), {rows} rows of queue_log", world.load.again());
    eprintln!("chaos: kills over after {} s, judged after {} s; sent: {sent}", ended.as_secs(), all.as_secs());
    eprintln!("chaos: {found:?}");
    for life in &world.gave_up {
        eprintln!("chaos: ended by itself: {life}");
    }
}

/// Says how to do it again, where it is dropped in a panic.
struct Repeat {
    kills: usize,
    seed: u64,
}

impl Repeat {
    fn command(&self) -> String {
        format!("cargo xtask chaos --kills {} --seed {}", self.kills, self.seed)
    }
}

impl Drop for Repeat {
    fn drop(&mut self) {
        eprintln!("chaos failed; to repeat it: {}", self.command());
    }
}
