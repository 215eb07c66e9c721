//! A contact as few bytes: each name once, times from the contact's begin, no runs of
//! zeros.
//!
//! Contract: `read(write(x))` is x, for the same centre and switch. A name is written as
//! its number in a table that stands in front, centre and switch as the first two, which
//! no table holds; the empty name stays empty.

use model::{Instant, Name};
use serde::{Deserialize, Serialize};

use super::Sleeper;
use super::walk::{self, Walker};

/// The longest run of zeros behind a zero: a run is a zero and its length.
const RUN: usize = 255;

#[derive(Serialize, Deserialize)]
struct Written {
    begin: Instant,
    names: Vec<Name>,
    sleeper: Sleeper,
}

/// Names and times as they stand, to numbers.
struct Shorten<'a> {
    known: [&'a Name; 2],
    names: Vec<Name>,
    begin: Instant,
}

impl Walker for Shorten<'_> {
    fn name(&mut self, name: &mut Name) {
        if name.is_empty() {
            return;
        }
        let known = self.known.iter().position(|k| *k == name);
        let known = known.or_else(|| self.names.iter().position(|k| k == name).map(|i| i + self.known.len()));
        let number = known.unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1 + self.known.len()
        });
        *name = decimal(number);
    }

    fn at(&mut self, at: &mut Instant) {
        at.0 = at.0.wrapping_sub(self.begin.0);
    }
}

/// The way back. A number that no name has (bytes that are no contact's) gives no name.
struct Restore<'a> {
    known: [&'a Name; 2],
    names: Vec<Name>,
    begin: Instant,
}

impl Walker for Restore<'_> {
    fn name(&mut self, name: &mut Name) {
        if name.is_empty() {
            return;
        }
        let number: usize = name.parse().unwrap_or(usize::MAX);
        let known = self.known.get(number).copied().or_else(|| self.names.get(number.saturating_sub(self.known.len())));
        *name = known.cloned().unwrap_or_default();
    }

    fn at(&mut self, at: &mut Instant) {
        at.0 = at.0.wrapping_add(self.begin.0);
    }
}

fn decimal(number: usize) -> Name {
    if number < 10 { Name::from_iter([char::from(b'0' + number as u8)]) } else { number.to_string().into() }
}

/// A contact as bytes behind `flags`; an error where it cannot be written, with the contact
/// as it was.
pub(crate) fn write(mut sleeper: Sleeper, flags: u8, center: &Name, switch: &Name) -> Result<Box<[u8]>, Box<Sleeper>> {
    let begin = sleeper.contact.started_at;
    let mut shorten = Shorten { known: [center, switch], names: Vec::new(), begin };
    walk::sleeper(&mut sleeper, &mut shorten);
    let written = Written { begin, names: shorten.names, sleeper };
    match postcard::to_stdvec(&written) {
        Ok(bytes) => Ok(without_zeros(flags, &bytes)),
        Err(_) => {
            let Written { begin, names, mut sleeper } = written;
            walk::sleeper(&mut sleeper, &mut Restore { known: [center, switch], names, begin });
            Err(Box::new(sleeper))
        }
    }
}

/// The contact of what `write` gave; `None` where it is none's.
pub(crate) fn read(bytes: &[u8], center: &Name, switch: &Name) -> Option<Sleeper> {
    let (_flags, bytes) = bytes.split_first()?;
    let Written { begin, names, mut sleeper } = postcard::from_bytes(&with_zeros(bytes)).ok()?;
    walk::sleeper(&mut sleeper, &mut Restore { known: [center, switch], names, begin });
    Some(sleeper)
}

/// Most fields of most contacts are nothing: zeros.
fn without_zeros(flags: u8, bytes: &[u8]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(bytes.len());
    out.push(flags);
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        out.push(*first);
        rest = behind;
        if *first == 0 {
            let run = behind.iter().take(RUN).take_while(|b| **b == 0).count();
            out.push(run as u8);
            rest = &behind[run..];
        }
    }
    out.into_boxed_slice()
}

fn with_zeros(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        out.push(*byte);
        if *byte == 0 {
            out.resize(out.len() + usize::from(bytes.next().copied().unwrap_or(0)), 0);
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
        fn zeros_come_back(bytes in proptest::collection::vec(prop_oneof![2 => Just(0_u8), 1 => any::<u8>()], 0..2_000)) {
            prop_assert_eq!(with_zeros(&without_zeros(3, &bytes)[1..]), bytes);
        }
    }
}
