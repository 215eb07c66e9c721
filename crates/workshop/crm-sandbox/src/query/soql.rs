//! SOQL: `SELECT … FROM … [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]`, with AND, OR, NOT,
//! parentheses, `= != < > <= >= LIKE IN NOT IN`, `COUNT()`. It becomes SQL over the JSON
//! of the records; every value is a bound parameter.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use super::lex::{Token, tokens};
use super::{QueryError, Selected};
use crate::schema::{self, Field, Kind, Object};
use crate::store::{column, full_id, parse as parse_record};

/// A query ready to run.
#[derive(Debug)]
pub(crate) struct Soql {
    pub object: &'static Object,
    fields: Vec<String>,
    condition: String,
    values: Vec<Sql>,
    order: String,
    limit: Option<usize>,
    offset: usize,
}

type Parsed<T> = Result<T, QueryError>;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    values: Vec<Sql>,
    object: Option<&'static Object>,
}

/// Reads a query.
pub(crate) fn parse(text: &str) -> Parsed<Soql> {
    let mut p = Parser { tokens: tokens(text)?, at: 0, values: Vec::new(), object: None };
    p.expect("SELECT")?;
    let wanted = p.wanted()?;
    p.expect("FROM")?;
    let name = p.word()?;
    let unknown = || QueryError { code: "INVALID_TYPE", message: format!("sObject type '{name}' is not supported.") };
    let object = schema::object(&name).ok_or_else(unknown)?;
    p.object = Some(object);
    let fields = wanted.iter().map(|f| p.field(f).map(|f| f.name.clone())).collect::<Parsed<Vec<_>>>()?;
    let condition = if p.take("WHERE") { p.any_of()? } else { "1".to_owned() };
    let order = if p.take("ORDER") { p.order()? } else { "seq".to_owned() };
    let limit = if p.take("LIMIT") { Some(p.number()?) } else { None };
    let offset = if p.take("OFFSET") { p.number()? } else { 0 };
    if let Some(extra) = p.peek() {
        return Err(QueryError::malformed(format!("unexpected token: {extra:?}")));
    }
    Ok(Soql { object, fields, condition, values: p.values, order, limit, offset })
}

impl Soql {
    /// Whether it asks for `COUNT()` only.
    pub fn counts(&self) -> bool {
        self.fields.is_empty()
    }

    /// The rows of one page: `size` rows from `from` on.
    pub fn run(&self, db: &Connection, from: usize, size: usize) -> rusqlite::Result<Selected> {
        let filter = format!("FROM record WHERE object = '{}' AND ({})", self.object.name, self.condition);
        let all: i64 =
            db.query_row(&format!("SELECT count(*) {filter}"), params_from_iter(&self.values), |r| r.get(0))?;
        let total = usize::try_from(all).unwrap_or(0).saturating_sub(self.offset).min(self.limit.unwrap_or(usize::MAX));
        if self.counts() {
            return Ok(Selected { total, rows: Vec::new() });
        }
        let size = size.min(total.saturating_sub(from));
        let sql = format!("SELECT data {filter} ORDER BY {} LIMIT {size} OFFSET {}", self.order, self.offset + from);
        let mut statement = db.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(&self.values), |r| r.get::<_, String>(0))?;
        let rows = rows.map(|r| r.map(|text| self.pick(&text))).collect::<Result<_, _>>()?;
        Ok(Selected { total, rows })
    }

    fn pick(&self, text: &str) -> crate::store::Record {
        let record = parse_record(text);
        self.fields.iter().map(|f| (f.clone(), record.get(f).cloned().unwrap_or_default())).collect()
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Parsed<Token> {
        let token = self.peek().cloned().ok_or_else(|| QueryError::malformed("unexpected end of the query"))?;
        self.at += 1;
        Ok(token)
    }

    fn take(&mut self, word: &str) -> bool {
        let hit = self.peek().is_some_and(|t| t.is(word));
        self.at += usize::from(hit);
        hit
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        let hit = self.peek() == Some(&Token::Sign(sign));
        self.at += usize::from(hit);
        hit
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(QueryError::malformed(format!("expecting '{word}'"))) }
    }

    fn word(&mut self) -> Parsed<String> {
        match self.next()? {
            Token::Word(w) => Ok(w),
            other => Err(QueryError::malformed(format!("unexpected token: {other:?}"))),
        }
    }

    fn number(&mut self) -> Parsed<usize> {
        self.word()?.parse().map_err(|_| QueryError::malformed("expecting a number"))
    }

    /// Field names; empty for `COUNT()`.
    fn wanted(&mut self) -> Parsed<Vec<String>> {
        if self.take("COUNT") {
            if self.take_sign("(") && self.take_sign(")") {
                return Ok(Vec::new());
            }
            return Err(QueryError::malformed("only COUNT() without a field is understood"));
        }
        let mut out = vec![self.word()?];
        while self.take_sign(",") {
            out.push(self.word()?);
        }
        Ok(out)
    }

    fn field(&self, name: &str) -> Parsed<&'static Field> {
        let object = self.object.ok_or_else(|| QueryError::malformed("no object"))?;
        object.field(name).ok_or_else(|| QueryError {
            code: "INVALID_FIELD",
            message: format!("No such column '{name}' on entity '{}'.", object.name),
        })
    }

    fn any_of(&mut self) -> Parsed<String> {
        let mut out = self.all_of()?;
        while self.take("OR") {
            out = format!("({out}) OR ({})", self.all_of()?);
        }
        Ok(out)
    }

    fn all_of(&mut self) -> Parsed<String> {
        let mut out = self.one()?;
        while self.take("AND") {
            out = format!("({out}) AND ({})", self.one()?);
        }
        Ok(out)
    }

    fn one(&mut self) -> Parsed<String> {
        if self.take("NOT") {
            return Ok(format!("NOT ({})", self.one()?));
        }
        if self.take_sign("(") {
            let inside = self.any_of()?;
            if !self.take_sign(")") {
                return Err(QueryError::malformed("expecting ')'"));
            }
            return Ok(format!("({inside})"));
        }
        let name = self.word()?;
        let field = self.field(&name)?;
        let column = column(&field.name, field.case_sensitive);
        if self.take("LIKE") {
            let value = self.value(field)?;
            return Ok(self.bound(&format!("{column} LIKE"), value, " ESCAPE '\\'"));
        }
        if self.take("IN") {
            return Ok(format!("{column} IN {}", self.list(field)?));
        }
        if self.take("NOT") {
            self.expect("IN")?;
            return Ok(format!("{column} NOT IN {}", self.list(field)?));
        }
        self.comparison(field, &column)
    }

    fn comparison(&mut self, field: &Field, column: &str) -> Parsed<String> {
        let Token::Sign(sign) = self.next()? else {
            return Err(QueryError::malformed(format!("expecting an operator after '{}'", field.name)));
        };
        let sign = match sign {
            "=" => "IS",
            "!=" | "<>" => "IS NOT",
            "<" | ">" | "<=" | ">=" => sign,
            other => return Err(QueryError::malformed(format!("unexpected operator '{other}'"))),
        };
        let value = self.value(field)?;
        Ok(self.bound(&format!("{column} {sign}"), value, ""))
    }

    fn bound(&mut self, left: &str, value: Sql, right: &str) -> String {
        self.values.push(value);
        format!("{left} ?{}{right}", self.values.len())
    }

    fn list(&mut self, field: &Field) -> Parsed<String> {
        if !self.take_sign("(") {
            return Err(QueryError::malformed("expecting '(' after IN"));
        }
        let mut places = Vec::new();
        loop {
            let value = self.value(field)?;
            places.push(self.bound("", value, ""));
            if self.take_sign(")") {
                return Ok(format!("({})", places.join(",")));
            }
            if !self.take_sign(",") {
                return Err(QueryError::malformed("expecting ',' or ')'"));
            }
        }
    }

    fn value(&mut self, field: &Field) -> Parsed<Sql> {
        let mismatch = |v: &str| QueryError {
            code: "INVALID_FIELD",
            message: format!("value of filter criterion for field '{}' must be of another type than {v}", field.name),
        };
        Ok(match self.next()? {
            Token::Text(t) if matches!(field.kind, Kind::Id | Kind::Reference(_)) => Sql::Text(full_id(&t)),
            Token::Text(t) if field.kind.length() > 0 => Sql::Text(t),
            t if t.is("null") => Sql::Null,
            t if t.is("true") || t.is("false") => Sql::Integer(i64::from(t.is("true"))),
            Token::Word(w) if field.kind == Kind::DateTime => Sql::Text(datetime(&w).ok_or_else(|| mismatch(&w))?),
            Token::Word(w) if field.kind == Kind::Date => Sql::Text(w),
            Token::Word(w) => Sql::Real(w.parse().map_err(|_| mismatch(&w))?),
            other => return Err(mismatch(&format!("{other:?}"))),
        })
    }

    fn order(&mut self) -> Parsed<String> {
        self.expect("BY")?;
        let mut out = Vec::new();
        loop {
            let name = self.word()?;
            let field = self.field(&name)?;
            let mut part = column(&field.name, field.case_sensitive);
            if self.take("DESC") {
                part.push_str(" DESC");
            } else {
                self.take("ASC");
            }
            if self.take("NULLS") {
                part.push_str(if self.take("LAST") { " NULLS LAST" } else { " NULLS FIRST" });
                self.take("FIRST");
            }
            out.push(part);
            if !self.take_sign(",") {
                out.push("seq".to_owned());
                return Ok(out.join(", "));
            }
        }
    }
}

/// As records keep instants, so that text compares as time.
fn datetime(text: &str) -> Option<String> {
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.to_utc().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string())
}
