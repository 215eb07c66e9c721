//! Opening a file to import: plain, `.gz`, `.zst`, or `-` for standard input.
//!
//! The compression is told by the first bytes, not by the name alone, so that a renamed
//! file is read right.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Opens `path` for reading its decompressed bytes.
///
/// # Errors
/// The file cannot be opened or read; the caller names it.
pub fn open(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let raw: Box<dyn Read + Send> =
        if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(File::open(path)?) };
    decompressed(raw)
}

fn decompressed(mut raw: Box<dyn Read + Send>) -> std::io::Result<Box<dyn Read + Send>> {
    let mut head = [0_u8; 4];
    let mut filled = 0;
    while filled < head.len() {
        match raw.read(&mut head[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    let whole = std::io::Cursor::new(head[..filled].to_vec()).chain(raw);
    let buffered = BufReader::with_capacity(1 << 16, whole);
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
    } else if filled == 4 && head == [0x28, 0xb5, 0x2f, 0xfd] {
        Box::new(zstd::Decoder::with_buffer(buffered)?)
    } else {
        Box::new(buffered)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> Vec<u8> {
        let mut out = Vec::new();
        decompressed(Box::new(std::io::Cursor::new(bytes))).and_then(|mut r| r.read_to_end(&mut out)).unwrap();
        out
    }

    #[test]
    fn plain_gzip_and_zstd_are_told_apart_by_their_first_bytes() {
        let text = b"1795326272|a|b|c|DID|".repeat(100);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&text).unwrap();
        assert_eq!(read(gz.finish().unwrap()), text);
        assert_eq!(read(zstd::encode_all(text.as_slice(), 1).unwrap()), text);
        assert_eq!(read(text.clone()), text);
        assert_eq!(read(b"ab".to_vec()), b"ab");
        assert_eq!(read(Vec::new()), b"");
    }
}
