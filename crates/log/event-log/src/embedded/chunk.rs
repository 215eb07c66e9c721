//! How records are kept: a chunk is a run of records of one partition, compressed.
//!
//! Contract: `decode(encode(x)) == x`; bytes that are no chunk are an error, never a
//! panic; the head can be read without decompressing. Records of a chunk may skip offsets
//! (compaction), never repeat or go back.

use bytes::{BufMut, Bytes, BytesMut};

use crate::{Header, Record};

const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const HEAD: usize = 32;
/// A chunk is closed when its records reach this size, so that a read in the middle of
/// the log decompresses little.
pub const TARGET_BYTES: usize = 128 * 1024;
/// Fastest level: the log is written once and read many times, and disks are cheap
/// beside the time of an import.
const LEVEL: i32 = 1;
/// Below this size compression gains less than it costs.
const SMALL: usize = 256;

/// What is known of a chunk without decompressing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    codec: u8,
    /// Number of records.
    pub count: u32,
    /// Offset of the last record, relative to the chunk's first.
    pub last_delta: u32,
    /// Append time of the first record, ms.
    pub first_ms: i64,
    /// Append time of the last record, ms.
    pub last_ms: i64,
    raw_len: u32,
}

/// Bytes that are no chunk.
#[derive(Debug, thiserror::Error)]
#[error("a chunk of the log is not readable: {0}")]
pub struct BadChunk(&'static str);

/// About how many bytes a record takes.
pub fn size_of(key: &[u8], headers: &[Header], value: &[u8]) -> usize {
    22 + key.len() + value.len() + headers.iter().map(|(k, v)| 8 + k.len() + v.len()).sum::<usize>()
}

/// Encodes records of one partition, in the order of their offsets; the first gives the
/// chunk's base. `None` where there is none, or where offsets lie too far apart.
pub fn encode(records: &[Record]) -> Option<Vec<u8>> {
    let (first, last) = (records.first()?, records.last()?);
    let mut raw = BytesMut::with_capacity(TARGET_BYTES);
    for r in records {
        put_record(&mut raw, u32::try_from(r.offset - first.offset).ok()?, r);
    }
    let packed = (raw.len() >= SMALL).then(|| zstd::bulk::compress(&raw, LEVEL).ok()).flatten();
    let (codec, body): (u8, &[u8]) = match &packed {
        Some(p) if p.len() < raw.len() => (ZSTD, p),
        _ => (PLAIN, &raw),
    };
    let mut out = Vec::with_capacity(HEAD + body.len());
    out.put_u8(FORMAT);
    out.put_u8(codec);
    out.put_u16_le(0);
    out.put_u32_le(u32::try_from(records.len()).ok()?);
    out.put_u32_le(u32::try_from(last.offset - first.offset).ok()?);
    out.put_i64_le(first.timestamp_ms);
    out.put_i64_le(last.timestamp_ms);
    out.put_u32_le(u32::try_from(raw.len()).ok()?);
    out.extend_from_slice(body);
    Some(out)
}

fn put_record(out: &mut BytesMut, delta: u32, r: &Record) {
    out.put_u32_le(delta);
    out.put_i64_le(r.timestamp_ms);
    put_bytes(out, &r.key);
    out.put_u16_le(r.headers.len() as u16);
    for (k, v) in &r.headers {
        put_bytes(out, k.as_bytes());
        put_bytes(out, v);
    }
    put_bytes(out, &r.value);
}

fn put_bytes(out: &mut BytesMut, b: &[u8]) {
    out.put_u32_le(b.len() as u32);
    out.extend_from_slice(b);
}

/// Reads the head.
///
/// # Errors
/// The bytes are no chunk.
pub fn head(bytes: &[u8]) -> Result<Head, BadChunk> {
    let mut c = Cursor { all: bytes, at: 0 };
    if c.u8()? != FORMAT {
        return Err(BadChunk("its format is unknown; a newer ringledger wrote it"));
    }
    let codec = c.u8()?;
    c.take(2)?;
    Ok(Head { codec, count: c.u32()?, last_delta: c.u32()?, first_ms: c.i64()?, last_ms: c.i64()?, raw_len: c.u32()? })
}

/// Decodes a chunk; the records share one buffer.
///
/// # Errors
/// The bytes are no chunk.
pub fn decode(partition: i32, base: i64, bytes: &[u8]) -> Result<Vec<Record>, BadChunk> {
    let head = head(bytes)?;
    let body = bytes.get(HEAD..).ok_or(BadChunk("it is cut short"))?;
    let raw: Bytes = match head.codec {
        PLAIN => Bytes::copy_from_slice(body),
        ZSTD => {
            zstd::bulk::decompress(body, head.raw_len as usize).map_err(|_| BadChunk("it does not decompress"))?.into()
        }
        _ => return Err(BadChunk("its compression is unknown")),
    };
    let mut c = Cursor { all: &raw, at: 0 };
    let mut out = Vec::with_capacity((head.count as usize).min(raw.len() / 18 + 1));
    for _ in 0..head.count {
        out.push(c.record(partition, base, &raw)?);
    }
    Ok(out)
}

struct Cursor<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], BadChunk> {
        let end = self.at.checked_add(n).ok_or(BadChunk("a length is too large"))?;
        let part = self.all.get(self.at..end).ok_or(BadChunk("it is cut short"))?;
        self.at = end;
        Ok(part)
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadChunk> {
        self.take(N)?.try_into().map_err(|_| BadChunk("it is cut short"))
    }
    fn u8(&mut self) -> Result<u8, BadChunk> {
        Ok(self.array::<1>()?[0])
    }
    fn u16(&mut self) -> Result<u16, BadChunk> {
        Ok(u16::from_le_bytes(self.array()?))
    }
    fn u32(&mut self) -> Result<u32, BadChunk> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    fn i64(&mut self) -> Result<i64, BadChunk> {
        Ok(i64::from_le_bytes(self.array()?))
    }
    fn bytes(&mut self, raw: &Bytes) -> Result<Bytes, BadChunk> {
        let n = self.u32()? as usize;
        let from = self.at;
        self.take(n)?;
        Ok(raw.slice(from..from + n))
    }
    fn record(&mut self, partition: i32, base: i64, raw: &Bytes) -> Result<Record, BadChunk> {
        let offset = base + i64::from(self.u32()?);
        let timestamp_ms = self.i64()?;
        let key = self.bytes(raw)?;
        let n = self.u16()?;
        let mut headers = Vec::with_capacity(usize::from(n));
        for _ in 0..n {
            let len = self.u32()? as usize;
            let name = std::str::from_utf8(self.take(len)?).map_err(|_| BadChunk("a header name is no UTF-8"))?;
            headers.push((name.into(), self.bytes(raw)?));
        }
        Ok(Record { partition, offset, timestamp_ms, key, headers, value: self.bytes(raw)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(offset: i64, value: &[u8]) -> Record {
        Record {
            partition: 3,
            offset,
            timestamp_ms: 1000 + offset,
            key: Bytes::from_static(b"pbx"),
            headers: vec![("ce_id".into(), Bytes::from(offset.to_string())), ("n".into(), Bytes::new())],
            value: Bytes::copy_from_slice(value),
        }
    }

    #[test]
    fn what_was_encoded_comes_back_also_with_gaps() {
        let records = vec![record(10, b"a"), record(11, &[7; 5000]), record(40, b"")];
        let bytes = encode(&records).expect("a chunk");
        assert!(bytes.len() < 3000, "five thousand equal bytes compress");
        assert_eq!(decode(3, 10, &bytes).expect("decodes"), records);
        let h = head(&bytes).expect("a head");
        assert_eq!((h.count, h.last_delta, h.first_ms, h.last_ms), (3, 30, 1010, 1040));
    }

    #[test]
    fn bytes_cut_anywhere_are_an_error() {
        let bytes = encode(&[record(0, b"value"), record(1, b"value")]).expect("a chunk");
        for end in 0..bytes.len() {
            assert!(decode(3, 0, &bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
