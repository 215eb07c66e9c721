//! What a provider's claims mean here.

use model::Name;
use serde_json::Value;

use super::{OidcError, OidcSettings};
use crate::auth::{Rights, Role, Sees};

/// Longest name kept, characters.
const LONGEST_NAME: usize = 100;

/// Somebody whom the provider knows and who has a role here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub name: String,
    /// The provider's own id of them, which no one can choose.
    pub subject: String,
    pub role: Role,
    pub sees: Sees,
}

/// Whether something that is wanted is not among the claims.
pub(super) fn missing(claims: &Value, settings: &OidcSettings) -> bool {
    let optional = [&settings.queues_claim, &settings.centers_claim];
    let wanted = [&settings.role_claim, &settings.name_claim].into_iter().chain(optional.into_iter().flatten());
    wanted.into_iter().any(|claim| find(claims, claim).is_none())
}

/// Who it is.
pub(super) fn person(claims: &Value, settings: &OidcSettings) -> Result<Person, OidcError> {
    let subject = claims["sub"].as_str().unwrap_or_default().to_owned();
    let named = [settings.name_claim.as_str(), "email"].into_iter().find_map(|c| find(claims, c)?.as_str());
    let name: String = named.unwrap_or(&subject).chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let values = find(claims, &settings.role_claim).map(words).unwrap_or_default();
    let roles: Vec<Role> = values.iter().filter_map(|v| settings.roles.get(v.as_str()).copied()).collect();
    let Some(role) = all_of(&roles) else { return Err(OidcError::NoRole(name)) };
    let seen = |claim: &Option<String>| claim.as_ref().and_then(|c| only(find(claims, c)));
    let sees = Sees { centers: seen(&settings.centers_claim), queues: seen(&settings.queues_claim) };
    Ok(Person { name, subject, role, sees })
}

/// One role, or what several allow together.
fn all_of(roles: &[Role]) -> Option<Role> {
    let rights = roles.iter().fold(Rights::default(), |all, r| all.and(r.rights()));
    let one = roles.iter().copied().find(|r| r.rights() == rights);
    one.or_else(|| (!roles.is_empty()).then_some(Role::Limited(rights)))
}

/// The names listed; a claim that is absent lists none, `*` is no limit.
fn only(claim: Option<&Value>) -> Option<Vec<Name>> {
    let names = claim.map(words).unwrap_or_default();
    (!names.iter().any(|n| n == "*")).then(|| names.iter().map(Name::from).collect())
}

/// A claim by its name, or by a path with dots.
fn find<'a>(claims: &'a Value, claim: &str) -> Option<&'a Value> {
    claims.get(claim).or_else(|| claim.split('.').try_fold(claims, |at, part| at.get(part)))
}

/// A list of words, or words with spaces between.
fn words(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}
