//! Lines, broken where there is no figure.

use maud::{Markup, html};

use super::frame::{Area, Chart, Series, at, figure, largest};

/// The most points that are drawn as points too.
const POINTS: usize = 60;

/// A line for each series.
pub(crate) fn lines(chart: &Chart<'_>) -> Markup {
    let all = chart.series.iter().flat_map(|s| s.values.iter().flatten().copied());
    let points = chart.axis.labels.len() <= POINTS;
    figure(chart, largest(all), |area| {
        html! { @for series in chart.series { (line(chart, area, series, points)) } }
    })
}

fn line(chart: &Chart<'_>, area: Area, series: &Series, points: bool) -> Markup {
    let place = |i: usize, v: f64| ((area.x(i as f64) + area.x(i as f64 + 1.0)) / 2.0, area.y(v));
    let mut path = String::new();
    let mut alone = Vec::new();
    let figures: Vec<Option<f64>> = series.values.iter().map(|v| v.filter(|v| v.is_finite())).collect();
    let there = |i: Option<usize>| i.and_then(|i| figures.get(i).copied().flatten()).is_some();
    for (i, value) in figures.iter().enumerate() {
        let Some(value) = value else { continue };
        let (x, y) = place(i, *value);
        let begins = !there(i.checked_sub(1));
        path += &format!("{}{} {}", if begins { "M" } else { "L" }, at(x), at(y));
        // A figure between two that are absent would be no line at all.
        if points || (begins && !there(Some(i + 1))) {
            let label = chart.axis.labels.get(i).map_or("", String::as_str);
            alone.push((x, y, format!("{label}: {} {}", series.name, chart.unit.text(*value))));
        }
    }
    html! {
        @if !path.is_empty() { path class=(series.class) d=(path) {} }
        @for (x, y, words) in alone {
            circle class=(series.class) cx=(at(x)) cy=(at(y)) r="3.5" { title { (words) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Axis;
    use super::super::scale::Unit;
    use super::*;

    fn draw(values: &[Option<f64>]) -> String {
        let labels = (0..values.len()).map(|i| i.to_string()).collect();
        let axis = Axis { labels, heading: "from", ..Axis::default() };
        let series = [Series { name: "p90", class: "line1", values: values.to_vec() }];
        lines(&Chart { id: "c", title: "t", desc: "d", unit: Unit::Rate, axis: &axis, series: &series }).into_string()
    }

    #[test]
    fn lines_break_where_there_is_no_figure() {
        let svg = draw(&[Some(1.0), Some(0.5), None, Some(0.0)]);
        let path = svg.split("class=\"line1\" d=\"").nth(1).and_then(|s| s.split('"').next()).unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("<td>–</td>"));
    }

    #[test]
    fn one_point_and_none_are_drawn() {
        assert_eq!(draw(&[Some(0.8)]).matches("<circle").count(), 1);
        let nothing = draw(&[None, Some(f64::NAN)]);
        assert!(!nothing.contains("<circle") && !nothing.contains("NaN"));
        let mut long = vec![None; 100];
        long[50] = Some(0.5);
        assert_eq!(draw(&long).matches("<circle").count(), 1, "a figure alone is seen");
    }
}
