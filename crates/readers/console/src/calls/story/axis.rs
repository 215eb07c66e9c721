//! The time axis of a drawing.

use super::Story;

/// Steps between ticks, seconds.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400];
/// The most ticks.
const TICKS: i64 = 10;

/// Ticks in milliseconds from the begin: the first one 0, at most eleven of them.
pub(in crate::calls) fn ticks(story: &Story) -> Vec<i64> {
    let ms = story.to.millis_since(story.from).max(1);
    let fits = |step: &&i64| ms / (**step * 1000) < TICKS;
    let step = STEPS.iter().find(fits).copied().unwrap_or_else(|| ms / 1000 / TICKS + 1) * 1000;
    (0..=ms / step).map(|n| n * step).collect()
}
