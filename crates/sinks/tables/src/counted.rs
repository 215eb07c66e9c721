//! A store that counts what is asked of it, for the tests of what a look at the tables costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// The store, and how many reads and lists were asked of it.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) inner: Arc<dyn ObjectStore>,
    pub(crate) asked: Arc<AtomicUsize>,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a store that counts")
    }
}

impl Counted {
    fn count(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl ObjectStore for Counted {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, o: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, o).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.count();
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count();
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.count();
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.count();
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use model::facts::{Facts, Recording, RecordingState};
    use model::{Instant, Position};

    use super::*;
    use crate::{Filter, Lake, LakeConfig, Superseded, Table, Txn};

    const EVENTS: Table = Table::Events;
    const PARTITIONS: usize = 48;

    fn app(partition: usize) -> String {
        format!("g1/facts/cti.events-{partition}")
    }

    async fn counting(folder: &std::path::Path) -> (Lake, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let config = LakeConfig::folder(folder, "g1");
        let lake =
            Lake::wrapped(config, |inner| Arc::new(Counted { inner, asked: Arc::clone(&asked) })).expect("opens");
        lake.ensure_tables().await.expect("makes tables");
        (lake, asked)
    }

    /// What each partition stands at after so many commits, one after another.
    fn stands(commits: usize) -> Vec<Option<i64>> {
        let last = |p: usize| (0..commits).rev().find(|c| c % 40 == p).map(|c| c as i64);
        (0..PARTITIONS).map(last).collect()
    }

    async fn commits(lake: &Lake, from: usize, to: usize) {
        for n in from..to {
            let seen = n.checked_sub(40).map(|s| s as i64);
            let txn = Txn { app_id: app(n % 40), version: n as i64, seen };
            lake.commit(EVENTS, &Facts::default(), &[txn]).await.expect("lands");
        }
    }

    async fn versions(lake: &Lake, apps: usize) -> Vec<Option<i64>> {
        let ids: Vec<String> = (0..apps).map(app).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        lake.txn_versions(EVENTS, &ids).await.expect("reads")
    }

    #[tokio::test]
    async fn one_look_tells_where_every_partition_stands() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writer, _) = counting(folder.path()).await;
        // Before a checkpoint, behind one, and with a compaction of its own in between.
        for (from, to) in [(0, 10), (10, 107), (107, 130)] {
            commits(&writer, from, to).await;
            writer.compact(EVENTS, Superseded::Keep).await.expect("compacts");
            let mut cost = Vec::new();
            for apps in [1, PARTITIONS] {
                let (fresh, asked) = counting(folder.path()).await;
                let before = asked.load(Ordering::SeqCst);
                assert_eq!(versions(&fresh, apps).await, stands(to)[..apps], "after {to} commits");
                cost.push(asked.load(Ordering::SeqCst) - before);
            }
            assert_eq!(cost[0], cost[1], "48 partitions cost what one costs");
        }
    }

    #[tokio::test]
    async fn who_commits_alone_reads_its_own_entries_never_and_others_entries_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, asked) = counting(folder.path()).await;
        let (other, _) = counting(folder.path()).await;
        commits(&one, 0, 3).await;
        versions(&one, PARTITIONS).await;
        let idle = {
            let before = asked.load(Ordering::SeqCst);
            versions(&one, PARTITIONS).await;
            asked.load(Ordering::SeqCst) - before
        };
        commits(&other, 3, 8).await;
        let before = asked.load(Ordering::SeqCst);
        assert_eq!(versions(&one, PARTITIONS).await, stands(8));
        let beside = asked.load(Ordering::SeqCst) - before;
        assert!(beside <= idle + 40, "{beside} requests where nothing new costs {idle}");
        let before = asked.load(Ordering::SeqCst);
        versions(&one, PARTITIONS).await;
        assert_eq!(asked.load(Ordering::SeqCst) - before, idle, "what was read is known");
        let refused = Txn { app_id: app(0), version: 99, seen: Some(77) };
        one.commit(EVENTS, &Facts::default(), &[refused]).await.expect_err("stands elsewhere");
    }
    fn recording(n: i64) -> Facts {
        let row = Recording {
            recording_id: format!("r{n}").into(),
            call_id: None,
            center: "main".into(),
            switch: "pbx1".into(),
            queue: None,
            agent: None,
            started_at: Instant::from_secs(n),
            ended_at: None,
            duration_ms: None,
            bytes: None,
            sha256: None,
            uri: None,
            source: None,
            state: RecordingState::Pending,
            suspended: Vec::new(),
            stored_at: None,
            note: None,
            revision: 1,
            known_at: Instant::from_secs(n),
            first_event: Position::default(),
            last_event: Position::default(),
            filed: 0,
        };
        Facts { recordings: vec![row], ..Facts::default() }
    }

    #[tokio::test]
    async fn following_costs_what_is_new_and_not_what_there_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, asked) = counting(folder.path()).await;
        let (mut followed, mut costs) = (None, Vec::new());
        for n in 0..105_i64 {
            let txn = Txn { app_id: app(0), version: n + 1, seen: (n > 0).then_some(n) };
            lake.commit(Table::Recordings, &recording(n), &[txn]).await.expect("lands");
            let (mut seen, before) = (Vec::new(), asked.load(Ordering::SeqCst));
            let switch = "pbx1".into();
            followed =
                Some(lake.follow_recordings(followed, &switch, |rows| seen.extend(rows)).await.expect("follows"));
            let ids: Vec<String> = seen.iter().map(|r| r.recording_id.to_string()).collect();
            assert_eq!(ids, [format!("r{n}")]);
            costs.push(asked.load(Ordering::SeqCst) - before);
        }
        assert_eq!(costs[1..].iter().min(), costs[1..].iter().max(), "{costs:?}");
        let before = asked.load(Ordering::SeqCst);
        lake.follow_recordings(followed, &"pbx1".into(), |_| panic!("nothing came")).await.expect("follows");
        assert_eq!(asked.load(Ordering::SeqCst) - before, 2);
    }

    #[tokio::test]
    async fn one_recording_costs_the_files_of_its_day_and_not_the_table() {
        const DAYS: i64 = 12;
        let folder = tempfile::tempdir().expect("a folder");
        let (lake, asked) = counting(folder.path()).await;
        for day in 0..DAYS {
            let mut facts = recording(day + 10);
            facts.recordings[0].filed = 20_000 + day as i32;
            let txn = Txn { app_id: app(0), version: day + 1, seen: (day > 0).then_some(day) };
            lake.commit(Table::Recordings, &facts, &[txn]).await.expect("lands");
        }
        let (mut costs, before) = (Vec::new(), asked.load(Ordering::SeqCst));
        assert_eq!(lake.recordings(&Filter::default()).await.expect("reads").len(), 12);
        costs.push(asked.load(Ordering::SeqCst) - before);
        let before = asked.load(Ordering::SeqCst);
        let found = lake.recording("r15").await.expect("reads").expect("is there");
        costs.push(asked.load(Ordering::SeqCst) - before);
        assert_eq!(found.recording_id, "r15");
        assert!(costs[1] + 11 <= costs[0], "eleven files were not opened: {costs:?}");
        assert_eq!(lake.recording("r9999").await.expect("reads"), None);
    }
}
