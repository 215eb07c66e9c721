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

/// Takes records out of librdkafka's memory, in their order.
pub trait Take: Sized {
    /// What a record becomes.
    type Out;
    /// For about so many records of one partition.
    fn new(partition: i32, expected: usize) -> Self;
    /// Records so far.
    fn len(&self) -> usize;
    /// Copies a record.
    fn push(&mut self, m: &BorrowedMessage<'_>);
    /// All of them.
    fn finish(self) -> Vec<Self::Out>;
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

    fn new(partition: i32, expected: usize) -> Self {
        Self { partition, buffer: BytesMut::new(), done: Vec::with_capacity(expected.min(1024)), open: Vec::new() }
    }

    fn len(&self) -> usize {
        self.done.len() + self.open.len()
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
