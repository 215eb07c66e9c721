//! SOSL: `FIND {terms} [IN ALL|PHONE FIELDS] RETURNING Object(fields), … [LIMIT n]`.
//!
//! Assumption: a term matches a phone field whose digits are the term's digits, whatever
//! the punctuation between them; the national and the international form of one number
//! are different digits, so a client must ask for both.

use rusqlite::Connection;

use super::QueryError;
use crate::schema::{self, Kind, Object};
use crate::store::{Record, parse as parse_record};

/// Results in all; SOSL answers at most 2,000.
const MOST: usize = 2_000;

/// A search ready to run.
#[derive(Debug)]
pub(crate) struct Sosl {
    terms: Vec<String>,
    phones_only: bool,
    returning: Vec<(&'static Object, Vec<String>)>,
    limit: usize,
}

/// Reads a search.
pub(crate) fn parse(text: &str) -> Result<Sosl, QueryError> {
    let text = text.trim();
    let (head, rest) = between_braces(text)?;
    if !head.trim().eq_ignore_ascii_case("FIND") {
        return Err(QueryError::malformed("a search begins with FIND {…}"));
    }
    let (terms, tail) = rest;
    let upper = tail.to_ascii_uppercase();
    let returning_at = upper.find("RETURNING").ok_or_else(|| QueryError::malformed("RETURNING is missing"))?;
    let fields = upper[..returning_at].split_whitespace().collect::<Vec<_>>().join(" ");
    let phones_only = match fields.as_str() {
        "IN PHONE FIELDS" => true,
        "" | "IN ALL FIELDS" => false,
        other => return Err(QueryError::malformed(format!("'{other}' is not understood"))),
    };
    let mut list = tail[returning_at + "RETURNING".len()..].trim();
    let mut limit = MOST;
    if let Some(at) = list.to_ascii_uppercase().rfind(" LIMIT ") {
        limit = list[at + 7..].trim().parse().map_err(|_| QueryError::malformed("LIMIT needs a number"))?;
        list = &list[..at];
    }
    Ok(Sosl { terms: split_terms(&terms)?, phones_only, returning: returning(list)?, limit: limit.min(MOST) })
}

type Braces<'a> = (&'a str, (String, &'a str));

/// What stands before the braces, in them (escapes kept), and after them.
fn between_braces(text: &str) -> Result<Braces<'_>, QueryError> {
    let open = text.find('{').ok_or_else(|| QueryError::malformed("FIND needs its terms in braces"))?;
    let mut escaped = false;
    for (i, c) in text[open + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '}' => {
                let end = open + 1 + i;
                return Ok((&text[..open], (text[open + 1..end].to_owned(), &text[end + 1..])));
            }
            _ => {}
        }
    }
    Err(QueryError::malformed("the terms have no closing brace"))
}

/// Terms joined by OR; each may be quoted, and reserved signs escaped.
fn split_terms(text: &str) -> Result<Vec<String>, QueryError> {
    let terms: Vec<String> = text.split(" OR ").map(|t| t.trim().trim_matches('"').replace('\\', "")).collect();
    if terms.iter().any(|t| t.chars().filter(|c| c.is_alphanumeric()).count() < 2) {
        let message = "search term must be longer than one character".to_owned();
        return Err(QueryError { code: "INVALID_SEARCH", message });
    }
    Ok(terms)
}

fn returning(list: &str) -> Result<Vec<(&'static Object, Vec<String>)>, QueryError> {
    let mut out = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let end = rest.find(['(', ',']).unwrap_or(rest.len());
        let name = rest[..end].trim();
        let object = schema::object(name).ok_or_else(|| QueryError {
            code: "INVALID_TYPE",
            message: format!("sObject type '{name}' is not supported."),
        })?;
        let mut fields = vec!["Id".to_owned()];
        rest = &rest[end..];
        if let Some(inside) = rest.strip_prefix('(') {
            let close = inside.find(')').ok_or_else(|| QueryError::malformed("expecting ')'"))?;
            fields = names(object, &inside[..close])?;
            rest = &inside[close + 1..];
        }
        out.push((object, fields));
        rest = rest.trim_start().trim_start_matches(',').trim_start();
    }
    if out.is_empty() { Err(QueryError::malformed("RETURNING names no object")) } else { Ok(out) }
}

fn names(object: &'static Object, list: &str) -> Result<Vec<String>, QueryError> {
    list.split(',')
        .map(|f| {
            object.field(f.trim()).map(|f| f.name.clone()).ok_or_else(|| QueryError {
                code: "INVALID_FIELD",
                message: format!("No such column '{}' on entity '{}'", f.trim(), object.name),
            })
        })
        .collect()
}

impl Sosl {
    /// The records found, by object in the order of RETURNING.
    pub fn run(&self, db: &Connection) -> rusqlite::Result<Vec<(&'static Object, Record)>> {
        let mut out = Vec::new();
        for (object, fields) in &self.returning {
            let mut statement = db.prepare_cached("SELECT data FROM record WHERE object = ?1 ORDER BY seq")?;
            let rows = statement.query_map([object.name], |r| r.get::<_, String>(0))?;
            for text in rows {
                let record = parse_record(&text?);
                if out.len() < self.limit && self.matches(object, &record) {
                    let picked = fields.iter().map(|f| (f.clone(), record.get(f).cloned().unwrap_or_default()));
                    out.push((*object, picked.collect()));
                }
            }
        }
        Ok(out)
    }

    fn matches(&self, object: &Object, record: &Record) -> bool {
        object.fields.iter().any(|f| {
            let Some(value) = record.get(&f.name).and_then(|v| v.as_str()) else { return false };
            self.terms.iter().any(|term| match f.kind {
                Kind::Phone => !digits(term).is_empty() && digits(value) == digits(term),
                Kind::Text(_) | Kind::LongText(_) if !self.phones_only => {
                    value.to_lowercase().contains(&term.to_lowercase())
                }
                _ => false,
            })
        })
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
