//! Codings that switches write recordings in, their rates, and what silence looks like.

/// Loudest 16-bit sample that still counts as silence: A-law has no zero, its smallest
/// step is 8 (ITU-T G.711), and µ-law's smallest step is 8 as well.
const QUIET: i16 = 8;

/// How the media bytes are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// 16-bit little-endian PCM with so many bytes a second.
    Pcm16(u32),
    /// ITU-T G.711 µ-law with so many bytes a second.
    Ulaw(u32),
    /// ITU-T G.711 A-law with so many bytes a second.
    Alaw(u32),
    /// GSM 06.10 in 33-byte frames of 20 ms.
    Gsm,
    /// GSM 06.10 as WAV keeps it (`wav49`): 65 bytes for 40 ms.
    GsmPairs,
    /// Anything else; the header's bytes a second (0 where it has none).
    Other(u32),
}

impl Coding {
    /// From a WAV `fmt ` chunk: format tag, bytes a second, bits a sample.
    pub fn of_wav(tag: u16, bytes_per_second: u32, bits: u16) -> Self {
        match (tag, bits) {
            (1, 16) => Self::Pcm16(bytes_per_second),
            (6, _) => Self::Alaw(bytes_per_second),
            (7, _) => Self::Ulaw(bytes_per_second),
            (0x31, _) => Self::GsmPairs,
            _ => Self::Other(bytes_per_second),
        }
    }

    /// Of a file without a header, by its name's ending (Asterisk's raw formats, 8 kHz).
    pub fn of_raw_file(name: &str) -> Option<Self> {
        let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
        Some(match ending.as_str() {
            "ulaw" | "ul" | "mu" | "mulaw" | "pcm" => Self::Ulaw(8000),
            "alaw" | "al" | "alw" => Self::Alaw(8000),
            "gsm" => Self::Gsm,
            "sln" | "raw" | "slin" => Self::Pcm16(16_000),
            "sln16" => Self::Pcm16(32_000),
            "sln32" => Self::Pcm16(64_000),
            "sln48" => Self::Pcm16(96_000),
            _ => return None,
        })
    }

    /// Length in milliseconds of so many media bytes, cut to the millisecond.
    pub fn duration_ms(self, bytes: u64) -> Option<i64> {
        let ms = match self {
            Self::Gsm => bytes / 33 * 20,
            Self::GsmPairs => bytes / 65 * 40,
            Self::Pcm16(rate) | Self::Ulaw(rate) | Self::Alaw(rate) | Self::Other(rate) => {
                bytes.checked_mul(1000)?.checked_div(u64::from(rate))?
            }
        };
        i64::try_from(ms).ok()
    }

    /// Bytes that belong together; a rest at the end means that the file was cut.
    pub fn block(self) -> u64 {
        match self {
            Self::Pcm16(_) => 2,
            Self::Gsm => 33,
            Self::GsmPairs => 65,
            _ => 1,
        }
    }

    /// Whether samples can be heard here at all.
    pub fn audible(self) -> bool {
        matches!(self, Self::Pcm16(_) | Self::Ulaw(_) | Self::Alaw(_))
    }

    /// Whether any sample in `bytes` is louder than silence. `carry` holds the odd byte
    /// of a 16-bit sample between calls.
    pub fn loud(self, bytes: &[u8], carry: &mut Option<u8>) -> bool {
        match self {
            Self::Pcm16(_) => loud_pcm(bytes, carry),
            // G.711: silence is the codes of the smallest magnitudes, of either sign.
            Self::Ulaw(_) => bytes.iter().any(|b| !matches!(b, 0xff | 0x7f | 0xfe | 0x7e)),
            Self::Alaw(_) => bytes.iter().any(|b| !matches!(b, 0xd5 | 0x55)),
            _ => false,
        }
    }
}

fn loud_pcm(mut bytes: &[u8], carry: &mut Option<u8>) -> bool {
    let loud = |low: u8, high: u8| i16::from_le_bytes([low, high]).unsigned_abs() > QUIET.unsigned_abs();
    let mut heard = false;
    if let (Some(low), Some((high, rest))) = (*carry, bytes.split_first()) {
        heard = loud(low, *high);
        *carry = None;
        bytes = rest;
    }
    let pairs = bytes.chunks_exact(2);
    if let [low] = pairs.remainder() {
        *carry = Some(*low);
    }
    heard || pairs.into_iter().any(|p| loud(p[0], p[1]))
}
