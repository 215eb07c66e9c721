//! Instants and durations as people write them into an address.

use chrono::{MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use model::Instant;

/// An RFC 3339 instant, or a date or a date with a time (`2026-11-22T05:30`) of the zone.
/// A time that the zone skips is the one an hour later; of two the first is meant.
pub(super) fn instant(text: &str, tz: Tz) -> Option<Instant> {
    if let Ok(at) = Instant::parse_rfc3339(text) {
        return Some(at);
    }
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.and_time(NaiveTime::MIN)))?;
    let later = local.checked_add_signed(TimeDelta::hours(1))?;
    [local, later].iter().find_map(|l| match tz.from_local_datetime(l) {
        MappedLocalTime::Single(t) | MappedLocalTime::Ambiguous(t, _) => Some(Instant(t.timestamp_micros())),
        MappedLocalTime::None => None,
    })
}

/// An instant as a field of a form takes it: the zone's date and time, to the second where
/// it has some.
pub(super) fn field(at: Instant, tz: Tz) -> String {
    let Some(utc) = chrono::DateTime::from_timestamp_micros(at.0) else { return String::new() };
    let local = utc.with_timezone(&tz).naive_local();
    let form = if at.0.rem_euclid(60_000_000) == 0 { "%Y-%m-%dT%H:%M" } else { "%Y-%m-%dT%H:%M:%S" };
    local.format(form).to_string()
}

/// Milliseconds of `20s`, `500ms`, `2m`, `1h`, `1:30` or `1:02:03`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.contains(':') {
        let parts: Vec<i64> = text.split(':').map(digits).collect::<Option<_>>()?;
        let seconds = match parts.as_slice() {
            [m, s] if *s < 60 => m.checked_mul(60)?.checked_add(*s)?,
            [h, m, s] if *m < 60 && *s < 60 => h.checked_mul(3600)?.checked_add(m * 60 + s)?,
            _ => return None,
        };
        return seconds.checked_mul(1000);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[end..].trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    digits(&text[..end])?.checked_mul(unit)
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_of_the_zone_unless_they_say_theirs() {
        let utc = |text: &str| Instant::parse_rfc3339(text).ok();
        assert_eq!(instant("2026-11-22T05:30:00Z", chrono_tz::Europe::Berlin), utc("2026-11-22T05:30:00Z"));
        assert_eq!(instant("2026-11-22", chrono_tz::Europe::Berlin), utc("2026-11-21T23:00:00Z"));
        assert_eq!(instant("2026-11-22T05:30", chrono_tz::America::New_York), utc("2026-11-22T10:30:00Z"));
        assert_eq!(instant("2026-11-22T05:30:09", chrono_tz::UTC), utc("2026-11-22T05:30:09Z"));
        // Berlin skips 02:30 on that day; 02:30 comes twice on this one.
        assert_eq!(instant("2026-03-29T02:30", chrono_tz::Europe::Berlin), utc("2026-03-29T01:30:00Z"));
        assert_eq!(instant("2026-10-25T02:30", chrono_tz::Europe::Berlin), utc("2026-10-25T00:30:00Z"));
        for bad in ["", "yesterday", "2026-13-01", "2026-11-22T25:00"] {
            assert_eq!(instant(bad, chrono_tz::UTC), None, "{bad}");
        }
        let berlin = chrono_tz::Europe::Berlin;
        for text in ["2026-11-22T05:30", "2026-07-01T00:00:07"] {
            assert_eq!(instant(text, berlin).map(|at| field(at, berlin)), Some(text.to_owned()));
        }
    }

    #[test]
    fn durations_have_a_unit_or_colons() {
        let cases = [("20", 20_000), ("20s", 20_000), ("500ms", 500), ("2m", 120_000), ("1h", 3_600_000)];
        for (text, ms) in cases.into_iter().chain([("1:30", 90_000), ("1:02:03", 3_723_000), ("0", 0)]) {
            assert_eq!(duration(text), Some(ms), "{text}");
        }
        for bad in ["", "x", "-5", "1:60", "1:2:3:4", "5 parsecs", "99999999999999999999", ":"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }
}
