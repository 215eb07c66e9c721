//! Bytes of one AMI connection to messages.
//!
//! A message is lines `Name: value` up to an empty line; lines end with LF, mostly CRLF.
//! Its first header is `Event` or `Response`; anything else is an error, and the next
//! message begins behind the next empty line. Where a message was cut off and the next
//! one follows at once, that one is found by its `Event:` line with `Privilege:` below.
//!
//! Decided: bytes that are no UTF-8 inside a *value* become U+FFFD and the record stands.
//! Carriers send Latin-1 caller names; dropping the whole event would change the queue's
//! figures for the sake of a name. In a header *name* they are an error.

use bytes::Bytes;
use memchr::memchr;

use super::DIALECT;
use super::message::{COMMAND_END, lines, parse, trim_eol};
use crate::{FrameError, Framed, Framer, MAX_RECORD};

/// Most bytes of a bad message that are kept in its error.
const MAX_ERROR_RAW: usize = 64 << 10;
const BANNER: &[u8] = b"Asterisk Call Manager/";

/// Cuts an AMI byte stream into messages. The greeting line is no message.
#[derive(Default)]
pub struct AmiFramer {
    /// Bytes of the message that is not whole yet.
    held: Vec<u8>,
    /// Offset of `held[0]` in the stream.
    offset: u64,
    /// Where the line that is not whole yet begins in `held`.
    line: usize,
    /// How far `held` was searched for the end of that line.
    searched: usize,
    /// Where an `Event:` line stands in the middle of `held`, just above `line`.
    restart: Option<usize>,
    /// Inside raw output of a command, which may hold empty lines.
    raw_output: bool,
    /// The rest of a message that was too long is dropped up to the next empty line.
    skipping: bool,
}

impl AmiFramer {
    /// A framer at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// A framer that goes on at `offset` of a stream, where a message begins.
    pub fn at_offset(offset: u64) -> Self {
        Self { offset, ..Self::default() }
    }

    /// Takes the line `held[self.line..end]`, which ends with LF.
    fn line_done(&mut self, end: usize, out: &mut Vec<Framed>) {
        let start = std::mem::replace(&mut self.line, end);
        let text = trim_eol(&self.held[start..end]);
        let restart = self.restart.take();
        if self.skipping {
            self.skipping = !text.is_empty();
            self.drop_front(end);
        } else if self.raw_output {
            self.raw_output = !text.starts_with(COMMAND_END);
        } else if text.is_empty() {
            self.cut(start, end, out);
        } else if start == 0 && text.starts_with(BANNER) {
            self.drop_front(end);
        } else if let (Some(at), true) = (restart, text.starts_with(b"Privilege:")) {
            self.cut(at, at, out);
        } else if start > 0 && text.starts_with(b"Event: ") {
            self.restart = Some(start);
        } else if start == 0 && text.eq_ignore_ascii_case(b"Response: Follows") {
            self.raw_output = true;
        }
    }

    /// `held[..body]` is one message; what follows begins at `next`.
    fn cut(&mut self, body: usize, next: usize, out: &mut Vec<Framed>) {
        if body > 0 {
            let complete = next > body;
            out.push(self.message(body, complete));
        }
        self.drop_front(next);
    }

    fn message(&self, body: usize, complete: bool) -> Framed {
        let raw = &self.held[..body];
        let parsed = if complete { parse(raw) } else { Err("the message breaks off before its empty line".to_owned()) };
        let kept = if parsed.is_ok() { raw } else { &raw[..raw.len().min(MAX_ERROR_RAW)] };
        Framed {
            offset: self.offset,
            raw: Bytes::copy_from_slice(kept),
            record: parsed.map_err(|reason| FrameError { dialect: DIALECT, offset: self.offset, reason }),
        }
    }

    fn drop_front(&mut self, n: usize) {
        self.held.drain(..n);
        self.offset += n as u64;
        self.line -= n.min(self.line);
        self.searched -= n.min(self.searched);
    }

    /// `held` has grown past the limit: gives up on its message.
    fn too_long(&mut self, out: &mut Vec<Framed>) {
        if self.skipping {
            // The two last bytes still tell whether the line that never ends was empty.
            self.drop_front(self.held.len().saturating_sub(2));
            self.searched = self.held.len();
        } else {
            let raw = Bytes::copy_from_slice(&self.held[..MAX_ERROR_RAW]);
            let reason = format!("a message longer than {MAX_RECORD} bytes; skipped to the next empty line");
            let error = FrameError { dialect: DIALECT, offset: self.offset, reason };
            out.push(Framed { offset: self.offset, raw, record: Err(error) });
            self.skipping = true;
            self.raw_output = false;
            self.restart = None;
            self.drop_front(self.line);
        }
    }

    fn scan(&mut self, out: &mut Vec<Framed>) {
        while let Some(i) = memchr(b'\n', &self.held[self.searched..]) {
            let end = self.searched + i + 1;
            self.searched = end;
            self.line_done(end, out);
        }
        self.searched = self.held.len();
    }
}

impl Framer for AmiFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Framed>) {
        // Byte counts, not chunk counts, decide where a message is too long: the same
        // bytes must give the same records however they are cut.
        for part in lines(chunk) {
            let mut rest = part;
            while !rest.is_empty() {
                let room = (MAX_RECORD + 1).saturating_sub(self.held.len()).max(1);
                let (now, later) = rest.split_at(room.min(rest.len()));
                self.held.extend_from_slice(now);
                rest = later;
                if self.held.len() > MAX_RECORD {
                    self.too_long(out);
                }
            }
            self.scan(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Framed>) {
        let end = self.held.len();
        if end > 0 && !self.skipping {
            out.push(self.message(end, false));
        }
        let n = self.held.len();
        self.drop_front(n);
        *self = Self::at_offset(self.offset);
    }
}
