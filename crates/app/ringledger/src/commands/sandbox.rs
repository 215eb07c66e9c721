//! `crm-sandbox`: the Salesforce-compatible server by itself.

use std::process::ExitCode;

use crm_sandbox::{Credentials, Sandbox, ServeOptions, Settings, Tls};

use crate::args::SandboxArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::run::stop_on_signals;

/// Serves until SIGTERM.
///
/// # Errors
/// The records cannot be opened, or the address cannot be bound.
pub async fn run(args: SandboxArgs) -> Result<ExitCode, Failure> {
    let other = |e: &dyn std::fmt::Display| Failure::Other(format!("crm-sandbox: {e}"));
    let mut credentials = Credentials::default();
    if let Ok(secret) = std::env::var("RINGLEDGER_SANDBOX_SECRET") {
        credentials.client_secret = secret;
    }
    if let Some(path) = &args.jwt_public_key {
        let pem = std::fs::read_to_string(path).map_err(|e| Failure::File(path.display().to_string(), e))?;
        credentials.jwt_public_key = Some(pem);
    }
    let settings = Settings { credentials: credentials.clone(), ..Settings::default() };
    let sandbox = Sandbox::open(args.data.as_deref(), settings).map_err(|e| other(&e))?;
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .map_err(|e| other(&format!("cannot listen on {}: {e}; choose another with --listen", args.listen)))?;
    let address = listener.local_addr().map_err(|e| other(&e))?;
    let tls = tls(&args)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(&format!("crm sandbox: {scheme}://{address}/ (client id {})", credentials.client_id));
    let stop = stop_on_signals();
    sandbox
        .serve(listener, ServeOptions { tls }, async move { stop.cancelled().await })
        .await
        .map_err(|e| other(&e))?;
    Ok(ExitCode::SUCCESS)
}

fn tls(args: &SandboxArgs) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) else { return Ok(None) };
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path).map_err(|e| Failure::File(path.display().to_string(), e))
    };
    Ok(Some(Tls { certificates: read(certificate)?, key: read(key)? }))
}
