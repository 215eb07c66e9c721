//! RFC 3339 in the one form that Ringledger itself writes, quickly: every record of the
//! log bears two of them. Any other form is left to `chrono`.
//!
//! The day count is H. Hinnant's ("chrono-compatible low-level date algorithms",
//! `days_from_civil` and `civil_from_days`), for the proleptic Gregorian calendar.

const DAY_US: i64 = 86_400_000_000;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z, in microseconds.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

/// Microseconds since the epoch of `2026-11-22T08:00:00[.fff[fff]]Z`; `None` for every
/// other text, be it good or bad.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    let whole: &[u8; 19] = text.first_chunk()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(i, c)| whole[*i] != *c) {
        return None;
    }
    let micros = match &text[19..] {
        [b'Z'] => 0,
        [b'.', f @ .., b'Z'] if f.len() == 3 => number(f)? * 1000,
        [b'.', f @ .., b'Z'] if f.len() == 6 => number(f)?,
        _ => return None,
    };
    let (year, month, day) = (number(&whole[..4])?, number(&whole[5..7])?, number(&whole[8..10])?);
    let (hour, minute, second) = (number(&whole[11..13])?, number(&whole[14..16])?, number(&whole[17..])?);
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second;
    Some(days(year, month, day) * DAY_US + seconds * 1_000_000 + micros)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since the epoch; years begin in March, so that the odd day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH
}

/// The same back: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + EPOCH;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The text of an instant; `None` outside the years 0 to 9999.
pub(crate) fn format(micros: i64) -> Option<String> {
    if !WRITABLE.contains(&micros) {
        return None;
    }
    let (year, month, day) = civil(micros.div_euclid(DAY_US));
    let (seconds, fraction) = (micros.rem_euclid(DAY_US) / 1_000_000, micros.rem_euclid(1_000_000));
    let mut out = Vec::with_capacity(27);
    let mut put = |before: u8, value: i64, width: u32| {
        out.push(before);
        out.extend((0..width).rev().map(|i| b'0' + (value / 10_i64.pow(i) % 10) as u8));
    };
    put(b' ', year, 4);
    put(b'-', month, 2);
    put(b'-', day, 2);
    put(b'T', seconds / 3600, 2);
    put(b':', seconds / 60 % 60, 2);
    put(b':', seconds % 60, 2);
    match (fraction, fraction % 1000) {
        (0, _) => {}
        (_, 0) => put(b'.', fraction / 1000, 3),
        _ => put(b'.', fraction, 6),
    }
    out.push(b'Z');
    out.remove(0);
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_chrono(text: &str) -> Option<i64> {
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|t| t.timestamp_micros())
    }

    #[test]
    fn every_day_of_four_centuries_is_chronos() {
        for day in -200_000..200_000_i64 {
            let at = day * DAY_US + (day.rem_euclid(86_399)) * 1_000_000 + day.rem_euclid(997) * 500;
            let text = format(at).expect("a year of four digits");
            let theirs = chrono::DateTime::from_timestamp_micros(at).expect("in range");
            assert_eq!(chrono::DateTime::parse_from_rfc3339(&text).map(|t| t.to_utc()), Ok(theirs), "{text}");
            assert_eq!(parse(text.as_bytes()), Some(at), "{text}");
        }
    }

    #[test]
    fn what_chrono_refuses_is_not_taken() {
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:0xZ",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "",
        ] {
            assert_eq!(by_chrono(text), None, "{text}");
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(by_chrono("2024-02-29T00:00:00Z"), parse(b"2024-02-29T00:00:00Z"));
        assert_eq!(by_chrono("2000-02-29T00:00:00Z"), parse(b"2000-02-29T00:00:00Z"));
    }

    #[test]
    fn other_good_forms_are_left_to_chrono() {
        for text in ["2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.1Z", "2026-01-01T23:59:60Z"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
            assert!(by_chrono(text).is_some(), "{text}");
        }
    }

    #[test]
    fn only_years_of_four_digits_are_written() {
        assert_eq!(format(*WRITABLE.start()).as_deref(), Some("0000-01-01T00:00:00Z"));
        assert_eq!(format(*WRITABLE.end()).as_deref(), Some("9999-12-31T23:59:59.999999Z"));
        assert_eq!((format(WRITABLE.start() - 1), format(WRITABLE.end() + 1)), (None, None));
    }
}
