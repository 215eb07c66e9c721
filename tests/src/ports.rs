//! Ports for servers of the tests.
//!
//! Contract: free a moment ago, given once in this process, and below those that systems
//! take for outgoing connections: a server that is stopped and started again finds its
//! ports free, also while clients go on asking for it. (A port among those can be taken by
//! any client, and a client that asks a dead server there can reach itself.)

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

/// From here to below `LAST`; Linux takes outgoing ones from 32768 on.
const FIRST: u16 = 15_000;
const LAST: u16 = 32_000;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// So many ports, all different.
///
/// # Panics
/// Where hardly any port is free.
pub fn free(count: usize) -> Vec<u16> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_with(HashSet::new);
    let mut found = Vec::new();
    for _ in 0..10_000 {
        if found.len() == count {
            break;
        }
        let chance = std::collections::hash_map::RandomState::new().build_hasher().finish();
        let port = FIRST + u16::try_from(chance % u64::from(LAST - FIRST)).unwrap_or(0);
        if !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            given.insert(port);
            found.push(port);
        }
    }
    assert!(found.len() == count, "{count} ports are wanted between {FIRST} and {LAST}, {} are free", found.len());
    found
}
