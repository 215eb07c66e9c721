//! Reports over slim visits are those over whole rows, whatever is asked.
#![allow(missing_docs)]

mod common;

use common::*;
use metrics::{Attribution, Interval, Options, QueueFold, ServiceLevel, SlimVisits, WaitBasis, WaitFold};
use metrics::{distribution, queues};
use model::facts::Visit;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

const EDGES: [i64; 4] = [0, 5_000, 20_000, 60_000];

prop_compose! {
    fn options()(
        (from, to, length) in (of(0_i64..25_000), any::<bool>(), 1_i64..25_000),
        interval in select(vec![Interval::Quarter, Interval::Half, Interval::Hour, Interval::Day, Interval::Week, Interval::All]),
        tz in select(vec![chrono_tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kathmandu, chrono_tz::Australia::Lord_Howe]),
        attribution in select(vec![Attribution::Arrival, Attribution::EventTime]),
        service_level in select(vec![ServiceLevel::Default, ServiceLevel::Fixed(7_000), ServiceLevel::Switch]),
        short_abandon_ms in of(0_i64..10_000),
        (exclude_consults, total) in (any::<bool>(), any::<bool>()),
        wait in select(vec![WaitBasis::Stated, WaitBasis::Observed]),
        queue in of(select(vec!["support", "sales", "nothing"])),
        center in of(select(vec!["main", "other"])),
    ) -> Options {
        let mut opts = Options {
            from: from.map(at), to: to.then(|| at(from.unwrap_or(0) + length)), interval, tz, attribution, service_level, short_abandon_ms,
            exclude_consults, total, wait, queue: queue.map(Into::into), center: center.map(Into::into),
            ..Options::default()
        };
        opts.switch_thresholds.insert(("main".into(), "sales".into()), 30_000);
        opts.thresholds.insert(("main".into(), "support".into()), 10_000);
        opts.short_abandons.insert(("other".into(), "vip".into()), 2_000);
        opts
    }
}

fn slim(visits: &[Visit]) -> SlimVisits {
    let mut sorted: Vec<&Visit> = visits.iter().collect();
    sorted.sort_by_key(|v| (&v.center, &v.queue, v.joined_at));
    let mut slim = SlimVisits::with_capacity(visits.len());
    sorted.into_iter().for_each(|v| slim.push(v));
    assert_eq!(slim.len(), visits.len());
    slim
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn slim_visits_count_what_rows_count(
        visits in proptest::collection::vec(any_visit(), 0..60),
        opts in options(),
        cuts in (0_usize..60, 0_usize..60),
    ) {
        prop_assume!(!metrics::queue_fold::needs_rows(&opts));
        let (a, b) = (cuts.0.min(visits.len()), cuts.1.min(visits.len()));
        let parts = [&visits[..a.min(b)], &visits[a.min(b)..a.max(b)], &visits[a.max(b)..]].map(slim);
        let bounds = || {
            let all = parts.iter().flat_map(SlimVisits::bounds).filter(|(key, _)| opts.of_center(&key.0));
            all.flat_map(|(_, ends)| ends)
        };
        let everything = |_: &(model::Name, model::Name)| true;
        let mut fold = QueueFold::new(&opts, bounds());
        let mut beside = QueueFold::new(&opts, bounds());
        let mut waits = WaitFold::new(&opts, &EDGES, bounds());
        fold.add(&parts[1], &everything);
        beside.add(&parts[2], &everything);
        beside.add(&parts[0], &everything);
        parts.iter().for_each(|p| waits.add(p, &everything));
        fold.merge(beside);
        prop_assert_eq!(fold.finish(), queues(&visits, &opts));
        prop_assert_eq!(waits.finish(), distribution(&visits, &EDGES, &opts));
    }

    #[test]
    fn a_distribution_has_the_visits_of_the_report(visits in proptest::collection::vec(any_visit(), 0..60), opts in options()) {
        let sum = |rows: &[Vec<i64>]| rows.iter().flatten().sum::<i64>();
        let rows = queues(&visits, &Options { total: false, ..opts.clone() });
        let waits = distribution(&visits, &EDGES, &opts);
        let answered: Vec<_> = waits.iter().map(|w| w.answered.clone()).collect();
        let abandoned: Vec<_> = waits.iter().map(|w| w.abandoned.clone()).collect();
        prop_assert_eq!(sum(&answered), rows.iter().map(|r| r.counts.answered).sum::<i64>());
        prop_assert_eq!(sum(&abandoned), rows.iter().map(|r| r.counts.abandoned).sum::<i64>());
    }
}

#[test]
fn common_visits_are_kept_small() {
    let visits: Vec<Visit> = (0..10_000).map(|n| answered("support", n, 12, 180, "Ann")).collect();
    let bytes = slim(&visits).bytes();
    assert!(bytes < 10_000 * 28, "{bytes}");
}
