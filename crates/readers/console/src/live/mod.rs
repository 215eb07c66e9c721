//! The live board: what `cti.live` says now, for everybody who watches.
//!
//! Contract: one task a process follows the topic from its beginning (it is compacted) and
//! keeps the newest record of each key; watchers are woken when something changed. Switches
//! of one queue are added up from their sums. A switch that nobody has told of for
//! [`SILENT_MS`], or whose figures are as of an earlier time, is shown with that time: its
//! figures are never passed off as live. What a caller may not see is not in their view.

pub(crate) mod agents_page;
pub(crate) mod api;
mod follow;
pub mod levels;
pub(crate) mod page;
mod state;
pub(crate) mod stream;
mod view;

use std::sync::{Arc, PoisonError, RwLock};

use event_log::EventLog;
use model::Instant;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use levels::{Limit, Limits};
use state::State;
pub use view::{AgentView, BoardView, QueueView, SwitchView};

/// The time of day, handed in by who runs the server.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A switch of which nothing was heard for so long is silent, milliseconds.
pub const SILENT_MS: i64 = 10_000;

/// The live figures, kept up by a task of their own.
pub struct Board {
    state: RwLock<State>,
    changed: watch::Sender<u64>,
    limits: Limits,
    clock: Clock,
    stop: CancellationToken,
}

impl Board {
    /// A board that nothing is told.
    fn new(limits: Limits, clock: Clock, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { state: RwLock::default(), changed: watch::Sender::new(0), limits, clock, stop })
    }

    /// One for tests of routes: no log stands behind it.
    #[cfg(test)]
    pub(crate) fn still(limits: Limits, clock: Clock) -> Arc<Self> {
        Self::new(limits, clock, CancellationToken::new())
    }

    /// Follows `log` until `stop`.
    pub fn start(log: Arc<dyn EventLog>, limits: Limits, clock: Clock, stop: CancellationToken) -> Arc<Self> {
        let board = Self::new(limits, clock, stop.clone());
        let follower = board.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = follow::follow(&*log, &follower) => {}
                () = stop.cancelled() => {}
            }
        });
        board
    }

    /// What a caller who sees so much sees now.
    pub fn view(&self, sees: &crate::auth::Sees) -> BoardView {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        view::view(&state, sees, &self.limits, (self.clock)())
    }

    /// Wakes whenever something changed.
    fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn change(&self, with: impl FnOnce(&mut State)) {
        with(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }
}
