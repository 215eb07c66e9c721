//! Shows what is left of the keys of a capture behind the masker: one line a channel and
//! copy, masked keys as `X`. `cargo run --example masked_digits -- AMI-STREAM`.

use std::collections::BTreeMap;

use dialects::ami::{AmiFramer, AmiMasker};
use dialects::{Framer, Masker};

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: masked_digits AMI-STREAM");
        std::process::exit(2);
    };
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let (mut framer, mut framed) = (AmiFramer::new(), Vec::new());
    framer.push(&bytes, &mut framed);
    framer.finish(&mut framed);
    let mut masker = AmiMasker::default();
    let (mut total, mut keys) = (0, BTreeMap::<(String, String), String>::new());
    for mut record in framed.into_iter().filter_map(|f| f.record.ok()) {
        let before = record.data.clone();
        let count = masker.mask(&mut record);
        total += count;
        let text = |name: &str| record.data.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
        let event = text("Event");
        let (uid, key) = match event.as_str() {
            "DTMFBegin" | "DTMFEnd" => (text("Uniqueid"), text("Digit")),
            "CEL" if text("EventName") == "DTMF" => {
                let extra = text("Extra");
                (text("UniqueID"), extra.split('"').nth(3).unwrap_or("").to_owned())
            }
            _ => {
                for (k, v) in record.data.iter().filter(|(k, v)| before.get(*k) != Some(*v)) {
                    println!("{event} {k}: {} -> {v}", before.get(k).unwrap_or(v));
                }
                continue;
            }
        };
        keys.entry((uid, event + &text("Direction"))).or_default().push_str(&key);
    }
    for ((uid, copy), keys) in &keys {
        println!("{uid} {copy} {keys}");
    }
    println!("masked: {total}");
}
