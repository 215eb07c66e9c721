//! The lanes as SVG, and what its patterns mean.
//!
//! Contract: drawn on the server, whole without scripts; a stretch is told by pattern and
//! word as well as by colour (the sheet has the colours); every element has its text as a
//! title. Beside it stands the table of the same facts.

use maud::{Markup, html};
use model::Instant;

use super::axis::ticks;
use super::{Arrow, Bar, Lane, Mark, Story, What};
use crate::shell::show::duration;
use crate::shell::texts::calls as texts;

/// Measures, in the drawing's units.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const ROW: f64 = 34.0;
const BAR: f64 = 22.0;
/// Width of a letter of a bar's word.
const LETTER: f64 = 7.2;
/// Letters of a lane's name that fit.
const NAME: usize = 25;

struct Scale {
    from: Instant,
    ms: f64,
}

impl Scale {
    fn x(&self, at: Instant) -> f64 {
        let part = at.millis_since(self.from) as f64 / self.ms;
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

fn y(lane: usize) -> f64 {
    let n = lane as f64;
    TOP + n * ROW
}

fn n(value: f64) -> String {
    format!("{value:.1}")
}

/// The drawing; `label` names the element that says what it is.
pub(in crate::calls) fn svg(story: &Story, label: &str, described_by: &str) -> Markup {
    let scale = Scale { from: story.from, ms: story.to.millis_since(story.from).max(1) as f64 };
    let height = y(story.lanes.len()) + 6.0;
    html! {
        svg.story viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-labelledby=(label) aria-describedby=(described_by) {
            (patterns())
            (axis(story, &scale, height))
            @for (at, lane) in story.lanes.iter().enumerate() { (draw_lane(story, &scale, at, lane)) }
            @for arrow in &story.arrows { (draw_arrow(&scale, arrow)) }
        }
    }
}

/// Patterns and the arrow's head; their ids are the page's own.
fn patterns() -> Markup {
    html! {
        defs {
            pattern #p-wait width="6" height="6" patternUnits="userSpaceOnUse" { rect.p-wait width="6" height="6" {} circle.p-line cx="3" cy="3" r="1" {} }
            pattern #p-hold width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" { rect.p-hold width="7" height="7" {} rect.p-line width="2" height="7" {} }
            pattern #p-ring width="5" height="5" patternUnits="userSpaceOnUse" { rect.p-ring width="5" height="5" {} rect.p-line width="1.2" height="5" {} }
            pattern #p-suspended width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)" { rect.p-suspended width="6" height="6" {} rect.p-line width="3" height="6" {} }
            marker #p-head viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse" { path.arrow-head d="M0 0 8 4 0 8z" {} }
        }
    }
}

fn axis(story: &Story, scale: &Scale, height: f64) -> Markup {
    html! {
        @for tick in ticks(story) {
            @let x = scale.x(story.from.plus_millis(tick));
            line.tick x1=(n(x)) x2=(n(x)) y1=(n(TOP - 6.0)) y2=(n(height)) {}
            text.axis x=(n(x)) y="14" text-anchor=(if x > WIDTH - 40.0 { "end" } else { "middle" }) { (duration(tick)) }
        }
    }
}

fn draw_lane(story: &Story, scale: &Scale, at: usize, lane: &Lane) -> Markup {
    let top = y(at);
    // What lies over a talk comes after it.
    let mut bars: Vec<&Bar> = lane.bars.iter().collect();
    bars.sort_by_key(|b| b.what);
    html! {
        g {
            line.rule x1="0" x2=(n(WIDTH)) y1=(n(top)) y2=(n(top)) {}
            text.lane x="4" y=(n(top + ROW / 2.0 + 5.0)) { (shortened(&lane.name)) @if lane.name.chars().count() > NAME { title { (lane.name) } } }
            @for bar in bars { (draw_bar(story, scale, top, bar, beside_talk(lane, bar))) }
            @for mark in &lane.marks { (draw_mark(scale, top, mark)) }
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

/// Whether a talk between agents lies over a talk with the customer.
fn beside_talk(lane: &Lane, bar: &Bar) -> bool {
    let over = |talk: &&Bar| talk.to.is_none_or(|to| to > bar.from) && bar.to.is_none_or(|to| to > talk.from);
    lane.bars.iter().filter(|b| b.what == What::Talk).any(|b| over(&b))
}

/// A stretch: hold above and talk between agents below, where they lie over a talk.
fn draw_bar(story: &Story, scale: &Scale, top: f64, bar: &Bar, beside: bool) -> Markup {
    let (x, end) = (scale.x(bar.from), scale.x(bar.to.unwrap_or(story.to)));
    let width = (end - x).max(1.5);
    let (shift, height) = match bar.what {
        What::Hold => (0.0, BAR / 2.0),
        What::Consult if beside => (BAR / 2.0, BAR / 2.0),
        What::Call => (BAR / 2.0 - 2.0, 4.0),
        _ => (0.0, BAR),
    };
    let bar_y = top + (ROW - BAR) / 2.0 + shift;
    let length = bar.to.map_or_else(|| texts::LASTS.to_owned(), |to| duration(to.millis_since(bar.from)));
    let word = texts::what(bar.what);
    let fits = height >= BAR && word.chars().count() as f64 * LETTER + 8.0 < width;
    html! {
        g.(class(bar.what)) {
            rect x=(n(x)) y=(n(bar_y)) width=(n(width)) height=(n(height)) rx="2" {}
            @if fits { text.bar x=(n(x + 5.0)) y=(n(bar_y + height / 2.0 + 4.5)) { (word) } }
            title { (texts::bar(bar)) ", " (length) }
        }
    }
}

pub(super) fn class(what: What) -> &'static str {
    match what {
        What::Call => "s-call",
        What::Ivr => "s-ivr",
        What::Wait => "s-wait",
        What::Ring => "s-ring",
        What::Talk => "s-talk",
        What::Consult => "s-consult",
        What::Hold => "s-hold",
        What::Recording => "s-recording",
        What::Unrecorded => "s-unrecorded",
        What::Suspended => "s-suspended",
    }
}

fn draw_mark(scale: &Scale, top: f64, mark: &Mark) -> Markup {
    let (x, middle) = (scale.x(mark.at), top + ROW / 2.0);
    html! {
        g.s-mark {
            path d=(format!("M{0} {1}l6 6-6 6-6-6z", n(x), n(middle - 6.0))) {}
            title { (mark.text) }
        }
    }
}

fn draw_arrow(scale: &Scale, arrow: &Arrow) -> Markup {
    let (x, from) = (scale.x(arrow.at), y(arrow.from) + ROW / 2.0);
    let to = arrow.to.map_or(from - ROW / 2.0, |to| {
        let middle = y(to) + ROW / 2.0;
        if middle > from { middle - BAR / 2.0 } else { middle + BAR / 2.0 }
    });
    html! {
        g.s-arrow {
            line x1=(n(x)) x2=(n(x)) y1=(n(from)) y2=(n(to)) marker-end="url(#p-head)" {}
            circle cx=(n(x)) cy=(n(from)) r="4" {}
            title { (arrow.text) }
        }
    }
}

/// What the patterns mean, of those that occur.
pub(in crate::calls) fn legend(story: &Story) -> Markup {
    let mut kinds: Vec<What> = story.lanes.iter().flat_map(|l| &l.bars).map(|b| b.what).collect();
    kinds.sort_unstable();
    kinds.dedup();
    html! {
        ul.legend {
            @for what in kinds {
                li { svg viewBox="0 0 24 14" aria-hidden="true" { g.(class(what)) { rect x="1" y=(if what == What::Call { "5" } else { "1" }) width="22" height=(if what == What::Call { "4" } else { "12" }) rx="2" {} } } (texts::what(what)) }
            }
            @if story.lanes.iter().any(|l| !l.marks.is_empty()) {
                li { svg viewBox="0 0 24 14" aria-hidden="true" { g.s-mark { path d="M12 1l6 6-6 6-6-6z" {} } } (texts::MOMENT) }
            }
            @if !story.arrows.is_empty() {
                li { svg viewBox="0 0 24 14" aria-hidden="true" { g.s-arrow { line x1="3" x2="20" y1="7" y2="7" marker-end="url(#p-head)" {} circle cx="4" cy="7" r="3" {} } } (texts::TRANSFER) }
            }
        }
    }
}
