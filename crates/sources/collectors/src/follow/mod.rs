//! Following a growing file (`queue_log`) through rotation and truncation.
//!
//! Order: bytes in file order; on rotation the old file is read to its end first, and
//! left only when the new one holds something: a switch writes on into the old file until
//! it is told to open the new one. Rotated files are siblings whose names go on with
//! digits (`.1`, `.0`, `-20261122`), the newest by their times of change; compressed ones
//! are not looked at.
//! Resuming: the id of the last event in the log tells place and content; the file that
//! holds exactly that (the current one, else the newest rotated one) is read on from
//! there, then those after it. Where none does, the log is told that there was a gap, and
//! the current file is read from its beginning.
//! Failure: a file that cannot be read is waited for; that is said once.

mod place;
mod rotated;

use std::collections::VecDeque;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dialects::{Framed, Framer};
use event_log::LogError;
use model::{Act, Instant};
use tokio_util::sync::CancellationToken;

use self::place::Place;
use crate::feed::Feed;
use crate::times::plausible;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Events appended at once.
const BATCH: usize = 2_000;

/// Makes framers of the file's dialect.
pub type NewFramer<'a> = &'a (dyn Fn() -> Box<dyn Framer> + Send + Sync);

/// What is read, and what comes after it.
struct Follower<'a> {
    path: &'a Path,
    new_framer: NewFramer<'a>,
    place: Option<Place>,
    /// Rotated files between the one that is read and the current one, oldest first.
    later: VecDeque<PathBuf>,
    /// What was last said to be wrong.
    trouble: Option<String>,
}

/// Whether something may have been missed.
#[derive(PartialEq)]
enum Turned {
    Whole,
    Gap,
}

/// Follows `path` until `stop`; what was read is appended then.
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
    let mut follower = Follower { path, new_framer, place: None, later: VecDeque::new(), trouble: None };
    if follower.resume(feed.last_id().as_deref()) == Turned::Gap {
        follower.record_gap(&mut feed, now()).await?;
    }
    let mut framed = Vec::new();
    loop {
        let read = follower.read(&mut framed);
        take(&mut feed, &mut framed, now()).await?;
        if stop.is_cancelled() {
            return feed.flush().await;
        }
        if read > 0 {
            continue;
        }
        let before = follower.place.as_ref().map(|p| (p.inode, p.position));
        let turned = follower.turn(&mut framed, feed.last_id().as_deref());
        take(&mut feed, &mut framed, now()).await?;
        if turned == Turned::Gap {
            follower.record_gap(&mut feed, now()).await?;
        }
        feed.flush().await?;
        if follower.place.as_ref().map(|p| (p.inode, p.position)) != before {
            continue;
        }
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
            feed.write().await?;
        }
    }
    Ok(())
}

impl Follower<'_> {
    /// Goes to the record after the last one in the log; it is read once more and passed
    /// over as known.
    fn resume(&mut self, last: Option<&str>) -> Turned {
        let Some(last) = last else {
            self.open_current();
            return Turned::Whole;
        };
        let rotated = rotated::newest_first(self.path);
        let files = std::iter::once(self.path.to_owned()).chain(rotated);
        for file in files {
            if let Some(place) = Place::of_record(&file, last, self.new_framer) {
                self.place = Some(place);
                return Turned::Whole;
            }
        }
        self.open_current();
        Turned::Gap
    }

    fn open_current(&mut self) {
        let opened = Place::open(self.path, 0, self.new_framer);
        self.place = self.told(self.path.to_owned(), opened);
    }

    /// Says what is wrong with a file, once.
    fn told<T>(&mut self, path: PathBuf, result: std::io::Result<T>) -> Option<T> {
        match result {
            Ok(value) => {
                self.trouble = None;
                Some(value)
            }
            Err(e) => {
                let text = format!("{}: {e}", path.display());
                if self.trouble.as_ref() != Some(&text) {
                    tracing::warn!("the followed file cannot be read, it is waited for: {text}");
                    self.trouble = Some(text);
                }
                None
            }
        }
    }

    fn read(&mut self, framed: &mut Vec<Framed>) -> usize {
        let Some(place) = &mut self.place else { return 0 };
        let read = place.read(framed);
        self.told(self.path.to_owned(), read).unwrap_or(0)
    }

    /// At the end of a file: on with what comes after it, if anything does.
    fn turn(&mut self, framed: &mut Vec<Framed>, last: Option<&str>) -> Turned {
        let Ok(current) = std::fs::metadata(self.path) else { return Turned::Whole };
        let Some(place) = &mut self.place else {
            self.open_current();
            return Turned::Whole;
        };
        if current.ino() != place.inode {
            if !self.later.is_empty() || current.len() > 0 {
                self.leave(framed, current.ino());
            }
            return Turned::Whole;
        }
        if current.len() >= place.position {
            return Turned::Whole;
        }
        tracing::info!(path = %self.path.display(), "the file was truncated");
        let copies = rotated::newest_first(self.path);
        let copy = last.and_then(|last| copies.iter().find_map(|c| Place::of_record(c, last, self.new_framer)));
        if copy.is_some() {
            // The copy holds what was written since, and the rest of a line that was cut.
            self.place = copy;
            return Turned::Whole;
        }
        place.finish(framed);
        self.open_current();
        Turned::Gap
    }

    /// Reads the old file to its end and goes on to the next.
    fn leave(&mut self, framed: &mut Vec<Framed>, current: u64) {
        let Some(place) = &mut self.place else { return };
        // It may have grown between the last read and the rotation.
        while place.read(framed).unwrap_or(0) > 0 {}
        place.finish(framed);
        if self.later.is_empty() {
            self.later = rotated::after(self.path, place, current).into();
        }
        tracing::info!(path = %self.path.display(), "the file was rotated");
        match self.later.pop_front() {
            Some(next) => {
                let opened = Place::open(&next, 0, self.new_framer);
                self.place = self.told(next, opened);
            }
            None => self.open_current(),
        }
    }

    /// What stood between the last event in the log and the first in the file is not there
    /// any more.
    async fn record_gap(&mut self, feed: &mut Feed, now: Instant) -> Result<(), LogError> {
        let Some(from) = feed.last_time() else { return Ok(()) };
        let first = Place::first_time(self.path, self.new_framer).filter(|t| plausible(*t, now));
        let to = first.unwrap_or(now).max(from);
        tracing::warn!(path = %self.path.display(), %from, %to, "events may be missing: a gap is recorded");
        let act = Act::SourceGap { dialect: feed.dialect(), from, to };
        feed.act("collector", &act, to, now).await?;
        Ok(())
    }
}
