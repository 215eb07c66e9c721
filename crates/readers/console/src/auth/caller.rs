//! Who asks.

use super::{Role, Sees};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The holder's name.
    pub name: String,
    /// The role; what scopes leave of it, where there are some.
    pub role: Role,
    /// By session (a browser) rather than by token.
    pub by_session: bool,
    /// Which centres and queues.
    pub sees: Sees,
    pub(crate) csrf: Option<String>,
}

impl Caller {
    /// The session's secret against forged forms: goes into the hidden field `csrf` of
    /// every form, or into the header `X-CSRF-Token`. None by token, which needs none.
    pub fn csrf(&self) -> Option<&str> {
        self.csrf.as_deref()
    }
}
