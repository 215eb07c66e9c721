//! The capture into a log, framed, masked and enveloped by the importer's own parts.

use std::sync::Arc;

use collectors::feed::{Feed, FeedTarget};
use collectors::import::end_input;
use event_log::EventLog;
use model::{Dialect, Name};
use pipeline::clock;

use crate::Failure;
use crate::args::Args;
use crate::capture::Capture;
use crate::native;

/// Events appended at once, as an import does.
const BATCH: usize = 5_000;

/// Makes the topics and fills `cti.events` with `args.events` records; returns how many.
///
/// # Errors
/// The capture cannot be read, or the log cannot be written.
pub async fn generate(log: Arc<dyn EventLog>, args: &Args) -> Result<u64, Failure> {
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await?;
    }
    let capture = Capture::read()?;
    let mut feeds = Vec::new();
    for n in 0..args.switches {
        feeds.push(feed(log.clone(), format!("pbx-{n}").into()).await?);
    }
    let mut made = 0;
    for nth in 0.. {
        let bytes = capture.repetition(nth, nth * args.every_s);
        for feed in &mut feeds {
            made += repeat(feed, &bytes, args.events - made).await?;
            if made >= args.events {
                return end(feeds).await.map(|()| made);
            }
        }
    }
    Ok(made)
}

/// Records of one repetition.
///
/// # Errors
/// The capture cannot be read.
pub fn per_repetition() -> Result<u64, Failure> {
    Ok(native::frame(&Capture::read()?.repetition(0, 0))?.len() as u64)
}

async fn feed(log: Arc<dyn EventLog>, switch: Name) -> Result<Feed, Failure> {
    let target = FeedTarget { switch, center: "main".into(), dialect: Dialect::AsteriskAmi };
    let masker = dialects::registry::masker(&target.dialect).ok_or("AMI has no masker")?;
    // As of a source without an end: ids are not remembered, whatever the length of the run.
    Ok(Feed::open_live(log, target, masker).await?)
}

/// One repetition, or as much of it as is wanted.
async fn repeat(feed: &mut Feed, bytes: &[u8], wanted: u64) -> Result<u64, Failure> {
    let mut framer = dialects::registry::framer(&Dialect::AsteriskAmi).ok_or("AMI has no framer")?;
    let before = feed.counts.appended;
    let mut framed = Vec::new();
    for chunk in bytes.chunks(256 << 10) {
        framer.push(chunk, &mut framed);
        let received = clock::now();
        for one in framed.drain(..) {
            if feed.counts.appended - before < wanted {
                feed.push(one, received);
            }
            if feed.waiting() >= BATCH {
                feed.write().await?;
            }
        }
    }
    feed.flush().await?;
    Ok(feed.counts.appended - before)
}

async fn end(feeds: Vec<Feed>) -> Result<(), Failure> {
    for mut feed in feeds {
        end_input(&mut feed, &Dialect::AsteriskAmi, clock::now()).await?;
    }
    Ok(())
}
