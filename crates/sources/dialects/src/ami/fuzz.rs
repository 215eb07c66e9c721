//! Entry for fuzzing: framer, masker and decoder on bytes of anybody's making. None may
//! panic, whatever it is given; what they hold stays bounded by what is open.

use bytes::Bytes;
use model::{Decoder, Dialect, Envelope, Instant, Position};

use super::{AmiDecoder, AmiFramer, AmiMasker};
use crate::{Framer, Masker};

/// Drives everything that reads AMI with `data`: its first byte chooses the size of the
/// chunks, the rest is the stream. The decoder also takes the stream as one record.
pub fn fuzz_ami(data: &[u8]) {
    let Some((first, stream)) = data.split_first() else { return };
    let (mut framer, mut framed) = (AmiFramer::new(), Vec::new());
    for chunk in stream.chunks(usize::from(*first) + 1) {
        framer.push(chunk, &mut framed);
    }
    framer.finish(&mut framed);
    let (mut masker, mut decoder, mut out) = (AmiMasker::default(), AmiDecoder::new(), Vec::new());
    let mut time = Instant::from_secs(1_795_326_267);
    let mut take = |decoder: &mut AmiDecoder, time: Instant, data: Vec<u8>| {
        let envelope = Envelope {
            id: "fuzz".into(),
            source: "/switch/fuzz".into(),
            dialect: Dialect::AsteriskAmi,
            time,
            received: time,
            epoch: 1,
            sequence: 0,
            center: "main".into(),
            switch: "fuzz".into(),
            data: Bytes::from(data),
        };
        // A record that cannot be read is an error, not a failure.
        let _ = decoder.decode(&envelope, Position::default(), &mut out);
        envelope
    };
    let mut rebuilt = AmiMasker::default();
    for mut record in framed.into_iter().filter_map(|f| f.record.ok()) {
        masker.mask(&mut record);
        time = record.time.unwrap_or(time);
        let envelope = take(&mut decoder, time, serde_json::to_vec(&record.data).unwrap_or_default());
        rebuilt.observe(&envelope);
    }
    take(&mut decoder, time, stream.to_vec());
    let snapshot = decoder.snapshot();
    let _ = decoder.restore(&snapshot);
    let _ = AmiDecoder::new().restore(stream);
    masker.gap();
    decoder.release(time, Position::default(), &mut out);
}
