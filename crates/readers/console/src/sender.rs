//! Who may send adapters' events.

use axum::http::{HeaderMap, StatusCode};
use model::Name;

use crate::auth::Access;

impl Access {
    /// Who sends these headers, where they may send events: by bearer token only, so that
    /// no page can make a browser send some.
    ///
    /// # Errors
    /// 401 where nobody known sends, 403 where the role may not.
    pub fn sender(&self, headers: &HeaderMap) -> Result<Name, StatusCode> {
        match self.caller(headers) {
            Some(caller) if caller.by_session => Err(StatusCode::UNAUTHORIZED),
            Some(caller) if caller.role.sends() => Ok(caller.name.as_str().into()),
            Some(_) => Err(StatusCode::FORBIDDEN),
            None => Err(StatusCode::UNAUTHORIZED),
        }
    }
}
