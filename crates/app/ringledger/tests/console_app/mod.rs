//! The console over the bundled capture, asked without a socket.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use console::{Access, Board, Clock, Health, Library, LibraryError, Parts, Role, Sees, Server, Token, router};
use model::facts::{Call, Recording};
use model::{Instant, Name};
use serde_json::Value;
use tables::{Filter, Lake, LakeConfig, Reports};
use tower::ServiceExt as _;
use vault::{Hearing, Wanted};

use super::common::{self, capture, import, shared};

/// The whole stream with the recordings.
pub static DATA: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = shared("console-calls");
    import(&dir, "asterisk.ami", "ami-events.raw.zst", &["--recordings", &capture("recordings")]).ok();
    dir
});

struct Nothing;

#[async_trait]
impl Library for Nothing {
    async fn find(&self, _: &str) -> Result<Option<Recording>, LibraryError> {
        Ok(None)
    }

    async fn record_access(&self, _: &Recording, _: &Name, _: &str) -> Result<(), LibraryError> {
        Ok(())
    }

    async fn open(&self, _: &Recording, _: Option<Wanted>) -> Result<Hearing, LibraryError> {
        Ok(Hearing::NotStored)
    }
}

impl Health for Nothing {
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn metrics(&self) -> String {
        String::new()
    }
}

pub const ALL: &str = "analyst-secret-0001";
pub const HEARS: &str = "compliance-secret-1";
pub const VIP: &str = "vip-secret-00000001";
pub const MEASURES: &str = "metrics-secret-0001";

pub struct App {
    router: Router,
    pub calls: Vec<Call>,
}

impl App {
    pub async fn new() -> Self {
        let lake = Lake::open(LakeConfig::folder(DATA.join("lake"), "test")).await.unwrap();
        let mut calls = lake.calls(&Filter::default()).await.unwrap();
        calls.retain(|c| c.merged_into.is_none());
        let vip = Sees { centers: None, queues: Some(vec!["vip".into()]) };
        let mut bob = Token::new("bob", Role::Administrator, VIP);
        bob.sees = vip;
        let tokens = vec![
            Token::new("ann", Role::Analyst, ALL),
            Token::new("cid", Role::Compliance, HEARS),
            bob,
            Token::new("prometheus", Role::Metrics, MEASURES),
        ];
        let clock: Clock = Arc::new(|| Instant::from_secs(1_795_334_400));
        // A copy: the embedded log has one holder, and tests run side by side.
        let log = tempfile::tempdir().unwrap().keep();
        common::copy(&DATA.join("log"), &log);
        let log: Arc<dyn event_log::EventLog> = Arc::new(event_log::EmbeddedLog::open(&log).unwrap());
        let stop = tokio_util::sync::CancellationToken::new();
        let parts = Parts {
            library: Arc::new(Nothing),
            health: Arc::new(Nothing),
            board: Board::start(log.clone(), console::live::Limits::default(), clock.clone(), stop),
            reports: Arc::new(Reports::new(Arc::new(lake), tables::Limits::default())),
            log,
            clock,
        };
        let access = Access::new(tokens, Vec::new());
        Self { router: router(Arc::new(Server::new(access, parts))), calls }
    }

    pub async fn ask(&self, token: &str, path: &str, more: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    pub async fn page(&self, token: &str, path: &str) -> (StatusCode, String) {
        let response = self.ask(token, path, &[("accept", "text/html")]).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub async fn json(&self, token: &str, path: &str) -> Value {
        let (status, body) = self.page(token, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Every page of a list, in order: the contacts of each.
    pub async fn pages(&self, token: &str, query: &str) -> Vec<Vec<Value>> {
        let (mut pages, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.json(token, &format!("/api/v1/calls?{query}{cursor}")).await;
            pages.push(page["calls"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { return pages };
            cursor = format!("&cursor={}", encoded(next));
        }
    }

    pub async fn ids(&self, token: &str, query: &str) -> BTreeSet<String> {
        self.pages(token, query).await.concat().iter().map(|c| c["call_id"].as_str().unwrap().to_owned()).collect()
    }

    pub fn those(&self, wanted: impl Fn(&Call) -> bool) -> BTreeSet<String> {
        self.calls.iter().filter(|c| wanted(c)).map(|c| c.call_id.to_string()).collect()
    }
}

pub fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
