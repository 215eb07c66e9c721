//! A switch that replays: a TCP server that speaks the log-in of Asterisk's manager
//! interface for real and then plays captured bytes.
//!
//! Contract: listens on a random free port of 127.0.0.1; a wrong password is refused as
//! Asterisk refuses it; each log-in goes on where the bytes played before ended, at the
//! begin of a message; after the last byte it stays connected and answers pings. Gone when
//! dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The user that may log in.
pub const USER: &str = "observer";
/// Its secret.
pub const SECRET: &str = "a-switch-secret";
/// Bytes sent at once.
const CHUNK: usize = 32 << 10;

struct Shared {
    bytes: Vec<u8>,
    /// Bytes left out at the begin of the stream.
    begin: usize,
    /// Bytes sent so far, over all connections.
    sent: AtomicUsize,
    /// Not beyond this one yet.
    hold_at: AtomicUsize,
    logins: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

/// A running switch.
pub struct Switch {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// The manager stream of the bundled capture: `ami-calls.raw.gz` or `ami-events.raw.zst`.
///
/// # Panics
/// Where the file is not there.
pub fn capture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a").join(name);
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    let read = if name.ends_with(".zst") {
        zstd::Decoder::new(file).and_then(|mut d| d.read_to_end(&mut bytes))
    } else {
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes)
    };
    read.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    bytes
}

/// Where the messages of this event begin and end in a manager stream.
pub fn messages(bytes: &[u8], event: &str) -> Vec<std::ops::Range<usize>> {
    let head = format!("Event: {event}\r\n").into_bytes();
    let mut found = Vec::new();
    let mut begin = 0;
    while begin < bytes.len() {
        let end = bytes[begin..].windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |p| begin + p + 4);
        if bytes[begin..end].starts_with(&head) {
            found.push(begin..end);
        }
        begin = end;
    }
    found
}

/// The value of a field of a message.
pub fn field<'a>(message: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(message).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The same stream at another time: what its message at `anchor` says of the time (to the
/// second) becomes `at`, seconds since the epoch, and everything else moves with it. Lengths
/// do not change, so places in the stream stay.
///
/// # Panics
/// Where that message says no time.
pub fn moved(bytes: &[u8], anchor: &std::ops::Range<usize>, at: i64) -> Vec<u8> {
    let said = field(&bytes[anchor.clone()], "Timestamp").and_then(|t| t.split('.').next()?.parse::<i64>().ok());
    later(bytes, at - said.expect("the time of the message"))
}

/// The same stream as if it was made another time: each `Timestamp` later by `seconds`.
/// Lengths do not change.
pub fn later(bytes: &[u8], seconds: i64) -> Vec<u8> {
    const MARK: &[u8] = b"\r\nTimestamp: ";
    let mut out = bytes.to_vec();
    for found in memchr::memmem::find_iter(bytes, MARK) {
        let digits = found + MARK.len()..found + MARK.len() + 10;
        let then = std::str::from_utf8(&bytes[digits.clone()]).ok().and_then(|t| t.parse::<i64>().ok());
        if let Some(then) = then {
            out[digits].copy_from_slice(format!("{:010}", then + seconds).as_bytes());
        }
    }
    out
}

impl Switch {
    /// Listens; plays `bytes` to who logs in. What they say of their own log-in (up to the
    /// first empty line) is said by this switch instead.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn start(bytes: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its port");
        let begin = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |p| p + 4);
        let shared = Arc::new(Shared {
            bytes: bytes[begin..].to_vec(),
            begin,
            sent: AtomicUsize::new(0),
            hold_at: AtomicUsize::new(usize::MAX),
            logins: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            open: Mutex::default(),
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stop.load(Ordering::Relaxed) {
                    return;
                }
                let shared = serving.clone();
                std::thread::spawn(move || drop(speak(&shared, stream)));
            }
        });
        Self { address, shared }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Plays only so much (0 to 1) until told otherwise.
    pub fn hold_at(&self, part: f64) {
        let bytes = &self.shared.bytes;
        if part <= 0.0 {
            return self.shared.hold_at.store(0, Ordering::Relaxed);
        }
        let wanted = (bytes.len() as f64 * part) as usize;
        let at = bytes[wanted.min(bytes.len())..].windows(4).position(|w| w == b"\r\n\r\n");
        self.shared.hold_at.store(at.map_or(bytes.len(), |p| wanted + p + 4), Ordering::Relaxed);
    }

    /// Plays only up to this place of the stream it was started with.
    pub fn hold_at_byte(&self, at: usize) {
        self.shared.hold_at.store(at.saturating_sub(self.shared.begin), Ordering::Relaxed);
    }

    /// Plays on to the end.
    pub fn release(&self) {
        self.shared.hold_at.store(usize::MAX, Ordering::Relaxed);
    }

    /// Whether all that may be played now was sent.
    pub fn played(&self) -> bool {
        let most = self.shared.hold_at.load(Ordering::Relaxed).min(self.shared.bytes.len());
        self.shared.sent.load(Ordering::Relaxed) >= most
    }

    /// Log-ins that were taken, and refused.
    pub fn logins(&self) -> (usize, usize) {
        (self.shared.logins.load(Ordering::Relaxed), self.shared.refused.load(Ordering::Relaxed))
    }

    /// Breaks every connection, as a restarted switch does.
    pub fn hang_up(&self) {
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Waits until all that may be played was sent.
    ///
    /// # Panics
    /// Where that takes longer than `patience`.
    pub fn wait_played(&self, patience: Duration) {
        let begun = Instant::now();
        while !self.played() {
            assert!(begun.elapsed() < patience, "the switch was not heard to the end: logins {:?}", self.logins());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.hang_up();
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection, until either side leaves.
fn speak(shared: &Arc<Shared>, mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"Asterisk Call Manager/11.0.0\r\n")?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(login) = action(&mut reader)? else { return Ok(()) };
    let says = |name: &str| login.iter().find_map(|l| l.strip_prefix(name)).unwrap_or_default().to_owned();
    let id = says("ActionID: ");
    if says("Username: ") != USER || says("Secret: ") != SECRET {
        shared.refused.fetch_add(1, Ordering::Relaxed);
        let text = format!("Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n");
        return stream.write_all(text.as_bytes());
    }
    shared.logins.fetch_add(1, Ordering::Relaxed);
    stream.write_all(
        format!("Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n").as_bytes(),
    )?;
    shared.open.lock().unwrap_or_else(PoisonError::into_inner).push(stream.try_clone()?);
    let gone = Arc::new(AtomicBool::new(false));
    let (heard, mut answers) = (gone.clone(), stream.try_clone()?);
    std::thread::spawn(move || {
        while let Ok(Some(said)) = action(&mut reader) {
            let ping = said.iter().any(|l| l == "Action: Ping");
            if ping && answers.write_all(b"Response: Success\r\nPing: Pong\r\n\r\n").is_err() {
                break;
            }
            if said.iter().any(|l| l == "Action: Logoff") {
                break;
            }
        }
        heard.store(true, Ordering::Relaxed);
    });
    play(shared, &mut stream, &gone)
}

fn play(shared: &Shared, stream: &mut TcpStream, gone: &AtomicBool) -> std::io::Result<()> {
    while !gone.load(Ordering::Relaxed) && !shared.stop.load(Ordering::Relaxed) {
        let from = shared.sent.load(Ordering::Relaxed);
        let most = shared.hold_at.load(Ordering::Relaxed).min(shared.bytes.len());
        if from >= most {
            std::thread::sleep(Duration::from_millis(10));
            continue;
        }
        // Whole messages, so that a further connection goes on at the begin of one.
        let ends = |window: &[u8]| window == b"\r\n\r\n";
        let to = (from + CHUNK).min(most);
        let to = shared.bytes[to.saturating_sub(4).max(from)..most]
            .windows(4)
            .position(ends)
            .map_or(most, |p| to.saturating_sub(4).max(from) + p + 4);
        stream.write_all(&shared.bytes[from..to])?;
        shared.sent.store(to, Ordering::Relaxed);
    }
    stream.shutdown(std::net::Shutdown::Both)
}

/// The lines of the next action; `None` at the end.
fn action(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<String>>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" if lines.is_empty() => {}
            "" => return Ok(Some(lines)),
            text => lines.push(text.to_owned()),
        }
    }
}
