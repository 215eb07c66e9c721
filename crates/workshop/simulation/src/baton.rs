//! The simulation's thread and the library's threads take turns.
//!
//! Contract: a call of a library's thread waits until the simulation's thread has nothing
//! left to do. (That one goes on by itself only when no such call is under way: simulated
//! time stands still meanwhile.) So what both do has one order, the seed's.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A library's thread waits no longer: the simulation's thread must be waiting for it.
const DEADLOCK: Duration = Duration::from_secs(120);

/// Whose turn it is.
#[derive(Debug, Default)]
pub struct Baton {
    idle: Mutex<bool>,
    turned: Condvar,
}

impl Baton {
    /// A runtime of one thread whose rests are noticed.
    ///
    /// # Errors
    /// The system refuses one.
    pub fn runtime(self: &Arc<Self>) -> std::io::Result<tokio::runtime::Runtime> {
        let (rests, works) = (self.clone(), self.clone());
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            // One thread, so that what is done there has one order.
            .max_blocking_threads(1)
            .on_thread_park(move || rests.set(true))
            .on_thread_unpark(move || works.set(false))
            .build()
    }

    /// From now on nobody waits.
    pub fn end(&self) {
        self.set(true);
    }

    fn set(&self, idle: bool) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = idle;
        self.turned.notify_all();
    }

    /// Waits until the simulation's thread rests.
    ///
    /// # Panics
    /// It never does: it waits for this very call.
    pub fn wait(&self) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.turned.wait_timeout_while(idle, DEADLOCK, |idle| !*idle);
        let timed_out = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        assert!(!timed_out, "the simulation's thread waits for a call that waits for it");
    }
}
