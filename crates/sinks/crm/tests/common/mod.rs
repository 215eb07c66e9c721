//! A sandbox on a socket, a clock that is turned by hand, and contacts to write.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use crm::config::{Auth, SalesforceConfig};
use crm::{BulkJob, BulkJournal, Salesforce, Secret, Timing};
use crm_sandbox::{Sandbox, ServeOptions, Settings};
use model::event::EndedBy;
use model::facts::{Call, ContactOutcome, Direction};
use model::{Instant, Name, Position};

/// Waits take no time but move the clock, and are remembered.
#[derive(Default)]
pub struct Turned {
    now: AtomicI64,
    pub waits: Mutex<Vec<u64>>,
}

#[async_trait]
impl Timing for Turned {
    fn now(&self) -> Instant {
        // The sandbox checks assertions against the real time, so the clock begins there.
        let real = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        Instant(i64::try_from(real).unwrap() + self.now.load(Ordering::SeqCst))
    }

    async fn wait(&self, ms: u64) {
        self.waits.lock().unwrap().push(ms);
        self.now.fetch_add(i64::try_from(ms).unwrap() * 1000, Ordering::SeqCst);
        // Polls must let the sandbox work.
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

impl Turned {
    pub fn advance(&self, ms: i64) {
        self.now.fetch_add(ms * 1000, Ordering::SeqCst);
    }
}

/// A journal in memory, which remembers what it was told.
#[derive(Default)]
pub struct Journal {
    pub job: Mutex<Option<BulkJob>>,
    pub stored: Mutex<Vec<BulkJob>>,
}

#[async_trait]
impl BulkJournal for Journal {
    async fn load(&self) -> Result<Option<BulkJob>, String> {
        Ok(self.job.lock().unwrap().clone())
    }

    async fn store(&self, job: &BulkJob) -> Result<(), String> {
        self.stored.lock().unwrap().push(job.clone());
        *self.job.lock().unwrap() = Some(job.clone());
        Ok(())
    }

    async fn clear(&self) -> Result<(), String> {
        *self.job.lock().unwrap() = None;
        Ok(())
    }
}

pub struct Bench {
    pub sandbox: Sandbox,
    pub url: String,
    pub timing: Arc<Turned>,
    pub journal: Arc<Journal>,
}

/// A seeded sandbox in memory, served on a free port until the test ends.
pub async fn bench() -> Bench {
    bench_with(Settings::default()).await
}

pub async fn bench_with(settings: Settings) -> Bench {
    let sandbox = Sandbox::open(None, settings).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = sandbox.clone();
    tokio::spawn(async move { served.serve(listener, ServeOptions::default(), std::future::pending()).await });
    Bench { sandbox, url, timing: Arc::default(), journal: Arc::default() }
}

impl Bench {
    pub fn config(&self) -> SalesforceConfig {
        let secret = secret_file("sandbox-secret");
        let auth = Auth::ClientCredentials { client_id: "ringledger-sandbox".into(), client_secret: secret };
        let mut config = SalesforceConfig::new(self.url.clone(), auth);
        config.mapping.base_url = Some("https://ledger.example".into());
        config.matching.country = Some("GB".into());
        config
    }

    pub async fn connect(&self) -> Salesforce {
        self.connect_with(self.config()).await
    }

    pub async fn connect_with(&self, config: SalesforceConfig) -> Salesforce {
        Salesforce::connect(config, self.timing.clone(), self.journal.clone()).await.unwrap()
    }

    /// Requests whose path ends so.
    pub fn seen(&self, ending: &str) -> usize {
        self.sandbox.requests().iter().filter(|r| r.path.ends_with(ending)).count()
    }

    /// What a query finds, asked by a client of its own.
    pub async fn query(&self, soql: &str) -> serde_json::Value {
        let http = reqwest::Client::new();
        let form = "grant_type=client_credentials&client_id=ringledger-sandbox&client_secret=sandbox-secret";
        let token: serde_json::Value = http
            .post(format!("{}/services/oauth2/token", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let q: String = url::form_urlencoded::byte_serialize(soql.as_bytes()).collect();
        http.get(format!("{}/services/data/v62.0/query?q={q}", self.url))
            .bearer_auth(token["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

/// A secret in a file under the target folder.
pub fn secret_file(text: &str) -> Secret {
    use std::sync::atomic::AtomicU32;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("crm-secret-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    Secret::from_file(path)
}

/// An inbound contact, answered, without visits.
pub fn call(id: &str, ani: &str) -> Call {
    Call {
        call_id: Name::new(id),
        revision: 1,
        center: Name::new("london"),
        switch: Name::new("pbx1"),
        direction: Direction::Inbound,
        ani: Some(Name::new(ani)),
        ani_raw: Some(Name::new(ani)),
        ani_withheld: false,
        dnis: Some(Name::new("442079460000")),
        started_at: Instant::from_secs(1_795_326_271),
        ended_at: Some(Instant::from_secs(1_795_326_300)),
        ivr: Vec::new(),
        queue_visits: Vec::new(),
        agent_legs: Vec::new(),
        holds: Vec::new(),
        transfers: Vec::new(),
        conferenced: false,
        recordings: Vec::new(),
        ended_by: EndedBy::Caller,
        disposition: None,
        notes: Vec::new(),
        crm: Vec::new(),
        outcome: ContactOutcome::Answered,
        journey_id: None,
        merged_into: None,
        first_event: Position::default(),
        last_event: Position::default(),
        known_at: Instant::from_secs(1_795_326_300),
        crm_only: false,
        filed: 20_779,
    }
}

/// A Task row of its own, without parties.
pub fn task(n: usize) -> crm::Row {
    let text = |t: &str| crm::Scalar::Text(t.to_owned());
    crm::Row {
        object: crm::Object::Task,
        key: format!("london/pbx1/{n}"),
        parent: format!("parent-{}", n % 7),
        fields: vec![(Name::new("Subject"), text(&format!("Call {n}"))), (Name::new("Status"), text("Completed"))],
        call_id: Some(Name::new(n.to_string())),
        switch: Some(Name::new("pbx1")),
        revision: 1,
    }
}
