//! Listening on one connection: read, frame, feed, ping.

use std::time::Duration;

use dialects::{Framed, Framer};
use event_log::LogError;
use model::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::connection::{LoggedIn, Stream};
use super::session::{Timing, Watch};
use crate::feed::Feed;

/// Events appended at once.
const BATCH: usize = 1_000;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// After the good-bye the switch may still say so much longer.
const GOOD_BYE: Duration = Duration::from_secs(1);
/// What a new connection asks for: calls and callers that are there already.
const ASK: &[u8] = b"Action: QueueStatus\r\nActionID: ringledger-queues\r\n\r\n\
    Action: CoreShowChannels\r\nActionID: ringledger-channels\r\n\r\n";

/// How listening ended.
pub enum Ended {
    /// The connection broke, and why.
    Broken(String),
    /// It was asked to stop.
    Stopped,
}

/// What came next.
enum Next {
    Bytes(usize),
    Broken(String),
    Stop,
    Due,
}

/// Listens on one connection.
pub struct Listener<'a> {
    feed: &'a mut Feed,
    framer: Box<dyn Framer>,
    now: &'a (dyn Fn() -> Instant + Send + Sync),
    watch: &'a dyn Watch,
    stop: &'a CancellationToken,
    timing: Timing,
    framed: Vec<Framed>,
    /// Since when events wait to be appended.
    waiting: Option<tokio::time::Instant>,
    /// When the last bytes came.
    last_bytes: tokio::time::Instant,
    /// The same by the wall clock.
    pub heard: Instant,
    pinged: bool,
}

impl<'a> Listener<'a> {
    /// For a connection that is new to `feed`.
    pub fn new(
        feed: &'a mut Feed,
        framer: Box<dyn Framer>,
        now: &'a (dyn Fn() -> Instant + Send + Sync),
        watch: &'a dyn Watch,
        stop: &'a CancellationToken,
        timing: Timing,
    ) -> Self {
        let (framed, waiting, last_bytes) = (Vec::new(), None, tokio::time::Instant::now());
        let heard = now();
        Self { feed, framer, now, watch, stop, timing, framed, waiting, last_bytes, heard, pinged: false }
    }

    /// Listens until the connection breaks or `stop`; everything that came is appended
    /// then, a message that was cut off as a dead letter.
    ///
    /// # Errors
    /// The log cannot be written.
    pub async fn listen(&mut self, logged_in: LoggedIn) -> Result<Ended, LogError> {
        let LoggedIn { mut stream, received } = logged_in;
        self.framer.push(&received, &mut self.framed);
        let asked = say(&mut *stream, ASK).await;
        let ended = match asked {
            Ok(()) => self.until_the_end(&mut *stream).await?,
            Err(e) => Ended::Broken(e.to_string()),
        };
        self.framer.finish(&mut self.framed);
        self.take();
        self.flush().await?;
        Ok(ended)
    }

    async fn until_the_end(&mut self, stream: &mut dyn Stream) -> Result<Ended, LogError> {
        let mut chunk = vec![0_u8; CHUNK];
        loop {
            self.take();
            let due = self.waiting.is_some_and(|since| since.elapsed() >= self.timing.flush_every);
            if due || self.feed.waiting() >= BATCH {
                self.flush().await?;
            }
            match self.next(stream, &mut chunk).await {
                Next::Bytes(n) => self.bytes(&chunk[..n]),
                Next::Broken(why) => return Ok(Ended::Broken(why)),
                Next::Stop => {
                    self.flush().await?;
                    self.leave(stream, &mut chunk).await;
                    return Ok(Ended::Stopped);
                }
                Next::Due if self.waiting.is_some() => {}
                Next::Due if self.pinged => return Ok(Ended::Broken("the switch does not answer a ping".to_owned())),
                Next::Due => {
                    self.pinged = true;
                    if let Err(e) = say(stream, b"Action: Ping\r\nActionID: ringledger-ping\r\n\r\n").await {
                        return Ok(Ended::Broken(e.to_string()));
                    }
                }
            }
        }
    }

    async fn next(&mut self, stream: &mut dyn Stream, chunk: &mut [u8]) -> Next {
        let silence = self.timing.silence * if self.pinged { 2 } else { 1 };
        let until = self.waiting.map_or(self.last_bytes + silence, |since| since + self.timing.flush_every);
        tokio::select! {
            () = self.stop.cancelled() => Next::Stop,
            read = stream.read(chunk) => match read {
                Ok(0) => Next::Broken("the switch closed the connection".to_owned()),
                Ok(n) => Next::Bytes(n),
                Err(e) => Next::Broken(e.to_string()),
            },
            () = tokio::time::sleep_until(until) => Next::Due,
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.pinged = false;
        self.last_bytes = tokio::time::Instant::now();
        self.heard = (self.now)();
        self.framer.push(bytes, &mut self.framed);
    }

    /// Feeds what was framed.
    fn take(&mut self) {
        for one in self.framed.drain(..) {
            self.feed.push(one, self.heard);
        }
        if self.feed.waiting() > 0 {
            self.waiting.get_or_insert_with(tokio::time::Instant::now);
        }
    }

    async fn flush(&mut self) -> Result<(), LogError> {
        let events = self.feed.waiting() as u64;
        self.feed.flush().await?;
        self.waiting = None;
        self.watch.appended(events);
        Ok(())
    }

    /// Says good-bye and takes what still comes.
    async fn leave(&mut self, stream: &mut dyn Stream, chunk: &mut [u8]) {
        let until = tokio::time::Instant::now() + GOOD_BYE;
        if say(stream, b"Action: Logoff\r\n\r\n").await.is_err() {
            return;
        }
        while let Ok(Ok(n @ 1..)) = tokio::time::timeout_at(until, stream.read(chunk)).await {
            self.bytes(&chunk[..n]);
            self.take();
        }
    }
}

/// Writes it out, also through TLS's buffer.
async fn say(stream: &mut dyn Stream, text: &[u8]) -> std::io::Result<()> {
    stream.write_all(text).await?;
    stream.flush().await
}
