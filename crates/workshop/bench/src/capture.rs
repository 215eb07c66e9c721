//! The capture, as often as wanted, each time as other calls at a later time.
//!
//! Contract: a repetition differs from the capture in what names and dates its calls, and
//! in nothing else, not even in length: epoch seconds (so also Uniqueids, Linkedids,
//! recording files), the running number of each channel's name, and bridge ids.

use std::io::Read;
use std::path::PathBuf;

use crate::Failure;

/// Digits of epoch seconds.
const EPOCH: usize = 10;
/// Half a repetition's worth of channel numbers: captures use far fewer.
const CHANNELS: u64 = 0x1_0000;

/// A place in the stream that a repetition changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    /// Ten digits of seconds since the epoch.
    Seconds(usize, u64),
    /// Eight hexadecimal digits: the running number of a channel.
    Channel(usize, u64),
    /// The first four hexadecimal digits of a UUID.
    Uuid(usize, u64),
}

/// A capture of an AMI stream and where it can be renamed.
#[derive(Clone)]
pub struct Capture {
    bytes: Vec<u8>,
    edits: Vec<Edit>,
}

/// Where the repository keeps the real capture.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/asterisk-a"))
}

impl Capture {
    /// Reads the repository's capture.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read() -> Result<Self, Failure> {
        let path = folder().join("ami-events.raw.zst");
        let mut bytes = Vec::new();
        collectors::open::open(&path)
            .and_then(|mut input| input.read_to_end(&mut bytes))
            .map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self::of(bytes))
    }

    fn of(bytes: Vec<u8>) -> Self {
        let mut edits = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let length = run(&bytes[at..], u8::is_ascii_hexdigit);
            if let Some(edit) = edit_at(&bytes, at, length) {
                edits.push(edit);
            }
            at += length.max(1);
        }
        Self { bytes, edits }
    }

    /// The `nth` repetition (0: the capture itself), `shift_s` seconds later.
    pub fn repetition(&self, nth: u64, shift_s: u64) -> Vec<u8> {
        let mut out = self.bytes.clone();
        for edit in &self.edits {
            let (at, text) = match *edit {
                Edit::Seconds(at, seconds) => (at, format!("{:010}", seconds + shift_s)),
                Edit::Channel(at, number) => (at, format!("{:08x}", (number + nth * CHANNELS) & 0xffff_ffff)),
                Edit::Uuid(at, head) => (at, format!("{:04x}", (head ^ nth) & 0xffff)),
            };
            out[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
        out
    }
}

fn run(bytes: &[u8], of: fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|b| of(b)).count()
}

/// What a run of hexadecimal digits at `at` is.
fn edit_at(bytes: &[u8], at: usize, length: usize) -> Option<Edit> {
    let text = std::str::from_utf8(&bytes[at..at + length]).ok()?;
    let before = at.checked_sub(1).map(|i| bytes[i]);
    match length {
        EPOCH if text.starts_with("179") && text.bytes().all(|b| b.is_ascii_digit()) => {
            Some(Edit::Seconds(at, text.parse().ok()?))
        }
        8 if before == Some(b'-') => Some(Edit::Channel(at, u64::from_str_radix(text, 16).ok()?)),
        8 if is_uuid(&bytes[at..]) => Some(Edit::Uuid(at, u64::from_str_radix(&text[..4], 16).ok()?)),
        _ => None,
    }
}

fn is_uuid(bytes: &[u8]) -> bool {
    let hex = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_hexdigit);
    (0..36).all(|i| if matches!(i, 8 | 13 | 18 | 23) { bytes.get(i) == Some(&b'-') } else { hex(i) })
}

#[cfg(test)]
mod tests {
    use super::Capture;

    #[test]
    fn names_and_times_change_and_nothing_else() {
        let text = "Channel: PJSIP/1003-0000002e\r\nUniqueid: 1795326271.12\r\nTimestamp: 1795326267.589017\r\n\
                    BridgeUniqueid: 0d5ab0a1-93bd-4f0e-9e0b-7c59de1f86fb\r\nCallerIDNum: 01632960123\r\n";
        let wanted = "Channel: PJSIP/1003-0002002e\r\nUniqueid: 1795327271.12\r\nTimestamp: 1795327267.589017\r\n\
                      BridgeUniqueid: 0d58b0a1-93bd-4f0e-9e0b-7c59de1f86fb\r\nCallerIDNum: 01632960123\r\n";
        let capture = Capture::of(text.as_bytes().to_vec());
        assert_eq!(String::from_utf8(capture.repetition(2, 1000)).unwrap(), wanted);
        assert_eq!(capture.repetition(0, 0), text.as_bytes());
    }
}
