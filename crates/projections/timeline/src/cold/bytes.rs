//! A contact as few bytes: each name once, times from the contact's begin, no runs of
//! zeros.
//!
//! Contract: `read(write(x))` is x, whatever was written between with the same `Words`. A
//! name is written as its number in a table that stands in front, a shared one as that
//! number of `Words` behind a `w`; the empty name stays empty.

use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use super::Sleeper;
use super::walk::{self, Walker};
use super::words::Words;

/// Before the length of a run of zeros; before a 0 it is itself.
const MARK: u8 = 255;

#[derive(Serialize, Deserialize)]
struct Written {
    begin: Instant,
    names: Vec<Name>,
    sleeper: Sleeper,
}

/// Names and times as they stand, to numbers.
struct Shorten<'a> {
    words: &'a mut Words,
    names: Vec<Name>,
    begin: Instant,
}

impl Walker for Shorten<'_> {
    fn name(&mut self, name: &mut Name) {
        if name.is_empty() {
            return;
        }
        let number = self.names.iter().position(|k| k == name).unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        *name = smol_str::format_smolstr!("{number}");
    }

    fn word(&mut self, word: &mut Name) {
        if word.is_empty() {
            return;
        }
        match self.words.number(word) {
            Some(number) => *word = smol_str::format_smolstr!("w{number}"),
            None => self.name(word),
        }
    }

    fn at(&mut self, at: &mut Instant) {
        at.0 = at.0.wrapping_sub(self.begin.0);
    }
}

/// The way back. A number that no name has (of bytes that are no contact's) gives none.
struct Restore<'a> {
    words: &'a Words,
    names: Vec<Name>,
    begin: Instant,
}

impl Walker for Restore<'_> {
    fn name(&mut self, name: &mut Name) {
        if name.is_empty() {
            return;
        }
        let told = match name.strip_prefix('w') {
            Some(number) => number.parse().ok().and_then(|n| self.words.name(n)),
            None => name.parse::<usize>().ok().and_then(|n| self.names.get(n)),
        };
        *name = told.cloned().unwrap_or_default();
    }

    fn word(&mut self, word: &mut Name) {
        self.name(word);
    }

    fn at(&mut self, at: &mut Instant) {
        at.0 = at.0.wrapping_add(self.begin.0);
    }
}

/// A contact as bytes behind `flags`; an error where it cannot be written, with the contact
/// as it was.
pub(crate) fn write(mut sleeper: Sleeper, flags: u8, words: &mut Words) -> Result<Box<[u8]>, Box<Sleeper>> {
    let begin = sleeper.contact.started_at;
    let mut shorten = Shorten { words, names: Vec::new(), begin };
    walk::sleeper(&mut sleeper, &mut shorten);
    let written = Written { begin, names: shorten.names, sleeper };
    match postcard::to_stdvec(&written) {
        Ok(bytes) => Ok(without_zeros(flags, &bytes)),
        Err(_) => Err(Box::new(restored(written, words))),
    }
}

/// The contact of what `write` gave; `None` where it is none's.
pub(crate) fn read(bytes: &[u8], words: &Words) -> Option<Sleeper> {
    let (_flags, bytes) = bytes.split_first()?;
    postcard::from_bytes(&with_zeros(bytes)).ok().map(|written| restored(written, words))
}

fn restored(written: Written, words: &Words) -> Sleeper {
    let Written { begin, names, mut sleeper } = written;
    walk::sleeper(&mut sleeper, &mut Restore { words, names, begin });
    sleeper
}

/// Most fields of most contacts are nothing: zeros.
fn without_zeros(flags: u8, bytes: &[u8]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(bytes.len());
    out.push(flags);
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        let run = rest.iter().take(usize::from(MARK)).take_while(|b| **b == 0).count();
        match (*first, run) {
            (MARK, _) => out.extend([MARK, 0]),
            (byte, 0 | 1) => out.push(byte),
            (_, run) => out.extend([MARK, run as u8]),
        }
        rest = behind.get(run.max(1) - 1..).unwrap_or_default();
    }
    out.into_boxed_slice()
}

fn with_zeros(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        if *byte != MARK {
            out.push(*byte);
            continue;
        }
        match bytes.next().copied().unwrap_or(0) {
            0 => out.push(MARK),
            run => out.resize(out.len() + usize::from(run), 0),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn zeros_come_back(bytes in proptest::collection::vec(prop_oneof![4 => Just(0_u8), 1 => Just(MARK), 2 => any::<u8>()], 0..2_000)) {
            prop_assert_eq!(with_zeros(&without_zeros(3, &bytes)[1..]), bytes);
        }
    }
}
