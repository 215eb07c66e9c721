//! Sign-ins that are under way at the provider.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Longest time at the provider.
const LONGEST: Duration = Duration::from_secs(600);
/// Sign-ins under way at once; the oldest goes first.
const MOST: usize = 1_000;

/// One of them.
pub(super) struct Flow {
    /// Hash of the browser's cookie.
    browser: [u8; 32],
    pub nonce: String,
    pub verifier: String,
    /// Where to go on to.
    pub next: Option<String>,
    began: Instant,
}

impl Flow {
    pub fn new(browser: &str, nonce: String, verifier: String, next: Option<&str>) -> Self {
        let browser = Sha256::digest(browser.as_bytes()).into();
        Self { browser, nonce, verifier, next: next.map(str::to_owned), began: Instant::now() }
    }
}

#[derive(Default)]
pub(super) struct Flows {
    held: Mutex<HashMap<[u8; 32], Flow>>,
}

impl Flows {
    pub fn begin(&self, state: &str, flow: Flow) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, f| f.began.elapsed() < LONGEST);
        if held.len() >= MOST
            && let Some(oldest) = held.iter().min_by_key(|(_, f)| f.began).map(|(k, _)| *k)
        {
            held.remove(&oldest);
        }
        held.insert(Sha256::digest(state.as_bytes()).into(), flow);
    }

    /// Takes it out, whatever comes of it: a state is good once.
    pub fn end(&self, state: &str, browser: &str) -> Option<Flow> {
        let key: [u8; 32] = Sha256::digest(state.as_bytes()).into();
        let flow = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&key)?;
        let browser: [u8; 32] = Sha256::digest(browser.as_bytes()).into();
        (flow.began.elapsed() < LONGEST && bool::from(flow.browser.ct_eq(&browser))).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow::new("browser", "nonce".into(), "verifier".into(), Some("/r/x"))
    }

    #[test]
    fn a_state_is_good_once_and_in_its_browser() {
        let flows = Flows::default();
        flows.begin("a", flow());
        assert!(flows.end("b", "browser").is_none());
        assert_eq!(flows.end("a", "browser").unwrap().next.as_deref(), Some("/r/x"));
        assert!(flows.end("a", "browser").is_none());
        flows.begin("a", flow());
        assert!(flows.end("a", "another").is_none());
        let past = Instant::now().checked_sub(LONGEST).unwrap();
        flows.begin("a", Flow { began: past, ..flow() });
        assert!(flows.end("a", "browser").is_none());
    }

    #[test]
    fn there_are_at_most_so_many() {
        let flows = Flows::default();
        (0..MOST + 5).for_each(|i| flows.begin(&i.to_string(), flow()));
        assert_eq!(flows.held.lock().unwrap().len(), MOST);
    }
}
