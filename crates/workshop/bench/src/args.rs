//! The command line, as `main::HELP` states it.

use std::path::PathBuf;

use crate::scale;

/// A command and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// Which.
    pub command: String,
    /// Records to make.
    pub events: u64,
    /// Switches that say them.
    pub switches: u64,
    /// Seconds from one repetition of the capture to the next.
    pub every_s: u64,
    /// Late horizon in hours.
    pub horizon_h: i64,
    /// Kafka's `host:port`.
    pub brokers: Option<String>,
    /// Where the tables go, or where files come from; none: a temporary folder.
    pub folder: Option<PathBuf>,
    /// Where recordings go.
    pub to: Option<String>,
    /// Calls, contacts.
    pub count: u64,
    /// Which shape of call is held.
    pub shape: String,
    /// Small and large recordings.
    pub small: u64,
    /// See `small`.
    pub large: u64,
    /// Events a second.
    pub rate: u64,
    /// Length of a run, seconds.
    pub seconds: u64,
    /// Longest time between two flushes, milliseconds.
    pub flush_ms: u64,
}

impl Args {
    /// A command with every default.
    pub fn of(command: &str) -> Self {
        let long = command == "scale";
        Self {
            command: command.to_owned(),
            events: if long { scale::EVENTS } else { 5_000_000 },
            switches: 1,
            every_s: 900,
            horizon_h: if long { scale::HORIZON_H } else { 24 },
            brokers: None,
            folder: None,
            to: None,
            count: 0,
            shape: "talking".to_owned(),
            small: 4_000,
            large: 4,
            rate: 2_000,
            seconds: 60,
            flush_ms: 5_000,
        }
    }

    /// Reads them.
    ///
    /// # Errors
    /// A setting is not known, or its value is no number.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::of(&words.next().ok_or("a command is missing")?);
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} wants a value"))?;
            args.set(&name, value)?;
        }
        Ok(args)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: no number"));
        match name {
            "--events" => self.events = number()?.max(1),
            "--switches" => self.switches = number()?.clamp(1, 1000),
            "--every" => self.every_s = number()?.max(1),
            "--horizon" => self.horizon_h = i64::try_from(number()?).map_err(|e| e.to_string())?,
            "--count" | "--visits" => self.count = number()?,
            "--small" => self.small = number()?,
            "--large" => self.large = number()?,
            "--rate" => self.rate = number()?.max(20),
            "--seconds" => self.seconds = number()?.max(1),
            "--flush-ms" => self.flush_ms = number()?.max(1),
            "--brokers" => self.brokers = Some(value),
            "--folder" => self.folder = Some(value.into()),
            "--to" => self.to = Some(value),
            "--shape" => self.shape = value,
            other => return Err(format!("'{other}' is no setting")),
        }
        Ok(())
    }

    /// The same as words for a child that does `command`.
    pub fn words(&self, command: &str) -> Vec<String> {
        let numbers = [
            ("--events", self.events),
            ("--switches", self.switches),
            ("--every", self.every_s),
            ("--horizon", self.horizon_h.unsigned_abs()),
            ("--count", self.count),
            ("--small", self.small),
            ("--large", self.large),
            ("--rate", self.rate),
            ("--seconds", self.seconds),
            ("--flush-ms", self.flush_ms),
        ];
        let numbers = numbers.map(|(name, n)| (name, Some(n.to_string())));
        let texts = [
            ("--brokers", self.brokers.clone()),
            ("--folder", self.folder.as_ref().map(|f| f.display().to_string())),
            ("--to", self.to.clone()),
            ("--shape", Some(self.shape.clone())),
        ];
        let pairs = numbers.into_iter().chain(texts).filter_map(|(name, value)| Some([name.to_owned(), value?]));
        std::iter::once(command.to_owned()).chain(pairs.flatten()).collect()
    }

    /// `count`, or so many where none was said.
    pub fn count_or(&self, default: u64) -> u64 {
        if self.count == 0 { default } else { self.count }
    }

    /// Kafka's `host:port`.
    ///
    /// # Errors
    /// None was said.
    pub fn brokers(&self) -> Result<String, String> {
        self.brokers.clone().ok_or_else(|| "--brokers is missing".to_owned())
    }

    /// The folder.
    ///
    /// # Errors
    /// None was said.
    pub fn folder(&self) -> Result<PathBuf, String> {
        self.folder.clone().ok_or_else(|| "--folder is missing".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[test]
    fn a_child_reads_what_it_was_told() {
        let words = ["whole", "--events", "7", "--switches", "2", "--horizon", "1", "--folder", "a b"];
        let args = Args::read(words.map(str::to_owned).into_iter()).unwrap();
        let args = Args { brokers: Some("127.0.0.1:1".into()), ..args };
        let child = Args::read(args.words("fold").into_iter()).unwrap();
        assert_eq!(child, Args { command: "fold".into(), ..args });
        assert!(Args::read(["fold", "--wrong", "1"].map(str::to_owned).into_iter()).is_err());
    }
}
