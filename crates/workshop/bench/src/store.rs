//! Steps of the recordings' benchmark: the stage itself, and a bare loop of puts.

use std::sync::Arc;
use std::time::Instant;

use event_log::{EmbeddedLog, EventLog};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use model::facts::RecordingState;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use pipeline::recordings_stage::{RecordingsStage, Waiting};
use pipeline::waits::Waits;
use tokio::io::AsyncReadExt as _;
use vault::{FolderSource, Source, StoreConfig, Vault};

use crate::Failure;
use crate::args::Args;
use crate::corpus;
use crate::memory;
use crate::told::Told;

/// Files put at once by the bare loop, as by the stage.
const AT_ONCE: usize = 4;
/// Bytes of one part, as of the vault.
const PART: usize = 8 << 20;

/// The stage over `--folder` into the vault at `--to`.
///
/// # Errors
/// A recording was not stored.
pub async fn ours(args: &Args) -> Result<Told, Failure> {
    let (folder, passing) = (args.folder()?, tempfile::tempdir()?);
    let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(passing.path())?);
    for topic in event_log::topics() {
        log.ensure_topic(&topic).await?;
    }
    let vault = Vault::open(&StoreConfig::from_env(args.to.as_deref().ok_or("--to is missing")?, &[]))?;
    let stage = RecordingsStage {
        log,
        vault: Arc::new(vault),
        source: Source::Folder(FolderSource::open(&folder)?),
        waiting: Waiting::InputEnded,
        waits: Waits::default(),
    };
    let rows = corpus::announced(&folder)?;
    let mut told = Told::default();
    told.maybe("store_rss_before_mib", memory::resident_mib());
    let begun = Instant::now();
    let counts = stage.round(&rows).await?;
    told.figure("store_s", begun.elapsed().as_secs_f64());
    let stored = counts.by_state.get(&RecordingState::Recorded).copied().unwrap_or(0);
    if stored != rows.len() as u64 {
        return Err(format!("{stored} of {} recordings were stored: {counts:?}", rows.len()).into());
    }
    told.count("store_recordings", stored);
    told.maybe("store_rss_peak_mib", memory::peak_mib());
    Ok(told)
}

/// The same files by puts alone.
///
/// # Errors
/// The store failed.
pub async fn plain(args: &Args) -> Result<Told, Failure> {
    let url = args.to.as_deref().ok_or("--to is missing")?;
    let store: Arc<dyn ObjectStore> = Arc::new(AmazonS3Builder::from_env().with_url(url).build()?);
    let prefix = Path::from(url.splitn(4, '/').nth(3).unwrap_or_default());
    let files = corpus::files(&args.folder()?)?;
    let begun = Instant::now();
    let puts = files.into_iter().map(|file| {
        let (store, prefix) = (store.clone(), prefix.clone());
        async move { put(&*store, &prefix, &file).await }
    });
    stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    let mut told = Told::default();
    told.figure("put_s", begun.elapsed().as_secs_f64());
    Ok(told)
}

async fn put(store: &dyn ObjectStore, prefix: &Path, file: &std::path::Path) -> Result<(), Failure> {
    let name = file.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    let path = prefix.clone().join(name);
    if tokio::fs::metadata(file).await?.len() <= PART as u64 {
        store.put(&path, tokio::fs::read(file).await?.into()).await?;
        return Ok(());
    }
    let mut from = tokio::fs::File::open(file).await?;
    let mut upload = store.put_multipart(&path).await?;
    loop {
        let mut part = Vec::with_capacity(PART);
        (&mut from).take(PART as u64).read_to_end(&mut part).await?;
        if part.is_empty() {
            break;
        }
        upload.put_part(part.into()).await?;
    }
    upload.complete().await?;
    Ok(())
}
