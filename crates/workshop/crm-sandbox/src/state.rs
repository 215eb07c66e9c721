//! The sandbox as a whole: records, sessions, usage, switches.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{RowError, SandboxError};
use crate::faults::{Faults, RequestSeen};
use crate::schema::Object;
use crate::store::{Record, Store, check_well_formed as well_formed};

/// Requests remembered for `/_sandbox/requests`.
const SEEN_KEPT: usize = 5_000;
/// Sessions remembered; the oldest go first.
const SESSIONS_KEPT: usize = 1_000;

/// Who may log in. The defaults are for a demonstration on the own machine.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The connected app's consumer key.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The user that the JWT bearer and the SOAP log-in name.
    pub username: String,
    /// Password of the SOAP log-in.
    pub password: String,
    /// PEM of the public key that JWT bearer assertions are checked with; none: refused.
    pub jwt_public_key: Option<String>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            client_id: "ringledger-sandbox".into(),
            client_secret: "sandbox-secret".into(),
            username: "integration@sandbox.example".into(),
            password: "sandbox-password".into(),
            jwt_public_key: None,
        }
    }
}

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may log in.
    pub credentials: Credentials,
    /// Requests a day, as `Sforce-Limit-Info` states it.
    pub daily_limit: u64,
    /// Puts the fictional accounts, contacts, leads and users in, where they are missing.
    pub seed: bool,
    /// Fields (`Object.Field`) that this organisation lacks, to try what a client does then.
    pub without_fields: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { credentials: Credentials::default(), daily_limit: 100_000, seed: true, without_fields: Vec::new() }
    }
}

pub(crate) struct Inner {
    pub settings: Settings,
    pub store: Store,
    faults: Mutex<Faults>,
    sessions: Mutex<VecDeque<String>>,
    cursors: Mutex<HashMap<String, String>>,
    seen: Mutex<VecDeque<RequestSeen>>,
    used: AtomicU64,
    pub together: AtomicU32,
    /// Composite requests that may be taken back have the records for themselves.
    pub gate: tokio::sync::RwLock<()>,
}

/// A sandbox; clones are the same one.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

impl Sandbox {
    /// Opens the records in the SQLite file `path`, or in memory.
    ///
    /// # Errors
    /// `SandboxError::Store` where the file cannot be opened or written.
    pub fn open(path: Option<&Path>, settings: Settings) -> Result<Self, SandboxError> {
        let place = path.map_or_else(|| "memory".to_owned(), |p| p.display().to_string());
        let fail = |source| SandboxError::Store { place: place.clone(), source };
        let store = Store::open(path).map_err(fail)?;
        if settings.seed {
            crate::seeds::plant(&store).map_err(fail)?;
        }
        Ok(Self {
            inner: Arc::new(Inner {
                settings,
                store,
                faults: Mutex::default(),
                sessions: Mutex::default(),
                cursors: Mutex::default(),
                seen: Mutex::default(),
                used: AtomicU64::new(0),
                together: AtomicU32::new(0),
                gate: tokio::sync::RwLock::new(()),
            }),
        })
    }

    /// Sets every fault switch at once.
    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.inner.faults) = faults;
    }

    /// The switches as they stand now.
    pub fn faults(&self) -> Faults {
        lock(&self.inner.faults).clone()
    }

    /// Ends every session: the next call answers 401 `INVALID_SESSION_ID`.
    pub fn expire_sessions(&self) {
        lock(&self.inner.sessions).clear();
    }

    /// Sets how much of the daily limit is used.
    pub fn set_used(&self, used: u64) {
        self.inner.used.store(used, Ordering::SeqCst);
    }

    /// The latest requests, oldest first (at most 5,000).
    pub fn requests(&self) -> Vec<RequestSeen> {
        lock(&self.inner.seen).iter().cloned().collect()
    }

    /// Live records of an object.
    ///
    /// # Errors
    /// `SandboxError::Store`.
    pub fn count(&self, object: &str) -> Result<u64, SandboxError> {
        self.inner
            .store
            .count(object)
            .map_err(|source| SandboxError::Store { place: format!("counting {object}"), source })
    }

    /// Whether this organisation lacks a field.
    pub(crate) fn lacks(&self, object: &str, field: &str) -> bool {
        self.inner.settings.without_fields.iter().any(|f| f.eq_ignore_ascii_case(&format!("{object}.{field}")))
    }

    /// Refuses rows that no organisation, or not this one, could take.
    pub(crate) fn check_well_formed(&self, object: &Object, row: &Record) -> Result<(), RowError> {
        let lacking: Vec<&String> = row.keys().filter(|name| self.lacks(object.name, name)).collect();
        if let Some(name) = lacking.first() {
            let text = format!("No such column '{name}' on sobject of type {}", object.name);
            return Err(RowError::new("INVALID_FIELD", text, &[]));
        }
        well_formed(object, row)
    }

    pub(crate) fn with_faults<T>(&self, f: impl FnOnce(&mut Faults) -> T) -> T {
        f(&mut lock(&self.inner.faults))
    }

    pub(crate) fn new_session(&self) -> String {
        let token = format!("00D000000000001!{}", random_text(40));
        let mut sessions = lock(&self.inner.sessions);
        sessions.push_back(token.clone());
        while sessions.len() > SESSIONS_KEPT {
            sessions.pop_front();
        }
        token
    }

    pub(crate) fn session_known(&self, token: &str) -> bool {
        lock(&self.inner.sessions).iter().any(|s| s == token)
    }

    /// Remembers the query behind a `nextRecordsUrl`.
    pub(crate) fn keep_cursor(&self, soql: &str) -> String {
        let mut cursors = lock(&self.inner.cursors);
        if cursors.len() > 100 {
            cursors.clear();
        }
        let id = format!("01g{}", random_text(15));
        cursors.insert(id.clone(), soql.to_owned());
        id
    }

    pub(crate) fn cursor(&self, id: &str) -> Option<String> {
        lock(&self.inner.cursors).get(id).cloned()
    }

    pub(crate) fn see(&self, seen: RequestSeen) {
        let mut list = lock(&self.inner.seen);
        list.push_back(seen);
        while list.len() > SEEN_KEPT {
            list.pop_front();
        }
    }

    pub(crate) fn spend(&self) {
        self.inner.used.fetch_add(1, Ordering::SeqCst);
    }

    /// Used and allowed requests.
    pub(crate) fn usage(&self) -> (u64, u64) {
        (self.inner.used.load(Ordering::SeqCst), self.inner.settings.daily_limit)
    }
}

/// A lock whose former holder panicked is taken all the same: the data are plain values.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn random_text(length: usize) -> String {
    (0..length).map(|_| fastrand::alphanumeric()).collect()
}
