//! The shape of a pipeline file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crm::Secret;

/// A pipeline.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Stages that run in this process; none named: all.
    pub stages: Vec<Stage>,
    /// Folder of everything that is local; `--data-dir` wins.
    pub data_dir: Option<PathBuf>,
    /// Kafka; absent: the embedded log in the data directory.
    pub kafka: Option<Kafka>,
    /// Where events come from.
    pub source: Vec<SourceSection>,
    /// What shapes rows, by switch.
    pub switch: BTreeMap<String, SwitchSection>,
    /// The tables; absent: `lake` in the data directory.
    pub lake: Option<StoreSection>,
    /// The snapshots; absent: `state` in the data directory.
    pub state: Option<StoreSection>,
    /// The recordings; absent: `vault` in the data directory.
    pub vault: Option<StoreSection>,
    /// The CRM targets.
    pub crm: CrmSection,
    /// The HTTP server.
    pub http: Option<HttpSection>,
    /// Limits; absent: the defaults.
    pub limits: Option<Limits>,
}

impl Config {
    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits.clone().unwrap_or_default()
    }
}

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Sources into the log.
    Collect,
    /// The log into tables.
    Facts,
    /// Recordings into the vault.
    Recordings,
    /// Contacts into CRMs.
    Crm,
    /// Compaction and vacuum on schedule.
    Maintenance,
    /// HTTP: recordings' links, health, metrics, adapter intake.
    Http,
}

/// A Kafka cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, comma between.
    pub brokers: String,
    /// Settings of librdkafka by their names (TLS, SASL, …).
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Settings whose values are secrets (`sasl.password`).
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
    /// Consumer group.
    #[serde(default = "default_group")]
    pub group: String,
}

fn default_group() -> String {
    "ringledger-facts".to_owned()
}

/// A source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// `asterisk.ami`, `asterisk.queue_log` or `asterisk.cel`.
    pub dialect: String,
    /// The switch.
    pub switch: String,
    /// The centre.
    #[serde(default = "default_center")]
    pub center: String,
    /// `asterisk.ami`: host name or address.
    pub host: Option<String>,
    /// `asterisk.ami`: port.
    pub port: Option<u16>,
    /// `asterisk.ami`: user of `manager.conf`.
    pub username: Option<String>,
    /// `asterisk.ami`: its secret.
    pub secret: Option<Secret>,
    /// `asterisk.ami`: TLS.
    pub tls: Option<Tls>,
    /// Others: the file to follow.
    pub path: Option<PathBuf>,
}

fn default_center() -> String {
    "main".to_owned()
}

/// TLS towards a switch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the authority; none: the public ones.
    pub ca_file: Option<PathBuf>,
    /// Name in the certificate.
    pub server_name: Option<String>,
}

/// What shapes the rows of a switch, and where its recordings are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchSection {
    /// The centre, where no source says it.
    pub center: Option<String>,
    /// Roster file.
    pub roster: Option<PathBuf>,
    /// The dialect that makes the figures.
    pub figures: Option<String>,
    /// Pause reasons that are after-call work.
    pub acw_pause_reasons: Vec<String>,
    /// T of `queue_intervals`, seconds.
    pub service_level_seconds: Option<i64>,
    /// S of `queue_intervals`, seconds.
    pub short_abandon_seconds: Option<i64>,
    /// T by queue, seconds.
    pub queue_service_level_seconds: BTreeMap<String, i64>,
    /// Region of national numbers.
    pub region: Option<String>,
    /// Where the centre's day begins: an IANA time zone; none: UTC. Live figures "of today"
    /// count since its midnight.
    pub time_zone: Option<String>,
    /// Where its recordings are.
    pub recordings: Option<RecordingsSource>,
}

/// Where a switch leaves its recordings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingsSource {
    /// A folder.
    pub folder: Option<PathBuf>,
    /// A folder behind HTTP(S).
    pub url: Option<String>,
}

/// A store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `s3://bucket/prefix` or a folder; keys come from the environment (`AWS_…`).
    pub url: String,
    /// Options of the store (`endpoint`, `region`, `allow_http`).
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// The CRM targets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CrmSection {
    /// Salesforce.
    pub salesforce: Option<crm::SalesforceConfig>,
    /// A signed webhook.
    pub webhook: Option<crm::WebhookConfig>,
}

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSection {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// File of tokens: `name role secret` a line, and what narrows it.
    pub tokens_file: Option<PathBuf>,
    /// From where on a figure of the live board is a warning or an alarm.
    #[serde(default)]
    pub board: console::live::Limits,
    /// File of local accounts, made by `ringledger accounts`.
    pub accounts_file: Option<PathBuf>,
    /// Where browsers find this server (`https://console.example`), without a path; with
    /// `https` cookies go over TLS only.
    pub public_url: Option<String>,
    /// A proxy stands before this server and appends the address it saw to
    /// `X-Forwarded-For`.
    #[serde(default)]
    pub behind_proxy: bool,
    /// A provider of sign-ins (OpenID Connect).
    pub oidc: Option<OidcSection>,
    /// Calls of the API a second by one caller, over time; default 50.
    pub api_calls_per_second: Option<f64>,
    /// … and at once; default 200.
    pub api_calls_at_once: Option<u32>,
}

/// A provider of sign-ins (OpenID Connect); `public_url` says where it sends browsers back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSection {
    /// The issuer, exactly as its metadata name it.
    pub issuer: String,
    /// This client's id there.
    pub client_id: String,
    /// … and its secret; none for a public client.
    pub client_secret: Option<Secret>,
    /// Scopes besides `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Claim with the roles: its name, or a path with dots (`realm_access.roles`).
    #[serde(default = "default_role_claim")]
    pub role_claim: String,
    /// Which value of it is which role here.
    pub roles: BTreeMap<String, String>,
    /// Claim with the name that stands in the log.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
    /// Claim with the queues seen (`*`: all); none: all are.
    pub queues_claim: Option<String>,
    /// Claim with the centres seen (`*`: all); none: all are.
    pub centers_claim: Option<String>,
    /// PEM file of an authority to trust besides the public ones.
    pub ca_file: Option<PathBuf>,
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}

fn default_role_claim() -> String {
    "roles".to_owned()
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

/// Limits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest time between two flushes, milliseconds.
    pub flush_ms: u64,
    /// Late horizon, hours of event time.
    pub late_horizon_hours: i64,
    /// Longest drain after SIGTERM, seconds.
    pub drain_seconds: u64,
    /// Time between two rounds of maintenance (compaction, vacuum), hours; fractions too.
    pub maintenance_hours: f64,
    /// Time between two looks for recordings that nobody announced, hours; fractions too.
    pub orphans_hours: f64,
}

impl Limits {
    /// Time between two rounds of maintenance.
    pub fn maintenance_every(&self) -> Duration {
        hours(self.maintenance_hours)
    }

    /// Time between two looks for recordings that nobody announced.
    pub fn orphans_every(&self) -> Duration {
        hours(self.orphans_hours)
    }
}

/// At least a second, at most some years.
fn hours(hours: f64) -> Duration {
    // (`max` also takes what is no number.)
    Duration::from_secs_f64((hours * 3600.0).max(1.0).clamp(1.0, 1e9))
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flush_ms: 5_000,
            late_horizon_hours: 24,
            drain_seconds: 30,
            maintenance_hours: 24.0,
            orphans_hours: 24.0,
        }
    }
}
