//! The CSV of a bulk job, and its results read back by external id (their order is not
//! that of the upload).

use std::collections::{BTreeSet, HashMap};

use super::collections::Placed;
use super::describe::Fields;
use crate::row::{Object, Row};

/// Bytes of one upload: 100 MB is the platform's limit before its own encoding.
const MOST_BYTES: usize = 95 * 1024 * 1024;

/// One upload.
pub(super) struct Upload<'a> {
    pub csv: Vec<u8>,
    pub rows: Vec<Placed<'a>>,
}

/// The rows in uploads of at most `most_rows` rows and the platform's size, sorted by
/// parent so that the platform's own batches rarely meet at one.
pub(super) fn uploads<'a>(
    fields: &Fields,
    object: Object,
    rows: &[Placed<'a>],
    most_rows: usize,
) -> Result<Vec<Upload<'a>>, csv::Error> {
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| a.1.parent.cmp(&b.1.parent));
    let columns = columns(fields, object, &sorted);
    let mut out: Vec<Upload<'a>> = Vec::new();
    let mut header = vec![object.key_field()];
    header.extend(columns.iter().copied());
    let header = line(header.into_iter())?;
    for placed in sorted {
        let cells = line(cells(placed.1, &columns).iter().map(String::as_str))?;
        let full = out.last().is_none_or(|u| u.rows.len() >= most_rows || u.csv.len() + cells.len() > MOST_BYTES);
        if full {
            out.push(Upload { csv: header.clone(), rows: Vec::new() });
        }
        if let Some(upload) = out.last_mut() {
            upload.csv.extend_from_slice(&cells);
            upload.rows.push(placed);
        }
    }
    Ok(out)
}

/// Every field that any row has and the organisation knows.
fn columns<'a>(fields: &Fields, object: Object, rows: &[Placed<'a>]) -> Vec<&'a str> {
    let all: BTreeSet<&str> = rows.iter().flat_map(|(_, r)| r.fields.iter().map(|(n, _)| n.as_str())).collect();
    all.into_iter().filter(|n| fields.has(object, n)).collect()
}

/// An empty cell changes nothing; `#N/A` empties the field.
fn cells(row: &Row, columns: &[&str]) -> Vec<String> {
    let cell = |name: &&str| row.field(name).map(crate::row::Scalar::to_cell).unwrap_or_default();
    std::iter::once(row.key.clone()).chain(columns.iter().map(cell)).collect()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|e| csv::Error::from(e.into_error()))
}

/// One line of a result file.
#[derive(Clone, Debug)]
pub(super) struct Result1 {
    pub id: Option<String>,
    /// `true`/`false` of the successful, the error text of the failed.
    pub second: String,
    /// The uploaded cells by column.
    uploaded: HashMap<String, String>,
}

impl Result1 {
    /// Whether the uploaded row says everything that this row says.
    pub fn covers(&self, row: &Row, fields: &Fields) -> bool {
        row.fields
            .iter()
            .filter(|(name, _)| fields.has(row.object, name))
            .all(|(name, value)| self.uploaded.get(name.as_str()).is_some_and(|c| *c == value.to_cell()))
    }
}

/// A result file by external id; its first two columns are `sf__Id` and `sf__Created` or
/// `sf__Error`.
pub(super) fn results(text: &[u8], object: Object) -> Result<HashMap<String, Result1>, csv::Error> {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers()?.clone();
    let mut out = HashMap::new();
    for record in reader.records() {
        let record = record?;
        let at = |i| record.get(i).unwrap_or_default().to_owned();
        let uploaded: HashMap<String, String> =
            header.iter().zip(record.iter()).skip(2).map(|(h, c)| (h.to_owned(), c.to_owned())).collect();
        let Some(key) = uploaded.get(object.key_field()).cloned() else { continue };
        let id = Some(at(0)).filter(|i| !i.is_empty());
        out.insert(key, Result1 { id, second: at(1), uploaded });
    }
    Ok(out)
}
