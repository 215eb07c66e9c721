//! The live board and its wall screen: pages over the board's own API.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::levels::Level;
use super::view::{BoardView, QueueView};
use crate::auth::Role;
use crate::calls;
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::{self, Page, Place, show, texts};

/// `GET /`: the board as a table.
pub(crate) async fn board(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = server.board.view(&caller.sees);
    let body = html! {
        (standing(&view))
        p.actions { a.button href="/wall" { (texts::WALL) } }
        div.scroll role="region" aria-label=(texts::BOARD) tabindex="0" {
            table.figures #board data-live="queues" {
                thead { tr {
                    th scope="col" { "Queue" }
                    @for (_, heading, meaning) in texts::BOARD_COLUMNS { th scope="col" title=(meaning) { (heading) } }
                } }
                tbody {
                    @for queue in &view.queues { (row(Some(queue), &view.at)) }
                }
            }
        }
        template #queue-row { (row(None, &view.at)) }
        p.empty hidden[!view.queues.is_empty()] { (texts::NO_QUEUES) }
        p.hint { (texts::TODAY) }
        noscript { (shell::notice(texts::NEEDS_SCRIPT)) }
    };
    shell::page(
        &caller,
        &Page { title: texts::BOARD, place: Some(Place::Board), scripts: &["board.js"], class: "wide", body },
    )
}

/// `GET /wall`: a tile a queue, to be read from five metres.
pub(crate) async fn wall(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = server.board.view(&caller.sees);
    let body = html! {
        (standing(&view))
        div.tiles #board data-live="queues" {
            @for queue in &view.queues { (tile(Some(queue))) }
        }
        template #queue-row { (tile(None)) }
        p.empty hidden[!view.queues.is_empty()] { (texts::NO_QUEUES) }
        p.leave { a href="/" { (texts::LEAVE_WALL) } }
        noscript { (shell::notice(texts::NEEDS_SCRIPT)) }
    };
    shell::page(
        &caller,
        &Page { title: texts::BOARD, place: Some(Place::Board), scripts: &["board.js"], class: "wall", body },
    )
}

/// How fresh the figures are: filled in by the script, and by the server at first.
pub(super) fn standing(view: &BoardView) -> Markup {
    let silent = view.switches.iter().filter(|s| !s.live);
    html! {
        div #standing.standing role="status" data-at=(view.at) {
            @if let Some(trouble) = &view.trouble { p.notice { (trouble) } }
            @for switch in silent {
                p.notice {
                    strong { (switch.switch) } " " (texts::NOT_LIVE)
                    @if let Some(at) = &switch.as_of { ": as of " time datetime=(at) { (show::instant(at)) } }
                }
            }
        }
    }
}

/// A queue's row; without figures, what the script makes rows of.
fn row(queue: Option<&QueueView>, at: &str) -> Markup {
    html! {
        tr data-key=[queue.map(key)] data-live=[queue.map(|q| q.live.to_string())] {
            th scope="row" {
                a data-field="queue" data-link="/calls?queue=" data-today="1" href=[queue.map(|q| calls::of_queue(&q.queue, at))] {
                    (queue.map_or("", |q| &q.queue))
                }
            }
            @for (field, ..) in texts::BOARD_COLUMNS { (cell("td", field, queue)) }
        }
    }
}

fn tile(queue: Option<&QueueView>) -> Markup {
    let figure = |field: &str, label: &str| {
        html! { div { dt { (label) } (cell("dd", field, queue)) } }
    };
    html! {
        section.tile data-key=[queue.map(key)] data-live=[queue.map(|q| q.live.to_string())] {
            h2 data-field="queue" { (queue.map_or("", |q| &q.queue)) }
            dl {
                (figure("waiting", "waiting"))
                (figure("longest_wait_ms", "longest"))
                (figure("service_level", "service level"))
                (figure("abandon_rate", "abandoned"))
                (figure("agents_available", "available"))
                (figure("agents_talking", "talking"))
            }
        }
    }
}

/// A figure, with its level as a word and a sign.
fn cell(kind: &str, field: &str, queue: Option<&QueueView>) -> Markup {
    let (text, level) = queue.map_or((String::new(), Level::Good), |q| figure(q, field));
    let word = (level != Level::Good).then(|| level.word());
    let inner = html! {
        @if let Some(word) = word { span.sign role="img" aria-label=(word) { (level.sign()) } " " }
        (text)
    };
    html! {
        @if kind == "dd" { dd data-field=(field) data-level=[word] { (inner) } }
        @else { td data-field=(field) data-level=[word] { (inner) } }
    }
}

pub(super) fn key(queue: &QueueView) -> String {
    format!("{}/{}", queue.center, queue.queue)
}

/// A figure as text, and its level.
fn figure(q: &QueueView, field: &str) -> (String, Level) {
    let count = |n: i64| (n.to_string(), Level::Good);
    let rate = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), show::percent);
    match field {
        "waiting" => (q.waiting.to_string(), q.levels.waiting),
        "longest_wait_ms" => (show::duration(q.longest_wait_ms), q.levels.longest_wait_ms),
        "service_level" => (rate(q.service_level), q.levels.service_level),
        "abandon_rate" => (rate(q.abandon_rate), q.levels.abandon_rate),
        "sl_threshold_ms" => (q.sl_threshold_ms.map_or_else(|| "–".to_owned(), show::duration), Level::Good),
        "asa_ms" => (q.asa_ms.map_or_else(|| "–".to_owned(), show::duration), Level::Good),
        "agents_available" => count(q.agents_available),
        "agents_talking" => count(q.agents_talking),
        "agents_ringing" => count(q.agents_ringing),
        "agents_in_acw" => count(q.agents_in_acw),
        "agents_paused" => count(q.agents_paused),
        "offered" => count(q.offered),
        "answered" => count(q.answered),
        "abandoned" => count(q.abandoned),
        _ => (String::new(), Level::Good),
    }
}
