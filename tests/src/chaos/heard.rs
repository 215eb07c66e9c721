//! What a log tells that was read from its beginning: whether it lacks, doubles or invents
//! something.

use std::collections::BTreeMap;

use model::{Dialect, Envelope};

use super::calls;

/// What the log holds, record by record.
#[derive(Debug, Default)]
pub struct Heard {
    /// Records.
    pub records: usize,
    /// Of them a second time: an append whose answer was lost.
    pub repeated: usize,
    /// Owners of sources, one after the other.
    pub owners: usize,
    notes: BTreeMap<String, usize>,
    rows: Vec<String>,
    /// By source: its newest owner, and the last number.
    last: BTreeMap<String, (u64, u64)>,
}

impl Heard {
    /// Takes the next record of a partition.
    ///
    /// # Errors
    /// Its source numbered records before it that the log does not hold.
    pub fn take(&mut self, envelope: &Envelope) -> Result<(), String> {
        self.records += 1;
        if envelope.dialect == Dialect::CtiAdapter {
            let times = self.notes.entry(envelope.id.to_string()).or_default();
            *times += 1;
            self.repeated += usize::from(*times > 1);
        }
        if envelope.sequence == 0 {
            return Ok(());
        }
        let source = format!("{} {:?}", envelope.source, envelope.dialect);
        let (owner, number) = self.last.entry(source.clone()).or_default();
        if envelope.epoch < *owner || envelope.sequence <= *number {
            self.repeated += 1;
            return Ok(());
        }
        if envelope.sequence > *number + 1 {
            return Err(format!("{source}: {} follows {number}", envelope.sequence));
        }
        self.owners += usize::from(envelope.epoch > *owner);
        (*owner, *number) = (envelope.epoch, envelope.sequence);
        if envelope.dialect == Dialect::AsteriskQueueLog {
            self.rows.push(row_of(envelope));
        }
        Ok(())
    }

    /// Every note that was answered with 202 is there, and every row of the queue_log, once
    /// and in order.
    ///
    /// # Errors
    /// What is missing or too much.
    pub fn holds(&self, told: &[String], rows: usize) -> Result<(), String> {
        let missing: Vec<&String> = told.iter().filter(|id| !self.notes.contains_key(*id)).collect();
        if !missing.is_empty() {
            return Err(format!("{} notes were answered with 202 and are not in the log: {missing:?}", missing.len()));
        }
        let wanted: Vec<String> = (0..rows).map(|n| row_written(&calls::row(n))).collect();
        if self.rows == wanted {
            return Ok(());
        }
        let odd = wanted.iter().zip(&self.rows).find(|(wanted, found)| wanted != found);
        Err(format!("{} rows of {} in the log, the first odd one: {odd:?}", self.rows.len(), wanted.len()))
    }
}

/// `callid event` of a row in the log, and of a line of the file.
fn row_of(envelope: &Envelope) -> String {
    let data: serde_json::Value = serde_json::from_slice(&envelope.data).unwrap_or_default();
    format!("{} {}", data["callid"].as_str().unwrap_or_default(), data["event"].as_str().unwrap_or_default())
}

fn row_written(line: &str) -> String {
    let mut fields = line.split('|');
    let (call, event) = (fields.nth(1).unwrap_or_default(), fields.nth(2).unwrap_or_default());
    format!("{call} {event}")
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn told(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn numbered(dialect: Dialect, id: &str, (epoch, sequence): (u64, u64), data: String) -> Envelope {
        Envelope {
            id: id.into(),
            source: "/switch/pbx3".into(),
            dialect,
            time: Instant(0),
            received: Instant(0),
            epoch,
            sequence,
            center: "main".into(),
            switch: "pbx3".into(),
            data: data.into(),
        }
    }

    fn row(n: usize, owned: (u64, u64)) -> Envelope {
        let written = row_written(&calls::row(n));
        let (callid, event) = written.split_once(' ').expect("two words");
        let data = serde_json::json!({ "callid": callid, "event": event }).to_string();
        numbered(Dialect::AsteriskQueueLog, &n.to_string(), owned, data)
    }

    fn heard(all: &[Envelope]) -> Result<Heard, String> {
        let mut heard = Heard::default();
        all.iter().try_for_each(|envelope| heard.take(envelope))?;
        Ok(heard)
    }

    #[test]
    fn a_hole_a_missing_row_and_a_note_that_was_told_and_is_not_there() {
        let note = numbered(Dialect::CtiAdapter, "pbx1-1.1", (0, 0), String::new());
        let mut all = vec![row(0, (1, 1)), note.clone(), row(1, (1, 2)), row(1, (2, 2)), row(2, (2, 3)), note];
        let all_told = told(&["pbx1-1.1"]);
        let good = heard(&all).expect("no hole");
        assert_eq!((good.records, good.repeated, good.owners), (6, 2, 2));
        assert_eq!(good.holds(&all_told, 3), Ok(()));
        assert!(good.holds(&all_told, 4).unwrap_err().starts_with("3 rows of 4"));
        assert!(good.holds(&told(&["pbx1-2.2"]), 3).unwrap_err().contains("pbx1-2.2"));
        // What an owner that was replaced still sent is no row.
        all.push(row(3, (1, 4)));
        assert_eq!(heard(&all).expect("dropped").holds(&all_told, 3), Ok(()));
        all.push(row(4, (2, 5)));
        assert!(heard(&all).unwrap_err().ends_with("5 follows 3"));
        all.pop();
        all.push(row(4, (2, 4)));
        assert!(heard(&all).expect("no hole").holds(&all_told, 4).is_err(), "another row stands there");
    }
}
