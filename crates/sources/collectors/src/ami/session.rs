//! Keeping the connection: read, frame, feed; reconnect; record gaps.

use std::sync::Arc;
use std::time::Duration;

use dialects::Framer;
use event_log::LogError;
use model::{Act, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::connection::{AmiConfig, AmiError, LoggedIn, connect};
use crate::feed::Feed;

/// Events wait at most so long before they are appended.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// Events appended at once.
const BATCH: usize = 1_000;
/// Silence after which the switch is pinged; twice as long is a broken connection.
const SILENCE: Duration = Duration::from_secs(30);
/// First and longest pause between two tries to connect.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Calls that tell the rest of the process how a source does.
pub trait Watch: Send + Sync {
    /// It is connected.
    fn connected(&self);
    /// It is not, and why.
    fn lost(&self, why: &str);
    /// Events were appended.
    fn appended(&self, events: u64);
}

/// Feeds one switch until `stop`; returns then, with all that was received appended.
///
/// # Errors
/// The log cannot be written, or another process has taken the source over.
pub async fn run(
    config: &AmiConfig,
    mut feed: Feed,
    new_framer: &(dyn Fn() -> Box<dyn Framer> + Send + Sync),
    now: &(dyn Fn() -> Instant + Send + Sync),
    watch: Arc<dyn Watch>,
    stop: CancellationToken,
) -> Result<(), LogError> {
    let mut pause = PAUSE.0;
    let mut heard: Option<Instant> = feed.last_time();
    loop {
        let connected = tokio::select! {
            () = stop.cancelled() => return feed.flush().await,
            c = connect(config) => c,
        };
        match connected {
            Ok(logged_in) => {
                watch.connected();
                pause = PAUSE.0;
                begin_stream(&mut feed, heard, now()).await?;
                let why = listen(&mut feed, &mut *new_framer(), logged_in, now, &*watch, &stop).await?;
                heard = feed.last_time();
                let Some(why) = why else { return Ok(()) };
                watch.lost(&why);
            }
            Err(e) => {
                watch.lost(&e.to_string());
                tracing::warn!(error = %e, "no connection to the switch");
                if matches!(e, AmiError::Refused(..)) {
                    pause = PAUSE.1;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return feed.flush().await,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// A new connection: its ids are told apart, and what was not heard since is a gap.
async fn begin_stream(feed: &mut Feed, heard: Option<Instant>, now: Instant) -> Result<(), LogError> {
    feed.new_connection(heard.is_some());
    if let Some(from) = heard {
        let act = Act::SourceGap { dialect: "asterisk.ami".into(), from, to: now };
        feed.act("collector", &act, now, now).await?;
    }
    Ok(())
}

/// Listens until the connection breaks (says why) or `stop` (`None`).
async fn listen(
    feed: &mut Feed,
    framer: &mut dyn Framer,
    mut logged_in: LoggedIn,
    now: &(dyn Fn() -> Instant + Send + Sync),
    watch: &dyn Watch,
    stop: &CancellationToken,
) -> Result<Option<String>, LogError> {
    let ask = b"Action: QueueStatus\r\nActionID: ringledger-queues\r\n\r\nAction: CoreShowChannels\r\nActionID: ringledger-channels\r\n\r\n";
    if let Err(e) = logged_in.stream.write_all(ask).await {
        return Ok(Some(e.to_string()));
    }
    let mut framed = Vec::new();
    framer.push(&logged_in.received, &mut framed);
    let mut chunk = vec![0_u8; 64 << 10];
    let mut pinged = false;
    loop {
        let received = now();
        framed.drain(..).for_each(|f| feed.push(f, received));
        if feed.waiting() >= BATCH {
            flush(feed, watch).await?;
        }
        let patience = if feed.waiting() > 0 { FLUSH_EVERY } else { SILENCE };
        tokio::select! {
            () = stop.cancelled() => {
                flush(feed, watch).await?;
                let _ = logged_in.stream.write_all(b"Action: Logoff\r\n\r\n").await;
                return Ok(None);
            }
            read = tokio::time::timeout(patience, logged_in.stream.read(&mut chunk)) => match read {
                Ok(Ok(0)) => return closed(feed, watch, "the switch closed the connection").await,
                Ok(Ok(n)) => {
                    pinged = false;
                    framer.push(&chunk[..n], &mut framed);
                }
                Ok(Err(e)) => return closed(feed, watch, &e.to_string()).await,
                Err(_) if feed.waiting() > 0 => flush(feed, watch).await?,
                Err(_) if pinged => return closed(feed, watch, "the switch does not answer").await,
                Err(_) => {
                    pinged = true;
                    if let Err(e) = logged_in.stream.write_all(b"Action: Ping\r\n\r\n").await {
                        return closed(feed, watch, &e.to_string()).await;
                    }
                }
            },
        }
    }
}

async fn closed(feed: &mut Feed, watch: &dyn Watch, why: &str) -> Result<Option<String>, LogError> {
    flush(feed, watch).await?;
    Ok(Some(why.to_owned()))
}

async fn flush(feed: &mut Feed, watch: &dyn Watch) -> Result<(), LogError> {
    let events = feed.waiting() as u64;
    feed.flush().await?;
    watch.appended(events);
    Ok(())
}
