//! Connecting and logging in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest time for connecting and logging in.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes read before the answer to the log-in must have come.
const LOGIN_BYTES: usize = 256 << 10;

/// Where a switch's manager interface is, and who we are there.
#[derive(Clone)]
pub struct AmiConfig {
    /// Host name or address.
    pub host: String,
    /// Port: 5038, with TLS 5039 by custom.
    pub port: u16,
    /// TLS, where it is wanted.
    pub tls: Option<TlsConfig>,
    /// User of `manager.conf`.
    pub username: String,
    /// Its secret; never printed.
    pub secret: String,
}

/// TLS towards the switch.
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    /// PEM file of the authority that signed the switch's certificate; none: the public
    /// authorities.
    pub ca_file: Option<PathBuf>,
    /// Name in the certificate, where it is not the host.
    pub server_name: Option<String>,
}

/// Why there is no connection: which switch, what, what to do.
#[derive(Debug, thiserror::Error)]
pub enum AmiError {
    /// Not reachable.
    #[error("the switch at {0} cannot be reached: {1}; check host, port and `manager.conf` (bindaddr, permit)")]
    Unreachable(String, String),
    /// TLS failed.
    #[error("TLS with the switch at {0} failed: {1}; check `ca_file` and `server_name`")]
    Tls(String, String),
    /// The log-in was refused.
    #[error("the switch at {0} refuses user '{1}': {2}; check username and secret against `manager.conf`")]
    Refused(String, String, String),
    /// What answered is no manager interface.
    #[error("what answers at {0} is no Asterisk manager interface: {1}")]
    NotAmi(String, String),
}

impl AmiConfig {
    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that is logged in, and the bytes that came so far.
pub struct LoggedIn {
    /// The connection.
    pub stream: Box<dyn Stream>,
    /// Everything received, from the banner on.
    pub received: Vec<u8>,
}

/// Connects and logs in.
///
/// # Errors
/// See [`AmiError`]; bounded in time.
pub async fn connect(config: &AmiConfig) -> Result<LoggedIn, AmiError> {
    tokio::time::timeout(PATIENCE, connect_within(config))
        .await
        .unwrap_or_else(|_| Err(AmiError::Unreachable(config.place(), format!("no answer within {PATIENCE:?}"))))
}

async fn connect_within(config: &AmiConfig) -> Result<LoggedIn, AmiError> {
    let unreachable = |e: std::io::Error| AmiError::Unreachable(config.place(), e.to_string());
    let tcp = TcpStream::connect((config.host.as_str(), config.port)).await.map_err(unreachable)?;
    let mut stream: Box<dyn Stream> = match &config.tls {
        None => Box::new(tcp),
        Some(tls) => Box::new(encrypt(config, tls, tcp).await?),
    };
    let login = format!(
        "Action: Login\r\nActionID: ringledger-login\r\nUsername: {}\r\nSecret: {}\r\nEvents: on\r\n\r\n",
        one_line(&config.username),
        one_line(&config.secret)
    );
    stream.write_all(login.as_bytes()).await.map_err(unreachable)?;
    let mut received = Vec::new();
    loop {
        if let Some(refusal) = answer(&received) {
            return match refusal {
                None => Ok(LoggedIn { stream, received }),
                Some(text) => Err(AmiError::Refused(config.place(), config.username.clone(), text)),
            };
        }
        if received.len() > LOGIN_BYTES || (received.len() > 64 && !received.starts_with(b"Asterisk")) {
            return Err(AmiError::NotAmi(config.place(), "its first words are not Asterisk's".to_owned()));
        }
        if stream.read_buf(&mut received).await.map_err(unreachable)? == 0 {
            return Err(AmiError::Unreachable(config.place(), "it closed the connection before the log-in".to_owned()));
        }
    }
}

/// The answer to the log-in, where it has come: `None` inside for success, else its text.
fn answer(received: &[u8]) -> Option<Option<String>> {
    let text = String::from_utf8_lossy(received);
    let message = text.split("\r\n\r\n").find(|m| m.contains("ActionID: ringledger-login"))?;
    // The split part is whole only when its end has come.
    if !text.contains(&format!("{message}\r\n\r\n")) {
        return None;
    }
    if message.contains("Response: Success") {
        return Some(None);
    }
    let said = message.lines().find_map(|l| l.strip_prefix("Message: ")).unwrap_or("no reason given");
    Some(Some(said.to_owned()))
}

/// Line breaks would begin another header: they are taken out.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}

async fn encrypt(
    config: &AmiConfig,
    tls: &TlsConfig,
    tcp: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, AmiError> {
    let failed = |e: String| AmiError::Tls(config.place(), e);
    let mut roots = rustls::RootCertStore::empty();
    match &tls.ca_file {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let shown = |e: String| failed(format!("{}: {e}", path.display()));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| shown(e.to_string()))? {
                let certificate = certificate.map_err(|e| shown(e.to_string()))?;
                roots.add(certificate).map_err(|e| shown(e.to_string()))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = tls.server_name.clone().unwrap_or_else(|| config.host.clone());
    let name = ServerName::try_from(name).map_err(|e| failed(e.to_string()))?;
    tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, tcp).await.map_err(|e| failed(e.to_string()))
}

/// Tries the connection and the log-in, then leaves: for `ringledger check`.
///
/// # Errors
/// See [`AmiError`].
pub async fn check(config: &AmiConfig) -> Result<(), AmiError> {
    let mut connected = connect(config).await?;
    let _ = connected.stream.write_all(b"Action: Logoff\r\n\r\n").await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_read_only_when_it_is_whole() {
        let text = b"Asterisk Call Manager/11.0.0\r\nResponse: Error\r\nActionID: ringledger-login\r\nMessage: Authentication failed\r\n\r\n";
        assert_eq!(answer(text), Some(Some("Authentication failed".to_owned())));
        assert_eq!(answer(&text[..text.len() - 3]), None);
        let ok = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: ringledger-login\r\n\r\nEvent: FullyBooted\r\n";
        assert_eq!(answer(ok), Some(None));
    }

    #[test]
    fn secrets_cannot_smuggle_headers() {
        assert_eq!(one_line("a\r\nAction: Originate"), "aAction: Originate");
    }
}
