//! The address of a report: its names and values as text, and addresses made from them.

use crate::pages::encode;

/// Why a question cannot be answered; said to who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    /// The name that is wrong.
    pub name: &'static str,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

impl Bad {
    pub(crate) fn new(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, why: why.into() }
    }
}

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

/// Longest value taken, characters.
pub(crate) const LONGEST: usize = 500;

/// Names and values, in the order of the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<(String, String)>);

impl Words {
    /// Those of a page: empty values are as if they were not there, for a form sends its
    /// empty fields.
    pub(crate) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// Those of the API, also empty ones.
    pub(crate) const fn as_sent(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first name whose value is empty, too long or not printable.
    pub(crate) fn blank(&self) -> Option<&str> {
        let bad = |v: &str| v.trim().is_empty() || v.chars().count() > LONGEST || v.chars().any(char::is_control);
        self.0.iter().find(|(_, value)| bad(value)).map(|(name, _)| name.as_str())
    }

    /// The value of a name that may stand once.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Bad> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Bad::new(name, "it stands there more than once"));
        }
        match first {
            Some(v) if v.chars().count() > LONGEST => Err(Bad::new(name, format!("longer than {LONGEST} characters"))),
            Some(v) if v.chars().any(char::is_control) => Err(Bad::new(name, "it holds control characters")),
            first => Ok(first),
        }
    }

    /// The values of a name that may stand several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.trim())
    }

    /// A flag: `true` or `false` (a form's tick is `true`).
    pub(crate) fn flag(&self, name: &'static str) -> Result<bool, Bad> {
        match self.one(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Bad::new(name, format!("'{other}' is neither true nor false"))),
        }
    }

    /// The first name that is not one of `known`.
    pub(crate) fn stranger(&self, known: &[&str]) -> Option<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name))
    }

    /// The same without some names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// The same with one value for `name`.
    pub(crate) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut words = self.without(&[name]);
        words.0.push((name.to_owned(), value.into()));
        words
    }

    /// An address: the path, and these words as its query.
    pub(crate) fn at(&self, path: &str) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pairs: &[(&str, &str)]) -> Words {
        Words::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn values_are_looked_up_and_empty_ones_are_not_there() {
        let w = words(&[("from", ""), ("queue", "a"), ("queue", "b & c"), ("total", "true")]);
        assert_eq!(w.one("from"), Ok(None));
        assert_eq!(w.all("queue").collect::<Vec<_>>(), ["a", "b & c"]);
        assert_eq!(w.flag("total"), Ok(true));
        assert!(w.one("queue").is_err());
        assert!(words(&[("tz", "a\u{0}")]).one("tz").is_err());
        assert!(words(&[("total", "1")]).flag("total").is_err());
        assert_eq!(w.stranger(&["queue"]), Some("total"));
        assert_eq!(w.with("total", "false").at("/r"), "/r?queue=a&queue=b%20%26%20c&total=false");
        assert_eq!(Words::default().at("/r"), "/r");
    }
}
