//! The accounts file as a running server sees it: read again when it changes.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Semaphore;

use super::accounts::{Account, Accounts};
use super::passwords;
use super::sessions::Holder;

/// How often the file is looked at, at most.
const LOOK: Duration = Duration::from_secs(1);
/// Passwords that are hashed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Longest wait for its turn.
const TURN: Duration = Duration::from_secs(5);

/// What tells one state of the file from another.
type Mark = (SystemTime, u64, u64);

struct Held {
    accounts: Accounts,
    mark: Option<Mark>,
    looked: Instant,
}

/// Local accounts, kept in step with their file.
pub struct AccountsFile {
    path: PathBuf,
    held: Mutex<Held>,
    hashing: Semaphore,
    /// What a password is held against where there is no such name.
    nobody: String,
}

/// How a sign-in by name and password went.
pub(crate) enum Tried {
    /// Whose session it is.
    Good(Holder),
    /// Not good; whether there is such a name.
    Wrong { known: bool },
    /// Too many are being tried.
    Busy,
}

impl AccountsFile {
    /// Opens a file.
    ///
    /// # Errors
    /// What is wrong with it, or the system gives no random numbers.
    pub fn open(path: PathBuf) -> Result<Self, String> {
        // (Before the reading: a change in between is then seen.)
        let mark = mark(&path);
        let accounts = Accounts::read(&path)?;
        let nobody = passwords::hash(&format!("{:?} {}", SystemTime::now(), path.display()))?;
        let held = Mutex::new(Held { accounts, mark, looked: Instant::now() });
        Ok(Self { path, held, hashing: Semaphore::new(AT_ONCE), nobody })
    }

    /// How many accounts there are.
    pub fn count(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).accounts.accounts.len()
    }

    /// The account of this name, as the file says now.
    pub(crate) fn get(&self, name: &str) -> Option<Account> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= LOOK {
            held.looked = Instant::now();
            self.look(&mut held);
        }
        held.accounts.get(name).cloned()
    }

    fn look(&self, held: &mut Held) {
        let now = mark(&self.path);
        if now == held.mark {
            return;
        }
        held.mark = now;
        match Accounts::read(&self.path) {
            Ok(accounts) => {
                tracing::info!(target: "audit", accounts = accounts.accounts.len(), "the accounts file was read again");
                held.accounts = accounts;
            }
            Err(e) => tracing::error!(error = %e, "the accounts file is not readable; the former accounts stay"),
        }
    }

    /// Tries a password. The same work is done whether or not there is such a name.
    pub(crate) async fn try_password(&self, name: &str, password: String) -> Tried {
        let account = self.get(name);
        let hash = account.as_ref().map_or_else(|| self.nobody.clone(), |a| a.hash().to_owned());
        let Ok(Ok(_turn)) = tokio::time::timeout(TURN, self.hashing.acquire()).await else { return Tried::Busy };
        let right = tokio::task::spawn_blocking(move || passwords::verify(&password, &hash)).await.unwrap_or(false);
        match account {
            Some(account) if right => Tried::Good(Holder::Account { stamp: account.stamp(), name: account.name }),
            account => Tried::Wrong { known: account.is_some() },
        }
    }
}

fn mark(path: &std::path::Path) -> Option<Mark> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}
