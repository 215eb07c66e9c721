//! Rows and WAV files for the tests of the vault.
#![allow(dead_code, reason = "each test file uses its part")]

use std::path::Path;

use model::facts::{Recording, RecordingState};
use model::{Instant, Position};
use vault::{StoreConfig, Vault};

/// 2026-11-22T10:00:00Z.
pub const NOON: Instant = Instant(1_795_341_600_000_000);

/// A pending row of that announced path.
pub fn pending(id: &str, call: &str, path: &str) -> Recording {
    Recording {
        recording_id: id.into(),
        call_id: Some(call.into()),
        center: "north".into(),
        switch: "pbx".into(),
        queue: Some("büro".into()),
        agent: Some("Zoë O'Neil".into()),
        started_at: NOON,
        ended_at: None,
        duration_ms: None,
        bytes: None,
        sha256: None,
        uri: None,
        source: Some(path.into()),
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

/// A WAV file of 8 kHz mono 16-bit samples with that length in its header.
pub fn wav_saying(samples: &[i16], stated: u32) -> Vec<u8> {
    let mut w = b"RIFF".to_vec();
    w.extend((stated.wrapping_add(36)).to_le_bytes());
    w.extend(b"WAVEfmt ");
    w.extend(16_u32.to_le_bytes());
    for short in [1_u16, 1] {
        w.extend(short.to_le_bytes());
    }
    w.extend(8000_u32.to_le_bytes());
    w.extend(16_000_u32.to_le_bytes());
    for short in [2_u16, 16] {
        w.extend(short.to_le_bytes());
    }
    w.extend(b"data");
    w.extend(stated.to_le_bytes());
    w.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    w
}

/// A whole WAV file.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    wav_saying(samples, u32::try_from(samples.len() * 2).unwrap())
}

/// So many samples of a tone.
pub fn tone(samples: usize) -> Vec<i16> {
    (0..samples).map(|i| i16::try_from(i * 37 % 8000).unwrap() - 4000).collect()
}

/// A vault in a folder.
pub fn vault_in(folder: &Path) -> Vault {
    let location = folder.display().to_string();
    Vault::open(&StoreConfig { location, options: Vec::new(), environment: Vec::new() }).unwrap()
}

/// All files below a folder with their bytes, by path.
pub fn tree(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
