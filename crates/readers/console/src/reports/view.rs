//! What a report's address asks: the words, read into a question for the tables.
//!
//! Contract: names and values are those of the command line's `report`; what is not
//! readable, or asks for more than [`MOST_INTERVALS`], is refused with the name that is
//! wrong. What the caller may not see is out of the question from here on.

use metrics::{Interval, Options, ServiceLevel, WaitBasis, zone};
use model::{Instant, Name};
use tables::{Question, Visible};

use super::presets::Preset;
use super::words::{Bad, Words};
use crate::auth::Caller;

/// The most intervals of a range that is asked for: thirteen months by the hour, three
/// months by the quarter of an hour.
pub(crate) const MOST_INTERVALS: i64 = 10_000;

/// The service-level formulas, by their names in `docs/metrics.md`.
pub(crate) const FORMULAS: [&str; 7] = [
    "service_level",
    "service_level_negative",
    "service_level_ignore",
    "service_level_positive",
    "service_level_answered",
    "service_level_amazon",
    "service_level_avaya",
];

/// Names that every report takes.
pub(crate) const NAMES: &[&str] = &[
    "interval",
    "tz",
    "range",
    "from",
    "to",
    "as_of",
    "center",
    "queue",
    "agent",
    "attribution",
    "service_level",
    "short_abandon",
    "formula",
    "exclude_consults",
    "observed_waits",
    "by",
    "total",
    "format",
];

/// A report that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The words, as they were.
    pub words: Words,
    /// The question to the tables.
    pub question: Question,
    /// The formulas of the service level that are wanted; empty: all.
    pub formulas: Vec<&'static str>,
    /// Only this agent.
    pub agent: Option<Name>,
}

impl View {
    /// Reads the words of a caller at a time of day.
    pub(crate) fn read(words: Words, caller: &Caller, now: Instant) -> Result<Self, Bad> {
        let options = options(&words, now)?;
        let mut visible = caller.sees.visible();
        let queues: Vec<Name> = words.all("queue").map(Name::from).collect();
        let queue = (queues.len() == 1).then(|| queues[0].clone());
        if queues.len() > 1 {
            narrow(&mut visible, queues);
        }
        let as_of = words.one("as_of")?.map(|t| time("as_of", t, options.tz)).transpose()?;
        let agent = words.one("agent")?.map(Name::from);
        let formulas = formulas(&words)?;
        let question = Question { options: Options { queue, ..options }, as_of, visible };
        Ok(Self { words, question, formulas, agent })
    }

    /// What is asked of the figures.
    pub(crate) const fn options(&self) -> &Options {
        &self.question.options
    }

    /// The formula that pages and charts show.
    pub(crate) fn formula(&self) -> &'static str {
        self.formulas.first().copied().unwrap_or("service_level")
    }

    /// Whether a column of a report is wanted.
    pub(crate) fn wants(&self, column: &str) -> bool {
        self.formulas.is_empty() || !FORMULAS.contains(&column) || self.formulas.contains(&column)
    }
}

/// Of several queues only those that may be seen.
fn narrow(visible: &mut Visible, mut queues: Vec<Name>) {
    if let Some(seen) = &visible.queues {
        queues.retain(|q| seen.contains(q));
    }
    visible.queues = Some(queues);
}

fn options(words: &Words, now: Instant) -> Result<Options, Bad> {
    let tz = words.one("tz")?.map(zone_of).transpose()?.unwrap_or(chrono_tz::UTC);
    let interval = parsed::<Interval>("interval", words.one("interval")?)?.unwrap_or_default();
    let (from, to) = range(words, now, tz, interval)?;
    Ok(Options {
        from,
        to,
        interval,
        tz,
        attribution: parsed("attribution", words.one("attribution")?)?.unwrap_or_default(),
        service_level: match words.one("service_level")? {
            None => ServiceLevel::Default,
            Some("switch") => ServiceLevel::Switch,
            Some(text) => ServiceLevel::Fixed(duration("service_level", text)?),
        },
        short_abandon_ms: words.one("short_abandon")?.map(|t| duration("short_abandon", t)).transpose()?,
        exclude_consults: words.flag("exclude_consults")?,
        center: words.one("center")?.map(Name::from),
        by_queue: match words.one("by")? {
            None => false,
            Some("queue") => true,
            Some(other) => return Err(Bad::new("by", format!("'{other}': only `queue` is known"))),
        },
        total: words.flag("total")?,
        wait: if words.flag("observed_waits")? { WaitBasis::Observed } else { WaitBasis::Stated },
        ..Options::default()
    })
}

fn parsed<T: std::str::FromStr<Err = String>>(name: &'static str, text: Option<&str>) -> Result<Option<T>, Bad> {
    text.map(|t| t.parse().map_err(|why: String| Bad::new(name, why))).transpose()
}

fn zone_of(name: &str) -> Result<chrono_tz::Tz, Bad> {
    name.parse().map_err(|_| Bad::new("tz", format!("'{name}' is no IANA time zone such as Europe/Berlin or UTC")))
}

fn range(
    words: &Words,
    now: Instant,
    tz: chrono_tz::Tz,
    interval: Interval,
) -> Result<(Option<Instant>, Option<Instant>), Bad> {
    let time = |name: &'static str| words.one(name)?.map(|t| self::time(name, t, tz)).transpose();
    let (from, to) = (time("from")?, time("to")?);
    let (from, to) = match words.one("range")? {
        None => (from, to),
        Some(name) => {
            let names = Preset::ALL.map(|(_, n)| n).join(", ");
            let preset = Preset::of(name).ok_or_else(|| Bad::new("range", format!("'{name}' is none of {names}")))?;
            let (from, to) = preset.range(now, tz, interval);
            (Some(from), Some(to))
        }
    };
    if let (Some(from), Some(to)) = (from, to) {
        if from >= to {
            return Err(Bad::new("to", format!("{to} is not after from ({from}): the range is empty")));
        }
        let many = to.millis_since(from) / step_ms(interval);
        if many > MOST_INTERVALS {
            let what =
                format!("{many} intervals are too many (at most {MOST_INTERVALS}): take longer ones or less time");
            return Err(Bad::new("interval", what));
        }
    }
    Ok((from, to))
}

/// Length of an interval, milliseconds, as if no clock changed.
pub(crate) const fn step_ms(interval: Interval) -> i64 {
    match interval {
        Interval::Quarter => 15 * 60_000,
        Interval::Half => 30 * 60_000,
        Interval::Hour => 3_600_000,
        Interval::Day => 86_400_000,
        Interval::Week => 7 * 86_400_000,
        Interval::All => i64::MAX,
    }
}

/// An RFC 3339 instant, or a date or time on the clocks of the zone.
pub(crate) fn time(name: &'static str, text: &str, tz: chrono_tz::Tz) -> Result<Instant, Bad> {
    if let Ok(instant) = Instant::parse_rfc3339(text) {
        return Ok(instant);
    }
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f"];
    let local = forms.iter().find_map(|f| chrono::NaiveDateTime::parse_from_str(text, f).ok());
    let midnight = || Some(chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(chrono::NaiveTime::MIN));
    // (A year has four digits, as in RFC 3339: the calendar of instants ends there.)
    let local = local.or_else(midnight).filter(|t| (0..=9999).contains(&chrono::Datelike::year(t)));
    local.map(|t| zone::instant_of(tz, t)).ok_or_else(|| {
        Bad::new(name, format!("'{text}' is no time such as 2026-11-22T05:00:00Z, or 2026-11-22T05:00 of the zone"))
    })
}

/// Milliseconds of `500ms`, `20s`, `2m`, `1h`, of at most nine digits; a bare number is
/// seconds.
pub(crate) fn duration(name: &'static str, text: &str) -> Result<i64, Bad> {
    let bad = || Bad::new(name, format!("'{text}' is no duration such as 20s, 500ms or 2m"));
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if digits > 9 {
        return Err(bad());
    }
    let number: i64 = text[..digits].parse().map_err(|_| bad())?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(bad()),
    };
    number.checked_mul(unit).ok_or_else(bad)
}

fn formulas(words: &Words) -> Result<Vec<&'static str>, Bad> {
    let asked = words.all("formula").flat_map(|text| text.split(',')).map(str::trim);
    let known = |name: &str| FORMULAS.into_iter().find(|f| *f == name);
    asked
        .map(|n| known(n).ok_or_else(|| Bad::new("formula", format!("'{n}' is none of {}", FORMULAS.join(", ")))))
        .collect()
}

/// An interval's name in addresses.
pub(crate) const fn interval_name(interval: Interval) -> &'static str {
    match interval {
        Interval::Quarter => "15m",
        Interval::Half => "30m",
        Interval::Hour => "1h",
        Interval::Day => "1d",
        Interval::Week => "1w",
        Interval::All => "all",
    }
}
