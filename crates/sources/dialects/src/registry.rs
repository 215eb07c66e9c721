//! Which framer, masker and decoder serve a dialect.

use model::{Decoder, Dialect};

use crate::acts::ActDecoder;
use crate::adapter::{AdapterDecoder, AdapterMasker};
use crate::ami::{AmiDecoder, AmiFramer, AmiMasker};
use crate::cel::{CelDecoder, CelFramer, CelMasker};
use crate::queue_log::{QueueLogDecoder, QueueLogFramer, RowMasker};
use crate::{Framer, Masker};

/// A framer for byte streams of the dialect; `None` where it has none (its records come
/// one by one, as JSON) or the dialect is not known.
pub fn framer(dialect: &Dialect) -> Option<Box<dyn Framer>> {
    match dialect {
        Dialect::AsteriskAmi => Some(Box::new(AmiFramer::new())),
        Dialect::AsteriskQueueLog => Some(Box::new(QueueLogFramer::new())),
        Dialect::AsteriskCel => Some(Box::new(CelFramer::new())),
        _ => None,
    }
}

/// A masker for the records of one source; `None` where the dialect is not known or is
/// our own. Every record of a source must pass its masker before it reaches the log.
pub fn masker(dialect: &Dialect) -> Option<Box<dyn Masker>> {
    match dialect {
        Dialect::AsteriskAmi => Some(Box::new(AmiMasker::default())),
        Dialect::AsteriskQueueLog => Some(Box::new(RowMasker)),
        Dialect::AsteriskCel => Some(Box::new(CelMasker)),
        Dialect::CtiAdapter => Some(Box::new(AdapterMasker)),
        _ => None,
    }
}

/// A decoder for the records of one switch in one dialect; `None` where the dialect is
/// not known (its records are kept and counted, never decoded).
pub fn decoder(dialect: &Dialect, _switch: &str, _center: &str) -> Option<Box<dyn Decoder>> {
    match dialect {
        Dialect::AsteriskAmi => Some(Box::new(AmiDecoder::new())),
        Dialect::AsteriskQueueLog => Some(Box::new(QueueLogDecoder::new())),
        Dialect::AsteriskCel => Some(Box::new(CelDecoder::new())),
        Dialect::CtiAdapter => Some(Box::new(AdapterDecoder::new())),
        Dialect::Ringledger => Some(Box::new(ActDecoder)),
        _ => None,
    }
}
