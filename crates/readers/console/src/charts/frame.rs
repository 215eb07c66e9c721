//! What every chart is framed by: axes, bands, signs, legend, table.

use maud::{Markup, html};

use super::scale::Unit;

/// Size of a chart, in the units of its own view box.
pub(super) const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 44.0;
/// The most labels along the axis of time.
const LABELS: usize = 8;

/// One line of figures, or one layer of bars; a figure for each interval.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its name.
    pub name: &'static str,
    /// Its class in the sheet: colour, pattern, dashes.
    pub class: &'static str,
    /// The figures; `None`: there is none.
    pub values: Vec<Option<f64>>,
}

/// A time in which a source was not heard, in intervals from the left edge.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    pub from: f64,
    pub to: f64,
    /// What it is.
    pub text: String,
}

/// The axis below: intervals, with what is marked on them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axis {
    /// The intervals' names, in order.
    pub labels: Vec<String>,
    /// What the labels are, as the heading of a table.
    pub heading: &'static str,
    /// Gaps.
    pub bands: Vec<Band>,
    /// The intervals that were restated, and by how many visits.
    pub restated: Vec<(usize, i64)>,
}

/// What a chart is.
#[derive(Clone, Debug)]
pub(crate) struct Chart<'a> {
    /// An id that no other chart of the page has.
    pub id: &'a str,
    pub title: &'a str,
    /// What it shows, for who does not see it.
    pub desc: &'a str,
    pub unit: Unit,
    pub axis: &'a Axis,
    pub series: &'a [Series],
}

/// The area that figures are drawn in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    intervals: f64,
    most: f64,
}

impl Area {
    /// The left edge of an interval (and the right edge of the one before).
    pub(super) fn x(self, interval: f64) -> f64 {
        LEFT + interval.clamp(0.0, self.intervals) / self.intervals * (WIDTH - LEFT - RIGHT)
    }

    pub(super) fn y(self, value: f64) -> f64 {
        let share = if self.most > 0.0 { (value / self.most).clamp(0.0, 1.0) } else { 0.0 };
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

/// A coordinate as text: a tenth is fine enough.
pub(super) fn at(v: f64) -> String {
    format!("{:.1}", if v.is_finite() { v } else { 0.0 })
}

/// The whole figure around what `draw` makes; `most` is the largest figure.
pub(super) fn figure(chart: &Chart<'_>, most: f64, draw: impl FnOnce(Area) -> Markup) -> Markup {
    let ticks = chart.unit.ticks(most);
    let top = ticks.last().copied().unwrap_or(1.0);
    let area = Area { intervals: chart.axis.labels.len().max(1) as f64, most: top };
    let (title, desc) = (format!("{}-title", chart.id), format!("{}-desc", chart.id));
    html! {
        figure.chart {
            figcaption { (chart.title) }
            div.scroll role="region" aria-label=(chart.title) tabindex="0" {
                svg role="img" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) aria-labelledby=(format!("{title} {desc}")) {
                    title id=(title) { (chart.title) }
                    desc id=(desc) { (chart.desc) }
                    (scales(chart, area, &ticks))
                    (draw(area))
                    (signs(chart, area))
                }
            }
            (legend(chart))
            details { summary { "Figures of this chart" } (table(chart)) }
        }
    }
}

fn scales(chart: &Chart<'_>, area: Area, ticks: &[f64]) -> Markup {
    let every = chart.axis.labels.len().div_ceil(LABELS).max(1);
    let named = chart.axis.labels.iter().enumerate().step_by(every);
    html! {
        @for tick in ticks {
            line.grid x1=(at(LEFT)) x2=(at(WIDTH - RIGHT)) y1=(at(area.y(*tick))) y2=(at(area.y(*tick))) {}
            text.tick x=(at(LEFT - 6.0)) y=(at(area.y(*tick) + 4.0)) text-anchor="end" { (chart.unit.text(*tick)) }
        }
        @for (i, label) in named {
            line.grid x1=(at(area.x(i as f64))) x2=(at(area.x(i as f64))) y1=(at(HEIGHT - BOTTOM)) y2=(at(HEIGHT - BOTTOM + 5.0)) {}
            text.tick x=(at(area.x(i as f64) + 2.0)) y=(at(HEIGHT - BOTTOM + 18.0)) { (label) }
        }
        @for band in &chart.axis.bands {
            rect.gap x=(at(area.x(band.from))) width=(at((area.x(band.to) - area.x(band.from)).max(2.0)))
                y=(at(TOP)) height=(at(HEIGHT - TOP - BOTTOM)) { title { (band.text) } }
        }
    }
}

/// A sign above each restated interval.
fn signs(chart: &Chart<'_>, area: Area) -> Markup {
    html! {
        @for (i, visits) in &chart.axis.restated {
            text.sign x=(at((area.x(*i as f64) + area.x(*i as f64 + 1.0)) / 2.0)) y=(at(TOP - 6.0)) text-anchor="middle" {
                title { (visits) " visits restated" } "↻"
            }
        }
    }
}

fn legend(chart: &Chart<'_>) -> Markup {
    html! {
        ul.legend {
            @for series in chart.series {
                li {
                    svg.swatch viewBox="0 0 24 12" aria-hidden="true" {
                        rect class=(series.class) x="0" y="0" width="24" height="12" {}
                        path class=(series.class) d="M0 6H24" {}
                    }
                    " " (series.name)
                }
            }
            @if !chart.axis.bands.is_empty() {
                li { svg.swatch viewBox="0 0 24 12" aria-hidden="true" { rect.gap x="0" y="0" width="24" height="12" {} } " nothing heard of a source" }
            }
            @if !chart.axis.restated.is_empty() { li { "↻ restated" } }
        }
    }
}

fn table(chart: &Chart<'_>) -> Markup {
    html! {
        div.scroll role="region" aria-label={ (chart.title) ": figures" } tabindex="0" {
            table.figures {
                caption { (chart.title) }
                thead { tr {
                    th scope="col" { (chart.axis.heading) }
                    @for series in chart.series { th scope="col" { (series.name) } }
                } }
                tbody {
                    @for (i, label) in chart.axis.labels.iter().enumerate() {
                        tr {
                            th scope="row" { (label) }
                            @for series in chart.series {
                                td { (chart.unit.text_or_none(series.values.get(i).copied().flatten())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The largest of some figures; 0 where there are none.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|v| v.is_finite()).fold(0.0, f64::max)
}
