//! What is asked: a load, measured or typed in, and targets.

use metrics::staffing::{Demand, StaffingError, Targets};
use metrics::{Interval, Options, explain};
use model::Instant;
use tables::Question;

use crate::auth::Caller;
use crate::reports::answer::NoAnswer;
use crate::reports::view::{View, duration, time};
use crate::reports::words::{Bad, Words};
use crate::server::Server;

/// Names that are taken beside those of a report.
pub(crate) const NAMES: &[&str] =
    &["at", "arrivals", "period", "aht", "patience", "target", "within", "max_abandon", "max_occupancy", "shrinkage"];

/// Where nothing else is said: eight of ten within 20 s, one of twenty may give up, and
/// three tenths of the paid time are not for calls.
pub(crate) const DEFAULTS: [(&str, &str); 4] =
    [("target", "80%"), ("within", "20s"), ("max_abandon", "5%"), ("shrinkage", "30%")];

/// A question.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The load, with its patience where one is known.
    pub demand: Demand,
    /// What is wanted.
    pub targets: Targets,
    /// The range that was measured, if any.
    pub measured: Option<(Instant, Instant)>,
}

/// What a report says of a queue's load.
struct Measured {
    span: (Instant, Instant),
    arrivals: f64,
    aht_ms: Option<f64>,
    patience_ms: Option<f64>,
}

impl Ask {
    /// Reads the words; measures where a queue is named.
    pub(crate) async fn read(server: &Server, caller: &Caller, words: &Words) -> Result<Self, NoAnswer> {
        let targets = targets(words)?;
        let measured = match words.one("queue")? {
            Some(_) => Some(measure(server, caller, words).await?),
            None => None,
        };
        let typed = |name: &'static str| words.one(name)?.map(|t| duration(name, t).map(|ms| ms as f64)).transpose();
        let known = measured.as_ref();
        let missing = |name: &'static str| {
            Bad::new(
                name,
                if known.is_some() {
                    "it was not measured in this range: type it in"
                } else {
                    "type it in, or name a queue and a range"
                },
            )
        };
        let arrivals = words.one("arrivals")?.map(|t| number("arrivals", t)).transpose()?;
        let period = known.map(|m| m.span.1.millis_since(m.span.0) as f64);
        let demand = Demand::new(
            arrivals.or(known.map(|m| m.arrivals)).ok_or_else(|| missing("arrivals"))?,
            typed("period")?.or(period).ok_or_else(|| missing("period"))?,
            typed("aht")?.or(known.and_then(|m| m.aht_ms)).ok_or_else(|| missing("aht"))?,
            typed("patience")?.or(known.and_then(|m| m.patience_ms)),
        );
        Ok(Self { demand: demand.map_err(|e| bad(&e))?, targets, measured: measured.map(|m| m.span) })
    }
}

/// A refusal of the formulas, as one of a name of the address.
pub(crate) fn bad(error: &StaffingError) -> Bad {
    let name = match error {
        StaffingError::BadFigure { name, .. } | StaffingError::BadTarget { name } => *name,
        StaffingError::TooMuch { .. } => "arrivals",
    };
    let name = match name {
        "interval_ms" => "period",
        "aht_ms" => "aht",
        "patience_ms" => "patience",
        "service_level" => "target",
        "max_abandon_rate" => "max_abandon",
        "within_ms" => "within",
        other => other,
    };
    Bad::new(name, error.to_string())
}

fn targets(words: &Words) -> Result<Targets, Bad> {
    let default = |name: &str| DEFAULTS.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let word = |name: &'static str| Ok::<_, Bad>(words.one(name)?.or_else(|| default(name)));
    let share = |name: &'static str| word(name)?.map(|t| fraction(name, t)).transpose();
    Ok(Targets {
        service_level: share("target")?,
        within_ms: word("within")?.map(|t| duration("within", t)).transpose()?.unwrap_or(0) as f64,
        max_abandon_rate: share("max_abandon")?,
        max_occupancy: share("max_occupancy")?,
        shrinkage: share("shrinkage")?.unwrap_or(0.0),
    })
}

fn number(name: &'static str, text: &str) -> Result<f64, Bad> {
    let number = text.parse::<f64>().ok().filter(|n| (0.0..=1e6).contains(n));
    number.ok_or_else(|| Bad::new(name, format!("'{text}' is no number from 0 to a million")))
}

/// `0.8`, or `80%`: from 0 to 1.
fn fraction(name: &'static str, text: &str) -> Result<f64, Bad> {
    let value = match text.strip_suffix('%') {
        Some(percent) => number(name, percent.trim())? / 100.0,
        None => number(name, text)?,
    };
    if value <= 1.0 { Ok(value) } else { Err(Bad::new(name, format!("'{text}' is above 1: write 0.8, or 80%"))) }
}

/// The `queues` report of one queue over one interval: that which holds `at`, else the
/// whole range.
async fn measure(server: &Server, caller: &Caller, words: &Words) -> Result<Measured, NoAnswer> {
    let own: Vec<&str> = NAMES.to_vec();
    let view = View::read(words.without(&own), caller, (server.clock)())?;
    let mut options = view.options().clone();
    let at = words.one("at")?.map(|t| time("at", t, options.tz)).transpose()?;
    if let Some(at) = at.filter(|_| options.interval != Interval::All) {
        let span = explain::span_at(at, &options);
        (options.from, options.to) = (Some(span.lo), Some(span.hi));
    }
    let options = Options { interval: Interval::All, total: true, ..options };
    let rows = server.reports.queues(&Question { options, ..view.question.clone() }).await?;
    // (The totals row: of the queue in the centres that are asked for.)
    let row = rows.iter().rfind(|r| r.is_total()).filter(|r| r.counts.offered > 0);
    let row = row.ok_or_else(|| Bad::new("queue", "nobody joined this queue in this range"))?;
    let c = &row.counts;
    Ok(Measured {
        span: (row.interval_start, row.interval_end),
        arrivals: c.offered as f64,
        aht_ms: metrics::rates::rate(c.talk_ms_sum + c.acw_ms_sum, c.handled),
        patience_ms: metrics::staffing::mean_patience_ms(c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_read_both_ways() {
        assert_eq!(fraction("target", "0.8"), Ok(0.8));
        assert_eq!(fraction("target", "80 %"), Ok(0.8));
        for bad in ["80", "-1", "x", "NaN", "101%"] {
            assert!(fraction("target", bad).is_err(), "{bad}");
        }
    }
}
