//! Recordings to store: WAV files of a tone that changes, announced as a switch would.

use std::io::Write;
use std::path::{Path, PathBuf};

use model::facts::{Recording, RecordingState};
use model::{Instant, Position};

use crate::Failure;

/// 2026-11-22T10:00:00Z.
const NOON: Instant = Instant(1_795_341_600_000_000);
/// Bytes of sound of a small one: ten seconds.
const SMALL: u32 = 160_000;
/// Of a large one: more than four hours.
const LARGE: u32 = 256 << 20;
/// Bytes of sound that repeat.
const TONE: usize = 1 << 20;

/// Files below a folder.
pub struct Corpus {
    /// Where.
    pub folder: PathBuf,
    /// How much.
    pub bytes: u64,
}

impl Corpus {
    /// How much, MiB.
    pub fn mib(&self) -> f64 {
        self.bytes as f64 / f64::from(1 << 20)
    }
}

/// Writes so many files; what was written is in the page cache afterwards.
///
/// # Errors
/// The folder cannot be written.
pub fn make(folder: &Path, small: u64, large: u64) -> Result<Corpus, Failure> {
    std::fs::create_dir_all(folder)?;
    let tone: Vec<u8> = (0..TONE).map(|i| ((i * 31 + i / 977) % 251) as u8).collect();
    let mut bytes = 0;
    for n in 0..small + large {
        let size = if n < small { SMALL } else { LARGE };
        let mut file = std::io::BufWriter::new(std::fs::File::create(folder.join(format!("{n}.wav")))?);
        file.write_all(&header(size))?;
        // (A number of its own: no two files are equal.)
        file.write_all(&n.to_le_bytes())?;
        let mut left = size as usize - 8;
        while left > 0 {
            let piece = &tone[..left.min(TONE)];
            file.write_all(piece)?;
            left -= piece.len();
        }
        file.flush()?;
        bytes += u64::from(size) + 44;
    }
    // Ours and theirs begin with nothing left to be written.
    std::process::Command::new("sync").status()?;
    Ok(Corpus { folder: folder.to_owned(), bytes })
}

fn header(size: u32) -> Vec<u8> {
    let mut w = b"RIFF".to_vec();
    w.extend((size + 36).to_le_bytes());
    w.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    w.extend(8_000_u32.to_le_bytes());
    w.extend(16_000_u32.to_le_bytes());
    w.extend(b"\x02\0\x10\0data");
    w.extend(size.to_le_bytes());
    w
}

/// The files of a folder, largest last, by name.
///
/// # Errors
/// It cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// What a switch would have announced of them: each of a call of its own.
///
/// # Errors
/// The folder cannot be read.
pub fn announced(folder: &Path) -> Result<Vec<Recording>, Failure> {
    Ok(files(folder)?.iter().enumerate().map(|(n, path)| row(n, path)).collect())
}

fn row(n: usize, path: &Path) -> Recording {
    let name = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
    Recording {
        recording_id: format!("recording-{n}").into(),
        call_id: Some(format!("1795341600.{n}").into()),
        center: "main".into(),
        switch: "pbx".into(),
        queue: Some("sales".into()),
        agent: Some("Agent".into()),
        started_at: NOON,
        ended_at: Some(NOON),
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: Some(format!("/var/spool/asterisk/monitor/{name}").into()),
        state: RecordingState::Pending,
        suspended: Vec::new(),
        stored_at: None,
        note: None,
        revision: 1,
        known_at: NOON,
        first_event: Position::default(),
        last_event: Position::default(),
        filed: NOON.days(),
    }
}
