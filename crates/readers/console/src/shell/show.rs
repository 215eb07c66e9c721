//! How figures are written where no script puts them into the reader's own form.

/// Milliseconds as `m:ss`, or `h:mm:ss` from an hour on; cut off.
pub(crate) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A fraction as per cent with a decimal.
pub(crate) fn percent(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

/// An RFC 3339 instant to the second, with its zone: `2026-11-22 05:48:48 UTC`.
pub(crate) fn instant(rfc3339: &str) -> String {
    rfc3339.get(..19).map_or_else(|| rfc3339.to_owned(), |s| format!("{} UTC", s.replace('T', " ")))
}

/// How long ago, in the largest whole unit: `42 s`, `5 min`, `3 h`, `6 d`.
pub(crate) fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 if seconds / 60 >= 60 => "1 h".to_owned(),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!([0, 61_999, 3_600_000, -5].map(duration), ["0:00", "1:01", "1:00:00", "0:00"]);
        assert_eq!(
            [900, 119_000, 120_000, 3_600_000, 7_200_000, 172_800_000].map(age),
            ["0 s", "119 s", "2 min", "1 h", "2 h", "2 d"]
        );
        assert_eq!(percent(0.875), "87.5 %");
        assert_eq!(instant("2026-11-22T05:48:48.123Z"), "2026-11-22 05:48:48 UTC");
    }
}
