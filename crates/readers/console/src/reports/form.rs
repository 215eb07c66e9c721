//! The form of a report: every choice of a view, filled in as the address has it.

use maud::{Markup, html};

use super::words::Words;
use crate::shell::texts::reports as texts;

/// What a page's form offers beside the common fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offers<'a> {
    /// The page's path.
    pub path: &'a str,
    /// Queues to choose from.
    pub queues: &'a [String],
    /// Formula, T, S, attribution, the heat map's figure.
    pub levels: bool,
    /// The week before.
    pub compare: bool,
    /// One row a queue.
    pub by_queue: bool,
}

/// The form. It is sent by GET, so that its address is the view.
pub(crate) fn form(offers: &Offers<'_>, words: &Words) -> Markup {
    let value = |name| words.all(name).next().unwrap_or_default();
    html! {
        form.filters.report-form method="get" action=(offers.path) {
            (select("range", "Range", &texts::RANGES, value("range"), Some(texts::OWN_RANGE)))
            (time("from", "From", value("from")))
            (time("to", "To", value("to")))
            (select("interval", "Interval", &texts::INTERVALS, value("interval"), None))
            div { label for="tz" { "Time zone" }
                input #tz type="text" name="tz" value=(value("tz")) list="zones" placeholder="UTC" size="18" autocomplete="off";
                datalist #zones {} }
            @if offers.levels { (levels(words)) }
            (queues(offers, words))
            @if offers.levels { (select("heat", "Heat map", &texts::HEATS, value("heat"), None)) }
            @if offers.compare {
                (tick("compare", "week", "compare with the week before", value("compare") == "week"))
            }
            @if offers.by_queue { (tick("by", "queue", "one row a queue", value("by") == "queue")) }
            @if !value("as_of").is_empty() { (hidden_as_of(value("as_of"))) }
            div { button type="submit" { (texts::SHOW) } }
        }
    }
}

fn levels(words: &Words) -> Markup {
    let value = |name| words.all(name).next().unwrap_or_default();
    html! {
        (select("formula", "Service level", &texts::FORMULAS, value("formula"), None))
        div { label for="service_level" { "T" }
            input #service_level type="text" name="service_level" value=(value("service_level")) placeholder="20s" size="7"
                title="20s, 500ms, 1m, or switch: each queue's own" autocomplete="off"; }
        div { label for="short_abandon" { "S" }
            input #short_abandon type="text" name="short_abandon" value=(value("short_abandon")) placeholder="5s" size="5"
                title="abandons up to it are short" autocomplete="off"; }
        (select("attribution", "Counted", &texts::ATTRIBUTIONS, value("attribution"), None))
        (tick("exclude_consults", "true", "without consults", value("exclude_consults") == "true"))
    }
}

fn queues(offers: &Offers<'_>, words: &Words) -> Markup {
    let chosen: Vec<&str> = words.all("queue").collect();
    html! {
        @if !offers.queues.is_empty() {
            details.choice open[!chosen.is_empty()] {
                summary { "Queues" @if !chosen.is_empty() { " (" (chosen.len()) ")" } }
                @for queue in offers.queues {
                    label { input type="checkbox" name="queue" value=(queue) checked[chosen.contains(&queue.as_str())]; " " (queue) }
                }
            }
        }
    }
}

fn hidden_as_of(value: &str) -> Markup {
    html! { div { label for="as_of" { "As of" } input #as_of type="text" name="as_of" value=(value) size="22"; } }
}

/// A list to choose from; `none` is what no choice is called.
fn select(name: &str, label: &str, options: &[(&str, &str)], chosen: &str, none: Option<&str>) -> Markup {
    html! {
        div { label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(none) = none { option value="" selected[chosen.is_empty()] { (none) } }
                @for (value, text) in options { option value=(value) selected[chosen == *value] { (text) } }
            } }
    }
}

fn time(name: &str, label: &str, value: &str) -> Markup {
    html! {
        div { label for=(name) { (label) }
            input id=(name) type="text" name=(name) value=(value) placeholder="2026-11-22T05:00" size="18"
                title="a time of the zone, such as 2026-11-22T05:00, or RFC 3339" autocomplete="off"; }
    }
}

fn tick(name: &str, value: &str, label: &str, on: bool) -> Markup {
    html! { div.tick { label { input type="checkbox" name=(name) value=(value) checked[on]; " " (label) } } }
}
