//! What the unit tests of several dialects share.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use model::{Dialect, Envelope, Instant};

use crate::{Framed, Framer, NativeRecord};

/// A file of the bundled capture, unpacked.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/data/asterisk-a").join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut text).expect("a gzip file");
    text
}

/// Everything that a framer makes of some bytes, cut into chunks.
pub(crate) fn frame(framer: &mut dyn Framer, bytes: &[u8], chunk: usize) -> Vec<Framed> {
    let mut out = Vec::new();
    for part in bytes.chunks(chunk.min(bytes.len().max(1))) {
        framer.push(part, &mut out);
    }
    framer.finish(&mut out);
    out
}

/// The record as it would stand in the log.
pub(crate) fn envelope(dialect: Dialect, record: &NativeRecord) -> Envelope {
    let received = Instant::from_secs(1_795_330_000);
    Envelope {
        id: "1".into(),
        source: "/switch/pbx1".into(),
        dialect,
        time: record.time.unwrap_or(received),
        received,
        epoch: 1,
        sequence: 1,
        center: "main".into(),
        switch: "pbx1".into(),
        data: Bytes::from(serde_json::to_vec(&record.data).expect("JSON")),
    }
}
