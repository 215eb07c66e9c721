//! What every page is framed by: head, navigation, main part.
//!
//! Contract: pages are whole without scripts; scripts (our own files under `/assets/`)
//! only make them follow the log and put times and numbers into the reader's own form.
//! No page names another host. Words stand in `texts`.

pub(crate) mod assets;
pub(crate) mod show;
pub(crate) mod texts;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::auth::{Caller, Role};

/// The places of the console, in the order of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The live board.
    Board,
    /// The agents' board.
    Agents,
    /// Reports and staffing.
    Reports,
    /// Search for calls, and contacts.
    Calls,
    /// The list of recordings.
    Recordings,
    /// How the system does, and what failed.
    Health,
}

/// A place's address, its name, and who may go there.
type Stop = (Place, &'static str, &'static str, fn(Role) -> bool);

const STOPS: &[Stop] = &[
    (Place::Board, "/", texts::BOARD, Role::watches),
    (Place::Agents, "/agents", texts::AGENTS, Role::watches),
    (Place::Reports, "/reports/queues", texts::reports::REPORTS, Role::reports),
    (Place::Calls, "/calls", texts::calls::CALLS, Role::watches),
    (Place::Recordings, "/recordings", texts::recordings::RECORDINGS, Role::watches),
    (Place::Health, "/health", texts::health::HEALTH, Role::tends),
];

/// What a page is made of.
pub(crate) struct Page<'a> {
    /// Its title and heading.
    pub title: &'a str,
    /// Where in the navigation it is; `None`: elsewhere.
    pub place: Option<Place>,
    /// Scripts beside the common one, by file name.
    pub scripts: &'a [&'a str],
    /// A word for the sheet: how the page is laid out (`wall`, `wide`).
    pub class: &'a str,
    /// The main part.
    pub body: Markup,
}

/// The page as an answer to a signed-in caller.
pub(crate) fn page(caller: &Caller, page: &Page<'_>) -> Response {
    respond(StatusCode::OK, document(Some(caller), page))
}

/// A page's markup with the headers of all pages: never kept by a cache, never framed,
/// scripts of this server only.
pub(crate) fn respond(status: StatusCode, markup: Markup) -> Response {
    let mut response = (status, Html(markup.into_string())).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, assets::POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The whole document; without a caller (the sign-in page) it has no navigation.
pub(crate) fn document(caller: Option<&Caller>, page: &Page<'_>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " – " (texts::PRODUCT) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(assets::url("console.css"));
                @for script in ["console.js"].iter().chain(page.scripts) {
                    script src=(assets::url(script)) defer {}
                }
            }
            body class=(page.class) {
                a.skip href="#main" { (texts::SKIP) }
                @if let Some(caller) = caller { (navigation(caller, page.place)) }
                main #main {
                    h1 { (page.title) }
                    (page.body)
                }
            }
        }
    }
}

fn navigation(caller: &Caller, place: Option<Place>) -> Markup {
    let stops = STOPS.iter().filter(|(.., may)| may(caller.role));
    html! {
        header.top {
            a.brand href="/" { (texts::PRODUCT) }
            nav aria-label=(texts::NAVIGATION) {
                @for (stop, address, name, _) in stops {
                    a href=(address) aria-current=[(place == Some(*stop)).then_some("page")] { (name) }
                }
            }
            form.who method="post" action="/sign-out" {
                span { (caller.name) }
                @if let Some(csrf) = caller.csrf() {
                    input type="hidden" name="csrf" value=(csrf);
                    button.plain type="submit" { (texts::SIGN_OUT) }
                }
            }
        }
    }
}

/// A note above a page's content: what is wrong or must be known.
pub(crate) fn notice(text: &str) -> Markup {
    html! { p.notice role="status" { (text) } }
}
