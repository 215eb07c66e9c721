//! Charts of the queues page: by interval, by weekday and hour, by wait.

use maud::{Markup, html};
use metrics::{Interval, Options, QueueRow, zone};
use tables::{Gap, Question, Restated};

use super::answer::{self, NoAnswer};
use super::fold;
use super::rows::BucketRow;
use super::view::{MOST_INTERVALS, View, step_ms};
use crate::charts::{Axis, Band, Chart, Series, Unit, bars, heat as heat_map, lines};
use crate::server::Server;
use crate::shell::show;
use crate::shell::texts::reports as texts;

/// The most intervals that are drawn: a month of hours.
pub(crate) const MOST_DRAWN: usize = 750;

/// Outcomes, service level and waits by interval, over all queues of the report.
pub(crate) fn over_time(view: &View, rows: &[QueueRow], restated: &[Restated], gaps: &[Gap]) -> Markup {
    let options = view.options();
    let rows = fold::by_interval(rows);
    if options.interval == Interval::All || rows.is_empty() {
        return html! {};
    }
    if rows.len() > MOST_DRAWN {
        return html! { p.notice { (texts::NOT_DRAWN) } };
    }
    let spans: Vec<_> = rows.iter().map(|r| (r.interval_start, r.interval_end)).collect();
    let axis = axis(&spans, restated, gaps, options);
    let of = |name: &str| rows.iter().map(|r| fold::figure(r, name, options)).collect::<Vec<_>>();
    let elsewhere = rows.iter().map(|r| Some((r.counts.flow_out + r.counts.open) as f64)).collect();
    let outcomes = [
        Series { name: "answered", class: "answered", values: of("answered") },
        Series { name: "abandoned", class: "abandoned", values: of("abandoned") },
        Series { name: "flow-out and open", class: "elsewhere", values: elsewhere },
    ];
    let level = [Series { name: "service level", class: "line1", values: of(view.formula()) }];
    let waits = [
        Series { name: "median (p50)", class: "line1", values: of("wait_p50_ms") },
        Series { name: "p90", class: "line2", values: of("wait_p90_ms") },
    ];
    let chart = |id, (title, desc), unit, series| Chart { id, title, desc, unit, axis: &axis, series };
    html! {
        (bars(&chart("outcomes", texts::CHART_OUTCOMES, Unit::Count, &outcomes)))
        (lines(&chart("level", texts::CHART_LEVEL, Unit::Rate, &level)))
        (lines(&chart("waits", texts::CHART_WAITS, Unit::Millis, &waits)))
    }
}

type Spans = [(model::Instant, model::Instant)];

/// The axis of some intervals, with gaps and restated ones marked.
pub(crate) fn axis(spans: &Spans, restated: &[Restated], gaps: &[Gap], options: &Options) -> Axis {
    let one_day = spans
        .first()
        .zip(spans.last())
        .is_some_and(|(a, b)| zone::local_of(options.tz, a.0).date() == zone::local_of(options.tz, b.0).date());
    let form = match options.interval {
        Interval::Day | Interval::Week => "%d %b",
        _ if one_day => "%H:%M",
        _ => "%a %d %H:%M",
    };
    let label = |(start, _): &(model::Instant, _)| zone::local_of(options.tz, *start).format(form).to_string();
    let visits = |start| restated.iter().filter(|r| r.interval_start == start).map(|r| r.visits).sum::<i64>();
    let marks = spans.iter().enumerate().map(|(i, (start, _))| (i, visits(*start))).filter(|(_, n)| *n > 0);
    let band = |g: &Gap| {
        let text = format!(
            "{}: {} – {}",
            g.switch,
            super::cells::local(g.from, options.tz),
            super::cells::local(g.to, options.tz)
        );
        Some(Band { from: place(spans, g.from)?, to: place(spans, g.to)?, text })
    };
    Axis {
        labels: spans.iter().map(label).collect(),
        heading: "from",
        bands: gaps.iter().filter_map(band).filter(|b| b.to > b.from).collect(),
        restated: marks.collect(),
    }
}

/// Where an instant stands on the axis, in intervals from its left; beyond it, its ends.
fn place(spans: &Spans, at: model::Instant) -> Option<f64> {
    let i = spans.partition_point(|(_, end)| *end <= at);
    let Some((start, end)) = spans.get(i) else { return (!spans.is_empty()).then_some(spans.len() as f64) };
    let share = at.millis_since(*start) as f64 / end.millis_since(*start).max(1) as f64;
    Some(i as f64 + share.clamp(0.0, 1.0))
}

/// Weekday × hour, of the figure that is asked for. Rows longer than an hour are asked anew
/// by the hour, where that is not too much.
pub(crate) async fn heat(server: &Server, view: &View, rows: &[QueueRow]) -> Result<Markup, NoAnswer> {
    let options = view.options();
    let asked = view.words.one("heat")?.unwrap_or("offered");
    let Some((name, heading)) = texts::HEATS.into_iter().find(|(name, _)| *name == asked) else {
        return Err(super::words::Bad::new("heat", format!("'{asked}' is no figure of the heat map")).into());
    };
    let (name, unit) = match name {
        "service_level" => (view.formula(), Unit::Rate),
        "abandon_rate" => (name, Unit::Rate),
        _ => (name, Unit::Count),
    };
    let hourly = matches!(options.interval, Interval::Quarter | Interval::Half | Interval::Hour);
    let within = || {
        options.from.zip(options.to).is_some_and(|(a, b)| b.millis_since(a) / step_ms(Interval::Hour) <= MOST_INTERVALS)
    };
    let asked_anew = if hourly {
        None
    } else if within() {
        let options = Options { interval: Interval::Hour, total: false, ..options.clone() };
        Some(server.reports.queues(&Question { options, ..view.question.clone() }).await?)
    } else {
        return Ok(html! {});
    };
    let week = fold::week(asked_anew.as_deref().unwrap_or(rows), name, options);
    let title = format!("{}: {heading}", texts::HEAT);
    Ok(html! {
        h2 { (texts::HEAT) }
        (heat_map::table(&title, &week, unit, name == "abandon_rate"))
        @if unit == Unit::Count { p.hint { (texts::HEAT_SUMS) } }
    })
}

/// How long callers waited, over all queues of the report and its whole range.
pub(crate) async fn waits(server: &Server, view: &View) -> Result<Markup, NoAnswer> {
    let edges = answer::edges(view)?;
    let options = Options { interval: Interval::All, ..view.options().clone() };
    let rows = server.reports.waits(&Question { options, ..view.question.clone() }, &edges).await?;
    let buckets = BucketRow::of(&rows, &edges);
    let sum = |of: fn(&BucketRow) -> i64| -> Vec<Option<f64>> {
        (0..=edges.len())
            .map(|i| Some(buckets.iter().skip(i).step_by(edges.len() + 1).map(of).sum::<i64>() as f64))
            .collect()
    };
    let label = |i: usize| match (i.checked_sub(1).and_then(|i| edges.get(i)), edges.get(i)) {
        (_, Some(to)) => format!("≤ {}", show::duration(*to)),
        (Some(over), None) => format!("> {}", show::duration(*over)),
        (None, None) => String::new(),
    };
    let axis = Axis { labels: (0..=edges.len()).map(label).collect(), heading: "wait", ..Axis::default() };
    let series = [
        Series { name: "answered", class: "answered", values: sum(|b| b.answered) },
        Series { name: "abandoned", class: "abandoned", values: sum(|b| b.abandoned) },
    ];
    let (title, desc) = texts::CHART_DISTRIBUTION;
    Ok(bars(&Chart { id: "distribution", title, desc, unit: Unit::Count, axis: &axis, series: &series }))
}

#[cfg(test)]
mod tests {
    use model::Instant;

    use super::*;

    fn at(hour: i64, minute: i64) -> Instant {
        Instant::from_secs(1_795_305_600 + hour * 3_600 + minute * 60)
    }

    #[test]
    fn gaps_are_bands_and_restated_intervals_are_marked() {
        let spans: Vec<_> = (0..4).map(|h| (at(h, 0), at(h + 1, 0))).collect();
        let gap = |from, to| Gap { center: "main".into(), switch: "pbx1".into(), from, to };
        let gaps = [gap(at(0, 30), at(1, 15)), gap(at(3, 45), at(9, 0)), gap(at(-3, 0), at(-1, 0))];
        let restated = [Restated { center: "main".into(), queue: "a".into(), interval_start: at(2, 0), visits: 3 }];
        let options = Options { interval: Interval::Hour, ..Options::default() };
        let axis = axis(&spans, &restated, &gaps, &options);
        assert_eq!(axis.bands.iter().map(|b| (b.from, b.to)).collect::<Vec<_>>(), [(0.5, 1.25), (3.75, 4.0)]);
        assert_eq!(axis.restated, [(2, 3)]);
        assert!(axis.bands[0].text.contains("pbx1"));
    }
}
