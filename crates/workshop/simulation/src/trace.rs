//! What was called, by whom, and what became of it.
//!
//! Contract: two runs of one seed give the same lines. So names that are chance elsewhere
//! (a data file's) are told by the order of their first appearance. The store's lines and
//! all others are kept apart: what a process notes is no call and waits for no turn, so its
//! place among the calls of a library's thread is chance.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A line and when it was, milliseconds of simulated time.
pub type Line = (u64, String);

/// The trace of one run.
#[derive(Debug, Default)]
pub struct Trace {
    store: Mutex<Vec<Line>>,
    log: Mutex<Vec<Line>>,
    names: Mutex<HashMap<String, HashMap<String, usize>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Trace {
    /// A call of the store.
    pub fn store(&self, at_ms: u64, line: String) {
        lock(&self.store).push((at_ms, line));
    }

    /// Anything else.
    pub fn log(&self, at_ms: u64, line: String) {
        lock(&self.log).push((at_ms, line));
    }

    /// An object's name without chance.
    pub fn name(&self, path: &str) -> String {
        if path.contains("/_delta_log/") || !path.ends_with(".parquet") {
            return path.to_owned();
        }
        let folder = path.split('/').take(2).collect::<Vec<_>>().join("/");
        let mut names = lock(&self.names);
        let known = names.entry(folder.clone()).or_default();
        let next = known.len();
        let nth = *known.entry(path.to_owned()).or_insert(next);
        format!("{folder}/file-{nth}")
    }

    /// All lines: the store's, then the others.
    pub fn lines(&self) -> Vec<String> {
        let text = |(_, line): &Line| line.clone();
        lock(&self.store).iter().map(text).chain(lock(&self.log).iter().map(text)).collect()
    }

    /// All lines by time, for people.
    pub fn by_time(&self) -> Vec<String> {
        let mut all: Vec<Line> = lock(&self.store).iter().chain(lock(&self.log).iter()).cloned().collect();
        all.sort_by_key(|(at, _)| *at);
        all.into_iter().map(|(at, line)| format!("{:>9}.{:03} {line}", at / 1000, at % 1000)).collect()
    }
}
