//! Connecting and logging in.

use std::time::Duration;

use dialects::Framer;
use dialects::ami::AmiFramer;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::config::{AmiConfig, AmiError};
use super::tls::encrypt;

/// Longest time for connecting and logging in.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes read before the answer to the log-in must have come.
const LOGIN_BYTES: usize = 1 << 20;
/// How a manager interface greets.
const GREETING: &[u8] = b"Asterisk Call Manager";
const LOGIN_ID: &str = "ringledger-login";

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is logged in, and the bytes that came so far.
pub struct LoggedIn {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// Everything received, from the greeting on.
    pub received: Vec<u8>,
}

/// Connects and logs in, within `patience`.
///
/// # Errors
/// See [`AmiError`].
pub async fn connect(config: &AmiConfig, patience: Duration) -> Result<LoggedIn, AmiError> {
    let hint = if config.tls.is_none() { " (is it a port for TLS?)" } else { "" };
    let late = || AmiError::Unreachable(config.place(), format!("no answer within {patience:?}{hint}"));
    tokio::time::timeout(patience, connect_within(config)).await.unwrap_or_else(|_| Err(late()))
}

async fn connect_within(config: &AmiConfig) -> Result<LoggedIn, AmiError> {
    let unreachable = |e: std::io::Error| AmiError::Unreachable(config.place(), e.to_string());
    let tcp = TcpStream::connect((config.host.as_str(), config.port)).await.map_err(unreachable)?;
    let mut stream: Box<dyn Stream> = match &config.tls {
        None => Box::new(tcp),
        Some(tls) => Box::new(encrypt(config, tls, tcp).await?),
    };
    let mut received = Vec::new();
    while !greeted(&received).map_err(|why| AmiError::NotAmi(config.place(), why))? {
        more(config, &mut *stream, &mut received).await?;
    }
    let login = format!(
        "Action: Login\r\nActionID: {LOGIN_ID}\r\nUsername: {}\r\nSecret: {}\r\nEvents: on\r\n\r\n",
        one_line(&config.username),
        one_line(&config.secret)
    );
    stream.write_all(login.as_bytes()).await.map_err(unreachable)?;
    stream.flush().await.map_err(unreachable)?;
    loop {
        match answer(&received) {
            Some(Answer::Welcome) => return Ok(LoggedIn { stream, received }),
            Some(Answer::Refused(text)) => {
                return Err(AmiError::Refused(config.place(), config.username.clone(), text));
            }
            None if received.len() > LOGIN_BYTES => {
                let why = format!("{LOGIN_BYTES} bytes came without an answer to the log-in");
                return Err(AmiError::NotAmi(config.place(), why));
            }
            None => more(config, &mut *stream, &mut received).await?,
        }
    }
}

async fn more(config: &AmiConfig, stream: &mut dyn Stream, received: &mut Vec<u8>) -> Result<(), AmiError> {
    let why = match stream.read_buf(received).await {
        Ok(0) => "it closed the connection before the log-in was answered".to_owned(),
        Ok(_) => return Ok(()),
        Err(e) => e.to_string(),
    };
    Err(AmiError::Unreachable(config.place(), why))
}

/// Whether the whole greeting is there; an error where these are not its first bytes.
fn greeted(received: &[u8]) -> Result<bool, String> {
    let known = received.len().min(GREETING.len());
    if received[..known] != GREETING[..known] {
        return Err("its first words are not 'Asterisk Call Manager'".to_owned());
    }
    if received.len() > 256 && !received.contains(&b'\n') {
        return Err("its greeting does not end".to_owned());
    }
    Ok(known == GREETING.len() && received.contains(&b'\n'))
}

#[derive(Debug, PartialEq)]
enum Answer {
    Welcome,
    Refused(String),
}

/// The answer to the log-in, where it has come whole.
fn answer(received: &[u8]) -> Option<Answer> {
    let mut framed = Vec::new();
    AmiFramer::new().push(received, &mut framed);
    let answers = framed.into_iter().filter_map(|f| f.record.ok()).map(|r| r.data);
    let text = |data: &serde_json::Map<String, Value>, name: &str| {
        let found = data.iter().find(|(k, _)| k.eq_ignore_ascii_case(name));
        found.and_then(|(_, v)| v.as_str()).unwrap_or("").to_owned()
    };
    let ours = answers.into_iter().find(|data| text(data, "ActionID") == LOGIN_ID)?;
    if text(&ours, "Response").eq_ignore_ascii_case("Success") {
        return Some(Answer::Welcome);
    }
    let said = text(&ours, "Message");
    Some(Answer::Refused(if said.is_empty() { "it gives no reason".to_owned() } else { said }))
}

/// Line breaks would begin another header: they are taken out.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

/// Tries the connection and the log-in, then leaves: for `ringledger check`.
///
/// # Errors
/// See [`AmiError`].
pub async fn check(config: &AmiConfig) -> Result<(), AmiError> {
    let mut connected = connect(config, PATIENCE).await?;
    // (Whether the good-bye arrives is no matter.)
    let _ = connected.stream.write_all(b"Action: Logoff\r\n\r\n").await;
    let _ = connected.stream.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_only_when_it_is_whole() {
        let text = b"Asterisk Call Manager/11.0.0\r\nResponse: Error\r\nActionID: ringledger-login\r\nMessage: Authentication failed\r\n\r\n";
        assert_eq!(answer(text), Some(Answer::Refused("Authentication failed".to_owned())));
        assert_eq!(answer(&text[..text.len() - 3]), None);
        let ok = b"Asterisk Call Manager/11.0.0\r\nEvent: X\r\nA: b\r\n\r\nResponse: Success\r\nActionID: ringledger-login\r\n\r\nEvent: F";
        assert_eq!(answer(ok), Some(Answer::Welcome));
    }

    #[test]
    fn the_greeting_is_told_from_other_servers_by_its_first_bytes() {
        assert_eq!(greeted(b"Asterisk Call Man"), Ok(false));
        assert_eq!(greeted(b"Asterisk Call Manager/11.0.0\r\n"), Ok(true));
        assert!(greeted(b"SSH-2.0").is_err() && greeted(b"A+").is_err());
        assert!(greeted(&[GREETING, &[b'x'; 300]].concat()).is_err());
    }

    #[test]
    fn secrets_cannot_smuggle_headers() {
        assert_eq!(one_line("a\r\nAction: Originate"), "aAction: Originate");
    }
}
