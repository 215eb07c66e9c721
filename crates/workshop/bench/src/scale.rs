//! Cost and memory as history grows: one long topic, one fold, looked at at 1 M, 10 M and
//! 100 M events.
//!
//! Contract: the cost of an event is the processor time of the fold's whole process (reading
//! Kafka, tables, snapshots and their upkeep included) over the last tenth of the way, so
//! that what grows shows; at 1 M it is that of the first million. The late horizon is an
//! hour where none is said: it is full at 1 M then, and what is kept no longer grows.

use tests::kafka::Kafka;

use crate::Failure;
use crate::args::Args;
use crate::child::step;
use crate::told::Told;

/// Events where none are said.
pub const EVENTS: u64 = 100_000_000;
/// Hours where none are said.
pub const HORIZON_H: i64 = 1;

/// Measures it.
///
/// # Errors
/// A step failed.
pub fn scale(args: &Args) -> Result<Told, Failure> {
    let kafka = Kafka::start();
    let args = Args { brokers: Some(kafka.brokers()), ..args.clone() };
    let mut told = step(&args, "generate")?;
    told.0.extend(step(&args, "fold")?.0);
    for (less, more) in [(1, 10), (10, 100)] {
        for figure in ["fold_processor_us_per_event", "fold_rss_mib"] {
            let at = |millions: u32| told.get(&format!("{figure}_at_{millions}m"));
            let ratio = at(more).zip(at(less)).map(|(m, l)| m / l);
            told.maybe(&format!("ratio_{figure}_{more}m_to_{less}m"), ratio);
        }
    }
    Ok(told)
}
