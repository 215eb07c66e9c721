//! Whom a contact is with: by the account number that the IVR collected, then by phone
//! number. One match is linked; several are linked to their common account if there is
//! one, else left to review; never one log on every match.

mod cache;
mod phone;

use model::facts::{Call, Direction};
use serde::{Deserialize, Serialize};

use crate::config::MatchSettings;

pub(crate) use cache::Cache;
pub(crate) use phone::country;
pub use phone::{forms, is_country};

/// Whom a contact is with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    /// Nobody known, or the number is withheld or our own.
    None,
    /// An account.
    Account {
        /// Its id.
        id: String,
    },
    /// A contact person, of an account where one is known.
    Contact {
        /// Its id.
        id: String,
        /// Its account's id.
        account: Option<String>,
    },
    /// A lead.
    Lead {
        /// Its id.
        id: String,
    },
    /// Several without a common account: a person must decide.
    Review {
        /// Their ids.
        candidates: Vec<String>,
    },
}

impl Party {
    /// Id for `WhoId`.
    pub fn who(&self) -> Option<&str> {
        self.contact().or_else(|| self.lead())
    }

    /// Id for `WhatId`; Salesforce takes none beside a lead.
    pub fn what(&self) -> Option<&str> {
        self.account()
    }

    /// The account's id.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Account { id } => Some(id),
            Self::Contact { account, .. } => account.as_deref(),
            _ => None,
        }
    }

    /// The contact person's id.
    pub fn contact(&self) -> Option<&str> {
        if let Self::Contact { id, .. } = self { Some(id) } else { None }
    }

    /// The lead's id.
    pub fn lead(&self) -> Option<&str> {
        if let Self::Lead { id } = self { Some(id) } else { None }
    }

    /// The record that a write locks: the account, else the person.
    pub fn parent(&self) -> Option<&str> {
        self.account().or_else(|| self.who())
    }

    /// `linked`, `none` or `review`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Review { .. } => "review",
            _ => "linked",
        }
    }
}

/// One record that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// `Contact`, `Lead` or `Account`.
    pub object: String,
    /// Its id.
    pub id: String,
    /// The account's id of a contact.
    pub account: Option<String>,
}

/// What to ask a CRM about a contact, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    settings: MatchSettings,
    own: Vec<String>,
}

/// The questions about one contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// The account number that the IVR collected.
    pub account: Option<String>,
    /// The other party's number in its forms (digits; E.164 and national).
    pub phones: Vec<String>,
}

impl Matcher {
    /// A matcher with these settings.
    pub fn new(settings: MatchSettings) -> Self {
        let country = settings.country.as_deref();
        let own = settings.own_numbers.iter().flat_map(|n| phone::forms(n, country)).collect();
        Self { settings, own }
    }

    /// What to ask about a contact.
    pub fn questions(&self, call: &Call) -> Questions {
        Questions { account: self.account(call), phones: self.phones(call) }
    }

    /// The latest usable account number: at least three digits or letters, the ending
    /// `#` of the keypad taken off.
    fn account(&self, call: &Call) -> Option<String> {
        call.ivr
            .iter()
            .rev()
            .filter(|(name, _)| {
                let last = name.rsplit('.').next().unwrap_or(name);
                self.settings.account_values.iter().any(|a| a.eq_ignore_ascii_case(last))
            })
            .map(|(_, value)| value.trim().trim_end_matches('#').to_owned())
            .find(|v| v.len() >= 3 && v.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    }

    fn phones(&self, call: &Call) -> Vec<String> {
        let number = match call.direction {
            Direction::Outbound => call.dnis.as_ref(),
            Direction::Inbound => call.ani.as_ref().or(call.ani_raw.as_ref()).filter(|_| !call.ani_withheld),
            Direction::Internal => None,
        };
        let Some(number) = number else { return Vec::new() };
        let forms = phone::forms(number, self.settings.country.as_deref());
        if forms.iter().any(|f| self.own.contains(f)) { Vec::new() } else { forms }
    }
}

/// What several hits amount to.
pub fn decide(hits: &[Hit]) -> Party {
    let mut hits: Vec<&Hit> = hits.iter().collect();
    hits.sort_by(|a, b| a.id.cmp(&b.id));
    hits.dedup_by(|a, b| a.id == b.id);
    match hits.as_slice() {
        [] => return Party::None,
        [one] => return single(one),
        _ => {}
    }
    let accounts: Vec<Option<&str>> =
        hits.iter().map(|h| if h.object == "Account" { Some(h.id.as_str()) } else { h.account.as_deref() }).collect();
    let common = accounts[0].filter(|first| accounts.iter().all(|a| a == &Some(*first)));
    let Some(account) = common else {
        return Party::Review { candidates: hits.iter().map(|h| h.id.clone()).collect() };
    };
    // A person and their own account behind one number are one match: the person.
    let people: Vec<&&Hit> = hits.iter().filter(|h| h.object == "Contact").collect();
    match people.as_slice() {
        [person] => single(person),
        _ => Party::Account { id: account.to_owned() },
    }
}

fn single(hit: &Hit) -> Party {
    match hit.object.as_str() {
        "Contact" => Party::Contact { id: hit.id.clone(), account: hit.account.clone() },
        "Lead" => Party::Lead { id: hit.id.clone() },
        _ => Party::Account { id: hit.id.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::{Hit, Party, decide};

    fn hit(object: &str, id: &str, account: Option<&str>) -> Hit {
        Hit { object: object.into(), id: id.into(), account: account.map(Into::into) }
    }

    #[test]
    fn several_matches_are_never_guessed_between() {
        assert_eq!(decide(&[]), Party::None);
        let ann = hit("Contact", "003A", Some("001A"));
        let bob = hit("Contact", "003B", Some("001A"));
        let eve = hit("Contact", "003E", Some("001E"));
        let own = hit("Account", "001A", None);
        let lead = hit("Lead", "00QL", None);
        let person = Party::Contact { id: "003A".into(), account: Some("001A".into()) };
        assert_eq!(decide(std::slice::from_ref(&ann)), person);
        assert_eq!(decide(&[ann.clone(), own.clone()]), person);
        assert_eq!(decide(&[ann.clone(), bob.clone()]), Party::Account { id: "001A".into() });
        assert_eq!(decide(&[ann.clone(), bob, own]), Party::Account { id: "001A".into() });
        assert!(matches!(decide(&[ann.clone(), eve]), Party::Review { .. }));
        assert!(matches!(decide(&[ann, lead]), Party::Review { .. }));
        let orphans = [hit("Contact", "003X", None), hit("Contact", "003Y", None)];
        assert!(matches!(decide(&orphans), Party::Review { .. }));
    }
}
