//! Bytes to rows of CSV: quoted or not, quotes doubled, line feeds inside quotes.
//!
//! Columns: those given, else those of a header line if the file begins with one, else
//! [`COLUMNS`], or the same without `PeerAccount` where a row has one value less (the
//! sample `cel_custom.conf`). A row with another number of values is an error; so a row
//! that was cut off in the middle of a quoted value costs itself and the next one.

use bytes::Bytes;
use csv_core::{ReadRecordResult, Reader};
use model::Instant;
use serde_json::{Map, Value};

use super::{COLUMNS, DIALECT};
use crate::plausible::in_era;
use crate::{FrameError, Framed, Framer, MAX_RECORD, NativeRecord};

/// More values than any row has.
const MAX_COLUMNS: usize = 256;
const KEPT: usize = 64 * 1024;

/// Cuts a CEL file into rows.
pub struct CelFramer {
    reader: Reader,
    columns: Option<Vec<String>>,
    /// Whether a first row that names columns is a header.
    header_allowed: bool,
    started: bool,
    /// Offset of the next byte to be read.
    offset: u64,
    /// The row being read: where it began, its bytes, its values.
    start: u64,
    raw: Vec<u8>,
    values: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    count: usize,
    /// Why the row being read cannot be kept.
    overflow: bool,
}

impl Default for CelFramer {
    fn default() -> Self {
        Self {
            reader: Reader::new(),
            columns: None,
            header_allowed: true,
            started: false,
            offset: 0,
            start: 0,
            raw: Vec::new(),
            values: vec![0; 4096],
            used: 0,
            ends: vec![0; MAX_COLUMNS],
            count: 0,
            overflow: false,
        }
    }
}

impl CelFramer {
    /// A framer for the default columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A framer for the columns of a `cel_custom.conf`, in its order.
    pub fn with_columns(columns: Vec<String>) -> Self {
        Self { columns: Some(columns), ..Self::default() }
    }

    /// Reads from `input` up to the end of a row or of the input; returns what is left.
    fn read<'a>(&mut self, input: &'a [u8], out: &mut Vec<Framed>) -> &'a [u8] {
        // The first byte goes alone: the reader looks for a byte-order mark in its first
        // input, which would depend on how the stream is cut.
        let part = if self.started { input } else { input.get(..1).unwrap_or(input) };
        let free = self.values.get_mut(self.used..).unwrap_or_default();
        let ends = self.ends.get_mut(self.count..).unwrap_or_default();
        let (result, taken, written, ended) = self.reader.read_record(part, free, ends);
        self.started = true;
        self.take(input.get(..taken).unwrap_or(input));
        self.used += written;
        self.count += ended;
        match result {
            ReadRecordResult::OutputFull if self.values.len() < MAX_RECORD => {
                self.values.resize((self.values.len() * 2).min(MAX_RECORD), 0);
            }
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                self.overflow = true;
                self.used = 0;
                self.count = 0;
            }
            ReadRecordResult::Record => self.row(out),
            ReadRecordResult::InputEmpty | ReadRecordResult::End => {}
        }
        input.get(taken..).unwrap_or(&[])
    }

    /// Keeps the bytes of the row, without line ends before it.
    fn take(&mut self, bytes: &[u8]) {
        let skip =
            if self.raw.is_empty() { bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count() } else { 0 };
        if self.raw.is_empty() {
            self.start = self.offset + skip as u64;
        }
        self.offset += bytes.len() as u64;
        let fresh = bytes.get(skip..).unwrap_or(&[]);
        let room = MAX_RECORD.saturating_sub(self.raw.len()).min(fresh.len());
        self.raw.extend_from_slice(fresh.get(..room).unwrap_or(fresh));
    }

    /// A row is complete.
    fn row(&mut self, out: &mut Vec<Framed>) {
        while self.raw.last().is_some_and(|b| matches!(b, b'\r' | b'\n')) {
            self.raw.pop();
        }
        let raw = std::mem::take(&mut self.raw);
        let overflow = std::mem::take(&mut self.overflow);
        let (used, count) = (std::mem::take(&mut self.used), std::mem::take(&mut self.count));
        let values = self.values.get(..used).unwrap_or(&[]);
        let mut begin = 0;
        let fields: Vec<String> = (self.ends.iter().take(count))
            .map(|end| {
                let field = String::from_utf8_lossy(values.get(begin..*end).unwrap_or(&[])).into_owned();
                begin = *end;
                field
            })
            .collect();
        self.values.truncate(KEPT);
        if overflow || raw.len() >= MAX_RECORD {
            let reason = format!("a row longer than {MAX_RECORD} bytes or of more than {MAX_COLUMNS} values");
            out.push(self.failed(&raw, reason));
            return;
        }
        let first = std::mem::replace(&mut self.header_allowed, false);
        if first && self.columns.is_none() && is_header(&fields) {
            self.columns = Some(fields.iter().map(|f| f.trim_start_matches('\u{feff}').to_owned()).collect());
            return;
        }
        match self.record(fields) {
            Ok(record) => out.push(Framed { offset: self.start, raw: raw.into(), record: Ok(record) }),
            Err(reason) => out.push(self.failed(&raw, reason)),
        }
    }

    fn failed(&self, raw: &[u8], reason: String) -> Framed {
        let kept = raw.get(..KEPT).unwrap_or(raw);
        let error = FrameError { dialect: DIALECT, offset: self.start, reason };
        Framed { offset: self.start, raw: Bytes::copy_from_slice(kept), record: Err(error) }
    }

    fn record(&self, fields: Vec<String>) -> Result<NativeRecord, String> {
        let mut data = Map::new();
        match &self.columns {
            Some(columns) if columns.len() == fields.len() => fill(&mut data, columns.iter().cloned(), fields),
            None if fields.len() == COLUMNS.len() => fill(&mut data, names(|_| true), fields),
            None if fields.len() + 1 == COLUMNS.len() => fill(&mut data, names(|c| c != "PeerAccount"), fields),
            columns => {
                let expected = columns.as_ref().map_or(COLUMNS.len(), Vec::len);
                return Err(format!(
                    "{} value(s) where {expected} columns are expected; give the columns of cel_custom.conf if they differ",
                    fields.len()
                ));
            }
        }
        let text = data.get("EventTime").or_else(|| data.get("eventtime")).and_then(Value::as_str).unwrap_or("");
        let at = super::row::parse_time(text).ok_or_else(|| {
            format!("'{}' in EventTime is no time; expected epoch.microseconds or YYYY-MM-DD HH:MM:SS.us", short(text))
        })?;
        let time: Option<Instant> = in_era(at).then_some(at);
        Ok(NativeRecord { time, data })
    }
}

impl Framer for CelFramer {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<Framed>) {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = self.read(rest, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Framed>) {
        if self.raw.is_empty() {
            return;
        }
        // No input means the end: the reader gives the last row, growing as it must.
        for _ in 0..32 {
            self.read(&[], out);
            if self.raw.is_empty() {
                return;
            }
        }
    }
}

fn names(keep: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    COLUMNS.iter().filter(move |c| keep(c)).map(|c| (*c).to_owned())
}

fn fill(data: &mut Map<String, Value>, columns: impl Iterator<Item = String>, fields: Vec<String>) {
    for (column, field) in columns.zip(fields) {
        data.insert(column, Value::from(field));
    }
}

/// Whether a row names columns: among its values are those that every layout has.
fn is_header(fields: &[String]) -> bool {
    let has = |name: &str| fields.iter().any(|f| f.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
    has("eventtype") && has("eventtime") && has("uniqueid")
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}
