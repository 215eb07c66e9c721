//! A heat map of weekday × hour: a table, its cells coloured as well as written.

use maud::{Markup, html};

use super::scale::Unit;

/// Steps of colour.
const STEPS: f64 = 6.0;

/// Weekdays from Monday, hours from 0; `None`: nothing there.
pub(crate) type Week = [[Option<f64>; 24]; 7];

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The map; `bad` says that large figures are the bad ones.
pub(crate) fn table(title: &str, week: &Week, unit: Unit, bad: bool) -> Markup {
    let most = week.iter().flatten().flatten().copied().fold(0.0, f64::max);
    let most = if unit == Unit::Rate { most.clamp(0.0, 1.0) } else { most };
    let step = |value: f64| if most > 0.0 { (value / most * STEPS).ceil().clamp(0.0, STEPS) as u8 } else { 0 };
    html! {
        div.scroll role="region" aria-label=(title) tabindex="0" {
            table.heat data-bad=(bad) {
                caption.unseen { (title) }
                thead { tr { th scope="col" { "Day" } @for hour in 0..24 { th scope="col" { (format!("{hour:02}")) } } } }
                tbody {
                    @for (day, hours) in DAYS.iter().zip(week) {
                        tr {
                            th scope="row" { (day) }
                            @for value in hours {
                                @match value {
                                    Some(v) => td data-heat=(step(*v)) { (short(unit, *v)) },
                                    None => td { "–" },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A figure that fits a narrow cell.
fn short(unit: Unit, value: f64) -> String {
    if unit == Unit::Rate { format!("{:.0} %", value * 100.0) } else { unit.text(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_words_and_steps() {
        let mut week: Week = [[None; 24]; 7];
        (week[0][9], week[6][23]) = (Some(12.0), Some(1.0));
        let page = table("<offered>", &week, Unit::Count, false).into_string();
        assert!(page.contains("data-heat=\"6\">12</td>") && page.contains("data-heat=\"1\">1</td>"), "{page}");
        assert_eq!(page.matches("<td>–</td>").count(), 7 * 24 - 2);
        assert!(page.contains("&lt;offered&gt;"));
        assert!(!table("", &[[Some(0.0); 24]; 7], Unit::Rate, true).into_string().contains("NaN"));
    }
}
