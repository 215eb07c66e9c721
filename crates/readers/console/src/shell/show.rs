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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!([0, 61_999, 3_600_000, -5].map(duration), ["0:00", "1:01", "1:00:00", "0:00"]);
        assert_eq!(percent(0.875), "87.5 %");
        assert_eq!(instant("2026-11-22T05:48:48.123Z"), "2026-11-22 05:48:48 UTC");
    }
}
