//! `/health/parked`: a list, and one with its fields and history.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

use super::{ParkedFilter, ParkedView, list, one, text_of};
use crate::auth::{Caller, Role};
use crate::guard::allowed;
use crate::health::desk::{ParkedField, ParkedRow};
use crate::health::page::{count, moment};
use crate::health::parts::{csrf, not_done, query};
use crate::pages::encode;
use crate::server::Server;
use crate::shell::{self, Page, Place, texts::health, texts::parked as texts};

pub(super) const ADDRESS: &str = "/health/parked";
/// Text fields from so many characters on are written in a larger box.
const LONG: usize = 80;

pub(super) fn shown(caller: &Caller, title: &str, body: Markup) -> Response {
    shell::page(caller, &Page { title, place: Some(Place::Health), scripts: &[], class: "wide", body })
}

/// `GET /health/parked`.
pub(crate) async fn rows(
    State(server): State<Arc<Server>>,
    Query(filter): Query<ParkedFilter>,
    headers: HeaderMap,
) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let view = match list(&server, &caller, &filter).await {
        Ok(view) => view,
        Err(e) => return not_done(&caller, texts::PARKED, &e),
    };
    let address = |after| {
        query(&[
            ("target", filter.target.as_deref()),
            ("object", filter.object.as_deref()),
            ("from", filter.from.as_deref()),
            ("after", after),
        ])
    };
    let body = html! {
        p { a href="/health" { (health::BACK) } }
        p { (texts::WHAT) }
        (filters(&filter))
        @if view.rows.is_empty() { p.empty { (texts::NONE) } }
        @else {
            (table(&view))
            @if let Some(next) = &view.next { p { a.button href=(format!("{ADDRESS}?{}", address(Some(next)))) { "Newer ones" } } }
            form method="post" action="/health/parked/retry" {
                (csrf(&caller))
                @for (name, value) in [("target", &filter.target), ("object", &filter.object), ("from", &filter.from)] {
                    input type="hidden" name=(name) value=(value.as_deref().unwrap_or_default());
                }
                button type="submit" { (texts::RETRY_ALL) }
            }
        }
        @if let Some(from) = &view.from { p.hint { (texts::LOOKED_FROM) " " (moment(from)) "." } }
    };
    shown(&caller, texts::PARKED, body)
}

fn filters(filter: &ParkedFilter) -> Markup {
    let objects = ["Task", "Call_Metric__c", "Queue_Interval_Metric__c"];
    let object = filter.object.as_deref().unwrap_or_default();
    html! {
        form.filters method="get" {
            label { "CRM " input type="text" name="target" size="12" value=(filter.target.as_deref().unwrap_or_default()); }
            label { "Object "
                select name="object" {
                    option value="" { "all" }
                    @for o in objects { option value=(o) selected[o == object] { (o) } }
                }
            }
            button type="submit" { "Show" }
        }
    }
}

fn table(view: &ParkedView) -> Markup {
    html! {
        div.scroll role="region" aria-label=(texts::PARKED) tabindex="0" { table {
            caption { (count(view.count)) " in all" }
            thead { tr { th scope="col" { "Parked" } th scope="col" { "Object" } th scope="col" { "Which" }
                th scope="col" { "CRM" } th scope="col" { "What it said" } } }
            tbody { @for r in &view.rows { tr {
                th scope="row" { a href=(format!("{ADDRESS}/{}", r.place)) { (moment(&r.parked_at)) } }
                td { (r.object) @if r.fields.iter().any(|f| f.corrected) { " (corrected)" } }
                td { (r.key.as_deref().unwrap_or(&r.call_id)) }
                td { (r.target) }
                td.words { (r.reason) }
            } } }
        } }
    }
}

/// `GET /health/parked/{place}`.
pub(crate) async fn row(State(server): State<Arc<Server>>, Path(place): Path<String>, headers: HeaderMap) -> Response {
    let caller = match allowed(&server, &headers, Role::tends) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    match one(&server, &caller, &place).await {
        Err(e) => not_done(&caller, texts::ROW, &e),
        Ok(row) => shown(&caller, texts::ROW, detail(&caller, &row)),
    }
}

fn detail(caller: &Caller, row: &ParkedRow) -> Markup {
    let (means, action) = texts::explain(&row.reason);
    let act = |word: &str| format!("{ADDRESS}/{}/{word}", row.place);
    html! {
        p { a href=(ADDRESS) { (texts::BACK) } }
        p { strong { (means) } }
        p.action { (health::WHAT_TO_DO) " " (action) }
        dl.facts {
            dt { (texts::SAID) } dd { (row.reason) }
            dt { "CRM" } dd { (row.target) }
            dt { "Object" } dd { (row.object) }
            dt { "Key" } dd { (row.key.as_deref().unwrap_or("–")) }
            @if !row.interval {
                dt { (texts::CALL) }
                dd { a href=(format!("/calls/{}?switch={}", encode(&row.call_id), encode(&row.switch))) { (row.call_id) } }
            }
            dt { "Parked" } dd { (moment(&row.parked_at)) }
        }
        form method="post" action=(act("retry")) { (csrf(caller)) button type="submit" { (texts::RETRY) } }
        (correction(caller, row, &act("correct")))
        (unchangeable(row))
        h2 { (texts::HISTORY) }
        ol.history { @for step in &row.history { li {
            (moment(&step.at)) ": " strong { (step.what) }
            @if let Some(who) = &step.who { " by " (who) } ": " (step.text)
        } } }
        details {
            summary { (texts::GIVE_UP) }
            form method="post" action=(act("discard")) {
                (csrf(caller))
                p { (texts::GIVE_UP_HINT) }
                (reason("give-up-reason"))
                button type="submit" { (texts::GIVE_UP) }
            }
        }
    }
}

fn reason(id: &str) -> Markup {
    html! {
        label for=(id) { (texts::REASON) }
        input type="text" id=(id) name="reason" required minlength="3" maxlength="500" autocomplete="off" size="40";
    }
}

/// The form with the fields that may be corrected.
fn correction(caller: &Caller, row: &ParkedRow, action: &str) -> Markup {
    let fields: Vec<&ParkedField> = row.fields.iter().filter(|f| f.correctable).collect();
    if fields.is_empty() && row.further.is_empty() {
        let text = if row.fields.is_empty() { texts::UNREADABLE } else { texts::NOT_CORRECTABLE };
        return html! { p { (text) } };
    }
    html! {
        h2 { (texts::CORRECT) }
        p.hint { (texts::CORRECT_HINT) }
        form.correction method="post" action=(action) {
            (csrf(caller))
            @for f in &fields { (input(f)) }
            @if !row.further.is_empty() {
                div {
                    label for="further" { (texts::FURTHER) }
                    select id="further" name="further" {
                        option value="" { "–" }
                        @for name in &row.further { option value=(name) { (name) } }
                    }
                }
                div {
                    label for="further-value" { (texts::FURTHER_VALUE) }
                    input type="text" id="further-value" name="further_value" autocomplete="off";
                }
            }
            div { (reason("reason")) }
            button type="submit" { (texts::KEEP) }
        }
    }
}

fn input(field: &ParkedField) -> Markup {
    let (id, name, text) = (format!("f-{}", field.name), format!("f.{}", field.name), text_of(&field.value));
    html! {
        div {
            label for=(id) { (field.name) @if field.corrected { " (corrected)" } }
            @if text.chars().count() > LONG || text.contains('\n') { textarea id=(id) name=(name) rows="4" { (text) } }
            @else { input type="text" id=(id) name=(name) value=(text) autocomplete="off"; }
        }
    }
}

/// The fields that stay as they were measured.
fn unchangeable(row: &ParkedRow) -> Markup {
    let fields: Vec<&ParkedField> = row.fields.iter().filter(|f| !f.correctable).collect();
    html! {
        @if !fields.is_empty() { details {
            summary { (texts::FIELDS) " (" (fields.len()) ")" }
            dl.facts { @for f in &fields { dt { (f.name) } dd { (text_of(&f.value)) } } }
        } }
    }
}
