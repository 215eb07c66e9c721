//! Which channels belong to one call: by the call's id, or by being in one conversation,
//! in any number of steps.

use model::Name;
use rustc_hash::{FxHashMap, FxHashSet};

use super::guard::Channel;

/// Every channel that is tied to `start` (which need not be known itself).
pub(super) fn tied_to(channels: &FxHashMap<Name, Channel>, start: &str, call: Option<&str>) -> FxHashSet<Name> {
    let mut calls: FxHashSet<&str> = call.into_iter().collect();
    let mut conversations: FxHashSet<&str> = FxHashSet::default();
    let mut found: FxHashSet<Name> = FxHashSet::default();
    if let Some(own) = channels.get(start) {
        calls.insert(&own.call);
        conversations.extend(own.conversation.as_deref());
    }
    loop {
        let before = found.len();
        for (uid, channel) in channels {
            let is_tied = uid == start
                || calls.contains(channel.call.as_str())
                || channel.conversation.as_deref().is_some_and(|c| conversations.contains(c));
            if is_tied && !found.contains(uid) {
                found.insert(uid.clone());
                calls.insert(&channel.call);
                conversations.extend(channel.conversation.as_deref());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
