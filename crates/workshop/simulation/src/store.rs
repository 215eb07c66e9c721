//! An object store in memory whose every call may fail before or after it took effect, be
//! slow, or be cut in the middle.
//!
//! Contract: an object appears whole or not at all, and of two conditional puts of one
//! name one wins, as S3 promises. A call that a dead process left on its way may still
//! arrive; nothing comes back from it.
//!
//! The table library reads its log on threads of its own, which cannot wait for simulated
//! time: their calls are never slow.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::broken;
use crate::fates::{Fate, Lot};
use crate::ground::{Ground, Life};
use crate::happened::Kind;
use crate::upload::FaultyUpload;

/// One process's way to the store.
#[derive(Clone, Debug)]
pub struct FaultyStore {
    inner: Arc<InMemory>,
    ground: Arc<Ground>,
    life: Arc<Life>,
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulated store")
    }
}

/// A call that failed.
pub fn failed(why: &'static str) -> Error {
    Error::Generic { store: "simulated", source: why.into() }
}

/// What a call that has its effect answers.
pub fn answer<T>(fate: Fate, path: &Path, create: bool, done: Result<T>) -> Result<T> {
    match fate {
        Fate::After => done.and(Err(failed("the answer was lost"))),
        Fate::Exists if create => {
            done.and(Err(Error::AlreadyExists { path: path.to_string(), source: "by an earlier attempt".into() }))
        }
        _ => done,
    }
}

impl FaultyStore {
    /// The way of a process.
    pub fn new(inner: Arc<InMemory>, ground: Arc<Ground>, life: Arc<Life>) -> Self {
        Self { inner, ground, life }
    }

    /// One call: waits for its turn, has its effect or not, answers or not.
    pub async fn call<T: Send + 'static>(
        &self,
        what: String,
        effect: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<(T, Lot)> {
        // A commit is one conditional put: there is where owners meet.
        let often = if what.starts_with("create") { 4 } else { 1 };
        let lot = self.ground.fates.draw(&what, often);
        let main = self.ground.on_main();
        match main {
            true => self.ground.turn_of(&self.life, lot.delay_ms).await,
            false => self.ground.baton.wait(),
        }
        let over = self.life.is_over();
        if over && !(main && lot.outlives) {
            return self.silence().await;
        }
        let line = format!("{} {what}: {:?}{}", self.life.name, lot.fate, if over { ", after its death" } else { "" });
        self.ground.trace.store(self.ground.now_ms(), line);
        self.count(&what, &lot, main, over);
        // A put that is cut leaves nothing.
        let lost = lot.fate == Fate::Before || lot.fate == Fate::Cut && what.starts_with(['c', 'p']);
        if !lost && !what.starts_with(['g', 'h', 'l']) {
            self.ground.effect();
        }
        let done = if lost { Err(failed("no connection")) } else { effect.await };
        if self.life.is_over() {
            return self.silence().await;
        }
        done.map(|done| (done, lot))
    }

    /// What was done to a call.
    fn count(&self, what: &str, lot: &Lot, main: bool, over: bool) {
        let happened = &self.ground.happened;
        let told_of_earlier = lot.fate == Fate::Exists && what.starts_with("create");
        match lot.fate {
            Fate::Before => happened.note(Kind::StoreBefore),
            Fate::After => happened.note(Kind::StoreAfter),
            Fate::Cut => happened.note(Kind::StoreCut),
            Fate::Exists if told_of_earlier => happened.note(Kind::StoreExists),
            Fate::Exists | Fate::Fine => {}
        }
        if main && lot.is_slow() {
            happened.note(Kind::StoreSlow);
        }
        if over {
            happened.note(Kind::AfterDeath);
        }
        if what.starts_with("get state/facts/") && lot.fate == Fate::Fine {
            happened.note(Kind::Snapshot);
        }
    }

    /// Nobody is there any more who could be answered; a library's thread must not hang.
    async fn silence<T>(&self) -> Result<T> {
        if self.ground.on_main() {
            futures::future::pending::<()>().await;
        }
        Err(failed("the process is dead"))
    }

    /// A call of an object, told without chance.
    pub fn named(&self, call: &str, path: &Path) -> String {
        format!("{call} {}", self.ground.trace.name(path.as_ref()))
    }

    async fn listed(self, prefix: Option<Path>, offset: Option<Path>) -> Result<Vec<Result<ObjectMeta>>> {
        let what = format!("list {}", prefix.as_ref().map_or("", |p| p.as_ref()));
        let inner = self.inner.clone();
        let effect = async move {
            match offset {
                Some(offset) => inner.list_with_offset(prefix.as_ref(), &offset).try_collect::<Vec<_>>().await,
                None => inner.list(prefix.as_ref()).try_collect::<Vec<_>>().await,
            }
        };
        let (mut found, lot) = self.call(what, effect).await?;
        found.sort_by(|a, b| a.location.cmp(&b.location));
        let cut = matches!(lot.fate, Fate::Cut | Fate::After).then_some(found.len() / 2);
        let mut entries: Vec<_> = found.into_iter().take(cut.unwrap_or(usize::MAX)).map(Ok).collect();
        if cut.is_some() {
            entries.push(Err(failed("the listing was cut")));
        }
        Ok(entries)
    }
}

/// Half of the bytes, and then an error.
async fn cut(got: GetResult) -> Result<GetResult> {
    let GetResult { payload, meta, range, attributes } = got;
    let GetResultPayload::Stream(stream) = payload else { return Err(failed("no stream")) };
    let bytes: Vec<Bytes> = stream.try_collect().await?;
    let whole = bytes.concat();
    let half = Bytes::copy_from_slice(&whole[..whole.len() / 2]);
    let pieces = [Ok(half), Err(failed("the stream was cut"))];
    let payload = GetResultPayload::Stream(futures::stream::iter(pieces).boxed());
    Ok(GetResult { payload, meta, range, attributes })
}

#[async_trait::async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = matches!(options.mode, PutMode::Create);
        let what = self.named(if create { "create" } else { "put" }, location);
        let inner = self.inner.clone();
        let (path, payload, options) = broken::misplaced(&self.ground, location, payload, options);
        let effect = async move {
            match path {
                Some(path) => Ok(inner.put_opts(&path, payload, options).await),
                None => Ok(Ok(PutResult { e_tag: None, version: None })),
            }
        };
        let (done, lot) = self.call(what, effect).await?;
        answer(lot.fate, location, create, done)
    }

    async fn put_multipart_opts(&self, location: &Path, o: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let (inner, path) = (self.inner.clone(), location.clone());
        let effect = async move { inner.put_multipart_opts(&path, o).await };
        let (upload, _) = self.call(self.named("begin", location), effect).await?;
        Ok(Box::new(FaultyUpload::new(upload, self.clone(), location.clone())))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let what = self.named(if options.head { "head" } else { "get" }, location);
        let (inner, path, head) = (self.inner.clone(), location.clone(), options.head);
        let effect = async move { inner.get_opts(&path, options).await };
        let (got, lot) = self.call(what, effect).await?;
        match lot.fate {
            Fate::Cut | Fate::After if head => Err(failed("the answer was lost")),
            Fate::Cut | Fate::After => cut(got).await,
            _ => Ok(got),
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let one = move |path: Result<Path>| {
            let store = store.clone();
            async move {
                let path = path?;
                let (inner, gone) = (store.inner.clone(), path.clone());
                let effect = async move { Ok(inner.delete(&gone).await) };
                let (done, lot) = store.call(store.named("delete", &path), effect).await?;
                answer(lot.fate, &path, false, done.map(|()| path.clone()))
            }
        };
        locations.map(one).buffered(1).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        entries(self.clone().listed(prefix.cloned(), None))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        entries(self.clone().listed(prefix.cloned(), Some(offset.clone())))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let what = format!("list folder {}", prefix.map_or("", |p| p.as_ref()));
        let (inner, prefix) = (self.inner.clone(), prefix.cloned());
        let effect = async move { inner.list_with_delimiter(prefix.as_ref()).await };
        let (found, lot) = self.call(what, effect).await?;
        if matches!(lot.fate, Fate::Cut | Fate::After) { Err(failed("the listing was cut")) } else { Ok(found) }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (inner, source, place) = (self.inner.clone(), from.clone(), to.clone());
        let effect = async move { Ok(inner.copy_opts(&source, &place, options).await) };
        let (done, lot) = self.call(self.named("copy to", to), effect).await?;
        answer(lot.fate, to, false, done)
    }
}

fn entries(
    listed: impl Future<Output = Result<Vec<Result<ObjectMeta>>>> + Send + 'static,
) -> BoxStream<'static, Result<ObjectMeta>> {
    futures::stream::once(listed).map_ok(futures::stream::iter).try_flatten().boxed()
}
