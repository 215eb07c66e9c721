//! A report as a sheet of cells: what every format but the table for people is made of,
//! here and elsewhere.

use serde_json::{Map, Value};

use super::json::value;
use super::{Cell, Kind, Report};
use crate::options::Options;

/// Names and cells; each row has a cell for each name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The columns with their kinds, in order.
    pub columns: Vec<(&'static str, Kind)>,
    /// The rows, in order.
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// That of a report; without rows it has its names still.
    pub fn of<R: Report>(rows: &[R], opts: &Options) -> Self {
        let columns = R::default().cells(opts).0.into_iter().map(|(name, _)| (name, R::kind(name))).collect();
        let cells = |row: &R| row.cells(opts).0.into_iter().map(|(_, cell)| cell).collect();
        Self { columns, rows: rows.iter().map(cells).collect() }
    }

    /// Only the columns that pass `keep`.
    #[must_use]
    pub fn with_columns(mut self, keep: impl Fn(&str) -> bool) -> Self {
        let kept: Vec<bool> = self.columns.iter().map(|(name, _)| keep(name)).collect();
        for row in &mut self.rows {
            let mut at = kept.iter();
            row.retain(|_| at.next().is_some_and(|k| *k));
        }
        let mut at = kept.iter();
        self.columns.retain(|_| at.next().is_some_and(|k| *k));
        self
    }

    /// The rows as JSON objects.
    pub fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Cell>| {
            let fields = self.columns.iter().zip(row).map(|((name, _), cell)| ((*name).to_owned(), value(cell)));
            Value::Object(fields.collect::<Map<String, Value>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The rows as CSV with one header line; nulls are empty, maps are JSON objects.
    ///
    /// # Errors
    /// The writer's own (none is expected: it writes to memory).
    pub fn csv(&self) -> Result<String, ::csv::Error> {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|(name, _)| *name))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::harmless))?;
        }
        let bytes = writer.into_inner().map_err(|e| ::csv::Error::from(e.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Cell {
    /// As [`Cell::plain`], with a `'` before text that a spreadsheet would take for a formula:
    /// a caller's number is whatever the caller's switch sent. (`+44…` and `-` stay.)
    fn harmless(&self) -> String {
        let plain = self.plain();
        let mut chars = plain.chars();
        let formula = match (chars.next(), chars.next()) {
            (Some('=' | '@' | '\t' | '\r'), _) => true,
            (Some('+' | '-'), Some(next)) => !next.is_ascii_digit(),
            _ => false,
        };
        if formula && matches!(self, Self::Text(_)) { format!("'{plain}") } else { plain }
    }

    /// The cell as text without quotes: null is empty, an instant RFC 3339, a map JSON.
    pub fn plain(&self) -> String {
        match value(self) {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgentRow, ContactRow, LostRow, QueueRow};

    fn kinds_hold<R: Report>(opts: &Options) {
        for (name, cell) in R::default().cells(opts).0 {
            assert!(R::kind(name).holds(&cell), "{name} is no {:?}: {cell:?}", R::kind(name));
        }
    }

    #[test]
    fn kinds_are_those_of_the_cells() {
        for attribution in [crate::Attribution::Arrival, crate::Attribution::EventTime] {
            let opts = Options { attribution, by_queue: true, ..Options::default() };
            kinds_hold::<QueueRow>(&opts);
            kinds_hold::<AgentRow>(&opts);
            kinds_hold::<ContactRow>(&opts);
            kinds_hold::<LostRow>(&opts);
        }
    }

    #[test]
    fn no_text_becomes_a_formula() {
        let cell = |text: &str| Cell::Text(text.into()).harmless();
        for text in ["=HYPERLINK(1)", "@SUM(1)", "+cmd", "-x", "\tx"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        for text in ["+442079460000", "-5", "-", "", "support"] {
            assert_eq!(cell(text), text);
        }
        assert_eq!(Cell::Int(-5).harmless(), "-5");
    }

    #[test]
    fn columns_can_be_left_out() {
        let opts = Options::default();
        let sheet = Sheet::of(&[QueueRow::default()], &opts).with_columns(|n| n == "offered" || n == "queue");
        assert_eq!(sheet.columns, [("queue", Kind::Text), ("offered", Kind::Count)]);
        assert_eq!(sheet.rows, [[Cell::Null, Cell::Int(0)]]);
        assert_eq!(sheet.csv().unwrap(), "queue,offered\n,0\n");
        assert_eq!(sheet.objects()[0], serde_json::json!({"queue": null, "offered": 0}));
    }
}
