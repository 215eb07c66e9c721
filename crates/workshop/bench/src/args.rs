//! The command line, as `main::HELP` states it.

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
}

impl Args {
    /// Reads them.
    ///
    /// # Errors
    /// A setting is not known, or its value is no number.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = words.next().ok_or("a command is missing")?;
        let mut args = Self { command, events: 5_000_000, switches: 1, every_s: 900, horizon_h: 24, brokers: None };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} wants a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{name} {value}: no number"));
            match name.as_str() {
                "--events" => args.events = number()?.max(1),
                "--switches" => args.switches = number()?.clamp(1, 1000),
                "--every" => args.every_s = number()?.max(1),
                "--horizon" => args.horizon_h = i64::try_from(number()?).map_err(|e| e.to_string())?,
                "--brokers" => args.brokers = Some(value),
                other => return Err(format!("'{other}' is no setting")),
            }
        }
        Ok(args)
    }

    /// The same as words for a child that does `command`.
    pub fn words(&self, command: &str, brokers: &str) -> Vec<String> {
        let pairs = [
            ("--events", self.events.to_string()),
            ("--switches", self.switches.to_string()),
            ("--every", self.every_s.to_string()),
            ("--horizon", self.horizon_h.to_string()),
            ("--brokers", brokers.to_owned()),
        ];
        std::iter::once(command.to_owned()).chain(pairs.into_iter().flat_map(|(k, v)| [k.to_owned(), v])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[test]
    fn a_child_reads_what_it_was_told() {
        let words = ["whole", "--events", "7", "--switches", "2", "--horizon", "1"].map(str::to_owned);
        let args = Args::read(words.into_iter()).unwrap();
        let child = Args::read(args.words("fold", "127.0.0.1:1").into_iter()).unwrap();
        assert_eq!(child, Args { command: "fold".into(), brokers: Some("127.0.0.1:1".into()), ..args });
        assert!(Args::read(["fold", "--wrong", "1"].map(str::to_owned).into_iter()).is_err());
    }
}
