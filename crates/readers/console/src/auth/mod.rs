//! Who may do what: roles and rights, tokens, one-time codes, sessions.
//!
//! Contract: secrets are compared in constant time, only their hashes are kept, and they
//! are never logged. What a caller may do is its role; what it may see of it is `Sees`.
//! Every map is bounded.

mod access;
mod caller;
mod role;
mod sees;
mod tokens;

pub use access::Access;
pub(crate) use access::COOKIE_NAME;
pub use caller::Caller;
pub use role::{Rights, Role};
pub use sees::Sees;
pub use tokens::{Token, TokenError, tokens_from_text};
