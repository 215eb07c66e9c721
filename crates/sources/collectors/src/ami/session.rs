//! Keeping the connection: reconnect, record gaps.

use std::sync::Arc;
use std::time::Duration;

use dialects::Framer;
use event_log::LogError;
use model::{Act, Instant};
use tokio_util::sync::CancellationToken;

use super::config::{AmiConfig, AmiError};
use super::connection::{PATIENCE, connect};
use super::listen::{Ended, Listener};
use crate::feed::Feed;

/// Calls that tell the rest of the process how a source does.
pub trait Watch: Send + Sync {
    /// It is connected.
    fn connected(&self);
    /// It is not, and why.
    fn lost(&self, why: &str);
    /// Events were appended.
    fn appended(&self, events: u64);
}

/// How long a session waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Connecting and logging in take at most so long.
    pub patience: Duration,
    /// Events wait at most so long before they are appended.
    pub flush_every: Duration,
    /// Silence after which the switch is pinged; after as much again the connection is
    /// broken.
    pub silence: Duration,
    /// First pause between two tries to connect.
    pub first_pause: Duration,
    /// Longest pause; a connection that lasted so long begins with the first pause again.
    pub longest_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            patience: PATIENCE,
            flush_every: Duration::from_millis(100),
            silence: Duration::from_secs(30),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// Feeds one switch until `stop`; returns then, with all that was received appended.
///
/// # Errors
/// The log cannot be written, or another process has taken the source over.
pub async fn run(
    config: &AmiConfig,
    feed: Feed,
    new_framer: &(dyn Fn() -> Box<dyn Framer> + Send + Sync),
    now: &(dyn Fn() -> Instant + Send + Sync),
    watch: Arc<dyn Watch>,
    stop: CancellationToken,
) -> Result<(), LogError> {
    run_with(Timing::default(), config, feed, new_framer, now, watch, stop).await
}

/// As [`run`], with other waits.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    timing: Timing,
    config: &AmiConfig,
    mut feed: Feed,
    new_framer: &(dyn Fn() -> Box<dyn Framer> + Send + Sync),
    now: &(dyn Fn() -> Instant + Send + Sync),
    watch: Arc<dyn Watch>,
    stop: CancellationToken,
) -> Result<(), LogError> {
    let mut pause = timing.first_pause;
    let mut heard: Option<Instant> = feed.last_received();
    loop {
        let connected = tokio::select! {
            () = stop.cancelled() => return feed.flush().await,
            c = connect(config, timing.patience) => c,
        };
        match connected {
            Ok(logged_in) => {
                let since = tokio::time::Instant::now();
                watch.connected();
                begin(&mut feed, heard, now()).await?;
                let framer = new_framer();
                let mut listener = Listener::new(&mut feed, framer, now, &*watch, &stop, timing);
                let ended = listener.listen(logged_in).await?;
                heard = Some(listener.heard);
                let Ended::Broken(why) = ended else { return Ok(()) };
                tracing::warn!(switch = config.place(), why, "the connection to the switch broke");
                watch.lost(&why);
                if since.elapsed() >= timing.longest_pause {
                    pause = timing.first_pause;
                }
            }
            Err(e) => {
                watch.lost(&e.to_string());
                tracing::warn!(error = %e, "no connection to the switch");
                if matches!(e, AmiError::Refused(..)) {
                    pause = timing.longest_pause;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return feed.flush().await,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(timing.longest_pause);
    }
}

/// A new connection: its ids are told apart, and what was not heard since is a gap.
async fn begin(feed: &mut Feed, heard: Option<Instant>, now: Instant) -> Result<(), LogError> {
    feed.new_connection(heard.is_some());
    if let Some(from) = heard {
        let act = Act::SourceGap { dialect: feed.dialect(), from, to: now };
        feed.act("collector", &act, now, now).await?;
    }
    Ok(())
}
