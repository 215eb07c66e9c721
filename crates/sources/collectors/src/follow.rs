//! Following a growing file (`queue_log`) through rotation and truncation.
//!
//! Order: bytes in file order; on rotation the old file is read to its end first.
//! Resuming: the id of the last event in the log tells place and content; the file that
//! holds exactly that (the current one, else its newest rotated sibling `.1` or `.0`) is
//! read on from there. Where none does, the log is told that there was a gap, and the
//! current file is read from its beginning.

use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dialects::{Framed, Framer};
use event_log::LogError;
use model::{Act, Instant};
use tokio_util::sync::CancellationToken;

use crate::feed::Feed;
use crate::ids::record_id;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Bytes read at once.
const CHUNK: usize = 256 << 10;
/// Events appended at once.
const BATCH: usize = 2_000;

/// Makes framers of the file's dialect.
pub type NewFramer<'a> = &'a (dyn Fn() -> Box<dyn Framer> + Send + Sync);

/// An open file and how far it was read.
struct Place {
    file: std::fs::File,
    inode: u64,
    position: u64,
    /// Offset of the framer's byte 0 in the file.
    base: u64,
    framer: Box<dyn Framer>,
}

impl Place {
    fn open(path: &Path, position: u64, new_framer: NewFramer<'_>) -> std::io::Result<Self> {
        let mut file = std::fs::File::open(path)?;
        let inode = file.metadata()?.ino();
        file.seek(SeekFrom::Start(position))?;
        Ok(Self { file, inode, position, base: position, framer: new_framer() })
    }

    /// Reads what is there, at most `CHUNK`; 0 at the end.
    fn read(&mut self, out: &mut Vec<Framed>) -> std::io::Result<usize> {
        let mut chunk = vec![0_u8; CHUNK];
        let n = self.file.read(&mut chunk)?;
        self.position += n as u64;
        let first = out.len();
        self.framer.push(&chunk[..n], out);
        self.shift(&mut out[first..]);
        Ok(n)
    }

    fn finish(&mut self, out: &mut Vec<Framed>) {
        let first = out.len();
        self.framer.finish(out);
        self.shift(&mut out[first..]);
    }

    fn shift(&self, framed: &mut [Framed]) {
        framed.iter_mut().for_each(|f| f.offset += self.base);
    }
}

/// Follows `path` until `stop`.
///
/// # Errors
/// The log cannot be written, or another process has taken the source over. A file that is
/// not there (yet) is waited for.
pub async fn run(
    path: &Path,
    mut feed: Feed,
    new_framer: NewFramer<'_>,
    now: &(dyn Fn() -> Instant + Send + Sync),
    stop: CancellationToken,
) -> Result<(), LogError> {
    let mut place = resume(path, &mut feed, new_framer, now()).await?;
    let mut framed = Vec::new();
    loop {
        let read = match &mut place {
            Some(p) => p.read(&mut framed).unwrap_or(0),
            None => 0,
        };
        take(&mut feed, &mut framed, now()).await?;
        if read > 0 {
            continue;
        }
        place = turned(path, place, &mut framed, new_framer);
        take(&mut feed, &mut framed, now()).await?;
        feed.flush().await?;
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn take(feed: &mut Feed, framed: &mut Vec<Framed>, now: Instant) -> Result<(), LogError> {
    for one in framed.drain(..) {
        feed.push(one, now);
        if feed.waiting() >= BATCH {
            feed.flush().await?;
        }
    }
    Ok(())
}

/// At the end of a file: was it rotated or truncated? Then on with what is there now.
fn turned(path: &Path, place: Option<Place>, framed: &mut Vec<Framed>, new_framer: NewFramer<'_>) -> Option<Place> {
    let Ok(current) = std::fs::metadata(path) else { return place };
    match place {
        None => Place::open(path, 0, new_framer).ok(),
        Some(mut p) if current.ino() != p.inode => {
            // The old file may have grown between the last read and the rotation.
            while p.read(framed).unwrap_or(0) > 0 {}
            p.finish(framed);
            tracing::info!(path = %path.display(), "the file was rotated");
            Place::open(path, 0, new_framer).ok()
        }
        Some(mut p) if current.len() < p.position => {
            p.finish(framed);
            tracing::info!(path = %path.display(), "the file was truncated");
            Place::open(path, 0, new_framer).ok()
        }
        same => same,
    }
}

/// Where to go on.
async fn resume(
    path: &Path,
    feed: &mut Feed,
    new_framer: NewFramer<'_>,
    now: Instant,
) -> Result<Option<Place>, LogError> {
    let Some(last) = feed.last_id() else { return Ok(Place::open(path, 0, new_framer).ok()) };
    if let Some(position) = place_of_record(path, &last, new_framer) {
        return Ok(Place::open(path, position, new_framer).ok());
    }
    for rotated in [sibling(path, ".1"), sibling(path, ".0")] {
        if let Some(position) = place_of_record(&rotated, &last, new_framer) {
            return Ok(Place::open(&rotated, position, new_framer).ok());
        }
    }
    if let Some(from) = feed.last_time() {
        tracing::warn!(path = %path.display(), "the last event read is in no file any more: a gap is recorded");
        let act = Act::SourceGap { dialect: feed.dialect(), from, to: now };
        feed.act("collector", &act, now, now).await?;
    }
    Ok(Place::open(path, 0, new_framer).ok())
}

fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The offset of the record with the id `last`, where the file holds it: it is read once
/// more and passed over as known.
fn place_of_record(path: &Path, last: &str, new_framer: NewFramer<'_>) -> Option<u64> {
    let offset: u64 = last.rsplit_once('-')?.1.parse().ok()?;
    let mut place = Place::open(path, offset, new_framer).ok()?;
    let mut framed = Vec::new();
    while framed.is_empty() && place.read(&mut framed).ok()? > 0 {}
    if framed.is_empty() {
        place.finish(&mut framed);
    }
    let first = framed.first()?;
    let found = record_id("", first.offset, &first.raw);
    (first.offset == offset && found == last).then_some(offset)
}
