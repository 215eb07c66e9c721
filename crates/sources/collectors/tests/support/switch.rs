//! A manager interface to test against: it greets, checks the log-in, plays prepared bytes
//! in uneven cuts, and then stays, falls silent, or goes away.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

pub const SECRET: &str = "s3cret-of-the-switch";

/// What it does after its bytes are played.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    /// Answers pings, and a good-bye.
    Stay,
    /// Closes the connection.
    Close,
    /// Reads and never says anything again.
    FallSilent,
}

/// One connection to come.
#[derive(Clone)]
pub struct Scene {
    pub bytes: Vec<u8>,
    /// Bytes written at once.
    pub cut: usize,
    pub then: Then,
}

/// A switch; further connections than it has scenes for repeat the last one.
pub struct Switch {
    pub port: u16,
    heard: Arc<Mutex<String>>,
}

impl Switch {
    /// Everything that its clients said.
    pub fn heard(&self) -> String {
        self.heard.lock().expect("a lock").clone()
    }

    pub async fn start(scenes: Vec<Scene>, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(String::new()));
        let told = heard.clone();
        tokio::spawn(async move {
            let mut scenes: VecDeque<Scene> = scenes.into();
            while let Ok((tcp, _)) = listener.accept().await {
                let scene = if scenes.len() > 1 { scenes.pop_front() } else { scenes.front().cloned() };
                let (scene, told, tls) = (scene.expect("a scene"), told.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => drop(play(tcp, scene, &told).await),
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                drop(play(stream, scene, &told).await);
                            }
                        }
                    }
                });
            }
        });
        Self { port, heard }
    }
}

async fn play(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    scene: Scene,
    heard: &Mutex<String>,
) -> std::io::Result<()> {
    stream.write_all(b"Asterisk Call Manager/11.0.0\r\n").await?;
    let mut inbox = Vec::new();
    let login = action(&mut stream, &mut inbox, heard).await?;
    let id = login.lines().find_map(|l| l.strip_prefix("ActionID: ")).unwrap_or("").to_owned();
    if !login.contains("Username: ringledger\r\n") || !login.contains(&format!("Secret: {SECRET}\r\n")) {
        let text = format!("Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n");
        stream.write_all(text.as_bytes()).await?;
        return stream.shutdown().await;
    }
    let text = format!("Response: Success\r\nActionID: {id}\r\nMessage: Authentication accepted\r\n\r\n");
    stream.write_all(text.as_bytes()).await?;
    // As a real switch: nothing before it has been asked for the present state.
    while !String::from_utf8_lossy(&inbox).contains("CoreShowChannels") && !heard_last(heard, "CoreShowChannels") {
        action(&mut stream, &mut inbox, heard).await?;
    }
    for part in scene.bytes.chunks(scene.cut) {
        stream.write_all(part).await?;
        stream.flush().await?;
    }
    if scene.then == Then::Close {
        return stream.shutdown().await;
    }
    loop {
        let action = action(&mut stream, &mut inbox, heard).await?;
        if scene.then == Then::FallSilent {
            continue;
        }
        if action.starts_with("Action: Ping") {
            stream.write_all(b"Response: Success\r\nActionID: ringledger-ping\r\nPing: Pong\r\n\r\n").await?;
        } else if action.starts_with("Action: Logoff") {
            stream.write_all(b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n").await?;
            return stream.shutdown().await;
        }
    }
}

fn heard_last(heard: &Mutex<String>, what: &str) -> bool {
    let heard = heard.lock().expect("a lock");
    heard.rsplit("Action: ").next().is_some_and(|last| last.contains(what))
}

/// The next action, up to its empty line.
async fn action(
    stream: &mut (impl AsyncRead + Unpin),
    inbox: &mut Vec<u8>,
    heard: &Mutex<String>,
) -> std::io::Result<String> {
    loop {
        if let Some(end) = inbox.windows(4).position(|w| w == b"\r\n\r\n") {
            let action = String::from_utf8_lossy(&inbox[..end + 4]).into_owned();
            inbox.drain(..end + 4);
            heard.lock().expect("a lock").push_str(&action);
            return Ok(action);
        }
        if stream.read_buf(inbox).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}
