//! Local accounts: a name and its password.

use std::time::Duration;

use super::Refusal;
use crate::auth::{Access, Holder, LONGEST_PASSWORD, Tried};

/// The same words whether or not there is such a name.
const WRONG: &str = "This name and password do not belong together.";

/// Whose session name and password begin.
pub(super) async fn holder(access: &Access, name: &str, password: &str) -> Result<Holder, Refusal> {
    let Some(accounts) = &access.accounts else {
        return Err(Refusal::wrong("There are no local accounts here.", "there are no local accounts", ""));
    };
    access.names.take(name).map_err(|wait| Refusal::too_many(wait, "too many attempts at the name"))?;
    if password.len() > LONGEST_PASSWORD {
        return Err(Refusal::wrong(WRONG, "the password is too long", ""));
    }
    match accounts.try_password(name, password.to_owned()).await {
        Tried::Good(holder) => {
            access.names.forgive(name);
            Ok(holder)
        }
        Tried::Wrong { known: true } => Err(Refusal::wrong(WRONG, "wrong password", name)),
        // The name is not repeated: people type passwords there.
        Tried::Wrong { known: false } => Err(Refusal::wrong(WRONG, "unknown name", "")),
        Tried::Busy => Err(Refusal::too_many(Duration::from_secs(5), "too many passwords are being tried")),
    }
}
