//! The CRM sandbox under clients that we did not write: jsforce over plain http,
//! simple-salesforce over TLS. What they need is installed by `cargo xtask test`; where it
//! is missing these tests fail and say so.
#![cfg(feature = "real-parts")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crm_sandbox::{Credentials, Sandbox, ServeOptions, Settings, Tls};
use serde_json::Value;
use tokio::net::TcpListener;

fn tests_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn installed(path: &str) -> PathBuf {
    let full = tests_folder().join("real").join(path);
    assert!(full.exists(), "{} is missing: run `cargo xtask test`, which installs it", full.display());
    full
}

/// A sandbox on a free port; gives its port.
async fn sandbox(tls: Option<Tls>) -> (Sandbox, u16) {
    let sandbox = Sandbox::open(None, Settings::default()).expect("a sandbox in memory");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    let served = sandbox.clone();
    tokio::spawn(async move { served.serve(listener, ServeOptions { tls }, std::future::pending()).await });
    (sandbox, port)
}

async fn run(mut command: Command) -> Value {
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("joined");
    let output = output.unwrap_or_else(|e| panic!("{shown}: {e}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown} failed:\n{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{shown} printed no JSON ({e}): {}\n{errors}", String::from_utf8_lossy(&output.stdout))
    })
}

fn every(rows: &Value, created: bool) -> bool {
    rows.as_array().is_some_and(|r| r.iter().all(|r| r["success"] == true && r["created"] == created))
}

#[tokio::test(flavor = "multi_thread")]
async fn jsforce_logs_in_upserts_in_both_ways_and_queries() {
    let (sandbox, port) = sandbox(None).await;
    let credentials = Credentials::default();
    let mut node = Command::new("node");
    node.arg(tests_folder().join("crm/jsforce.js"))
        .args([&format!("http://127.0.0.1:{port}"), &credentials.client_id, &credentials.client_secret])
        .env("NODE_PATH", installed("node/node_modules"));
    let out = run(node).await;
    assert_eq!(out["user"]["id"], "005000000000001AAA", "{out}");
    assert!(every(&out["created"], true) && every(&out["updated"], false), "{out}");
    assert_eq!(out["refused"][0]["success"], false);
    assert_eq!(out["refused"][0]["errors"][0]["statusCode"], "STRING_TOO_LONG");
    assert_eq!(out["refused"][1]["success"], true);
    assert_eq!((&out["bulk"]["successful"], &out["bulk"]["unprocessed"]), (&Value::from(5), &Value::from(0)));
    assert!(out["bulk"]["failed"][0].as_str().is_some_and(|e| e.starts_with("STRING_TOO_LONG")), "{out}");
    assert_eq!(out["query"]["total"], 9);
    assert_eq!(out["query"]["first"], "From jsforce, \"0\"");
    assert_eq!(out["query"]["type"], "Task");
    assert_eq!(out["all"], 9);
    assert_eq!(out["search"], serde_json::json!(["Contact", "Contact"]).clone());
    assert!(out["limit"]["apiUsage"]["limit"] == 100_000, "{out}");
    assert_eq!(sandbox.count("Task").expect("counted"), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn simple_salesforce_does_the_same_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (tls, authority) = certificates();
    let authority_file = folder.path().join("authority.pem");
    std::fs::write(&authority_file, authority).expect("written");
    let (sandbox, port) = sandbox(Some(tls)).await;
    let credentials = Credentials::default();
    let mut python = Command::new(installed("venv/bin/python"));
    python
        .arg(tests_folder().join("crm/simple_salesforce_client.py"))
        .arg(format!("127.0.0.1:{port}"))
        .arg(&authority_file)
        .args([&credentials.client_id, &credentials.client_secret, &credentials.username, &credentials.password]);
    let out = run(python).await;
    assert_eq!(out["sessions"], serde_json::json!([true, true]), "{out}");
    assert!(every(&out["created"], true) && every(&out["updated"], false), "{out}");
    assert_eq!(out["status"], 201);
    assert_eq!(out["bulk"][0]["numberRecordsProcessed"], 6, "{out}");
    assert_eq!(out["bulk"][0]["numberRecordsFailed"], 1);
    assert!(out["failed"].as_str().is_some_and(|f| f.contains("STRING_TOO_LONG")), "{out}");
    assert_eq!(out["total"], 9);
    assert_eq!(out["search"], serde_json::json!(["Contact", "Contact"]));
    assert_eq!(out["limits"], 100_000);
    assert_eq!(out["usage"], 100_000);
    assert_eq!(sandbox.count("Task").expect("counted"), 9);
}

/// A test authority and a certificate of it for 127.0.0.1; the authority's PEM.
fn certificates() -> (Tls, String) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, "Ringledger test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Python's OpenSSL checks strictly: an authority must say what its key is for.
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let mut server = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("parameters");
    server.use_authority_key_identifier_extension = true;
    let certificate = server.signed_by(&key, &issuer).expect("signed");
    (Tls { certificates: certificate.pem(), key: key.serialize_pem() }, issuer.pem())
}
