//! Cuts a byte stream at line feeds, in bounded memory.
//!
//! The same bytes give the same lines however they are cut into chunks. A line longer
//! than [`MAX_RECORD`] comes out with its first [`KEPT`] bytes, marked as too long.

use crate::MAX_RECORD;

/// How many bytes of a line that is too long are kept.
pub(crate) const KEPT: usize = 64 * 1024;

/// One line without its line feed (a carriage return before it is still there).
pub(crate) struct Line<'a> {
    /// Byte offset of its first byte.
    pub offset: u64,
    /// Its bytes; only the first [`KEPT`] where it is too long.
    pub bytes: &'a [u8],
    /// Longer than [`MAX_RECORD`].
    pub too_long: bool,
}

/// The cutter.
#[derive(Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
    /// Offset of the line that `partial` begins.
    start: u64,
    /// Its length so far, also of bytes no longer kept.
    length: u64,
}

impl Lines {
    /// Takes a chunk and hands each line that it completes to `take`.
    pub fn push(&mut self, chunk: &[u8], mut take: impl FnMut(Line<'_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = rest.split_at(end);
            self.keep(head);
            self.give(&mut take);
            self.start += 1;
            rest = tail.get(1..).unwrap_or(&[]);
        }
        self.keep(rest);
    }

    /// The stream has ended: hands over what stands after the last line feed, if anything.
    pub fn finish(&mut self, mut take: impl FnMut(Line<'_>)) {
        if self.length > 0 {
            self.give(&mut take);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = MAX_RECORD.saturating_sub(self.partial.len());
        self.partial.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or(bytes));
    }

    fn give(&mut self, take: &mut impl FnMut(Line<'_>)) {
        let too_long = self.length > MAX_RECORD as u64;
        let bytes = if too_long { self.partial.get(..KEPT).unwrap_or(&self.partial) } else { &self.partial };
        take(Line { offset: self.start, bytes, too_long });
        self.start += self.length;
        self.length = 0;
        self.partial.clear();
        self.partial.shrink_to(KEPT);
    }
}
