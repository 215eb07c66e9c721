//! Reads a recording once, in pieces, and says what it is.
//!
//! RIFF/WAVE: `RIFF <size> WAVE`, then chunks of id, size, body (padded to even). A
//! header that a crashed switch left behind says a data length of 0, or a wrong one:
//! then everything behind the header is media, and the file is not whole.

use super::{Coding, Media, Sound};

/// More of a header than this is not kept; a file with such a header is unreadable.
const MAX_HEADER: usize = 64 * 1024;

/// The stated length of media whose writer did not come to state it.
const UNFINISHED: u64 = u64::MAX;

/// A streaming reader of one file.
#[derive(Debug)]
pub struct Probe {
    state: State,
    total: u64,
    media: u64,
    heard: bool,
    carry: Option<u8>,
}

#[derive(Debug)]
enum State {
    /// Collecting the header.
    Header(Vec<u8>),
    /// In the media; `stated` is the header's length of it (`None` for raw files).
    Media { coding: Coding, stated: Option<u64> },
    /// After the stated media: chunks are walked, to tell them from more media.
    Tail(Tail),
    /// Not a recording that we know.
    Unreadable(&'static str),
}

#[derive(Debug)]
struct Tail {
    coding: Coding,
    stated: u64,
    /// Padding still to skip, then chunk header bytes, then chunk body to skip.
    skip: u64,
    head: Vec<u8>,
    /// What follows is no chain of chunks: the stated length was wrong.
    broken: bool,
    extra: u64,
}

impl Probe {
    /// A reader of a file of that name (its ending tells a raw format).
    pub fn new(name: &str) -> Self {
        let state = match Coding::of_raw_file(name) {
            Some(coding) => State::Media { coding, stated: None },
            None => State::Header(Vec::new()),
        };
        Self { state, total: 0, media: 0, heard: false, carry: None }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        while !bytes.is_empty() {
            bytes = self.step(bytes);
        }
    }

    fn step<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        match &mut self.state {
            State::Unreadable(_) => &[],
            State::Tail(tail) => {
                tail.feed(bytes);
                &[]
            }
            State::Media { coding, stated } => {
                let left = stated.map_or(u64::MAX, |s| s.saturating_sub(self.media));
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let (now, rest) = bytes.split_at(take);
                self.media += now.len() as u64;
                self.heard = self.heard || coding.loud(now, &mut self.carry);
                if let (Some(s), false) = (*stated, rest.is_empty()) {
                    self.state = State::Tail(Tail::after(*coding, s));
                }
                rest
            }
            State::Header(kept) => {
                let take = (MAX_HEADER - kept.len()).min(bytes.len());
                kept.extend_from_slice(&bytes[..take]);
                let rest_outside = &bytes[take..];
                match parse_header(kept) {
                    Header::More if kept.len() < MAX_HEADER => {}
                    Header::More => self.state = State::Unreadable("its header is over 64 KiB"),
                    Header::Bad(why) => self.state = State::Unreadable(why),
                    Header::Whole { coding, stated, ends } => {
                        let body = kept.split_off(ends.min(kept.len()));
                        // 0 and the largest value are what a writer leaves that never
                        // came to fill the length in.
                        let stated = if matches!(stated, 0 | u32::MAX) { UNFINISHED } else { u64::from(stated) };
                        self.state = State::Media { coding, stated: Some(stated) };
                        let mut left = &body[..];
                        while !left.is_empty() {
                            left = self.step(left);
                        }
                    }
                }
                rest_outside
            }
        }
    }

    /// The verdict at the end of the file.
    pub fn finish(self) -> Media {
        if self.total == 0 {
            return Media { duration_ms: Some(0), sound: Sound::Nothing, fault: Some("the file holds no byte".into()) };
        }
        match self.state {
            State::Header(_) => unreadable("it ends within its header"),
            State::Unreadable(why) => unreadable(why),
            State::Media { coding, stated } => {
                verdict(coding, self.media, self.heard, stated_fault(stated, self.media))
            }
            State::Tail(tail) if tail.broken => {
                let fault = format!("the header says {} bytes of media, more follow", tail.stated);
                // What follows was not listened to, so silence cannot be claimed.
                verdict(tail.coding, self.media + tail.extra, true, Some(fault))
            }
            State::Tail(tail) => verdict(tail.coding, self.media, self.heard, None),
        }
    }
}

fn stated_fault(stated: Option<u64>, media: u64) -> Option<String> {
    match stated {
        Some(UNFINISHED) if media > 0 => {
            Some("the header does not say how long the media is: the writer did not finish".into())
        }
        Some(s) if s != UNFINISHED && s > media => {
            Some(format!("the header says {s} bytes of media, only {media} are there"))
        }
        _ => None,
    }
}

fn unreadable(why: &str) -> Media {
    Media { duration_ms: None, sound: Sound::Unknown, fault: Some(format!("unreadable: {why}")) }
}

fn verdict(coding: Coding, media: u64, heard: bool, mut fault: Option<String>) -> Media {
    let sound = match (media, heard) {
        (0, _) => Sound::Nothing,
        (_, true) => Sound::Heard,
        (_, false) if coding.audible() => Sound::Silent,
        _ => Sound::Unknown,
    };
    let rest = media % coding.block();
    if fault.is_none() && rest != 0 {
        fault = Some(format!("it ends within a sample or frame ({rest} bytes over)"));
    }
    let duration_ms = coding.duration_ms(media);
    if fault.is_none() && duration_ms.is_none() {
        fault = Some("unreadable: the header gives no rate".into());
    }
    Media { duration_ms, sound, fault }
}

impl Tail {
    fn after(coding: Coding, stated: u64) -> Self {
        Self { coding, stated, skip: stated % 2, head: Vec::new(), broken: false, extra: 0 }
    }

    /// Walks the chunks after the stated media.
    fn feed(&mut self, bytes: &[u8]) {
        self.extra += bytes.len() as u64;
        let mut left = bytes;
        while !self.broken && !left.is_empty() {
            let jump = usize::try_from(self.skip).unwrap_or(usize::MAX).min(left.len());
            self.skip -= jump as u64;
            left = &left[jump..];
            let need = (8 - self.head.len()).min(left.len());
            self.head.extend_from_slice(&left[..need]);
            left = &left[need..];
            if let [a, b, c, d, size @ ..] = self.head.as_slice()
                && let Ok(size) = <[u8; 4]>::try_from(size)
            {
                let named = [a, b, c, d].iter().all(|x| x.is_ascii_alphanumeric() || **x == b' ');
                let size = u64::from(u32::from_le_bytes(size));
                self.broken = !named;
                self.skip = size + size % 2;
                self.head.clear();
            }
        }
    }
}

enum Header {
    More,
    Bad(&'static str),
    Whole { coding: Coding, stated: u32, ends: usize },
}

/// Looks for `fmt ` and the begin of `data` in what is there of the header.
fn parse_header(bytes: &[u8]) -> Header {
    for (at, want) in [(0, b"RIFF"), (8, b"WAVE")] {
        let have = bytes.get(at..).unwrap_or_default();
        let n = have.len().min(4);
        if have[..n] != want[..n] {
            return Header::Bad("it is no RIFF/WAVE file");
        }
    }
    let mut at = 12_usize;
    let mut coding = None;
    loop {
        let (Some(id), Some(size)) = (bytes.get(at..at + 4), u32_at(bytes, at + 4)) else {
            return Header::More;
        };
        let body = at + 8;
        if id == b"data" {
            return match coding {
                Some(coding) => Header::Whole { coding, stated: size, ends: body },
                None => Header::Bad("its media stands before its format"),
            };
        }
        let Ok(size) = usize::try_from(size) else { return Header::Bad("a chunk of its header is too long") };
        if size > MAX_HEADER {
            return Header::Bad("a chunk of its header is too long");
        }
        if id == b"fmt " {
            let Some(chunk) = bytes.get(body..body + size) else { return Header::More };
            match parse_format(chunk) {
                Some(found) => coding = Some(found),
                None => return Header::Bad("its format chunk is too short"),
            }
        }
        at = body + size + size % 2;
    }
}

fn parse_format(chunk: &[u8]) -> Option<Coding> {
    let mut tag = u16_at(chunk, 0)?;
    let rate = u32_at(chunk, 8)?;
    let bits = u16_at(chunk, 14)?;
    if tag == 0xfffe {
        // WAVE_FORMAT_EXTENSIBLE: the first two bytes of the sub-format's GUID.
        tag = u16_at(chunk, 24)?;
    }
    Some(Coding::of_wav(tag, rate, bits))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
