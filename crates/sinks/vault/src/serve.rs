//! Giving a recording out: the whole of it or one range, streamed through us, so that
//! who listens is known and no address of the store leaves the house.

use std::ops::Range;

use bytes::Bytes;
use futures::stream::BoxStream;
use model::facts::Recording;
use object_store::GetRange;

use crate::Vault;
use crate::error::VaultError;

/// What a `Range` header asks for (one range; RFC 9110 section 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// From the first to the last byte given, both included.
    Between(u64, u64),
    /// From that byte on.
    From(u64),
    /// So many bytes from the end.
    Last(u64),
}

impl Wanted {
    /// Reads a `Range` header. `None`: give the whole recording (another unit, several
    /// ranges, or no sense in it; RFC 9110 lets a server ignore those).
    pub fn parse(header: &str) -> Option<Self> {
        let (unit, range) = header.trim().split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
            return None;
        }
        let number = |t: &str| t.bytes().all(|b| b.is_ascii_digit()).then(|| t.parse::<u64>().ok()).flatten();
        let (from, to) = range.trim().split_once('-')?;
        match (from, to) {
            ("", last) => number(last).map(Self::Last),
            (from, "") => number(from).map(Self::From),
            (from, to) => {
                let (from, to) = (number(from)?, number(to)?);
                (from <= to).then_some(Self::Between(from, to))
            }
        }
    }

    /// The bytes meant in a recording of `total` bytes; `None` where there are none
    /// (answer 416).
    pub fn within(self, total: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::Between(from, to) => from..to.saturating_add(1).min(total),
            Self::From(from) => from..total,
            Self::Last(n) => total.saturating_sub(n)..total,
        };
        (range.start < range.end).then_some(range)
    }
}

/// A recording, or a range of it, on its way out.
pub struct Served {
    /// Size of the whole recording.
    pub total: u64,
    /// The bytes that come.
    pub range: Range<u64>,
    /// Whether they are a range (answer 206) or the whole (200).
    pub partial: bool,
    /// Its media type.
    pub content_type: &'static str,
    /// The bytes.
    pub bytes: BoxStream<'static, Result<Bytes, VaultError>>,
}

/// What became of a wish to hear.
pub enum Hearing {
    /// Here it is.
    Served(Served),
    /// The range lies outside a recording of so many bytes (416).
    OutOfRange(u64),
    /// Nothing is stored for it (404).
    NotStored,
}

impl Vault {
    /// Opens a recording, or a range of it, for streaming.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn serve(&self, row: &Recording, wanted: Option<Wanted>) -> Result<Hearing, VaultError> {
        let Some(key) = row.uri.as_deref().and_then(|uri| self.place.key_of(uri)) else {
            return Ok(Hearing::NotStored);
        };
        let Some(stored) = self.place.head(&key).await? else { return Ok(Hearing::NotStored) };
        let total = stored.bytes;
        let range = match wanted.map(|w| w.within(total)) {
            Some(None) => return Ok(Hearing::OutOfRange(total)),
            Some(Some(range)) => Some(range),
            None => None,
        };
        let partial = range.is_some();
        let Some(got) = self.place.get(&key, range.map(GetRange::Bounded)).await? else {
            return Ok(Hearing::NotStored);
        };
        let content_type = content_type(&key);
        Ok(Hearing::Served(Served { total: got.total, range: got.range, partial, content_type, bytes: got.bytes }))
    }
}

/// The media type by a key's ending.
pub(crate) fn content_type(key: &str) -> &'static str {
    match key.rsplit('.').next() {
        Some("wav") => "audio/wav",
        Some("gsm") => "audio/x-gsm",
        Some("pcm" | "ulaw" | "ul" | "mu") => "audio/basic",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn ranges_as_browsers_ask_for_them() {
        assert_eq!(Wanted::parse("bytes=0-"), Some(Wanted::From(0)));
        assert_eq!(Wanted::parse("bytes=2-5").and_then(|w| w.within(4)), Some(2..4));
        assert_eq!(Wanted::parse("bytes=-3").and_then(|w| w.within(10)), Some(7..10));
        assert_eq!(Wanted::parse("bytes=-30").and_then(|w| w.within(10)), Some(0..10));
    }

    #[test]
    fn nonsense_is_ignored_and_the_unreachable_refused() {
        for header in ["bytes=5-2", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "bytes", "bytes=+1-2"] {
            assert_eq!(Wanted::parse(header), None, "{header}");
        }
        assert_eq!(Wanted::From(10).within(10), None);
        assert_eq!(Wanted::Last(0).within(10), None);
        assert_eq!(Wanted::Between(3, u64::MAX).within(10), Some(3..10));
    }
}
