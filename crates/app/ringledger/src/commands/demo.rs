//! `demo`: the main job on a real switch's output, in one process: the log, the tables,
//! the vault and a CRM sandbox. A second run continues and doubles nothing.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crm::{Auth, CrmTarget as _, MappingSettings, SalesforceConfig, Secret};
use crm_sandbox::{Credentials, Sandbox, ServeOptions, Settings};
use indicatif::{ProgressBar, ProgressStyle};
use metrics::{Options, ServiceLevel, render};
use model::acts::SwitchSettings;
use model::facts::RecordingState;
use model::{Act, Dialect};
use pipeline::bulk_journal::StoreJournal;
use pipeline::crm_stage::CrmStage;
use pipeline::interval_feed::IntervalFeed;
use tables::Filter;
use tokio_util::sync::CancellationToken;

use crate::args::Demo;
use crate::commands::import::{FileImport, feed_files};
use crate::config::Config;
use crate::data_dir;
use crate::failure::Failure;
use crate::output::{print, say};
use crate::run::{self, services::Services, targets::EngineTiming};
use crate::{recordings, roster_file};

/// The bundled capture, where the repository lies.
const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/data/asterisk-a");
const SWITCH: &str = "asterisk-a";
const CENTER: &str = "main";

/// Runs it.
///
/// # Errors
/// The capture is not there, the data directory is in use, or a stage failed.
pub async fn run(args: Demo) -> Result<ExitCode, Failure> {
    let capture = args.capture.clone().unwrap_or_else(|| PathBuf::from(CAPTURE));
    let stream = capture.join("ami-events.raw.zst");
    if !stream.is_file() {
        return Err(Failure::Usage(format!(
            "{} is not there; name the folder of the capture with --capture",
            stream.display()
        )));
    }
    let root = args.data.data_dir.clone();
    ingest(&root, &capture, &stream).await?;
    let stop = run::stop_on_signals();
    let serving = Serving::start(&root, &args, stop.clone()).await?;
    write_crm(&serving, &root, &capture).await?;
    let stays = args.serve || (std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
    report(&serving, &root).await?;
    next(&serving, &root, stays);
    if stays {
        say("serving until Ctrl-C");
        stop.cancelled().await;
    }
    serving.end().await;
    Ok(ExitCode::SUCCESS)
}

/// The stream into the log, the log into tables, recordings into the vault.
async fn ingest(root: &Path, capture: &Path, stream: &Path) -> Result<(), Failure> {
    let writing = data_dir::open_writing(root).await?;
    let bar = bar("reading the switch's stream", std::fs::metadata(stream).map_or(0, |m| m.len() * 35));
    let settings = SwitchSettings {
        acw_pause_reasons: vec!["wrapup".into()],
        default_region: Some("GB".into()),
        ..SwitchSettings::default()
    };
    let import = FileImport {
        switch: SWITCH.into(),
        center: CENTER.into(),
        dialect: Dialect::AsteriskAmi,
        preface: vec![
            Act::SettingsSet { settings },
            Act::RosterSet { roster: roster_file::read(&capture.join("roster.json"))? },
        ],
        files: vec![stream.to_owned()],
    };
    let fed = feed_files(&writing, import, &|bytes| bar.inc(bytes)).await?;
    bar.finish_and_clear();
    say(&format!(
        "log: {} events appended, {} there already, {} digits and values masked",
        fed.appended, fed.known, fed.masked
    ));
    let bar = self::bar("folding the log into tables", fed.appended);
    let mut stage = writing.facts().await?;
    stage.run_until_idle(&|records| bar.inc(records)).await?;
    bar.finish_and_clear();
    say(&format!("tables: {} rows from {} records", stage.counts.rows, stage.counts.records));
    let handled = recordings::handle(&writing, &mut stage, SWITCH, CENTER, &capture.join("recordings")).await?;
    say(&format!("recordings: {handled} (the repository carries 25 of the capture's 379 files)"));
    // The board shows how the capture ended: as of its last event, which is no time of today.
    run::live::Live::default().publish_as(&*writing.log, &stage, &|_| (None, chrono_tz::UTC)).await?;
    stage.finish().await.map_err(Into::into)
}

fn bar(what: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:32} [{wide_bar}] {percent:>3} %")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length.max(1)).with_style(style).with_message(what.to_owned())
}

/// The sandbox and the HTTP server beside the pipeline's parts.
struct Serving {
    services: Arc<Services>,
    sandbox: Sandbox,
    sandbox_url: String,
    link_base: String,
    code: String,
    stop: CancellationToken,
    tasks: run::Tasks,
}

impl Serving {
    async fn start(root: &Path, args: &Demo, stop: CancellationToken) -> Result<Self, Failure> {
        let services = Arc::new(Services::open(Config::default(), Some(root.to_owned())).await?);
        let other = |e: &dyn std::fmt::Display| Failure::Other(e.to_string());
        let folder = root.join("crm-sandbox");
        std::fs::create_dir_all(&folder).map_err(|e| Failure::File(folder.display().to_string(), e))?;
        let secret = secret_in(&folder.join("client-secret"))?;
        let settings = Settings {
            credentials: Credentials { client_secret: secret, ..Credentials::default() },
            ..Settings::default()
        };
        let sandbox = Sandbox::open(Some(&folder.join("records.sqlite")), settings).map_err(|e| other(&e))?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|e| other(&e))?;
        let sandbox_url = format!("http://{}", listener.local_addr().map_err(|e| other(&e))?);
        // The sandbox ends with the process's own work, not with the signal that ends a wait.
        let ended = CancellationToken::new();
        let mut tasks = run::Tasks::new(ended.clone(), services.telemetry.clone());
        let (served, until) = (sandbox.clone(), ended.clone());
        tokio::spawn(async move {
            let stop = async move { until.cancelled().await };
            if let Err(e) = served.serve(listener, ServeOptions::default(), stop).await {
                tracing::error!(error = %e, "the sandbox stopped");
            }
        });
        let code = random_text()?;
        let codes = vec![console::Token::new("demo", console::Role::Administrator, &code)];
        let place = folder.join("links-address");
        let listen = free_again(&place, args.listen);
        let access = run::access::of_codes(codes, Vec::new(), services.log.clone());
        let address = run::http::serve_on(&services, listen, access, ended.clone(), &mut tasks).await?;
        std::fs::write(&place, address.to_string()).map_err(|e| Failure::File(place.display().to_string(), e))?;
        services.telemetry.ready(true);
        drop(stop);
        Ok(Self { services, sandbox, sandbox_url, link_base: format!("http://{address}"), code, stop: ended, tasks })
    }

    async fn end(mut self) {
        self.stop.cancel();
        self.tasks.join().await;
    }
}

/// Where any port will do: the address of the run before, if it is free, so that the links
/// that the sandbox holds go on working.
fn free_again(place: &Path, asked: SocketAddr) -> SocketAddr {
    let before = std::fs::read_to_string(place).ok().and_then(|t| t.parse::<SocketAddr>().ok());
    let same = before.filter(|b| asked.port() == 0 && b.ip() == asked.ip());
    same.filter(|b| std::net::TcpListener::bind(b).is_ok()).unwrap_or(asked)
}

fn random_text() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| Failure::Other(format!("the system gives no random numbers: {e}")))?;
    Ok(hex::encode(bytes))
}

/// The sandbox's client secret: made once, readable by its owner only.
fn secret_in(path: &Path) -> Result<String, Failure> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |e| Failure::File(path.display().to_string(), e);
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text.trim().to_owned());
    }
    let secret = random_text()?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(secret.as_bytes()).map_err(failed)?;
    Ok(secret)
}

/// Contacts and intervals into the sandbox; what was done goes into log and tables.
async fn write_crm(serving: &Serving, root: &Path, capture: &Path) -> Result<(), Failure> {
    let other = |e: &dyn std::fmt::Display| Failure::Other(e.to_string());
    let mapping = MappingSettings { base_url: Some(serving.link_base.clone()), ..MappingSettings::default() };
    let auth = Auth::ClientCredentials {
        client_id: Credentials::default().client_id,
        client_secret: Secret::from_file(root.join("crm-sandbox").join("client-secret")),
    };
    let mut config = SalesforceConfig { mapping: mapping.clone(), ..SalesforceConfig::new(&serving.sandbox_url, auth) };
    config.matching.country = Some("GB".to_owned());
    let journal = Arc::new(StoreJournal::new(serving.services.state.clone(), &config.name));
    let target = crm::Salesforce::connect(config, Arc::new(EngineTiming), journal).await.map_err(|e| other(&e))?;
    let mut feed = IntervalFeed::new(serving.services.lake.clone(), serving.services.state.clone(), &target.name());
    let rosters = [(SWITCH.into(), roster_file::read(&capture.join("roster.json"))?)].into();
    let services = &serving.services;
    let target: Arc<dyn crm::CrmTarget> = Arc::new(target);
    services.targets.note(&target);
    let mut stage = CrmStage::new(services.log.clone(), target.clone(), mapping, rosters);
    while stage.round(true).await? {}
    feed.round(&mut stage).await.map_err(|e| other(&e))?;
    services.vitals.crm(&target.name(), &stage.counts, stage.waiting(), &target.status());
    let mut facts = data_dir::facts_of(services).await?;
    facts.run_until_idle(&|_| {}).await?;
    facts.finish().await?;
    if stage.counts.parked > 0 {
        say(&format!("crm: {} rows parked; see `ringledger crm parked`", stage.counts.parked));
    }
    Ok(())
}

/// What a newcomer wants to see.
async fn report(serving: &Serving, root: &Path) -> Result<(), Failure> {
    let lake = &serving.services.lake;
    let all = Filter::default();
    let options = Options {
        service_level: ServiceLevel::Switch,
        switch_thresholds: lake.thresholds(None).await?.into_iter().collect(),
        total: true,
        ..Options::default()
    };
    let (visits, legs) = (lake.visits(&all).await?, lake.legs(&all).await?);
    let stretches = lake.stretches(&all).await?;
    let last = lake.last_events(None).await?.into_iter().collect();
    print("\nQueues (service level by each queue's own threshold)\n");
    print(&render::table(&metrics::queues(&visits, &options), &options));
    print("\nAgents\n");
    print(&render::table(&metrics::agents(&visits, &legs, &stretches, &last, &options), &options));
    let recordings = lake.recordings(&all).await?;
    let count = |state| recordings.iter().filter(|r| r.state == state).count();
    print(&format!(
        "\nRecordings: {} recorded, {} empty, {} missing, {} partial, {} orphans\n",
        count(RecordingState::Recorded),
        count(RecordingState::Empty),
        count(RecordingState::Missing),
        count(RecordingState::Partial),
        count(RecordingState::Orphan)
    ));
    let held = |object| serving.sandbox.count(object).unwrap_or_default();
    print(&format!(
        "The CRM sandbox holds {} Tasks, {} Call_Metric__c, {} Queue_Interval_Metric__c\n",
        held("Task"),
        held("Call_Metric__c"),
        held("Queue_Interval_Metric__c")
    ));
    print(&format!("The tables lie in {}\n", root.join("lake").display()));
    Ok(())
}

/// What to look at while it serves, and what to try after it.
fn next(serving: &Serving, root: &Path, stays: bool) {
    // As the program was called: under `cargo run` it is not on the search path.
    let (program, dir) = (std::env::args().next().unwrap_or_else(|| "ringledger".into()), root.display());
    if stays {
        print(&format!("\nLook at the CRM sandbox: {}/\n", serving.sandbox_url));
        print(&format!("Sign in once to the console: {}/sign-in?code={}\n", serving.link_base, serving.code));
    } else {
        print(&format!(
            "\nTo look at the console and the CRM sandbox, and to hear recordings, in a browser:\n  {program} demo --data-dir {dir} --serve\n"
        ));
    }
    print(&format!(
        "\nTry next:\n  {program} report queues --data-dir {dir} --interval 15m --format json\n  \
         {program} report contacts --data-dir {dir} --lost\n  {program} recordings list --data-dir {dir}\n"
    ));
}
