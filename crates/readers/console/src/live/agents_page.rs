//! The agents' board: who, state, since when, why, in which queues.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::page::standing;
use super::view::{AgentView, BoardView};
use crate::auth::Role;
use crate::calls;
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::{self, Page, Place, show, texts};

/// `GET /agents`.
pub(crate) async fn agents(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::watches) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = server.board.view(&caller.sees);
    let body = html! {
        (standing(&view))
        (filters(&view))
        div.scroll role="region" aria-label=(texts::AGENTS) tabindex="0" {
            table.figures #board data-live="agents" {
                thead { tr {
                    th scope="col" { "Agent" }
                    @for (field, heading) in texts::AGENT_COLUMNS {
                        th scope="col" class=[(*field != "since").then_some("text")] { (heading) }
                    }
                } }
                tbody { @for agent in &view.agents { (row(Some(agent), &view.at)) } }
            }
        }
        template #agent-row { (row(None, &view.at)) }
        p.empty hidden[!view.agents.is_empty()] { (texts::NO_AGENTS) }
        noscript { (shell::notice(texts::NEEDS_SCRIPT)) }
    };
    shell::page(
        &caller,
        &Page { title: texts::AGENTS, place: Some(Place::Agents), scripts: &["board.js"], class: "wide", body },
    )
}

/// What the script narrows the list by.
fn filters(view: &BoardView) -> Markup {
    let states = ["talking", "acw", "ringing", "paused", "available"];
    html! {
        form.filters #filters hidden {
            label { "State "
                select name="state" { option value="" { "all" } @for s in states { option value=(s) { (texts::state(s)) } } }
            }
            label { "Queue "
                select name="queue" { option value="" { "all" } @for q in &view.queues { option value=(q.queue) { (q.queue) } } }
            }
        }
    }
}

fn row(agent: Option<&AgentView>, at: &str) -> Markup {
    html! {
        tr data-key=[agent.map(|a| format!("{}/{}", a.switch, a.agent))]
            data-live=[agent.map(|a| a.live.to_string())] data-state=[agent.map(|a| &a.state)] {
            th scope="row" {
                a data-field="agent" data-link="/calls?agent=" href=[agent.map(|a| calls::of_agent(&a.agent))] {
                    (agent.map_or("", |a| &a.agent))
                }
            }
            @for (field, _) in texts::AGENT_COLUMNS {
                td data-field=(field) { (agent.map(|a| text(a, field, at)).unwrap_or_default()) }
            }
        }
    }
}

fn text(agent: &AgentView, field: &str, at: &str) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    match field {
        "state" => texts::state(&agent.state).to_owned(),
        "since" => since(agent.since.as_deref(), at),
        "reason" => or_dash(&agent.reason),
        "queue" => or_dash(&agent.queue),
        "queues" => {
            let paused = |q: &String| if agent.paused_in.contains(q) { format!("{q} (paused)") } else { q.clone() };
            agent.queues.iter().map(paused).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

/// How long ago, as of the board's time.
fn since(since: Option<&str>, at: &str) -> String {
    let read = |text| model::Instant::parse_rfc3339(text).ok();
    match (since.and_then(read), read(at)) {
        (Some(since), Some(at)) => show::duration(at.millis_since(since)),
        _ => "–".to_owned(),
    }
}
