//! Signing in by OpenID Connect: `ringledger run` and a real provider, the whole code flow,
//! and what must not be taken. The provider is `tests/oidc/provider.mjs`; what it needs is
//! installed by `cargo xtask test`, and where it is missing this test fails and says so.
#![cfg(feature = "real-parts")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use tests::process::{Process, succeed};

const PATIENCE: Duration = Duration::from_secs(120);

struct Provider(Child);

impl Provider {
    fn start(port: u16, redirect: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let parts = folder.join("real/node/node_modules");
        assert!(parts.join("oidc-provider").exists(), "{}: run `cargo xtask test`, which installs it", parts.display());
        let given = json!({ "parts": parts, "port": port, "redirect": redirect }).to_string();
        let mut node = Command::new("node");
        node.arg(folder.join("oidc/provider.mjs")).arg(given).stdout(Stdio::piped());
        let mut child = node.spawn().unwrap_or_else(|e| panic!("node: {e}; install the Debian package nodejs"));
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        assert!(lines.any(|l| l.is_ok_and(|l| l == "provider is up")), "the provider starts");
        Self(child)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A browser: follows redirects and keeps cookies (by host, and both are on one host).
struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// What a browser ended at.
struct Page {
    url: String,
    status: u16,
    text: String,
}

impl Browser {
    fn new() -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { client, cookies: BTreeMap::new() }
    }

    /// One request; where it leads on to.
    async fn step(&mut self, url: &str) -> (Page, Option<String>) {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = self.client.get(url).header("accept", "text/html").header("cookie", cookies.join("; "));
        let response = request.send().await.expect("an answer");
        self.keep(response.headers());
        let next = response.headers().get(LOCATION).map(|l| l.to_str().expect("text").to_owned());
        let next = next.map(|l| response.url().join(&l).expect("an address").to_string());
        let status = response.status().as_u16();
        (Page { url: url.to_owned(), status, text: response.text().await.expect("a body") }, next)
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name)
            } else {
                self.cookies.insert(name.into(), value.into())
            };
        }
    }

    /// Follows redirects until there is a page, or until `stop` is in an address.
    async fn go(&mut self, url: &str, stop: &str) -> Page {
        let mut at = url.to_owned();
        for _ in 0..12 {
            match self.step(&at).await {
                (page, None) => return page,
                (page, Some(next)) if next.contains(stop) => return Page { url: next, ..page },
                (_, Some(next)) => at = next,
            }
        }
        panic!("redirects without end from {url} to {at}");
    }
}

const NEVER: &str = "\0";

struct Site {
    console: String,
    issuer: String,
    data: String,
    _running: Process,
    _provider: Provider,
    _folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = tests::ports::free(2);
        let (console, issuer) = (format!("http://127.0.0.1:{}", ports[0]), format!("http://127.0.0.1:{}", ports[1]));
        let provider = Provider::start(ports[1], &format!("{console}/sign-in/oidc/back"));
        let pipeline = folder.path().join("console.toml");
        std::fs::write(&pipeline, pipeline_of(&console, &issuer)).expect("written");
        let secret = ("OIDC_SECRET".to_owned(), "a secret: of & the client".to_owned());
        let (data, pipeline) = (folder.path().join("data").display().to_string(), pipeline.display().to_string());
        let checked = succeed(std::slice::from_ref(&secret), &["check", &pipeline, "--data-dir", &data]);
        assert!(checked.contains("ok      http.oidc") && checked.contains("with 1 keys"), "{checked}");
        let log: PathBuf = folder.path().join("run.log");
        let mut running = Process::start(&[secret], &["run", &pipeline, "--data-dir", &data], &log);
        running.wait_for("listening on http://", PATIENCE);
        Self { console, issuer, data, _running: running, _provider: provider, _folder: folder }
    }

    async fn tell(&self, what: &str) {
        let told = reqwest::Client::new().post(format!("{}/_test/{what}", self.issuer)).send().await;
        assert_eq!(told.expect("an answer").status(), 204);
    }

    /// A whole sign-in of a new browser.
    async fn sign_in(&self, who: &str) -> (Browser, Page) {
        self.tell(&format!("who/{who}")).await;
        let mut browser = Browser::new();
        let page = browser.go(&format!("{}/sign-in/oidc?next=/metrics", self.console), NEVER).await;
        (browser, page)
    }

    /// Sign-ins in the log: who, how, what came of it, why.
    fn told(&self) -> Vec<Value> {
        let log = succeed(&[], &["log", "cat", "--data-dir", &self.data]);
        let events = log.lines().map(|l| serde_json::from_str::<Value>(l).expect("an event")["data"].clone());
        events.filter(|d| d["act"] == "sign_in").collect()
    }
}

fn pipeline_of(console: &str, issuer: &str) -> String {
    let listen = console.trim_start_matches("http://");
    format!(
        "stages = ['http']\n[http]\nlisten = '{listen}'\npublic_url = '{console}'\n[http.oidc]\nissuer = '{issuer}'\n\
         client_id = 'ringledger'\nclient_secret = {{ env = 'OIDC_SECRET' }}\nscopes = ['profile', 'roles']\n\
         roles = {{ 'ringledger-ops' = 'operations', 'ringledger-listen' = 'compliance' }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_provider_sign_in_with_their_roles() {
    let site = Site::start();
    let (mut olga, page) = site.sign_in("olga").await;
    assert_eq!((page.status, page.url.as_str()), (200, format!("{}/metrics", site.console).as_str()), "{}", page.text);
    let (recording, _) = olga.step(&format!("{}/r/none", site.console)).await;
    assert_eq!(recording.status, 403, "operations hear nothing");
    let (mut carl, page) = site.sign_in("carl").await;
    assert_eq!(page.status, 200, "what two roles allow together: {}", page.text);
    assert_eq!(carl.step(&format!("{}/r/none", site.console)).await.0.status, 404, "heard, were there one");
    let (mut nobody, page) = site.sign_in("nobody").await;
    assert!(page.status == 403 && page.text.contains("You are known, nobody, but have no role here"), "{}", page.text);
    assert_eq!(
        nobody.go(&format!("{}/metrics", site.console), NEVER).await.url,
        format!("{}/sign-in?next=%2Fmetrics", site.console)
    );

    let told = site.told();
    let outcome = |i: usize| (told[i]["who"].as_str(), told[i]["outcome"].as_str(), told[i]["how"].as_str());
    assert_eq!(outcome(0), (Some("olga"), Some("signed_in"), Some("oidc")), "{told:?}");
    assert_eq!(outcome(1), (Some("carl"), Some("signed_in"), Some("oidc")), "{told:?}");
    assert_eq!(outcome(2), (Some("nobody"), Some("refused"), Some("oidc")), "{told:?}");
    assert_eq!(told[0]["from"], "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_used_before_is_refused() {
    let site = Site::start();
    site.tell("who/olga").await;
    let back = "/sign-in/oidc/back?";
    let begin = format!("{}/sign-in/oidc", site.console);
    // A state of nobody's, then one that another browser began.
    let page = Browser::new().go(&format!("{}{back}state=x&code=y", site.console), NEVER).await;
    assert!(page.status == 403 && page.text.contains("was not begun in this browser"), "{}", page.text);
    let mut olga = Browser::new();
    let answer = olga.go(&begin, back).await.url;
    let page = Browser::new().go(&answer, NEVER).await;
    assert!(page.status == 403 && page.text.contains("was not begun in this browser"), "{}", page.text);
    // A code that was used: with its state, and with a new one.
    let answer = olga.go(&begin, back).await.url;
    assert_eq!(olga.go(&answer, NEVER).await.status, 200);
    let page = Browser { client: olga.client.clone(), cookies: olga.cookies.clone() }.go(&answer, NEVER).await;
    assert!(page.status == 403 && page.text.contains("used before"), "{}", page.text);
    let fresh = olga.go(&begin, back).await.url;
    let value = |url: &str, key: &str| {
        let url = reqwest::Url::parse(url).expect("an address");
        url.query_pairs().find(|(k, _)| k == key).expect("the key").1.to_string()
    };
    let mixed = format!("{}{back}state={}&code={}", site.console, value(&fresh, "state"), value(&answer, "code"));
    let page = olga.go(&mixed, NEVER).await;
    assert!(page.status == 502 && page.text.contains("is not valid"), "{} {}", page.status, page.text);
    // Tokens that were made up, or are of another time, client, issuer or sign-in.
    let faults = ["expired", "audience", "issuer", "nonce", "key", "unknown", "secret", "unsigned"];
    for fault in faults {
        site.tell(&format!("fault/{fault}")).await;
        let (browser, page) = site.sign_in("olga").await;
        assert!(page.status == 502 && page.text.contains("is not valid"), "{fault}: {} {}", page.status, page.text);
        assert!(!browser.cookies.contains_key("ringledger_session"), "{fault}: no session");
    }
    site.tell("fault/none").await;
    assert_eq!(site.sign_in("olga").await.1.status, 200, "and a good one is taken still");

    let told = site.told();
    let reasons: Vec<&str> =
        told.iter().filter(|t| t["outcome"] == "refused").filter_map(|t| t["why"].as_str()).collect();
    eprintln!("{reasons:#?}");
    assert_eq!(reasons.len(), 4 + faults.len(), "{reasons:?}");
    let whole = reasons.join("\n");
    for wanted in [
        "no such sign-in",
        "invalid_grant",
        "ExpiredSignature",
        "InvalidAudience",
        "InvalidIssuer",
        "nonce",
        "InvalidSignature",
        "does not publish",
        "HS256, which is not taken",
    ] {
        assert!(whole.contains(wanted), "{wanted} in {whole}");
    }
}
