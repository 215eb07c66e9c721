//! Serving: plain HTTP or TLS, until told to stop; requests under way are finished.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::serve::Listener;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::SandboxError;
use crate::state::Sandbox;

/// A certificate chain and its key, PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The server's certificate first.
    pub certificates: String,
    /// PKCS#8, SEC1 or PKCS#1.
    pub key: String,
}

/// How to serve.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Serve https with this certificate.
    pub tls: Option<Tls>,
}

const SCHEME_HEADER: &str = "x-sandbox-scheme";

/// Where the client reached us, which is what `instance_url` must say.
pub(crate) struct Origin {
    scheme: &'static str,
    host: String,
}

impl Origin {
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        Self {
            scheme: if text(SCHEME_HEADER) == Some("https") { "https" } else { "http" },
            host: text(header::HOST.as_str()).unwrap_or("localhost").to_owned(),
        }
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}

impl Sandbox {
    /// Serves on `listener` until `stop` completes.
    ///
    /// # Errors
    /// `SandboxError::Tls` for an unusable certificate, `SandboxError::Listen`.
    pub async fn serve(
        &self,
        listener: TcpListener,
        options: ServeOptions,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), SandboxError> {
        let Some(tls) = options.tls else {
            let app = with_scheme(crate::api::router(self), "http");
            axum::serve(listener, app).with_graceful_shutdown(stop).await?;
            return Ok(());
        };
        let acceptor = acceptor(&tls)?;
        let app = with_scheme(crate::api::router(self), "https");
        axum::serve(TlsListener { listener, acceptor }, app).with_graceful_shutdown(stop).await?;
        Ok(())
    }
}

fn with_scheme(router: Router, scheme: &'static str) -> Router {
    router.layer(middleware::from_fn(move |mut request: Request, next: Next| async move {
        request.headers_mut().insert(SCHEME_HEADER, HeaderValue::from_static(scheme));
        next.run(request).await
    }))
}

fn acceptor(tls: &Tls) -> Result<TlsAcceptor, SandboxError> {
    let fail = |e: String| SandboxError::Tls(e);
    let chain = CertificateDer::pem_slice_iter(tls.certificates.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| fail(e.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(tls.key.as_bytes()).map_err(|e| fail(e.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| fail(e.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.listener.accept().await {
                Ok((socket, address)) => {
                    // A handshake is short on a test network; a silent client is cut off.
                    let shake = self.acceptor.accept(socket);
                    match tokio::time::timeout(Duration::from_secs(5), shake).await {
                        Ok(Ok(stream)) => return (stream, address),
                        Ok(Err(e)) => tracing::debug!(%address, "TLS handshake failed: {e}"),
                        Err(_) => tracing::debug!(%address, "TLS handshake took longer than 5 s"),
                    }
                }
                Err(e) => {
                    tracing::warn!("cannot accept a connection: {e}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
