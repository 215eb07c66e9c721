//! Kills under load: `kill -9` of processes, broker and S3 server, in an order that follows
//! from a seed. The run itself is a test of the workspace (`tests/tests/chaos.rs`), built
//! as all others are; every run of the tests takes its short form.

use crate::run::{cargo, done};

/// What a run follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    kills: u64,
    seed: u64,
}

impl Chaos {
    /// `--kills N` and `--seed N`, in any order, each with a default.
    ///
    /// # Errors
    /// Which word is not understood.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut chaos = Self { kills: 15, seed: 1 };
        for pair in words.chunks(2) {
            let number = |name: &str| {
                let text = pair.get(1).copied().unwrap_or_default();
                text.parse().map_err(|_| format!("'{text}' is no whole number for {name}"))
            };
            match pair[0] {
                "--kills" => chaos.kills = number("--kills")?,
                "--seed" => chaos.seed = number("--seed")?,
                other => return Err(format!("chaos knows --kills N and --seed N, and no '{other}'")),
            }
        }
        Ok(chaos)
    }

    /// Runs it.
    ///
    /// # Errors
    /// Where something does not hold in the end; the run says how to repeat it.
    pub fn run(self) -> Result<(), String> {
        let mut tests = cargo(&["test", "--workspace", "--all-features", "--test", "chaos", "--", "--nocapture"]);
        tests.env("RINGLEDGER_CHAOS_KILLS", self.kills.to_string());
        tests.env("RINGLEDGER_CHAOS_SEED", self.seed.to_string());
        done(tests)
    }
}

#[cfg(test)]
mod tests {
    use super::Chaos;

    #[test]
    fn kills_and_seed_are_read_in_any_order() {
        assert_eq!(Chaos::parse(&[]), Ok(Chaos { kills: 15, seed: 1 }));
        assert_eq!(Chaos::parse(&["--seed", "7", "--kills", "200"]), Ok(Chaos { kills: 200, seed: 7 }));
        assert!(Chaos::parse(&["--kills"]).is_err());
        assert!(Chaos::parse(&["--kill", "3"]).is_err());
    }
}
