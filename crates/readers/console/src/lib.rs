//! The HTTP side: recordings by a stable link, health, metrics.
//!
//! Contract: every route but `/healthz`, `/readyz` and the sign-in page needs a bearer
//! token or a session, and a role that may do it. Tokens are compared in constant time
//! and never logged. Hearing a recording takes a reason, and the access is in the log
//! before the first byte leaves. Bodies are limited in size.

mod auth;
mod counted;
mod listen;
mod pages;
mod recordings;
mod sender;
mod server;
mod sign_in;

pub use auth::{Access, Role, Token, TokenError, tokens_from_text};
pub use counted::{Answered, counted};
pub use listen::serve;
pub use recordings::{Library, LibraryError};
pub use server::{Health, Server, router};
