//! Stacked bars.

use maud::{Markup, html};

use super::frame::{Area, Chart, at, figure, largest};

/// A bar for each interval, its series one on the other.
pub(crate) fn bars(chart: &Chart<'_>) -> Markup {
    let value = |layer: usize, i: usize| {
        chart.series.get(layer).and_then(|s| s.values.get(i).copied().flatten()).unwrap_or(0.0).max(0.0)
    };
    let sum = |i: usize| (0..chart.series.len()).map(|layer| value(layer, i)).sum::<f64>();
    let intervals = chart.axis.labels.len();
    figure(chart, largest((0..intervals).map(sum)), |area| {
        html! {
            @for i in 0..intervals {
                @if sum(i) > 0.0 {
                    g {
                        title { (words(chart, i)) }
                        @for (layer, series) in chart.series.iter().enumerate() {
                            @let below: f64 = (0..layer).map(|l| value(l, i)).sum();
                            (bar(area, i, (below, value(layer, i)), series.class))
                        }
                    }
                }
            }
        }
    })
}

/// What a bar says to who points at it.
fn words(chart: &Chart<'_>, i: usize) -> String {
    let figures = chart
        .series
        .iter()
        .map(|s| format!("{} {}", s.name, chart.unit.text_or_none(s.values.get(i).copied().flatten())));
    let label = chart.axis.labels.get(i).map_or("", String::as_str);
    format!("{label}: {}", figures.collect::<Vec<_>>().join(", "))
}

fn bar(area: Area, i: usize, (below, value): (f64, f64), class: &str) -> Markup {
    let (left, right) = (area.x(i as f64), area.x(i as f64 + 1.0));
    let (width, bottom, top) = ((right - left) * 0.84, area.y(below), area.y(below + value));
    html! {
        @if value > 0.0 {
            rect class=(class) x=(at(left + (right - left) * 0.08)) width=(at(width)) y=(at(top)) height=(at((bottom - top).max(0.5))) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Axis, Band, Series};
    use super::super::scale::Unit;
    use super::*;

    fn draw(labels: &[&str], values: &[Option<f64>], bands: Vec<Band>) -> String {
        let axis = Axis {
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
            heading: "from",
            bands,
            restated: Vec::new(),
        };
        let series = [Series { name: "answered", class: "answered", values: values.to_vec() }];
        let chart = Chart { id: "c", title: "<Calls>", desc: "a & b", unit: Unit::Count, axis: &axis, series: &series };
        bars(&chart).into_string()
    }

    #[test]
    fn nothing_given_becomes_markup() {
        let svg = draw(&["\"<b>"], &[Some(3.0)], vec![Band { from: 0.0, to: 0.5, text: "<gap>".into() }]);
        assert!(!svg.contains("<b>") && !svg.contains("<gap>") && !svg.contains("<Calls>"), "{svg}");
        assert!(svg.contains("&lt;Calls&gt;") && svg.contains("a &amp; b"));
    }

    #[test]
    fn no_interval_and_no_figure_draw_axes_alone() {
        let empty = draw(&[], &[], Vec::new());
        assert!(empty.contains("<svg") && !empty.contains("NaN") && !empty.contains("inf"), "{empty}");
        assert!(!draw(&["a"], &[None], Vec::new()).contains("<g>"));
        assert!(!draw(&["a"], &[Some(f64::NAN)], Vec::new()).contains("NaN"));
    }

    #[test]
    fn one_bar_reaches_its_tick() {
        let svg = draw(&["05:00"], &[Some(4.0)], Vec::new());
        assert!(svg.contains("<title>05:00: answered 4</title>"), "{svg}");
        // From the axis (236) up to the top of the scale (20).
        assert!(svg.contains("y=\"20.0\" height=\"216.0\""), "{svg}");
        assert!(svg.contains("<td>4</td>"));
    }
}
