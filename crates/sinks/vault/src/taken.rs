//! A recording in hand: an open file whose every byte was read once, hashed and probed.
//!
//! What is small enough for one request is kept in memory from that reading; what is
//! larger is read a second time for the upload, and hashed again, so that the bytes
//! stored are the bytes named. Remote sources go through a nameless temporary file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use bytes::Bytes;
use model::Instant;
use sha2::{Digest, Sha256};

use crate::audio::{Media, Probe};
use crate::error::VaultError;

/// Size of one part of an upload, in bytes; smaller recordings go in one request.
pub(crate) const PART: usize = 8 * 1024 * 1024;

/// Bytes read at a time while hashing.
const PIECE: usize = 256 * 1024;

/// A recording in hand.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The bytes, at any position.
    pub file: File,
    /// All of them, where they fit into one part.
    pub small: Option<Bytes>,
    /// How many.
    pub size: u64,
    /// Lower-case hex.
    pub sha256: String,
    /// What they are.
    pub media: Media,
    /// The path below the source.
    pub path: String,
    /// The file's time, where the source tells.
    pub modified: Option<Instant>,
}

impl Taken {
    /// The file's own name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What an error calls it.
    pub fn shown(&self) -> &Path {
        Path::new(&self.path)
    }

    /// The bytes again from the first, for the upload.
    pub fn again(&self) -> std::io::Result<Again> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Again { file, hash: Sha256::new() })
    }
}

/// The second reading of a large recording.
pub(crate) struct Again {
    file: File,
    hash: Sha256,
}

impl Again {
    /// The next so many bytes; fewer only at the end, none after it.
    pub fn next(&mut self, most: usize) -> std::io::Result<Bytes> {
        let mut part = Vec::with_capacity(most);
        (&mut self.file).take(most as u64).read_to_end(&mut part)?;
        self.hash.update(&part);
        Ok(part.into())
    }

    /// The hash of what was read.
    pub fn sha256(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// Hashes and probes bytes as they come.
pub(crate) struct Meter {
    hash: Sha256,
    probe: Probe,
    small: Option<Vec<u8>>,
    size: u64,
}

impl Meter {
    /// For a file of that name.
    pub fn new(name: &str) -> Self {
        Self { hash: Sha256::new(), probe: Probe::new(name), small: Some(Vec::new()), size: 0 }
    }

    /// Takes the next bytes and says how many there were so far.
    pub fn feed(&mut self, bytes: &[u8]) -> u64 {
        self.hash.update(bytes);
        self.probe.feed(bytes);
        self.size += bytes.len() as u64;
        self.small = self.small.take().filter(|s| s.len() + bytes.len() <= PART).map(|mut s| {
            s.extend_from_slice(bytes);
            s
        });
        self.size
    }

    /// The recording, all of whose bytes are in `file`.
    pub fn done(self, file: File, path: String, modified: Option<Instant>) -> Taken {
        Taken {
            file,
            small: self.small.map(Bytes::from),
            size: self.size,
            sha256: hex::encode(self.hash.finalize()),
            media: self.probe.finish(),
            path,
            modified,
        }
    }
}

/// Reads a local file to its end.
pub(crate) fn read_all(mut file: &File, meter: &mut Meter, limit: u64) -> std::io::Result<u64> {
    let mut piece = vec![0_u8; PIECE];
    let mut size = 0;
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(size);
        }
        size = meter.feed(&piece[..n]);
        if size > limit {
            return Ok(size);
        }
    }
}

/// A nameless temporary file that a remote recording is written to while it is metered.
pub(crate) struct Spool {
    file: File,
    meter: Meter,
    path: String,
    place: String,
    limit: u64,
}

impl Spool {
    /// For the recording at `path` in `place`.
    pub fn new(path: &str, place: &str, limit: u64) -> Result<Self, VaultError> {
        let file = tempfile::tempfile()
            .map_err(|e| VaultError::disk(&std::env::temp_dir(), "make a temporary file for a download", e))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(Self { file, meter: Meter::new(name), path: path.to_owned(), place: place.to_owned(), limit })
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        self.file
            .write_all(bytes)
            .map_err(|e| VaultError::disk(&std::env::temp_dir(), "write a downloaded recording", e))?;
        if self.meter.feed(bytes) > self.limit {
            return Err(VaultError::TooLarge { path: self.path.clone(), place: self.place.clone(), limit: self.limit });
        }
        Ok(())
    }

    /// The whole recording.
    pub fn done(self, modified: Option<Instant>) -> Taken {
        self.meter.done(self.file, self.path, modified)
    }
}
