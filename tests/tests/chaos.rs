//! Kills under load, from a seed: `cargo xtask chaos --kills N --seed N`; by itself the
//! short form.
#![cfg(feature = "real-parts")]

use tests::chaos;

/// The short form, which every run of the tests takes.
const SHORT: (usize, u64) = (15, 1);

fn number<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no whole number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_again_and_again_it_ends_as_undisturbed() {
    let (kills, seed) = SHORT;
    chaos::run(number(chaos::KILLS).unwrap_or(kills), number(chaos::SEED).unwrap_or(seed)).await;
}
