//! Parts of a contact's page: facts and tables.

use maud::{Markup, html};
use model::Instant;
use model::facts::Call;

use super::shape::{CallRecording, ContactView};
use super::story::Story;
use super::story::table::{Row, rows};
use super::story::words::Line;
use crate::shell::show;
use crate::shell::texts::calls as texts;

/// A moment, to the second; a script puts it into the reader's zone.
pub(super) fn moment(rfc3339: &str) -> Markup {
    html! { time datetime=(rfc3339) { (show::instant(rfc3339)) } }
}

/// A moment's time of day alone.
fn clock(at: Instant) -> Markup {
    let text = at.to_rfc3339();
    html! { time datetime=(text) data-form="clock" { (text.get(11..19).unwrap_or(&text)) " UTC" } }
}

fn length(ms: Option<i64>) -> String {
    ms.map_or_else(|| "–".to_owned(), show::duration)
}

fn dash(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("–")
}

/// Columns of numbers.
const NUMBERS: [&str; 6] = ["Wait", "Talk", "Hold", "ACW", "Ring", "Length"];

/// A table with a heading of its own; nothing where it has no rows.
fn section(id: &str, heading: &str, columns: &[&str], rows: &[Markup]) -> Markup {
    html! {
        @if !rows.is_empty() {
            section aria-labelledby=(id) {
                h2 id=(id) { (heading) }
                div.scroll role="region" aria-labelledby=(id) tabindex="0" { table {
                    thead { tr { @for column in columns { th scope="col" class=[NUMBERS.contains(column).then_some("number")] { (column) } } } }
                    tbody { @for row in rows { (row) } }
                } }
            }
        }
    }
}

pub(super) fn facts(v: &ContactView) -> Markup {
    let number = v.ani.as_deref().or(v.ani_raw.as_deref());
    let from = if v.ani_withheld { texts::WITHHELD } else { number.unwrap_or(texts::UNKNOWN) };
    let read = |text: &str| Instant::parse_rfc3339(text).ok();
    let lasted = v.ended_at.as_deref().and_then(read).zip(read(&v.started_at));
    let fact = |name: &str, value: Markup| html! { dt { (name) } dd { (value) } };
    html! {
        dl.facts.contact {
            (fact("From", html! { (from) }))
            (fact("To", html! { (dash(&v.dnis)) }))
            (fact("Direction", html! { (v.direction) }))
            (fact("Started", moment(&v.started_at)))
            (fact("Ended", html! { @match &v.ended_at { Some(at) => (moment(at)), None => (texts::LASTS) } }))
            (fact("Lasted", html! { (length(lasted.map(|(end, start)| end.millis_since(start)))) }))
            (fact("Outcome", html! { (texts::outcome(&v.outcome)) @if v.conferenced { ", in a conference" } }))
            (fact("Ended by", html! { (v.ended_by) }))
            @if let Some(disposition) = &v.disposition { (fact("Disposition", html! { (disposition) })) }
            @if !v.ivr.is_empty() {
                (fact("IVR", html! { @for (n, c) in v.ivr.iter().enumerate() { @if n > 0 { ", " } (c.name) " " b { (texts::entered(&c.value)) } } }))
            }
            (fact("Call id", html! { code { (v.call_id) } " of " (v.center) " / " (v.switch) }))
            @if let Some(journey) = &v.journey_id { (fact("Journey", html! { code { (journey) } })) }
        }
    }
}

/// The story in sentences, each with its time.
pub(super) fn story(call: &Call, lines: &[Line]) -> Markup {
    html! {
        ol.story {
            @for line in lines {
                li { (clock(line.at)) span.since { "+" (show::duration(line.at.millis_since(call.started_at))) } span { (line.text) } }
            }
        }
    }
}

/// The drawing's facts, in order.
pub(super) fn timeline_table(story: &Story) -> Markup {
    let row = |r: &Row| {
        let ms = if r.open { texts::LASTS.to_owned() } else { r.ms.map_or_else(String::new, show::duration) };
        html! { tr {
            td { (clock(r.from)) }
            td.number { "+" (show::duration(r.from.millis_since(story.from))) }
            td.number { (ms) }
            td { (r.who) }
            td { (r.what) }
        } }
    };
    html! {
        div.scroll role="region" aria-label=(texts::AS_TABLE) tabindex="0" { table {
            thead { tr { th scope="col" { "At" } th.number scope="col" { "Since the begin" } th.number scope="col" { "Length" } th scope="col" { "Who" } th scope="col" { "What" } } }
            tbody { @for r in rows(story) { (row(&r)) } }
        } }
    }
}

pub(super) fn visits(v: &ContactView) -> Markup {
    let rows: Vec<Markup> = v.queue_visits.iter().map(|visit| {
        let reason = visit.outcome_reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        html! { tr {
            th scope="row" { (visit.queue) @if visit.consult { " " span.quiet { "consult" } } }
            td { (moment(&visit.joined_at)) }
            td { (visit.outcome) (reason) @if let Some(how) = &visit.transferred { ", transferred " (how) } }
            td { (dash(&visit.agent)) }
            td.number { (length(visit.wait_ms)) }
            td.number { (length(visit.talk_ms)) }
            td.number { (length(visit.hold_ms)) }
            td.number { (length(visit.acw_ms)) }
            td { (visit.revision) @if visit.restated { " " span.mark title=(texts::RESTATED_MORE) { (texts::RESTATED) } } }
        } }
    }).collect();
    section(
        "visits",
        texts::VISITS,
        &["Queue", "Joined", "Outcome", "Agent", "Wait", "Talk", "Hold", "ACW", "Revision"],
        &rows,
    )
}

pub(super) fn legs(v: &ContactView) -> Markup {
    let begin = |l: &super::shape::LegView| {
        l.offered_at.clone().or_else(|| l.answered_at.clone()).or_else(|| l.ended_at.clone())
    };
    let mut legs: Vec<_> = v.agent_legs.iter().collect();
    legs.sort_by_key(|l| begin(l));
    let rows: Vec<Markup> = legs
        .iter()
        .map(|leg| {
            html! { tr {
                th scope="row" { (leg.agent) }
                td { (texts::role(&leg.role)) @if let Some(queue) = &leg.queue { " " (queue) } }
                td { @if let Some(at) = begin(leg) { (moment(&at)) } @else { "–" } }
                td { (leg.result.as_deref().map_or("–", texts::leg_result)) }
                td.number { (length(leg.ring_ms)) }
                td.number { (length(leg.talk_ms)) }
                td.number { (length(leg.hold_ms)) }
            } }
        })
        .collect();
    section("legs", texts::LEGS, &["Agent", "Part", "Since", "Result", "Ring", "Talk", "Hold"], &rows)
}

pub(super) fn recordings(v: &ContactView, hears: bool) -> Markup {
    let rows: Vec<Markup> = v
        .recordings
        .iter()
        .map(|r| {
            html! { tr {
                th scope="row" { (moment(&r.started_at)) }
                td { (texts::recording_state(&r.state)) @if let Some(note) = &r.note { br; span.quiet { (note) } } }
                td { (dash(&r.agent)) }
                td { (dash(&r.queue)) }
                td.number { (length(r.duration_ms)) }
                td { (suspended(r)) }
                td { (link(r, hears)) }
            } }
        })
        .collect();
    section("recordings", texts::RECORDINGS, &["Started", "State", "Agent", "Queue", "Length", "Suspended", ""], &rows)
}

fn suspended(r: &CallRecording) -> Markup {
    let read = |text: &str| Instant::parse_rfc3339(text).ok();
    let ms = |from: &str, to: &Option<String>| Some(read(to.as_deref()?)?.millis_since(read(from)?));
    html! {
        @if r.suspended.is_empty() { "–" }
        @for (n, s) in r.suspended.iter().enumerate() {
            @if n > 0 { br; }
            (moment(&s.from)) ", " @match ms(&s.from, &s.to) { Some(ms) => (show::duration(ms)), None => "to its end" }
        }
    }
}

fn link(r: &CallRecording, hears: bool) -> Markup {
    html! {
        @match &r.link {
            Some(link) if hears => a href=(link) { (texts::HEAR) },
            Some(_) => span.quiet { (texts::MAY_NOT_HEAR) },
            None => span.quiet { (texts::NOT_STORED) },
        }
    }
}

pub(super) fn notes(v: &ContactView) -> Markup {
    html! {
        @if !v.notes.is_empty() {
            section aria-labelledby="notes" { h2 #notes { (texts::NOTES) } ul { @for note in &v.notes { li.note { (note) } } } }
        }
    }
}

pub(super) fn crm(v: &ContactView) -> Markup {
    let rows: Vec<Markup> = v.crm.iter().map(|r| html! { tr {
        th scope="row" { (r.target) }
        td { (r.object) }
        td { @if r.state == "parked" { span.mark { "parked" } } @else { (r.state) } @if let Some(reason) = &r.reason { br; span.quiet { (reason) } } }
        td { @match &r.record_id { Some(id) => code { (id) }, None => "–" } }
        td { @match &r.position { Some(p) => code { (p) }, None => "–" } }
    } }).collect();
    section("crm", texts::CRM, &["CRM", "Object", "State", "Record", "Said at"], &rows)
}

pub(super) fn revisions(v: &ContactView) -> Markup {
    let rows: Vec<Markup> = v
        .revisions
        .iter()
        .map(|r| {
            html! { tr {
                th scope="row" { (r.revision) }
                td { (moment(&r.known_at)) }
                td { @if r.changed.is_empty() { span.quiet { (texts::ONLY_PARTS) } } @else { (r.changed.join(", ")) } }
                td { @if r.restated { span.mark title=(texts::RESTATED_MORE) { (texts::RESTATED) } } @else { "–" } }
                td { code { (r.event) } }
            } }
        })
        .collect();
    section("revisions", texts::REVISIONS, &["Revision", "Known at", "Changed", "", "Made by"], &rows)
}
