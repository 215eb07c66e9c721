//! Importing a finite file: every event once, in file order, with ids from content and
//! place, so that an import killed anywhere and started again leaves the log as an
//! undisturbed one would.

use std::io::Read;
use std::path::Path;

use dialects::{Framed, Framer};
use event_log::LogError;
use model::{Act, Instant};

use crate::feed::Feed;

/// Bytes read from a file at once.
const CHUNK: usize = 256 << 10;
/// Events appended at once.
const BATCH: usize = 5_000;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("reading {path}: {cause}; what came before is in the log: mend the file and import it again")]
    File {
        /// Which.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Feeds one file, to its end. `now` gives the time of receipt, `progress` is told the
/// bytes read. [`end_input`] says after the last file that there is no more.
///
/// # Errors
/// The file cannot be read (what was read before is appended), or the log cannot be
/// written.
pub async fn import_file(
    feed: &mut Feed,
    framer: &mut dyn Framer,
    path: &Path,
    now: &(dyn Fn() -> Instant + Sync),
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), ImportError> {
    let failed = |cause| ImportError::File { path: path.display().to_string(), cause };
    let mut input = crate::open::open(path).map_err(failed)?;
    let mut chunk = vec![0_u8; CHUNK];
    let mut framed = Vec::new();
    loop {
        let n = match input.read(&mut chunk) {
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => {
                feed.flush().await?;
                return Err(failed(e));
            }
        };
        if n == 0 {
            framer.finish(&mut framed);
        } else {
            framer.push(&chunk[..n], &mut framed);
            progress(n as u64);
        }
        take(feed, &mut framed, now).await?;
        if n == 0 {
            break;
        }
    }
    feed.flush().await?;
    Ok(())
}

async fn take(feed: &mut Feed, framed: &mut Vec<Framed>, now: &(dyn Fn() -> Instant + Sync)) -> Result<(), LogError> {
    let received = now();
    for one in framed.drain(..) {
        feed.push(one, received);
        if feed.waiting() >= BATCH {
            feed.write().await?;
        }
    }
    Ok(())
}

/// Says that the inputs of this feed have ended: every join and deadline is released.
///
/// # Errors
/// The log cannot be written.
pub async fn end_input(feed: &mut Feed, dialect: &model::Dialect, received: Instant) -> Result<(), LogError> {
    feed.flush().await?;
    let Some(last_event) = feed.last_time() else { return Ok(()) };
    let act = Act::InputEnded { dialect: dialect.as_str().into(), last_event };
    feed.act("import", &act, last_event, received).await?;
    Ok(())
}
