//! Instants: microseconds since the epoch, UTC.

use serde::{Deserialize, Serialize};

/// A point of time in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// From whole milliseconds.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1000))
    }

    /// From whole seconds.
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }

    /// Whole milliseconds; finer parts are cut off, never rounded (`docs/metrics.md`, 1).
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds from `earlier` to `self`, each cut to its millisecond first.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.millis() - earlier.millis()
    }

    /// This instant moved by `ms` milliseconds (negative moves back).
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }

    /// Days since the epoch in UTC: the `date` partition of every table.
    pub const fn days(self) -> i32 {
        self.0.div_euclid(86_400_000_000) as i32
    }

    /// Parses an RFC 3339 instant (`Z` or an offset).
    ///
    /// # Errors
    /// The text and what is expected of it.
    pub fn parse_rfc3339(text: &str) -> Result<Self, String> {
        if let Some(at) = crate::calendar::parse(text.as_bytes()) {
            return Ok(Self(at));
        }
        chrono::DateTime::parse_from_rfc3339(text.trim())
            .map(|t| Self(t.timestamp_micros()))
            .map_err(|e| format!("'{text}' is no RFC 3339 instant such as 2026-11-22T08:00:00Z: {e}"))
    }

    /// Parses whole or fractional seconds since the epoch (`1795326272`,
    /// `1795326272.591017`), without going through floating point.
    pub fn parse_epoch(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut micros = 0_i64;
        for i in 0..6 {
            let digit = fraction.as_bytes().get(i).map_or(0, |b| i64::from(b - b'0'));
            micros = micros * 10 + digit;
        }
        let seconds: i64 = whole.parse().ok()?;
        seconds.checked_mul(1_000_000)?.checked_add(micros).map(Self)
    }

    /// RFC 3339 in UTC; the fraction is left out where it is zero, else given in
    /// milliseconds, or in microseconds where those are not zero.
    pub fn to_rfc3339(self) -> String {
        crate::calendar::format(self.0).unwrap_or_else(|| {
            // Years that RFC 3339 has no form for, and instants beyond any calendar.
            chrono::DateTime::from_timestamp_micros(self.0).map_or_else(|| format!("{}us", self.0), |t| t.to_rfc3339())
        })
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn epoch_text_keeps_every_microsecond() {
        assert_eq!(Instant::parse_epoch("1795326272.591017"), Some(Instant(1_795_326_272_591_017)));
        assert_eq!(Instant::parse_epoch("1795326272"), Some(Instant(1_795_326_272_000_000)));
        assert_eq!(Instant::parse_epoch("1795326272.5"), Some(Instant(1_795_326_272_500_000)));
        assert_eq!(Instant::parse_epoch("x"), None);
        assert_eq!(Instant::parse_epoch("-5"), None);
    }

    #[test]
    fn rfc3339_goes_there_and_back() {
        for us in [0, 1, 1_795_326_272_591_017, 1_795_326_272_591_000, 1_795_326_272_000_000] {
            let t = Instant(us);
            assert_eq!(Instant::parse_rfc3339(&t.to_rfc3339()), Ok(t));
        }
    }
}
