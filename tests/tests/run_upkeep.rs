//! Maintenance and the look for orphans on schedule inside `run`: small files become few,
//! replaced ones of old are removed, a stray recording is kept once; and no row changes.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use model::facts::RecordingState;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStore, ObjectStoreExt};
use tables::{Filter, Lake, Table};
use tests::figures;
use tests::group;
use tests::kafka::Kafka;
use tests::rig::{self, Rig, until};
use tests::s3::S3;
use tests::switch::{Switch, capture};

const PATIENCE: Duration = Duration::from_secs(180);
const DAYS_8_MS: i64 = 8 * 86_400_000;

/// The switch's recordings and one that nobody announced, written two hours ago.
fn folder(rig: &Rig) -> String {
    let folder = rig.path("monitor");
    std::fs::create_dir(&folder).expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/asterisk-a/recordings");
    let files: Vec<_> = std::fs::read_dir(from).expect("recordings").map(|f| f.expect("a file").path()).collect();
    let put = |from: &Path, name: &std::ffi::OsStr, age: Duration| {
        let to = folder.join(name);
        std::fs::copy(from, &to).expect("copied");
        let open = std::fs::File::options().write(true).open(&to).expect("opened");
        open.set_modified(SystemTime::now() - age).expect("a time");
    };
    for file in &files {
        // Rested, but one that may yet be announced.
        put(file, file.file_name().expect("a name"), Duration::from_secs(600));
    }
    put(&files[0], "stray-1.wav".as_ref(), Duration::from_secs(7200));
    folder.display().to_string()
}

fn client(s3: &S3) -> impl ObjectStore {
    let mut builder = AmazonS3Builder::new().with_url(s3.url());
    for (name, value) in s3.environment() {
        builder = builder.with_config(name.to_ascii_lowercase().parse().expect("an option"), value);
    }
    builder.build().expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_and_orphans_on_schedule_change_no_row() {
    let (kafka, s3, mut rig) = (Kafka::start(), S3::start("ringledger"), Rig::new());
    rig.use_keys_of(&s3);
    let switch = Switch::start(&capture("ami-calls.raw.gz"));
    switch.hold_at(0.2);
    let parts = [
        rig::stages(&["collect", "facts", "recordings", "maintenance", "http"]),
        rig::kafka(&kafka.brokers()),
        rig::stores(&s3, "shared"),
        rig::source("pbx1", switch.port()),
        format!("{}recordings = {{ folder = \"{}\" }}\n", rig::switch("pbx1", false), folder(&rig)),
        rig::http(&rig),
        format!("{}maintenance_hours = 0.001\norphans_hours = 0.001\n", rig::limits()),
    ];
    let mut running = rig.run("run", &rig.pipeline("upkeep", &parts), "data");
    let address = format!("http://{}", running.wait_for("listening on http://", PATIENCE));
    let lake = figures::on_s3(&s3, "shared").await;
    // In pieces, so that there are files to be merged, before, between and after.
    for part in [0.4, 0.6, 0.8, 1.0] {
        switch.wait_played(PATIENCE);
        let before = lake.size(Table::Events).await.expect("a size").rows;
        switch.hold_at(part);
        until("more rows", PATIENCE, || async {
            let now = lake.size(Table::Events).await.map_err(|e| e.to_string())?.rows;
            if now > before { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await;
    }
    switch.wait_played(PATIENCE);
    until("an orphan, and an outcome for each announced recording", PATIENCE, || async {
        let (orphans, pending) = recordings(&lake).await?;
        if (orphans, pending) == (1, 0) { Ok(()) } else { Err(format!("{orphans} orphans, {pending} pending")) }
    })
    .await;
    one_file_a_day(&lake).await;
    for name in ["ringledger_maintenance_runs_total", "ringledger_orphan_sweeps_total"] {
        let so_far = rig::metric(&address, name).await.expect("a metric");
        rig::until_metric(&address, name, so_far + 2.0, PATIENCE).await;
    }
    assert_eq!(recordings(&lake).await, Ok((1, 0)), "looking again finds nothing new");

    let removed = "ringledger_maintenance_files_removed_total{table=\"events\"}";
    assert_eq!(rig::metric(&address, removed).await, Ok(0.0), "what was replaced just now stays for readers");
    let aged = age(&s3, "shared/lake/events/").await;
    assert!(!aged.is_empty(), "files were replaced");
    rig::until_metric(&address, removed, 1.0, PATIENCE).await;
    until("the replaced files are gone", PATIENCE, || async {
        let there = objects(&s3, "shared/lake/events/").await;
        let left: Vec<_> = aged.iter().filter(|f| there.contains(f)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    let status = running.terminate(rig::DRAINS);
    assert!(status.success(), "{status:?}\n{}", running.said());
    group::ends_as_undisturbed(&rig, &kafka, &s3, &lake).await;
}

/// Orphans, and recordings that are waited for.
async fn recordings(lake: &Lake) -> Result<(usize, usize), String> {
    let rows = lake.recordings(&Filter::default()).await.map_err(|e| e.to_string())?;
    let of = |state| rows.iter().filter(|r| r.state == state).count();
    if of(RecordingState::Recorded) == 0 {
        Err("none is stored".into())
    } else {
        Ok((of(RecordingState::Orphan), of(RecordingState::Pending)))
    }
}

async fn one_file_a_day(lake: &Lake) {
    until("few files", PATIENCE, || async {
        let size = lake.size(Table::Events).await.map_err(|e| e.to_string())?;
        let days: std::collections::BTreeSet<i64> = {
            let events = lake.events(&Filter::default()).await.map_err(|e| e.to_string())?;
            events.iter().map(|e| e.at.0.div_euclid(86_400_000_000)).collect()
        };
        if size.files <= days.len() && size.version > 6 {
            Ok(())
        } else {
            Err(format!("{size:?}, {} days", days.len()))
        }
    })
    .await;
}

async fn objects(s3: &S3, prefix: &str) -> Vec<String> {
    let listed: Vec<_> = client(s3).list(Some(&prefix.into())).try_collect().await.expect("a list");
    listed.into_iter().map(|o| o.location.to_string()).collect()
}

/// As if what the log of a table tells of removed files had happened eight days ago; gives
/// those files.
async fn age(s3: &S3, table: &str) -> Vec<String> {
    let store = client(s3);
    let mut aged = Vec::new();
    for entry in objects(s3, &format!("{table}_delta_log/")).await.into_iter().filter(|e| e.ends_with(".json")) {
        let path = object_store::path::Path::from(entry);
        let bytes = store.get(&path).await.expect("an entry").bytes().await.expect("its bytes");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let mut lines = Vec::new();
        for line in text.lines() {
            let mut action: serde_json::Value = serde_json::from_str(line).expect("an action");
            if let Some(remove) = action.get_mut("remove") {
                let at = remove["deletionTimestamp"].as_i64().expect("a time");
                remove["deletionTimestamp"] = (at - DAYS_8_MS).into();
                aged.push(format!("{table}{}", remove["path"].as_str().expect("a path")));
            }
            lines.push(action.to_string());
        }
        store.put(&path, lines.join("\n").into()).await.expect("written");
    }
    aged
}
