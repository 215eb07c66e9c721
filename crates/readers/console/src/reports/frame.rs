//! What the pages of reports share: how their address is read, tabs, notes, exports.

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use metrics::{Interval, Options};
use model::Instant;
use tables::{Gap, Question};

use super::answer::{NoAnswer, What};
use super::api;
use super::cells::local;
use super::export::Format;
use super::fold;
use super::view::{View, interval_name};
use super::words::{Bad, Words};
use crate::auth::Caller;
use crate::server::Server;
use crate::shell::{self, Page, Place, texts::reports as texts};

/// Words that are the pages' own and no parameter of the API.
const PAGES_OWN: [&str; 3] = ["compare", "heat", "formula"];

/// The words of a page's address. A range by name stands before from and to, which a form
/// may send beside it; without any, it is today.
pub(crate) fn words(uri: &Uri, interval: Option<Interval>) -> Result<Words, Bad> {
    let mut words = api::words(uri)?;
    let has = |words: &Words, name| words.all(name).next().is_some();
    if has(&words, "range") {
        words = words.without(&["from", "to"]);
    } else if !has(&words, "from") && !has(&words, "to") {
        words = words.with("range", "today");
    }
    if let (false, Some(interval)) = (has(&words, "interval"), interval) {
        words = words.with("interval", interval_name(interval));
    }
    Ok(words)
}

/// The words with the range as instants: a link means the same tomorrow.
pub(crate) fn pinned(view: &View) -> Words {
    let mut words = view.words.without(&["range", "from", "to", "after", "limit", "at", "column"]);
    for (name, at) in [("from", view.options().from), ("to", view.options().to)] {
        if let Some(at) = at {
            words = words.with(name, at.to_rfc3339());
        }
    }
    words
}

/// A page of reports, whole.
pub(crate) fn page(caller: &Caller, status: StatusCode, title: &str, here: &str, body: &Markup) -> Response {
    let body = html! { (tabs(here)) (body) };
    let page = Page { title, place: Some(Place::Reports), scripts: &["report.js"], class: "wide", body };
    shell::respond(status, shell::document(Some(caller), &page))
}

fn tabs(here: &str) -> Markup {
    let tabs = [
        ("/reports/queues", "Queues"),
        ("/reports/agents", "Agents"),
        ("/reports/contacts", "Contacts"),
        ("/staffing", texts::STAFFING_NAME),
    ];
    html! {
        nav.tabs aria-label=(texts::KINDS) {
            @for (path, name) in tabs { a href=(path) aria-current=[(path == here).then_some("page")] { (name) } }
        }
    }
}

/// Why a page has no figures, and the status that says so.
pub(crate) fn refused(no: &NoAnswer) -> (StatusCode, Markup) {
    let (status, why) = match no {
        NoAnswer::Bad(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
        NoAnswer::TooMuch(rows) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("{rows} rows are too many: choose longer intervals or less time"),
        ),
        NoAnswer::Tables(tables::TablesError::Asked(what)) => (StatusCode::UNPROCESSABLE_ENTITY, what.clone()),
        NoAnswer::Tables(error) => {
            tracing::warn!(%error, "a report cannot read the tables");
            (StatusCode::SERVICE_UNAVAILABLE, texts::TABLES_DOWN.to_owned())
        }
    };
    (status, html! { div role="alert" { p { strong { (texts::NOT_ANSWERED) } } p { (why) } } })
}

/// Exports, and the link that stays.
pub(crate) fn actions(what: What, view: &View, page: &str, now: Instant) -> Markup {
    let as_of = view.question.as_of.unwrap_or(now).to_rfc3339();
    html! {
        (exports(what, view))
        p.actions { a.button href=(pinned(view).with("as_of", as_of).at(page)) { (texts::LINK) } }
    }
}

/// The report as files.
pub(crate) fn exports(what: What, view: &View) -> Markup {
    let words = pinned(view).without(&PAGES_OWN);
    let api = format!("/api/v1/reports/{}", what.name());
    html! {
        p.actions {
            span.quiet { (texts::EXPORT) ":" }
            @for (_, name) in Format::ALL {
                a.button href=(words.with("format", name).at(&api)) download { (name.to_uppercase()) }
            }
        }
    }
}

/// The same view a week earlier on the clocks of its zone, where that is asked for and the
/// range has a begin and an end.
pub(crate) fn week_before(view: &View) -> Result<Option<View>, Bad> {
    let options = view.options();
    let asked = view.words.one("compare")? == Some("week");
    let Some((from, to)) = options.from.zip(options.to).filter(|_| asked) else { return Ok(None) };
    let earlier = |at| Some(fold::days_before(at, 7, options.tz));
    let options = Options { from: earlier(from), to: earlier(to), ..options.clone() };
    Ok(Some(View { question: Question { options, ..view.question.clone() }, ..view.clone() }))
}

/// What stands under a table that is compared: what the differences are, or why there are
/// none. `before` says whether there was anything then; `None`: it was not looked for.
pub(crate) fn compared(view: &View, before: Option<bool>) -> Markup {
    let asked = view.words.one("compare") == Ok(Some("week"));
    html! {
        @match before {
            _ if !asked => {},
            None => p.notice { (texts::NO_COMPARE) },
            Some(false) => p.notice { (texts::NOTHING_BEFORE) },
            Some(true) => p.hint { (texts::COMPARED) },
        }
    }
}

/// What the range is, in words.
pub(crate) fn span(view: &View) -> Markup {
    let options = view.options();
    let end = |at: Option<Instant>| at.map_or_else(|| "…".to_owned(), |t| local(t, options.tz));
    html! {
        p.span { strong { (end(options.from)) " – " (end(options.to)) } " " (options.tz.name())
            @if let Some(as_of) = view.question.as_of { ", as it stood at " (local(as_of, options.tz)) } }
    }
}

/// Notes, and gaps of sources.
pub(crate) fn notes(notes: &[String], gaps: &[Gap], tz: chrono_tz::Tz) -> Markup {
    html! {
        @for note in notes { p.hint { (note) } }
        @if !gaps.is_empty() {
            section.notice aria-label=(texts::GAPS) {
                strong { (texts::GAPS) } " " (texts::GAPS_WHAT)
                ul { @for gap in gaps { li { (gap.switch) ": " (local(gap.from, tz)) " – " (local(gap.to, tz)) } } }
            }
        }
    }
}

/// Nothing in the range: where there is something.
pub(crate) async fn nothing(server: &Server, view: &View, page: &str) -> Markup {
    let last = server.reports.last_events(None).await.ok().and_then(|l| l.into_values().max());
    let day = last.map(|at| metrics::zone::interval_of(Interval::Day, view.options().tz, at));
    html! {
        p.empty { (texts::NOTHING) }
        @if let Some((from, to)) = day {
            @let words = view.words.without(&["range"]).with("from", from.to_rfc3339()).with("to", to.to_rfc3339());
            p.actions { a.button href=(words.at(page)) { (texts::LAST_EVENT) } }
        }
    }
}

/// The queues that a form offers: those of the live board and those of rows, of what the
/// caller sees.
pub(crate) fn queues<'a>(server: &Server, caller: &Caller, rows: impl Iterator<Item = &'a str>) -> Vec<String> {
    let board = server.board.view(&caller.sees).queues.into_iter().map(|q| q.queue);
    board.chain(rows.map(str::to_owned)).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
