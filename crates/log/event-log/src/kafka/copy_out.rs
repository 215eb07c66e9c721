//! Copies records out of librdkafka's memory into a few shared buffers.
//!
//! Contract: records come out in the order in which they went in, and equal. One record
//! that is kept holds no more than `BLOCK` bytes (or its own size) of others alive.

use bytes::{Bytes, BytesMut};
use model::Name;
use rdkafka::message::{BorrowedMessage, Headers, Message};

use crate::Record;

/// Bytes of one shared buffer.
pub const BLOCK: usize = 64 * 1024;

/// Records from which on a second thread is worth its start.
const WORTH_A_THREAD: usize = 1_000;

/// Takes records out of librdkafka's memory, in their order.
pub trait Take: Sized {
    /// What a record becomes.
    type Out: Send;
    /// For these records of one partition.
    fn new(partition: i32, found: &[BorrowedMessage<'_>]) -> Self;
    /// Copies a record.
    fn push(&mut self, m: &BorrowedMessage<'_>);
    /// All of them.
    fn finish(self) -> Vec<Self::Out>;
}

/// Takes records out in their order; many of them on two threads, for the headers of a
/// record are read where it is taken, which is the longest step of reading.
pub fn take_all<T: Take>(partition: i32, mut found: Vec<BorrowedMessage<'_>>) -> Vec<T::Out> {
    if found.len() < WORTH_A_THREAD {
        return take::<T>(partition, found);
    }
    let second = found.split_off(found.len() / 2);
    std::thread::scope(|threads| {
        let second = threads.spawn(|| take::<T>(partition, second));
        let mut out = take::<T>(partition, found);
        match second.join() {
            Ok(rest) => out.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        out
    })
}

fn take<T: Take>(partition: i32, found: Vec<BorrowedMessage<'_>>) -> Vec<T::Out> {
    let mut out = T::new(partition, &found);
    // Each is freed as soon as it is taken, by the thread that took it.
    found.into_iter().for_each(|m| out.push(&m));
    out.finish()
}

/// Records on their way.
pub struct CopyOut {
    partition: i32,
    buffer: BytesMut,
    done: Vec<Record>,
    /// Records whose bytes are still in `buffer`: lengths of key, value, header values.
    open: Vec<Open>,
}

struct Open {
    offset: i64,
    timestamp_ms: i64,
    key: usize,
    value: usize,
    headers: Vec<(Name, usize)>,
}

impl Take for CopyOut {
    type Out = Record;

    fn new(partition: i32, found: &[BorrowedMessage<'_>]) -> Self {
        Self { partition, buffer: BytesMut::new(), done: Vec::with_capacity(found.len()), open: Vec::new() }
    }

    fn push(&mut self, m: &BorrowedMessage<'_>) {
        if self.buffer.len() >= BLOCK {
            self.close();
        }
        let mut put = |bytes: &[u8]| {
            self.buffer.extend_from_slice(bytes);
            bytes.len()
        };
        let key = put(m.key().unwrap_or_default());
        let value = put(m.payload().unwrap_or_default());
        let mut headers = Vec::new();
        if let Some(all) = m.headers() {
            headers.reserve_exact(all.count());
            for h in all.iter() {
                headers.push((h.key.into(), put(h.value.unwrap_or_default())));
            }
        }
        let timestamp_ms = m.timestamp().to_millis().unwrap_or(0);
        self.open.push(Open { offset: m.offset(), timestamp_ms, key, value, headers });
    }

    fn finish(mut self) -> Vec<Record> {
        self.close();
        self.done
    }
}

impl CopyOut {
    fn close(&mut self) {
        let mut rest: Bytes = self.buffer.split().freeze();
        for o in self.open.drain(..) {
            let mut take = |n: usize| rest.split_to(n);
            let (key, value) = (take(o.key), take(o.value));
            let headers = o.headers.into_iter().map(|(name, n)| (name, take(n))).collect();
            let (partition, offset, timestamp_ms) = (self.partition, o.offset, o.timestamp_ms);
            self.done.push(Record { partition, offset, timestamp_ms, key, headers, value });
        }
    }
}
