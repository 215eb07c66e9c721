//! Roles and the rights that they are made of.

use serde::{Deserialize, Serialize};

/// What may be done, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights(u8);

impl Rights {
    /// Looking at the live board and at calls.
    pub const WATCH: Self = Self(1);
    /// Making reports and exports.
    pub const REPORT: Self = Self(2);
    /// Hearing recordings.
    pub const HEAR: Self = Self(4);
    /// Tending what failed: dead letters, parked rows, their retries.
    pub const TEND: Self = Self(8);
    /// Sending adapter events.
    pub const SEND: Self = Self(16);
    /// Reading `/metrics`.
    pub const MEASURE: Self = Self(32);
    /// All of them.
    pub const ALL: Self = Self(63);

    /// These and those.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `other` is in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What somebody is, and so may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Queues and agents, and what failed.
    Operations,
    /// Recordings.
    Compliance,
    /// Tables and reports.
    Analyst,
    /// Everything.
    Administrator,
    /// Sending adapter events.
    Adapter,
    /// Reading `/metrics`.
    Metrics,
    /// What the scopes of a token leave of its role; no file can name it.
    Limited(Rights),
}

impl Role {
    /// The roles that a file may name.
    pub const NAMED: [Self; 6] =
        [Self::Operations, Self::Compliance, Self::Analyst, Self::Administrator, Self::Adapter, Self::Metrics];

    /// The role of this name.
    pub fn of(text: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|r| r.name() == text)
    }

    /// Its name, in files and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Compliance => "compliance",
            Self::Analyst => "analyst",
            Self::Administrator => "administrator",
            Self::Adapter => "adapter",
            Self::Metrics => "metrics",
            Self::Limited(_) => "limited",
        }
    }

    /// What it may do.
    pub const fn rights(self) -> Rights {
        let looks = Rights::WATCH.and(Rights::REPORT);
        match self {
            Self::Operations => looks.and(Rights::TEND).and(Rights::MEASURE),
            Self::Compliance => looks.and(Rights::HEAR),
            Self::Analyst => looks,
            Self::Administrator => Rights::ALL,
            Self::Adapter => Rights::SEND,
            Self::Metrics => Rights::MEASURE,
            Self::Limited(rights) => rights,
        }
    }

    /// Whether the live board and calls may be looked at.
    pub fn watches(self) -> bool {
        self.rights().has(Rights::WATCH)
    }

    /// Whether reports may be made and exported.
    pub fn reports(self) -> bool {
        self.rights().has(Rights::REPORT)
    }

    /// Whether recordings may be heard.
    pub fn hears(self) -> bool {
        self.rights().has(Rights::HEAR)
    }

    /// Whether what failed may be read, corrected and tried again.
    pub fn tends(self) -> bool {
        self.rights().has(Rights::TEND)
    }

    /// Whether adapter events may be sent.
    pub fn sends(self) -> bool {
        self.rights().has(Rights::SEND)
    }

    /// Whether `/metrics` may be read.
    pub fn measures(self) -> bool {
        self.rights().has(Rights::MEASURE)
    }

    /// Whether there is a page for it, and so a reason to sign in with a browser.
    pub fn browses(self) -> bool {
        self.watches() || self.reports() || self.hears() || self.tends()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_the_documents_say() {
        let table = |may: fn(Role) -> bool| Role::NAMED.map(may);
        // operations, compliance, analyst, administrator, adapter, metrics
        assert_eq!(table(Role::watches), [true, true, true, true, false, false]);
        assert_eq!(table(Role::reports), [true, true, true, true, false, false]);
        assert_eq!(table(Role::hears), [false, true, false, true, false, false]);
        assert_eq!(table(Role::tends), [true, false, false, true, false, false]);
        assert_eq!(table(Role::sends), [false, false, false, true, true, false]);
        assert_eq!(table(Role::measures), [true, false, false, true, false, true]);
        assert_eq!(table(Role::browses), [true, true, true, true, false, false]);
    }

    #[test]
    fn names_lead_back_to_roles() {
        assert_eq!(Role::NAMED.map(|r| Role::of(r.name())), Role::NAMED.map(Some));
        assert_eq!(Role::of("limited"), None);
    }
}
