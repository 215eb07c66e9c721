//! Who may do what: roles and rights, tokens, accounts, one-time codes, sessions.
//!
//! Contract: secrets are compared in constant time, only their hashes are kept, and they
//! are never logged. What a caller may do is its role; what it may see of it is `Sees`.
//! Every map is bounded.

mod access;
mod accounts;
mod accounts_file;
mod audit;
mod caller;
mod codes;
mod kept;
pub(crate) mod limits;
mod oidc;
mod passwords;
mod role;
mod sees;
mod sessions;
mod tokens;

pub(crate) use access::named_cookie;
pub use access::{Access, AccessSettings};
pub use accounts::{Account, Accounts};
pub use accounts_file::AccountsFile;
pub(crate) use accounts_file::Tried;
pub use audit::{Audit, SignIn};
pub use caller::Caller;
pub use kept::SessionStore;
pub(crate) use oidc::{BACK, Back, OidcError};
pub use oidc::{Oidc, OidcSettings};
pub(crate) use passwords::LONGEST as LONGEST_PASSWORD;
pub use role::{Rights, Role};
pub use sees::Sees;
pub(crate) use sessions::Holder;
pub use tokens::{Token, TokenError, tokens_from_text};
