//! The objects that the sandbox knows, their fields, lengths and keys.
//!
//! Standard objects hold the fields that Ringledger and the clients of the tests use;
//! the custom ones are those of `deploy/salesforce/` (a test compares the two).

mod objects;

use objects::OBJECTS;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The record's id.
    Id,
    /// Text up to a length in characters.
    Text(usize),
    /// Long text up to a length; cannot be filtered.
    LongText(usize),
    /// Telephone number (40).
    Phone,
    /// URL (255).
    Url,
    /// A choice; unrestricted (255).
    Picklist,
    /// Number with fraction.
    Double,
    /// Whole number (standard objects only).
    Int,
    /// Checkbox.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    DateTime,
    /// Id of a record of one of these objects.
    Reference(&'static [&'static str]),
}

impl Kind {
    /// Name in `describe`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Text(_) => "string",
            Self::LongText(_) => "textarea",
            Self::Phone => "phone",
            Self::Url => "url",
            Self::Picklist => "picklist",
            Self::Double => "double",
            Self::Int => "int",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Reference(_) => "reference",
        }
    }

    /// Length in characters; 0 where there is none.
    pub fn length(self) -> usize {
        match self {
            Self::Text(n) | Self::LongText(n) => n,
            Self::Phone => 40,
            Self::Url | Self::Picklist => 255,
            Self::Id | Self::Reference(_) => 18,
            _ => 0,
        }
    }
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// API name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// A create without it fails.
    pub required: bool,
    /// A custom external id.
    pub external_id: bool,
    /// No two records may share a value.
    pub unique: bool,
    /// Usable for upsert (external ids, and a few standard fields).
    pub id_lookup: bool,
    /// Upper and lower case differ in comparisons of the key.
    pub case_sensitive: bool,
    /// Set by the server only.
    pub read_only: bool,
}

/// One object.
#[derive(Clone, Debug)]
pub struct Object {
    /// API name.
    pub name: &'static str,
    /// First three characters of its ids.
    pub prefix: &'static str,
    /// Its fields.
    pub fields: Vec<Field>,
}

impl Object {
    /// A field by its API name, in any case (Salesforce's names are case-insensitive).
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name.eq_ignore_ascii_case(name))
    }
}

/// All objects.
pub fn objects() -> &'static [Object] {
    &OBJECTS
}

/// An object by its API name, in any case.
pub fn object(name: &str) -> Option<&'static Object> {
    OBJECTS.iter().find(|o| o.name.eq_ignore_ascii_case(name))
}

/// The object that an id belongs to, by its first three characters.
pub(crate) fn object_of_id(id: &str) -> Option<&'static Object> {
    OBJECTS.iter().find(|o| id.starts_with(o.prefix))
}
