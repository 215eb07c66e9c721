//! What the command line says of a report, as [`metrics::Options`].

use metrics::{Options, ServiceLevel, WaitBasis};
use model::Instant;

use crate::args::{Range, Report};
use crate::failure::Failure;

/// An RFC 3339 instant.
///
/// # Errors
/// The text is none.
pub fn instant(text: &str) -> Result<Instant, Failure> {
    Instant::parse_rfc3339(text).map_err(Failure::Usage)
}

/// A duration with a unit: `500ms`, `20s`, `2m`, `1h`; a bare number is seconds.
///
/// # Errors
/// The text is none.
pub fn duration_ms(text: &str) -> Result<i64, Failure> {
    let bad = || Failure::Usage(format!("'{text}' is no duration such as 20s, 500ms or 2m"));
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
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

/// A time zone.
///
/// # Errors
/// No IANA zone has that name.
pub fn zone(name: &str) -> Result<chrono_tz::Tz, Failure> {
    name.parse().map_err(|_| Failure::Usage(format!("--tz {name}: no IANA time zone such as Europe/Berlin or UTC")))
}

/// The part of the options that every command shares.
///
/// # Errors
/// What is not readable.
pub fn range_options(range: &Range) -> Result<Options, Failure> {
    let options = Options {
        from: range.from.as_deref().map(instant).transpose()?,
        to: range.to.as_deref().map(instant).transpose()?,
        tz: zone(&range.tz)?,
        center: range.center.as_deref().map(Into::into),
        ..Options::default()
    };
    match (options.from, options.to) {
        (Some(from), Some(to)) if from >= to => {
            Err(Failure::Usage(format!("--from {from} is not before --to {to}: the range is empty")))
        }
        _ => Ok(options),
    }
}

/// The options of a report.
///
/// # Errors
/// What is not readable.
pub fn report_options(args: &Report) -> Result<Options, Failure> {
    let by_queue = match args.by.as_deref() {
        None => false,
        Some("queue") => true,
        Some(other) => return Err(Failure::Usage(format!("--by {other}: only `queue` is known"))),
    };
    Ok(Options {
        interval: args.interval.parse().map_err(Failure::Usage)?,
        attribution: args.attribution.parse().map_err(Failure::Usage)?,
        service_level: match args.service_level.as_deref() {
            None => ServiceLevel::Default,
            Some("switch") => ServiceLevel::Switch,
            Some(text) => ServiceLevel::Fixed(duration_ms(text)?),
        },
        short_abandon_ms: args.short_abandon.as_deref().map(duration_ms).transpose()?,
        exclude_consults: args.exclude_consults,
        queue: args.queue.as_deref().map(Into::into),
        by_queue,
        total: args.total,
        wait: if args.observed_waits { WaitBasis::Observed } else { WaitBasis::Stated },
        ..range_options(&args.range)?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration_ms("20s").ok(), Some(20_000));
        assert_eq!(duration_ms("500ms").ok(), Some(500));
        assert_eq!(duration_ms("2m").ok(), Some(120_000));
        assert_eq!(duration_ms("7").ok(), Some(7_000));
        for bad in ["", "s", "-5s", "5 s", "5d", "99999999999999999999"] {
            assert!(duration_ms(bad).is_err(), "{bad}");
        }
    }
}
