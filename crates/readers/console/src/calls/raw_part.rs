//! The raw events on a contact's page: each record folds open.

use maud::{Markup, html};

use super::address;
use super::raw::{LONGEST, RawEvent, RawList, RawRecord};
use super::shape::ContactView;
use crate::pages::encode;
use crate::shell::show;
use crate::shell::texts::calls as texts;

pub(super) fn records(view: &ContactView, list: &RawList) -> Markup {
    html! {
        section aria-labelledby="raw" {
            h2 #raw { (texts::RAW) }
            p.hint { (texts::RAW_HINT) " " (texts::records(list.records.len(), list.total)) }
            ol.raw { @for record in &list.records { li { (one(record)) } } }
            @if let Some(next) = &list.next {
                nav.pager aria-label=(texts::RAW) {
                    a.button rel="next" href=(format!("{}&after={}#raw", address(&view.call_id, &view.switch), encode(next))) { (texts::MORE_RAW) }
                }
            }
        }
    }
}

fn one(record: &RawRecord) -> Markup {
    let kinds: Vec<&str> = record.events.iter().map(|e| e.kind.as_str()).collect();
    let time = record.events.first().map(|e| e.at.as_str()).or_else(|| header(record, "ce_time"));
    html! {
        details {
            summary {
                code { (record.position) } " "
                @if let Some(time) = time { time datetime=(time) data-form="clock" { (show::instant(time)) } " " }
                b { (if kinds.is_empty() { header(record, "ce_type").unwrap_or(texts::UNKNOWN).to_owned() } else { kinds.join(", ") }) }
                " " (whose(record))
            }
            @if let Some(trouble) = &record.trouble { p.notice { (trouble) } }
            @for event in &record.events { (understood(event)) }
            @if record.trouble.is_none() { (kept(record)) }
        }
    }
}

fn header<'a>(record: &'a RawRecord, key: &str) -> Option<&'a str> {
    record.headers.iter().find(|h| h.key == key).map(|h| h.value.as_str())
}

/// Queue and agent, for the line that is always seen.
fn whose(record: &RawRecord) -> Markup {
    let queue = record.events.iter().find_map(|e| e.queue.as_deref());
    let agent = record.events.iter().find_map(|e| e.agent.as_deref());
    html! {
        span.quiet { @if let Some(queue) = queue { "queue " (queue) " " } @if let Some(agent) = agent { "agent " (agent) } }
    }
}

fn understood(event: &RawEvent) -> Markup {
    html! { p.understood { b { (event.kind) } " " code { (event.details.to_string()) } } }
}

/// The record as the log keeps it: attributes, then the bytes.
fn kept(record: &RawRecord) -> Markup {
    html! {
        dl.headers { @for h in &record.headers { dt { (h.key) } dd { (h.value) } } }
        pre tabindex="0" aria-label=(texts::bytes(record)) { (pretty(record)) }
        @if record.cut { p.hint { (texts::cut(LONGEST, record.bytes)) } }
    }
}

/// JSON is broken into lines; nothing in it is changed, and what is none stands as it is.
fn pretty(record: &RawRecord) -> String {
    if record.cut || record.encoding != "utf-8" {
        return record.value.clone();
    }
    let read: Result<serde_json::Value, _> = serde_json::from_str(&record.value);
    read.and_then(|v| serde_json::to_string_pretty(&v)).unwrap_or_else(|_| record.value.clone())
}
