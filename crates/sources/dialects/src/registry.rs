//! Which framer, masker and decoder serve a dialect.

use model::{Decoder, Dialect};

use crate::Framer;
use crate::queue_log::{QueueLogDecoder, QueueLogFramer};

/// A framer for byte streams of the dialect; `None` where it has none (its records come
/// one by one, as JSON) or the dialect is not known.
pub fn framer(dialect: &Dialect) -> Option<Box<dyn Framer>> {
    match dialect {
        Dialect::AsteriskQueueLog => Some(Box::new(QueueLogFramer::new())),
        _ => None,
    }
}

/// A decoder for the records of one switch in one dialect; `None` where the dialect is
/// not known (its records are kept and counted, never decoded).
pub fn decoder(dialect: &Dialect, _switch: &str, _center: &str) -> Option<Box<dyn Decoder>> {
    match dialect {
        Dialect::AsteriskQueueLog => Some(Box::new(QueueLogDecoder::new())),
        _ => None,
    }
}
