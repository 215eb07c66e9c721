//! What a request may hold.

use std::time::Duration;

/// Bytes of a body.
pub const BODY: usize = 1 << 20;
/// How long a body may take to come.
pub const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// Events of a batch.
pub const BATCH: usize = 500;
/// Bytes of one event's data: well below the 1 MB that Kafka takes as one message.
pub const DATA: usize = 512 << 10;
/// Levels of objects and lists inside each other in one event's data.
pub const DEPTH: usize = 16;
/// Characters of an attribute.
pub const ATTRIBUTE: usize = 256;
/// Problems named in one answer; further ones are counted.
pub const PROBLEMS: usize = 100;
/// How long ids are remembered, in milliseconds: 7 days (`docs/events.md`, 1).
pub const REMEMBERED_MS: i64 = 7 * 86_400_000;
