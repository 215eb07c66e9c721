//! What a list of calls is asked for, as it stands in an address.
//!
//! Contract: an empty field is none. A field that is not known is refused, so that a typing
//! error does not widen a search in silence; so is a value that cannot be read.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use chrono_tz::Tz;
use model::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tables::Search;
use utoipa::IntoParams;

use super::when;
use crate::auth::Caller;
use crate::pages::encode;

/// Rows of a page where none are asked for.
pub(super) const PAGE: usize = 50;
/// The most rows of a page.
pub(super) const MOST: usize = 500;

/// What of the calls is looked for. Every field may be left out or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Ask {
    /// End of the caller's or of the dialled number; all but digits is overlooked.
    #[param(example = "7700900054")]
    pub number: Option<String>,
    /// A value that the IVR collected, such as an account number, whole.
    pub account: Option<String>,
    /// Who talked with the caller, or was offered the call.
    pub agent: Option<String>,
    /// A queue that the caller was in.
    pub queue: Option<String>,
    /// Begun at or after: RFC 3339, or a date or date and time of `tz`.
    #[param(example = "2026-11-22T05:30:00Z")]
    pub from: Option<String>,
    /// Begun before: RFC 3339, or a date or date and time of `tz`.
    pub to: Option<String>,
    /// Lasted at least: `20s`, `1:30`, `2m`, `1h`; a bare number is seconds. A call that lasts
    /// has no length.
    pub min_duration: Option<String>,
    /// Lasted at most.
    pub max_duration: Option<String>,
    /// How it ended: `answered`, `callback`, `abandoned`, `rejected`, `lost`, `ivr_abandoned`,
    /// `self_served`, `connected`, `busy`, `no_answer`, `failed` or `unknown`.
    pub outcome: Option<String>,
    /// `inbound`, `outbound` or `internal`.
    pub direction: Option<String>,
    /// IANA time zone of `from` and `to` where they name none; UTC.
    pub tz: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub cursor: Option<String>,
    /// Rows of a page, 1 to 500; 50.
    pub limit: Option<String>,
}

/// Why a list cannot be made: what the caller can do.
pub(super) type Bad = String;

impl Ask {
    /// Reads an address.
    pub fn of(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Bad> {
        query.map(|Query(ask)| ask).map_err(|e| e.body_text())
    }

    /// As the tables are asked; `caller` sees what they see.
    pub fn search(&self, caller: &Caller) -> Result<Search, Bad> {
        let search = Search {
            number: self.number()?,
            account: given(&self.account).map(Into::into),
            agent: given(&self.agent).map(Into::into),
            queue: given(&self.queue).map(Into::into),
            from: self.instant("from", &self.from)?,
            to: self.instant("to", &self.to)?,
            min_ms: duration("min_duration", &self.min_duration)?,
            max_ms: duration("max_duration", &self.max_duration)?,
            outcome: word("outcome", &self.outcome)?,
            direction: word("direction", &self.direction)?,
            as_of: None,
            visible: caller.sees.visible(),
            after: given(&self.cursor).map(str::parse).transpose().map_err(|e: tables::TablesError| e.to_string())?,
            page: self.limit()?,
        };
        match (search.from, search.to) {
            (Some(from), Some(to)) if from >= to => Err(format!("`from` ({from}) is not before `to` ({to})")),
            _ => Ok(search),
        }
    }

    /// The zone of times that name none.
    pub fn tz(&self) -> Result<Tz, Bad> {
        let zone = |name: &str| name.parse().map_err(|_| format!("'{name}' is no time zone such as Europe/Berlin"));
        given(&self.tz).map_or(Ok(Tz::UTC), zone)
    }

    fn number(&self) -> Result<Option<String>, Bad> {
        match given(&self.number) {
            Some(text) if !text.contains(|c: char| c.is_ascii_digit()) => Err(format!("'{text}' has no digits")),
            number => Ok(number.map(str::to_owned)),
        }
    }

    fn limit(&self) -> Result<usize, Bad> {
        let Some(text) = &self.limit else { return Ok(PAGE) };
        let limit = text.parse().ok().filter(|n| (1..=MOST).contains(n));
        limit.ok_or_else(|| format!("`limit` is a number from 1 to {MOST}, not '{text}'"))
    }

    fn instant(&self, name: &str, text: &Option<String>) -> Result<Option<Instant>, Bad> {
        let tz = self.tz()?;
        let read = |text: &str| when::instant(text, tz).ok_or_else(|| format!("`{name}` is no time: '{text}'"));
        given(text).map(read).transpose()
    }

    /// The page that begins at `cursor`, as an address; fields that are empty are left out.
    pub fn address(&self, cursor: Option<&str>) -> String {
        let ask = Self { cursor: cursor.map(str::to_owned), ..self.clone() };
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(&ask) else { return "/calls".to_owned() };
        let given = fields.iter().filter_map(|(name, v)| v.as_str().filter(|v| !v.is_empty()).map(|v| (name, v)));
        let query: Vec<String> = given.map(|(name, v)| format!("{name}={}", encode(v))).collect();
        if query.is_empty() { "/calls".to_owned() } else { format!("/calls?{}", query.join("&")) }
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|t| !t.is_empty())
}

fn duration(name: &str, text: &Option<String>) -> Result<Option<i64>, Bad> {
    let read = |t: &str| when::duration(t).ok_or_else(|| format!("`{name}` is no duration such as 20s or 1:30: '{t}'"));
    given(text).map(read).transpose()
}

/// A word of a vocabulary; what is wrong names those that there are.
fn word<T: DeserializeOwned>(name: &str, text: &Option<String>) -> Result<Option<T>, Bad> {
    let read = |t: &str| serde_json::from_value(t.into()).map_err(|e| format!("`{name}`: {e}"));
    given(text).map(read).transpose()
}

#[cfg(test)]
mod tests {
    use model::facts::{ContactOutcome, Direction};

    use super::*;
    use crate::auth::{Role, Sees};

    fn caller() -> Caller {
        let sees = Sees { centers: None, queues: Some(vec!["sales".into()]) };
        Caller { name: "ann".to_owned(), role: Role::Analyst, by_session: false, sees, csrf: None }
    }

    fn asked(query: &str) -> Result<Ask, Bad> {
        let uri = format!("/calls?{query}").parse().map_err(|e| format!("{e}"))?;
        Ask::of(Query::try_from_uri(&uri))
    }

    #[test]
    fn an_address_is_a_search() {
        let ask = asked("number=%2B44+20&agent=Frank+O%27Neill&queue=&from=2026-11-22&tz=Europe/Berlin&outcome=no_answer&direction=outbound&min_duration=1:30&limit=7").unwrap();
        let search = ask.search(&caller()).unwrap();
        assert_eq!(search.number.as_deref(), Some("+44 20"));
        assert_eq!((search.agent.as_deref(), search.queue), (Some("Frank O'Neill"), None));
        assert_eq!(search.from.unwrap().to_rfc3339(), "2026-11-21T23:00:00Z");
        assert_eq!((search.outcome, search.direction), (Some(ContactOutcome::NoAnswer), Some(Direction::Outbound)));
        assert_eq!((search.min_ms, search.page), (Some(90_000), 7));
        assert_eq!(search.visible, caller().sees.visible());
        assert_eq!(asked(&ask.address(None)["/calls?".len()..]).unwrap().search(&caller()).unwrap().page, 7);
        assert_eq!(
            ask.address(Some("1~a%2F~b")).split('&').find(|f| f.starts_with("cursor")),
            Some("cursor=1~a%252F~b")
        );
        assert_eq!(Ask::default().address(None), "/calls");
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (query, word) in [
            ("agnet=x", "agnet"),
            ("from=yesterday", "from"),
            ("from=2026-11-22&to=2026-11-22", "not before"),
            ("outcome=happy", "no_answer"),
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("number=abc", "digits"),
            ("tz=Mars&from=2026-11-22", "Mars"),
            ("max_duration=long", "max_duration"),
            ("cursor=1", "cursor"),
        ] {
            let why = asked(query).and_then(|a| a.search(&caller())).unwrap_err();
            assert!(why.contains(word), "{query}: {why}");
        }
    }
}
