//! `GET /health`: how everything does, for people.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::desk::{CrmWriter, Flush};
use super::lag::PartitionView;
use super::view::{self, Finding, FindingLevel, HealthView, SwitchHealth};
use crate::auth::Role;
use crate::guard::allowed;
use crate::server::Server;
use crate::shell::texts::recordings::state as recording_state;
use crate::shell::{self, Page, Place, show, texts::health as texts};

/// The handler.
pub(crate) async fn page(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = view::view(&server, &caller.sees).await;
    let body = html! {
        div #standing.standing role="status" {}
        section #findings data-follow aria-label=(texts::WRONG) aria-live="polite" { (findings(&view.findings)) }
        section #process data-follow { (process(&view)) }
        section #failed data-follow { (failed(&view)) }
        section #switches data-follow { (switches(&view.switches)) }
        section #crm data-follow { (crm(&view.crm)) }
        section #lag data-follow { (lag(&view.partitions)) }
        p.hint { (texts::FOLLOWS) }
    };
    let page = Page { title: texts::HEALTH, place: Some(Place::Health), scripts: &["follow.js"], class: "wide", body };
    shell::page(&caller, &page)
}

fn findings(found: &[Finding]) -> Markup {
    html! {
        @if found.is_empty() { p.well { span.sign aria-hidden="true" { "✓" } " " (texts::ALL_WELL) } }
        @else {
            h2 { (texts::WRONG) }
            ul.findings { @for f in found { (finding(f)) } }
        }
    }
}

fn finding(f: &Finding) -> Markup {
    let (word, sign) = match f.level {
        FindingLevel::Alarm => ("alarm", "◆"),
        FindingLevel::Warning => ("warning", "▲"),
    };
    html! {
        li data-level=(word) {
            p { span.sign role="img" aria-label=(word) { (sign) } " " strong { (f.what) } }
            p.action {
                (texts::WHAT_TO_DO) " " (f.action)
                @if let Some(link) = &f.link { " " a href=(link) { (texts::GO_THERE) } }
            }
        }
    }
}

/// An instant that the script puts into the reader's form.
pub(crate) fn moment(rfc3339: &str) -> Markup {
    html! { time datetime=(rfc3339) { (show::instant(rfc3339)) } }
}

/// A count that the script puts into the reader's form.
pub(crate) fn count(n: impl std::fmt::Display) -> Markup {
    let text = n.to_string();
    html! { data value=(text) data-kind="count" { (text) } }
}

fn process(view: &HealthView) -> Markup {
    let folded = view.partitions.iter().filter(|p| p.here).count();
    html! {
        h2 { (texts::PROCESS) }
        dl.facts {
            dt { (texts::VERSION) } dd { (view.version) }
            dt { (texts::STARTED) } dd { (moment(&view.started)) " (" (show::age(view.uptime_ms)) ")" }
            dt { (texts::FOLDS_HERE) } dd { (count(folded)) " of " (count(view.partitions.len())) }
            dt { (texts::LAST_FLUSH) } dd { (flush(view.flush.as_ref())) }
            @if let Some(f) = &view.flush { dt { (texts::ROWS_HELD) } dd { (count(f.rows_held)) } }
            dt { (texts::WAITS) }
            dd {
                @if view.waits.is_empty() { (texts::NOTHING) }
                @for w in &view.waits { div { (w.what) ", since " (moment(&w.since)) " (" (show::age(w.lasts_ms)) ")" } }
            }
        }
    }
}

/// What failed, with the ways to it.
fn failed(view: &HealthView) -> Markup {
    let number = |n: Option<u64>| html! { @match n { Some(n) => { (count(n)) } None => { (texts::NOT_KNOWN) } } };
    html! {
        h2 { (texts::FAILED_ROWS) }
        dl.facts {
            dt { a href="/health/dead-letters" { (texts::DEAD_LETTERS) } } dd { (number(view.dead_letters)) }
            dt { a href="/health/parked" { (texts::PARKED) } } dd { (number(view.parked)) }
            @if let Some(recordings) = &view.recordings {
                dt { a href="/recordings" { (texts::RECORDINGS) } }
                dd { @for (i, (state, n)) in recordings.by_state.iter().enumerate() {
                    @if i > 0 { ", " }
                    a href=(format!("/recordings?state={state}")) { (recording_state(state).0) } " " (count(n))
                } @if recordings.by_state.is_empty() { (count(0)) } }
            }
        }
    }
}

fn flush(flush: Option<&Flush>) -> Markup {
    html! {
        @match flush.and_then(|f| Some((f, f.ended.as_ref()?))) {
            None => { (texts::NONE_YET) }
            Some((f, ended)) => { (moment(ended)) ", " (count(f.took_ms)) " ms, " (count(f.rows)) " rows" }
        }
    }
}

fn switches(switches: &[SwitchHealth]) -> Markup {
    html! {
        h2 { (texts::SWITCHES) }
        @if switches.is_empty() { p { (texts::NO_SWITCHES) } }
        @else {
            div.scroll role="region" aria-label=(texts::SWITCHES) tabindex="0" { table {
                thead { tr { th scope="col" { "Switch" } th scope="col" { "Centre" } th scope="col" { "Last event" }
                    th scope="col" { "Age" } th scope="col" { "Figures" } } }
                tbody { @for s in switches { tr {
                    th scope="row" { (s.switch) }
                    td { (s.center) }
                    td { @if let Some(at) = &s.last_event { (moment(at)) } @else { "–" } }
                    td { (s.age_ms.map_or_else(|| "–".to_owned(), show::age)) }
                    td { (if s.live { "of now" } else { "not of now" }) }
                } } }
            } }
        }
    }
}

fn crm(writers: &[CrmWriter]) -> Markup {
    let budget = |w: &CrmWriter| Some(format!("{} of {}", w.budget_used?, w.budget_limit?));
    html! {
        @if !writers.is_empty() {
            h2 { (texts::CRM) }
            div.scroll role="region" aria-label=(texts::CRM) tabindex="0" { table.figures {
                thead { tr { th scope="col" { "Target" } th scope="col" { "Written" } th scope="col" { "Parked" }
                    th scope="col" { "Put off" } th scope="col" { "Requests repeated" } th scope="col" { "Contacts waiting" }
                    th scope="col" { "Daily limit used" } } }
                tbody { @for w in writers { tr {
                    th scope="row" { (w.target) }
                    @for n in [w.written, w.parked, w.put_off, w.retries, w.waiting] { td { (count(n)) } }
                    td { (budget(w).unwrap_or_else(|| "–".to_owned())) }
                } } }
            } }
            p.hint { (texts::CRM_HINT) }
        }
    }
}

fn lag(partitions: &[PartitionView]) -> Markup {
    let shown: Vec<_> = partitions.iter().filter(|p| p.high > 0).collect();
    let (records, behind) = (shown.iter().map(|p| p.high).sum::<i64>(), shown.iter().map(|p| p.behind).sum::<i64>());
    let oldest = shown.iter().filter_map(|p| p.behind_ms).max();
    let age = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), show::age);
    html! {
        h2 { (texts::LAG) }
        div.scroll role="region" aria-label=(texts::LAG) tabindex="0" { table.figures {
            caption { (partitions.len() - shown.len()) " further partitions are empty." }
            thead { tr { th scope="col" { "Partition" } th scope="col" { "Next offset" } th scope="col" { "Folded up to" }
                th scope="col" { "Behind" } th scope="col" { "Oldest" } th scope="col" { "Folded here" } } }
            tbody {
                @for p in &shown { tr {
                    th scope="row" { (p.partition) }
                    td { (count(p.high)) } td { (count(p.stands)) } td { (count(p.behind)) } td { (age(p.behind_ms)) }
                    td { (if p.here { "yes" } else { "no" }) }
                } }
                tr.total { th scope="row" { "All" } td { (count(records)) } td { (count(records - behind)) }
                    td { (count(behind)) } td { (age(oldest)) } td { "" } }
            }
        } }
        p.hint { (texts::LAG_HINT) }
    }
}
