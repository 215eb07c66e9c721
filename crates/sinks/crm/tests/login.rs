//! Log-in and start: what is refused says which, where, what to do.

mod common;

use common::{bench, bench_with, secret_file};
use crm::config::Auth;
use crm::{CrmError, CrmTarget, Salesforce, SalesforceConfig, Secret};
use crm_sandbox::{Credentials, Faults, Settings};

async fn refused(bench: &common::Bench, config: SalesforceConfig) -> CrmError {
    match Salesforce::connect(config, bench.timing.clone(), bench.journal.clone()).await {
        Ok(_) => panic!("it connected"),
        Err(e) => e,
    }
}

#[tokio::test]
async fn a_wrong_secret_is_named_but_never_shown() {
    let bench = bench().await;
    let mut config = bench.config();
    let auth = |id: &str| Auth::ClientCredentials { client_id: id.into(), client_secret: secret_file("wr0ng-secret") };
    config.auth = auth("ringledger-sandbox");
    let error = refused(&bench, config.clone()).await;
    let text = error.to_string();
    assert!(matches!(error, CrmError::Refused(_)), "{error:?}");
    assert!(
        text.contains(&bench.url) && text.contains("ringledger-sandbox") && text.contains("client_secret"),
        "{text}"
    );
    assert!(!text.contains("wr0ng-secret") && !format!("{config:?}").contains("wr0ng-secret"));
    config.auth = auth("somebody-else");
    assert!(refused(&bench, config).await.to_string().contains("invalid_client_id"));
}

#[tokio::test]
async fn an_unreachable_host_and_a_missing_secret_say_so() {
    let bench = bench().await;
    let mut config = bench.config();
    config.login_url = "http://127.0.0.1:9".into();
    let error = refused(&bench, config.clone()).await;
    assert!(matches!(error, CrmError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("http://127.0.0.1:9") && error.to_string().contains("login_url"), "{error}");
    let unset = Secret::from_env("RINGLEDGER_TEST_UNSET");
    config.auth = Auth::ClientCredentials { client_id: "x".into(), client_secret: unset };
    let error = refused(&bench, config).await;
    assert!(error.to_string().contains("RINGLEDGER_TEST_UNSET"), "{error}");
}

#[tokio::test]
async fn a_page_instead_of_a_log_in_is_no_crash() {
    let bench = bench().await;
    bench.sandbox.set_faults(Faults { unavailable: 1, ..Faults::default() });
    let error = refused(&bench, bench.config()).await;
    assert!(matches!(error, CrmError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn jwt_bearer_logs_in_with_the_right_key_only() {
    let (private, public) = rsa_pair();
    let (other, _) = rsa_pair();
    let credentials = Credentials { jwt_public_key: Some(public), ..Credentials::default() };
    let bench = bench_with(Settings { credentials, ..Settings::default() }).await;
    let with = |key: &str, user: &str| {
        let mut config = bench.config();
        config.auth = Auth::JwtBearer {
            client_id: "ringledger-sandbox".into(),
            username: user.into(),
            private_key: secret_file(key),
            audience: None,
        };
        config
    };
    let target = bench.connect_with(with(&private, "integration@sandbox.example")).await;
    target.check().await.unwrap();
    assert!(matches!(refused(&bench, with(&other, "integration@sandbox.example")).await, CrmError::Refused(_)));
    assert!(matches!(refused(&bench, with(&private, "nobody@sandbox.example")).await, CrmError::Refused(_)));
    assert!(matches!(refused(&bench, with("no key", "integration@sandbox.example")).await, CrmError::Config(_)));
}

/// A fresh RSA pair in PEM, by the tool that the documentation names.
fn rsa_pair() -> (String, String) {
    let run = |args: &[&str], input: &[u8]| {
        use std::io::Write;
        use std::process::{Command, Stdio};
        let mut child = Command::new("openssl")
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is needed for this test: install the package openssl");
        child.stdin.take().unwrap().write_all(input).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let private = run(&["genrsa", "2048"], b"");
    let public = run(&["rsa", "-pubout"], private.as_bytes());
    assert!(private.contains("PRIVATE KEY") && public.contains("PUBLIC KEY"));
    (private, public)
}

#[test]
fn unknown_keys_and_values_out_of_range_are_errors() {
    let read = |extra: &str| {
        let text = format!(
            r#"{{"login_url": "https://x.my.salesforce.com",
                "auth": {{"kind": "client_credentials", "client_id": "a", "client_secret": {{"env": "B"}}}}{extra}}}"#
        );
        serde_json::from_str::<SalesforceConfig>(&text)
    };
    let good = read("").unwrap();
    good.validate().unwrap();
    assert_eq!((good.lanes, good.batch_rows, good.bulk_rows), (4, 200, 2_000));
    assert!(read(r#", "lane": 3"#).unwrap_err().to_string().contains("lane"));
    assert!(read(r#", "mapping": {"base_uri": "x"}"#).is_err());
    let invalid = [
        r#", "batch_rows": 201"#,
        r#", "lanes": 0"#,
        r#", "api_version": "v40.0""#,
        r#", "mapping": {"time_zone": "Europe/Londn"}"#,
        r#", "matching": {"country": "Britain"}"#,
    ];
    for extra in invalid {
        assert!(read(extra).unwrap().validate().is_err(), "{extra}");
    }
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_named_and_only_then() {
    let key = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let sandbox = crm_sandbox::Sandbox::open(None, Settings::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let tls = Some(crm_sandbox::Tls { certificates: key.cert.pem(), key: key.signing_key.serialize_pem() });
    tokio::spawn(
        async move { sandbox.serve(listener, crm_sandbox::ServeOptions { tls }, std::future::pending()).await },
    );
    let bench = bench().await;
    let mut config = bench.config();
    config.login_url = url;
    let error = refused(&bench, config.clone()).await;
    assert!(matches!(error, CrmError::Unreachable(_)), "{error:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, key.cert.pem()).unwrap();
    config.ca_file = Some(file);
    bench.connect_with(config.clone()).await.check().await.unwrap();
    config.ca_file = Some(folder.path().join("missing.pem"));
    assert!(refused(&bench, config).await.to_string().contains("missing.pem"));
}

#[tokio::test]
async fn a_check_asks_as_matching_will() {
    let bench = bench().await;
    assert_eq!(bench.connect().await.check().await, Ok(()));
    let mut config = bench.config();
    config.matching.account_field = "Customer_Number__c".into();
    let error = bench.connect_with(config).await.check().await.unwrap_err();
    assert!(matches!(error, CrmError::Schema(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("Account.Customer_Number__c") && text.contains("account_field"), "{text}");
}
