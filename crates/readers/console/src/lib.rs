//! The HTTP side: the operations console, its API, sign-in, recordings by a stable link,
//! health, metrics.
//!
//! Contract: every route but `/healthz`, `/readyz` and the sign-in page needs a bearer
//! token or a session, and a role that may do it. Tokens are compared in constant time
//! and never logged. Hearing a recording takes a reason, and the access is in the log
//! before the first byte leaves. Bodies are limited in size. What a session changes comes
//! from this server's own pages (`guard`).

mod asked;
mod auth;
mod calls;
mod charts;
mod counted;
mod guard;
mod headers;
mod health;
mod listen;
pub mod live;
mod next;
mod pages;
mod problem;
mod recordings;
mod recordings_list;
mod reports;
mod sender;
mod server;
mod shell;
mod sign_in;
mod staffing;
#[cfg(test)]
mod testing;

pub use auth::{
    Access, AccessSettings, Account, Accounts, AccountsFile, Audit, Caller, Oidc, OidcSettings, Rights, Role, Sees,
    SessionStore, SignIn, Token, TokenError, tokens_from_text,
};
pub use counted::{Answered, counted};
pub use health::desk::{
    Correction, CrmWriter, Desk, DeskError, Flush, Parked, ParkedField, ParkedRow, ParkedStep, Retried, Vitals,
    place_text,
};
pub use listen::serve;
pub use live::{Board, Clock};
pub use recordings::{Library, LibraryError};
pub use server::{Health, Parts, Server, openapi, router};
