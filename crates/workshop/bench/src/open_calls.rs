//! Calls held in the fold, by the million: open ones that wait or talk, and ended ones
//! within the late horizon.
//!
//! Contract: what is held is the growth of the process's resident memory over the growth of
//! the number of calls, with every row made already dropped; so it counts decoder, timeline,
//! intervals and live figures, and the allocator's own losses. Each shape in a process of
//! its own. Every talking call has an agent of its own (whose state counts too); ended ones
//! share 200.

use event_log::Opened;
use model::facts::Facts;
use pipeline::fold::PartitionFold;

use crate::Failure;
use crate::args::Args;
use crate::child::step;
use crate::fold::config;
use crate::memory;
use crate::native::Voice;
use crate::template::{Template, Upto};
use crate::told::Told;

/// Calls where none are said.
pub const CALLS: u64 = 1_000_000;
/// Calls before the first look: tables of names, the allocator and the code are there then.
const WARM: u64 = 2_000;
/// From one call's begin to the next one's, milliseconds: a million begin in 5.6 hours.
const APART_MS: i64 = 20;
/// Agents of ended calls.
const AGENTS: u64 = 200;

/// Every shape, one after the other.
///
/// # Errors
/// A step failed.
pub fn all(args: &Args) -> Result<Told, Failure> {
    let mut told = Told::default();
    for shape in ["waiting", "talking", "ended"] {
        let args = Args { shape: shape.to_owned(), ..args.clone() };
        told.0.extend(step(&args, "hold-calls")?.0);
    }
    Ok(told)
}

/// One shape, in this process.
///
/// # Errors
/// The fold refuses what the switch said.
pub fn one(args: &Args) -> Result<Told, Failure> {
    let (calls, shape) = (args.count_or(CALLS), args.shape.as_str());
    let (upto, agents) = match shape {
        "waiting" => (Upto::Waiting, AGENTS),
        "talking" => (Upto::Talking, calls),
        "ended" => (Upto::Ended, AGENTS),
        other => return Err(format!("'{other}' is no shape: waiting, talking or ended").into()),
    };
    let template = Template::read(upto)?;
    let mut held = Held { fold: PartitionFold::new(0, config(args)), voice: Voice::new("pbx", 1), offset: 0 };
    held.take(&template, 0..WARM, agents)?;
    let before = memory::resident_mib();
    let used = memory::processor_s();
    held.take(&template, WARM..WARM + calls, agents)?;
    let mut told = Told::default();
    told.count(&format!("{shape}_calls"), calls);
    let grown = memory::resident_mib().zip(before).map(|(now, before)| now - before);
    told.maybe(&format!("{shape}_rss_grown_mib"), grown);
    told.maybe(&format!("{shape}_bytes_per_call"), grown.map(|mib| mib * f64::from(1 << 20) / calls as f64));
    let spent = memory::processor_s().zip(used).map(|(now, before)| now - before);
    told.maybe(&format!("{shape}_processor_us_per_call"), spent.map(|s| s * 1e6 / calls as f64));
    Ok(told)
}

struct Held {
    fold: PartitionFold,
    voice: Voice,
    offset: i64,
}

impl Held {
    fn take(&mut self, template: &Template, calls: std::ops::Range<u64>, agents: u64) -> Result<(), Failure> {
        for nth in calls {
            let later_ms = i64::try_from(nth)?.saturating_mul(APART_MS);
            let mut rows = Facts::default();
            for envelope in template.call(nth, later_ms, agents, &mut self.voice) {
                let (value, timestamp_ms) = (envelope.data.clone(), envelope.time.millis());
                let record = Opened { offset: self.offset, timestamp_ms, value, envelope: Ok(envelope) };
                self.fold.apply(&record, &mut rows).map_err(|reject| reject.text)?;
                self.offset += 1;
            }
        }
        Ok(())
    }
}
