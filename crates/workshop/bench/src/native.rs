//! Native records of a switch as events, without a collector: for benchmarks that say
//! themselves when and where an event is appended.

use bytes::Bytes;
use dialects::NativeRecord;
use model::{Dialect, Envelope, Instant, Name};

use crate::Failure;

/// Bytes framed at once.
const CHUNK: usize = 256 << 10;

/// Bytes of a manager stream to records.
///
/// # Errors
/// Some of them are none.
pub fn frame(bytes: &[u8]) -> Result<Vec<NativeRecord>, Failure> {
    frame_those(bytes, |_| true)
}

/// Those that are wanted; of the others nothing is ever held.
///
/// # Errors
/// As [`frame`].
pub fn frame_those(bytes: &[u8], wanted: impl Fn(&NativeRecord) -> bool) -> Result<Vec<NativeRecord>, Failure> {
    let mut framer = dialects::registry::framer(&Dialect::AsteriskAmi).ok_or("AMI has no framer")?;
    let (mut framed, mut out) = (Vec::new(), Vec::new());
    for chunk in bytes.chunks(CHUNK) {
        framer.push(chunk, &mut framed);
        for one in framed.drain(..) {
            out.extend(Some(one.record.map_err(|e| e.to_string())?).filter(&wanted));
        }
    }
    Ok(out)
}

/// What a switch says, one event after the other.
pub struct Voice {
    switch: Name,
    source: Name,
    sequence: u64,
    epoch: u64,
}

impl Voice {
    /// Of that switch; `epoch` is that of its lease.
    pub fn new(switch: &str, epoch: u64) -> Self {
        Self { switch: switch.into(), source: format!("/switch/{switch}").into(), sequence: 0, epoch }
    }

    /// The next event.
    pub fn event(&mut self, at: Instant, received: Instant, data: Bytes) -> Envelope {
        self.sequence += 1;
        Envelope {
            id: self.sequence.to_string().into(),
            source: self.source.clone(),
            dialect: Dialect::AsteriskAmi,
            time: at,
            received,
            epoch: self.epoch,
            sequence: self.sequence,
            center: "main".into(),
            switch: self.switch.clone(),
            data,
        }
    }
}
