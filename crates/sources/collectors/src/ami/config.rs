//! Where a switch's manager interface is, and what can go wrong with it.

use std::path::PathBuf;

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
    #[error("what answers at {0} is no Asterisk manager interface: {1}; check host and port")]
    NotAmi(String, String),
}

impl AmiConfig {
    /// Host and port, for messages.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}
