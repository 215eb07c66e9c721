//! Reading one AMI message out of its JSON: first a look at a few bytes that tells
//! whether it matters at all, then, where it does, its headers without copying them.
//!
//! Header names are compared without regard to case (`Uniqueid`, `UniqueID`,
//! `DestUniqueId` all occur). A header that came again gives its first value to `get`.

use std::borrow::Cow;
use std::fmt;

use memchr::{memchr, memmem};
use model::Name;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The value of `{"Event":"…` at the very beginning, where the message is laid out so.
pub(super) fn peek_event(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(br#"{"Event":""#)?;
    rest.get(..memchr(b'"', rest)?)
}

/// Finds one string member from the end of compact JSON, by its key with quotes and
/// colon. (Inside a string the quotes would be escaped, so this cannot be fooled.)
pub(super) struct Peek(memmem::FinderRev<'static>, usize);

impl Peek {
    /// `pattern` is `"Name":"`.
    pub fn new(pattern: &'static [u8]) -> Self {
        Self(memmem::FinderRev::new(pattern), pattern.len())
    }

    /// The raw (still escaped) text of the member.
    pub fn find<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        let rest = data.get(self.0.rfind(data)? + self.1..)?;
        rest.get(..memchr(b'"', rest)?)
    }
}

/// The headers of one message, in order.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(data: &'a [u8]) -> Result<Self, String> {
        // Looked through once as a whole: from a slice each text is looked through by itself.
        let text = std::str::from_utf8(data).map_err(|e| format!("no JSON object of headers: {e}"))?;
        serde_json::from_str(text).map_err(|e| format!("no JSON object of headers: {e}"))
    }

    /// The value of a header, as written.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_ref())
    }

    /// The value of the header `prefix` + `name` (`Dest` + `Uniqueid`).
    pub fn of(&self, prefix: &str, name: &str) -> Option<&str> {
        let fits = |n: &str| {
            n.len() == prefix.len() + name.len()
                && n.is_char_boundary(prefix.len())
                && n[..prefix.len()].eq_ignore_ascii_case(prefix)
                && n[prefix.len()..].eq_ignore_ascii_case(name)
        };
        self.0.iter().find(|(n, _)| fits(n)).map(|(_, v)| v.as_ref())
    }

    /// The value as a name; `None` where it is empty or the switch's `<unknown>`.
    pub fn name(&self, name: &str) -> Option<Name> {
        self.name_of("", name)
    }

    /// The same for `prefix` + `name`.
    pub fn name_of(&self, prefix: &str, name: &str) -> Option<Name> {
        self.of(prefix, name).map(str::trim).filter(|t| !t.is_empty() && *t != "<unknown>").map(Name::from)
    }

    /// A whole number that is not negative.
    pub fn whole(&self, name: &str) -> Option<i64> {
        crate::emit::whole(self.get(name)?)
    }

    /// Whole or fractional seconds, as milliseconds.
    pub fn seconds(&self, name: &str) -> Option<i64> {
        crate::emit::seconds_to_ms(self.get(name)?)
    }

    /// The headers behind the header `name`: what a dial plan added to a `UserEvent`.
    pub fn behind(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let from = self.0.iter().position(|(n, _)| n.eq_ignore_ascii_case(name)).map_or(self.0.len(), |i| i + 1);
        self.0[from..].iter().map(|(n, v)| (n.as_ref(), v.as_ref()))
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of header names and values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(24);
        while let Some(Text(key)) = map.next_key()? {
            match map.next_value()? {
                Values::One(v) => pairs.push((key, v)),
                Values::Many(list) => pairs.extend(list.into_iter().map(|v| (key.clone(), v))),
            }
        }
        Ok(Fields(pairs))
    }
}

/// Text, borrowed where no escape stands in it.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Values::deserialize(deserializer)? {
            Values::One(text) => Ok(Self(text)),
            Values::Many(_) => Err(D::Error::custom("expected text")),
        }
    }
}

/// A header's value, or its values.
enum Values<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'de> Deserialize<'de> for Values<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header's text or a list of texts")
    }

    fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Borrowed(v)))
    }

    fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Owned(v.to_owned())))
    }

    fn visit_string<E: Error>(self, v: String) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Owned(v)))
    }

    fn visit_u64<E: Error>(self, v: u64) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Owned(v.to_string())))
    }

    fn visit_i64<E: Error>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Owned(v.to_string())))
    }

    fn visit_f64<E: Error>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Owned(v.to_string())))
    }

    fn visit_bool<E: Error>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Borrowed(if v { "true" } else { "false" })))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Values::One(Cow::Borrowed("")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Text(v)) = seq.next_element()? {
            list.push(v);
        }
        Ok(Values::Many(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Values::One(Cow::Borrowed("")))
    }
}
