//! What is done to the parts, and in which order: all of it from one seed.
//!
//! Contract: the same number of kills and the same seed give the same plan. Fifteen kills
//! in a row hold every kind of kill and every kind of trouble at least once.

use std::time::Duration;

/// A `kill -9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kill {
    /// The first or the second `ringledger run`.
    Process(usize),
    /// The broker.
    Broker,
    /// The S3 server.
    Store,
}

/// What else goes on around a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The broker is asked to end, and started again.
    BrokerRestarted,
    /// The S3 server is asked to end, and started again.
    StoreStopped,
    /// The S3 server takes connections and answers nothing.
    StoreHangs,
    /// The CRM takes connections and answers nothing.
    CrmHangs,
    /// Every session of the CRM is over.
    CrmSessionsExpire,
    /// The CRM's work is done and its answers are lost.
    CrmDropsAnswers,
    /// Rows of contacts to come are locked for a while.
    CrmLocksRows,
    /// The CRM's daily limit is used up.
    CrmLimitExhausted,
    /// 503, 429, and pages that are no JSON.
    CrmUnavailable,
    /// The switches break their connections.
    SwitchesHangUp,
}

/// One kill and what surrounds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Calm before it.
    pub rest: Duration,
    /// Begins before the kill and ends after it.
    pub trouble: Option<Trouble>,
    /// From the trouble's begin to the kill.
    pub until_kill: Duration,
    /// The kill.
    pub kill: Kill,
    /// From the kill to the trouble's end.
    pub down: Duration,
    /// Processes are started again before the other parts are back.
    pub early: bool,
}

/// Kills of one deck; see [`deck`].
const DECK: usize = 15;

const TROUBLES: [Trouble; 10] = [
    Trouble::BrokerRestarted,
    Trouble::StoreStopped,
    Trouble::StoreHangs,
    Trouble::CrmHangs,
    Trouble::CrmSessionsExpire,
    Trouble::CrmDropsAnswers,
    Trouble::CrmLocksRows,
    Trouble::CrmLimitExhausted,
    Trouble::CrmUnavailable,
    Trouble::SwitchesHangUp,
];

/// The plan of so many kills.
pub fn plan(kills: usize, seed: u64) -> Vec<Step> {
    let mut chance = Chance(seed);
    let mut steps = Vec::with_capacity(kills);
    while steps.len() < kills {
        let (kills_of, troubles) = deck(&mut chance);
        let pairs = kills_of.into_iter().zip(troubles);
        steps.extend(pairs.map(|(kill, trouble)| step(kill, trouble, &mut chance)));
    }
    steps.truncate(kills);
    steps
}

/// Thirteen kills of a process, one of the broker, one of the S3 server; ten troubles.
fn deck(chance: &mut Chance) -> (Vec<Kill>, Vec<Option<Trouble>>) {
    let mut kills: Vec<Kill> = (0..DECK - 2).map(|i| Kill::Process(i % 2)).collect();
    kills.extend([Kill::Broker, Kill::Store]);
    let mut troubles: Vec<Option<Trouble>> = TROUBLES.into_iter().map(Some).collect();
    troubles.resize(DECK, None);
    chance.shuffle(&mut kills);
    chance.shuffle(&mut troubles);
    (kills, troubles)
}

fn step(kill: Kill, trouble: Option<Trouble>, chance: &mut Chance) -> Step {
    Step {
        rest: chance.millis(300, 4_000),
        trouble,
        until_kill: chance.millis(0, 1_500),
        kill,
        down: chance.millis(0, 2_500),
        early: chance.below(2) == 0,
    }
}

/// Numbers that follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn millis(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least))
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            let other = usize::try_from(self.below(i as u64 + 1)).unwrap_or(0);
            all.swap(i, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_makes_a_plan_and_fifteen_kills_hold_every_kind() {
        assert_eq!(plan(200, 7), plan(200, 7));
        assert_ne!(plan(15, 7), plan(15, 8));
        let short = plan(15, 1);
        assert_eq!(short.len(), 15);
        let kills: BTreeSet<Kill> = short.iter().map(|s| s.kill).collect();
        let troubles: BTreeSet<Trouble> = short.iter().filter_map(|s| s.trouble).collect();
        assert_eq!((kills.len(), troubles.len()), (4, TROUBLES.len()));
        assert_eq!(plan(7, 1)[..], short[..7]);
    }
}
