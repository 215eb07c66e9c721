//! An open file and how far it was read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use dialects::{Framed, Framer};
use model::Instant;

use super::NewFramer;
use crate::ids::record_id;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// A place in a file.
pub struct Place {
    file: File,
    /// Tells the file from another of the same name.
    pub inode: u64,
    /// How far it was read.
    pub position: u64,
    /// Offset of the framer's byte 0 in the file.
    base: u64,
    framer: Box<dyn Framer>,
}

impl Place {
    /// Opens a file at a position where a record begins.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path, position: u64, new_framer: NewFramer<'_>) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let inode = file.metadata()?.ino();
        file.seek(SeekFrom::Start(position))?;
        Ok(Self { file, inode, position, base: position, framer: new_framer() })
    }

    /// The place of the record with the id `last`, where the file holds just that.
    pub fn of_record(path: &Path, last: &str, new_framer: NewFramer<'_>) -> Option<Self> {
        let offset: u64 = last.rsplit_once('-')?.1.parse().ok()?;
        let first = Self::open(path, offset, new_framer).ok()?.first()?;
        let found = first.offset == offset && record_id("", first.offset, &first.raw) == last;
        found.then(|| Self::open(path, offset, new_framer).ok()).flatten()
    }

    /// The first time that a file gives, of its first thousands of records.
    pub fn first_time(path: &Path, new_framer: NewFramer<'_>) -> Option<Instant> {
        let mut place = Self::open(path, 0, new_framer).ok()?;
        let mut framed = Vec::new();
        place.read(&mut framed).ok()?;
        framed.into_iter().filter_map(|f| f.record.ok()).find_map(|r| r.time)
    }

    /// The record here.
    fn first(mut self) -> Option<Framed> {
        let mut framed = Vec::new();
        while framed.is_empty() && self.read(&mut framed).ok()? > 0 {}
        if framed.is_empty() {
            self.finish(&mut framed);
        }
        framed.into_iter().next()
    }

    /// Reads what is there, a bounded part of it; 0 at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, out: &mut Vec<Framed>) -> std::io::Result<usize> {
        let mut chunk = vec![0_u8; CHUNK];
        let n = self.file.read(&mut chunk)?;
        self.position += n as u64;
        let first = out.len();
        self.framer.push(&chunk[..n], out);
        self.shift(&mut out[first..]);
        Ok(n)
    }

    /// The file has ended: a last record without its line feed comes out.
    pub fn finish(&mut self, out: &mut Vec<Framed>) {
        let first = out.len();
        self.framer.finish(out);
        self.shift(&mut out[first..]);
    }

    /// When the file was last changed, where the system tells.
    pub fn changed(&self) -> Option<std::time::SystemTime> {
        self.file.metadata().and_then(|m| m.modified()).ok()
    }

    fn shift(&self, framed: &mut [Framed]) {
        framed.iter_mut().for_each(|f| f.offset += self.base);
    }
}
