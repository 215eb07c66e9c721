//! TLS towards the switch: its certificate must be signed by the stated authority, or by
//! a public one.

use std::sync::Arc;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::config::{AmiConfig, AmiError, TlsConfig};

/// Encrypts a connection.
///
/// # Errors
/// `Tls`: the authority's file cannot be read, or the switch cannot prove its name.
pub async fn encrypt(config: &AmiConfig, tls: &TlsConfig, tcp: TcpStream) -> Result<TlsStream<TcpStream>, AmiError> {
    let failed = |e: String| AmiError::Tls(config.place(), e);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(e.to_string()))?
        .with_root_certificates(roots(tls).map_err(failed)?)
        .with_no_client_auth();
    let name = tls.server_name.clone().unwrap_or_else(|| config.host.clone());
    let name = ServerName::try_from(name).map_err(|e| failed(e.to_string()))?;
    tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, tcp).await.map_err(|e| failed(e.to_string()))
}

fn roots(tls: &TlsConfig) -> Result<rustls::RootCertStore, String> {
    let mut roots = rustls::RootCertStore::empty();
    let Some(path) = &tls.ca_file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let shown = |e: String| format!("{}: {e}", path.display());
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| shown(e.to_string()))? {
        let certificate = certificate.map_err(|e| shown(e.to_string()))?;
        roots.add(certificate).map_err(|e| shown(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(shown("it holds no PEM certificate".to_owned()));
    }
    Ok(roots)
}
