//! Signing in and out, by the routes.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt as _;

use super::*;
use crate::auth::{Account, Accounts, AccountsFile};
use crate::{Access, AccessSettings, Audit, Role, Sees, Token, router, testing};

#[derive(Default)]
struct Kept(std::sync::Mutex<Vec<SignIn>>);

#[async_trait::async_trait]
impl Audit for Kept {
    async fn keep(&self, happened: &SignIn) -> Result<(), String> {
        self.0.lock().unwrap().push(happened.clone());
        Ok(())
    }
}

/// Changes the accounts file.
fn change(file: &std::path::Path, how: impl FnOnce(&mut Accounts)) {
    let whole = |a: &mut Accounts| {
        how(a);
        Ok(())
    };
    Accounts::edit(file, whole).unwrap();
}

struct Site {
    app: Router,
    kept: Arc<Kept>,
    file: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

async fn site(settings: AccessSettings) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.json");
    let sees = Sees { centers: None, queues: Some(vec!["sales".into()]) };
    let ann = Account::new("ann", "operations", sees, "correct horse").unwrap();
    change(&file, |a| a.accounts.push(ann));
    let kept = Arc::new(Kept::default());
    let access = Access::new(Vec::new(), vec![Token::new("demo", Role::Administrator, "code-1")])
        .with_settings(settings)
        .with_accounts(AccountsFile::open(file.clone()).unwrap())
        .with_audit(kept.clone());
    Site { app: router(testing::server(access).await), kept, file, _folder: folder }
}

impl Site {
    async fn send(&self, method: &str, path: &str, cookie: &str, body: &str) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "text/html")
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        let response = self.app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 16).await.unwrap().to_vec()).unwrap();
        (parts.status, parts.headers, text)
    }

    /// The cookie of a session of ann's.
    async fn ann(&self) -> String {
        let (status, headers, _) = self.send("POST", "/sign-in", "", "name=ann&password=correct+horse").await;
        assert_eq!(status, StatusCode::OK);
        headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    fn last(&self) -> SignIn {
        self.kept.0.lock().unwrap().last().unwrap().clone()
    }
}

#[tokio::test]
async fn an_account_signs_in_and_out() {
    let site = site(AccessSettings::default()).await;
    let cookie = site.ann().await;
    let last = site.last();
    assert_eq!((last.who.as_str(), last.how, last.outcome), ("ann", "password", SignInOutcome::SignedIn));
    assert_eq!(site.send("GET", "/agents", &cookie, "").await.0, StatusCode::OK);
    assert_eq!(site.send("GET", "/r/x", &cookie, "").await.0, StatusCode::FORBIDDEN, "operations hear nothing");
    let (_, _, page) = site.send("GET", "/sign-in", &cookie, "").await;
    assert!(page.contains("You are signed in as ann (operations)"), "{page}");
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(site.send("POST", "/sign-out", &cookie, "").await.0, StatusCode::FORBIDDEN);
    let (status, headers, _) = site.send("POST", "/sign-out", &cookie, &format!("csrf={csrf}")).await;
    assert_eq!((status, &headers["location"]), (StatusCode::SEE_OTHER, &"/sign-in".parse().unwrap()));
    assert!(headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(site.last().outcome, SignInOutcome::SignedOut);
    assert_eq!(site.send("GET", "/agents", &cookie, "").await.0, StatusCode::SEE_OTHER);
    // Of every queue are the metrics: not for who sees some.
    let again = site.ann().await;
    assert_eq!(site.send("GET", "/metrics", &again, "").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_removed_account_and_a_new_password_end_sessions() {
    let site = site(AccessSettings::default()).await;
    let (one, look) = (site.ann().await, std::time::Duration::from_millis(1_100));
    Accounts::edit(&site.file, |a| a.accounts[0].set_password("another horse")).unwrap();
    tokio::time::sleep(look).await;
    assert_eq!(site.send("GET", "/agents", &one, "").await.0, StatusCode::SEE_OTHER);
    let (status, headers, _) = site.send("POST", "/sign-in", "", "name=ann&password=another+horse&next=/agents").await;
    assert_eq!((status, &headers["location"]), (StatusCode::SEE_OTHER, &"/agents".parse().unwrap()));
    let two = headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(site.send("GET", "/health/dead-letters", &two, "").await.0, StatusCode::OK);
    change(&site.file, |a| a.accounts[0].role = "analyst".into());
    tokio::time::sleep(look).await;
    assert_eq!(
        site.send("GET", "/health/dead-letters", &two, "").await.0,
        StatusCode::FORBIDDEN,
        "the role is today's"
    );
    change(&site.file, |a| a.accounts.clear());
    tokio::time::sleep(look).await;
    assert_eq!(site.send("GET", "/agents", &two, "").await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn wrong_ones_are_told_the_same_and_held_up() {
    let site = site(AccessSettings::default()).await;
    let (status, _, known) = site.send("POST", "/sign-in", "", "name=ann&password=wrong+horse").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!((site.last().who.as_str(), site.last().why.as_str()), ("ann", "wrong password"));
    let (status, _, unknown) = site.send("POST", "/sign-in", "", "name=correct+horse&password=wrong+horse").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!((site.last().who.as_str(), site.last().why.as_str()), ("", "unknown name"));
    assert_eq!(known, unknown);
    for _ in 0..4 {
        assert_eq!(site.send("POST", "/sign-in", "", "name=ann&password=wrong+horse").await.0, StatusCode::FORBIDDEN);
    }
    let (status, headers, page) = site.send("POST", "/sign-in", "", "name=ann&password=correct+horse").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait) && page.contains("Too many attempts"), "{wait} {page}");
    for _ in 0..30 {
        site.send("POST", "/sign-in", "", "code=nothing").await;
    }
    let (status, ..) = site.send("POST", "/sign-in", "", "code=code-1").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "the address is held up");
}

#[tokio::test]
async fn behind_tls_cookies_are_bound_to_the_host() {
    let public_url = Some("https://console.example".to_owned());
    let site = site(AccessSettings { public_url, ..AccessSettings::default() }).await;
    let (status, headers, _) = site.send("POST", "/sign-in", "", "code=code-1&next=//evil.example").await;
    assert_eq!(status, StatusCode::OK, "another site is no place to go on to");
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-ringledger_session="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200; Secure"), "{cookie}");
    assert_eq!(headers["x-frame-options"], "DENY");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let (_, headers, _) = site.send("GET", "/healthz", "", "").await;
    assert_eq!(headers["content-security-policy"], "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
}
