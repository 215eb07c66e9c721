//! Listening until told to stop.

use std::net::SocketAddr;

use axum::Router;
use axum::middleware::from_fn;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::headers::safe;

/// Serves `router`, with the headers that every answer has, on `address` until `stop`; connections in work are finished. Returns the
/// bound address at once and a task that ends with the server.
///
/// # Errors
/// The address cannot be bound: says which.
pub async fn serve(
    router: Router,
    address: SocketAddr,
    stop: CancellationToken,
) -> Result<(SocketAddr, tokio::task::JoinHandle<std::io::Result<()>>), String> {
    let listener = TcpListener::bind(address).await.map_err(|e| {
        format!("cannot listen on {address}: {e}; stop what listens there, or choose another address (`listen`)")
    })?;
    let router = router.layer(from_fn(safe));
    // (The address that asks is told to the handlers.)
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let bound = listener.local_addr().map_err(|e| e.to_string())?;
    let task = tokio::spawn(async move {
        axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
    });
    Ok((bound, task))
}
