//! A small fuzzer for decoders: real input, mutated, so many inputs in a bounded time.
//!
//! Contract: everything follows from one seed, which is printed; input `n` of a target is
//! the same on every machine, and no more than the number asked for are tried, so a run
//! that passed once passes again. One that breaks a target is written to
//! `tests/real/fuzz/` and named. No coverage is measured: the
//! mutations know what switches write (lines, separators, numbers, lengths), and the
//! corpus is real.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Says how long each target runs at most, in seconds.
pub const SECONDS: &str = "RINGLEDGER_FUZZ_SECONDS";
/// Says how many inputs each target tries at most.
pub const INPUTS: &str = "RINGLEDGER_FUZZ_INPUTS";
/// Says the seed, to repeat a run.
pub const SEED: &str = "RINGLEDGER_FUZZ_SEED";

/// Largest input that a mutation makes, in bytes.
const LARGEST: usize = 64 * 1024;

/// Bytes that mean something to a decoder.
const TELLING: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"|",
    b"||||||||",
    b",",
    b"\"",
    b"\"\"",
    b": ",
    b":",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"}",
    b"[[[[",
    b"null",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e309",
    b"NaN",
    b"1795326271.0",
    b"4102444800",
    b"-62135596800",
    b"Event: ",
    b"Uniqueid: ",
    b"NONE",
    b"AGENTDUMP",
    b"\\",
    b"\xf0\x9f\x92\xa9",
    b"4111111111111111",
];

/// A source of chance that repeats itself.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        // xorshift64*: enough for mutations.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end` (0 where `end` is 0).
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).unwrap_or(0) }
    }
}

/// Runs one target on mutations of the corpus until it has tried its inputs, or its time
/// is over: 300 inputs in 20 s where nobody says otherwise.
///
/// # Panics
/// Where the target does, after the input was written down.
pub fn run(name: &str, corpus: &[Vec<u8>], target: impl Fn(&[u8], &mut Chance)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let time = Duration::from_secs(number(SECONDS).unwrap_or(20));
    let most = number(INPUTS).unwrap_or(300).max(1);
    let seed = number(SEED).unwrap_or(1);
    let (begun, mut rounds) = (Instant::now(), 0_u64);
    while rounds < most && (begun.elapsed() < time || rounds == 0) {
        let mut chance = Chance::new(seed.wrapping_add(rounds));
        let input = mutate(corpus, &mut chance);
        let result = catch_unwind(AssertUnwindSafe(|| target(&input, &mut chance)));
        if let Err(panic) = result {
            let kept = keep(name, &input);
            eprintln!("fuzz {name}: broken by {kept} ({SEED}={})", seed.wrapping_add(rounds));
            resume_unwind(panic);
        }
        rounds += 1;
    }
    eprintln!("fuzz {name}: {rounds} inputs in {:.1} s, from seed {seed}", begun.elapsed().as_secs_f64());
}

fn keep(name: &str, input: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/fuzz");
    let path = folder.join(format!("{name}.input"));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input));
    written.map_or_else(|e| format!("an input that cannot be written ({e})"), |()| path.display().to_string())
}

fn mutate(corpus: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut input = corpus.get(chance.below(corpus.len())).cloned().unwrap_or_default();
    for _ in 0..=chance.below(8) {
        one_mutation(&mut input, corpus, chance);
    }
    input.truncate(LARGEST);
    input
}

fn one_mutation(input: &mut Vec<u8>, corpus: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let end = (at + chance.below(64)).min(input.len());
    match chance.below(8) {
        0 => input.truncate(at),
        1 => drop(input.drain(at..end)),
        2 => {
            let again: Vec<u8> = input[at..end].to_vec();
            input.splice(at..at, again.repeat(1 + chance.below(20)));
        }
        3 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = u8::try_from(chance.below(256)).unwrap_or(0);
            }
        }
        4 => drop(input.splice(at..end, telling(chance).iter().copied())),
        5 => drop(input.splice(at..at, telling(chance).repeat(1 + chance.below(300)))),
        6 => {
            let other = corpus.get(chance.below(corpus.len())).map_or(&[][..], Vec::as_slice);
            let from = chance.below(other.len());
            let to = (from + chance.below(2000)).min(other.len());
            input.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
    }
}

fn telling(chance: &mut Chance) -> &'static [u8] {
    TELLING[chance.below(TELLING.len())]
}

/// Cuts real input into pieces of some 4 KiB at line ends, to start from.
pub fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut left = bytes;
    while !left.is_empty() {
        let near = left.len().min(4096);
        let end = left[near..].iter().position(|b| *b == b'\n').map_or(left.len(), |n| near + n + 1);
        found.push(left[..end].to_vec());
        left = &left[end..];
    }
    found
}
