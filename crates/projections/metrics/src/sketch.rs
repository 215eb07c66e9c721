//! The sketch of waits: exact integer buckets, log-linear.
//!
//! Values below 256 ms have a bucket each; above, each power of two is cut into 128
//! buckets of equal width. A percentile is the middle of the bucket that holds the value
//! of its rank (nearest rank: the ⌈q·n⌉-th smallest), so its relative error is at most
//! 1/256 (0.4 %). Only counts of buckets are kept: merging is addition, and neither order
//! nor grouping of the input shows in the result. There are at most 256 + 128 · 55 buckets.
//!
//! Kept as text, `bucket:count` pairs, ascending, comma between: readers in any language
//! can merge it with a split and an addition. (The usual sketch crates collapse buckets
//! or keep floating-point sums, which makes the result depend on order.)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const EXACT_BITS: u32 = 8;
const PER_OCTAVE: u64 = 1 << (EXACT_BITS - 1);

/// A mergeable sketch of millisecond values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    buckets: BTreeMap<u32, u64>,
}

/// The bucket of a value; negative ones count as 0.
fn bucket_of(value: i64) -> u32 {
    let v = u64::try_from(value).unwrap_or(0);
    if v < 2 * PER_OCTAVE {
        return v as u32;
    }
    let octave = v.ilog2();
    let within = (v >> (octave - EXACT_BITS + 1)) - PER_OCTAVE;
    (2 * PER_OCTAVE + u64::from(octave - EXACT_BITS) * PER_OCTAVE + within) as u32
}

/// The middle of a bucket.
fn middle_of(bucket: u32) -> i64 {
    let b = u64::from(bucket);
    if b < 2 * PER_OCTAVE {
        return b as i64;
    }
    let octave = ((b - 2 * PER_OCTAVE) / PER_OCTAVE) as u32 + EXACT_BITS;
    let shift = (octave - EXACT_BITS + 1).min(55);
    let low = (PER_OCTAVE + (b - 2 * PER_OCTAVE) % PER_OCTAVE) << shift;
    (low + (1 << shift) / 2).min(i64::MAX as u64) as i64
}

impl Sketch {
    /// Takes in one value.
    pub fn add(&mut self, value_ms: i64) {
        self.add_many(value_ms, 1);
    }

    /// Takes in a value `times` times.
    pub fn add_many(&mut self, value_ms: i64, times: u64) {
        if times > 0 {
            *self.buckets.entry(bucket_of(value_ms)).or_default() += times;
        }
    }

    /// Takes in all that another one holds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
    }

    /// How many values it holds.
    pub fn count(&self) -> u64 {
        self.buckets.values().sum()
    }

    /// The value at a percentile (0–100), in milliseconds; `None` where it holds nothing.
    pub fn percentile(&self, percent: u8) -> Option<i64> {
        let rank = (self.count() * u64::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        self.buckets.iter().find_map(|(bucket, count)| {
            seen += count;
            (seen >= rank).then(|| middle_of(*bucket))
        })
    }

    /// As text: `bucket:count` pairs, ascending, comma between.
    pub fn to_text(&self) -> String {
        let pairs: Vec<String> = self.buckets.iter().map(|(b, c)| format!("{b}:{c}")).collect();
        pairs.join(",")
    }

    /// From the text that `to_text` gives.
    ///
    /// # Errors
    /// The pair that is none.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let mut sketch = Self::default();
        for pair in text.split(',').filter(|p| !p.is_empty()) {
            let parsed = pair.split_once(':').and_then(|(b, c)| Some((b.parse().ok()?, c.parse::<u64>().ok()?)));
            let (bucket, count) = parsed.ok_or_else(|| format!("'{pair}' is no bucket:count pair of a sketch"))?;
            *sketch.buckets.entry(bucket).or_default() += count;
        }
        Ok(sketch)
    }
}

/// Values on their way into a sketch: many are quicker counted side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dense {
    counts: Vec<u64>,
    touched: Vec<u32>,
}

impl Dense {
    pub(crate) fn add(&mut self, value_ms: i64) {
        let bucket = bucket_of(value_ms);
        let place = bucket as usize;
        if place >= self.counts.len() {
            self.counts.resize(place + 1, 0);
        }
        if self.counts[place] == 0 {
            self.touched.push(bucket);
        }
        self.counts[place] += 1;
    }

    /// Puts them into a sketch; none are left.
    pub(crate) fn drain(&mut self, into: &mut Sketch) {
        for bucket in self.touched.drain(..) {
            let count = std::mem::take(&mut self.counts[bucket as usize]);
            *into.buckets.entry(bucket).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[i64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|v| sketch.add(*v));
        sketch
    }

    proptest! {
        #[test]
        fn error_is_within_one_part_in_256(
            mut values in proptest::collection::vec(prop_oneof![0_i64..2000, 0_i64..100_000_000, 0_i64..i64::MAX], 1..80),
            percent in 0_u8..=100,
        ) {
            let got = of(&values).percentile(percent).unwrap();
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = values[rank - 1];
            prop_assert!((got - exact).abs() <= exact / 256, "{got} for {exact}");
        }

        #[test]
        fn order_and_grouping_do_not_show(values in proptest::collection::vec(0_i64..1_000_000, 0..60), cut in 0_usize..60) {
            let cut = cut.min(values.len());
            let mut merged = of(&values[cut..]);
            merged.merge(&of(&values[..cut]));
            prop_assert_eq!(&merged, &of(&values));
            prop_assert_eq!(Sketch::from_text(&merged.to_text()), Ok(merged));
        }
    }

    #[test]
    fn nothing_has_no_percentile_and_bad_text_is_refused() {
        assert_eq!(Sketch::default().percentile(50), None);
        assert!(Sketch::from_text("1:2,x").unwrap_err().contains("'x'"));
        assert_eq!(of(&[i64::MIN, -5]).percentile(99), Some(0));
    }
}
