//! `Reports` gives what whole rows give: on arbitrary rows in several commits, compacted or
//! not, now and as of a time, whatever is asked, and again when days have changed.
#![allow(missing_docs)]

mod common;

use std::sync::Arc;

use common::*;
use metrics::{Attribution, Interval, Options, ServiceLevel, WaitBasis};
use model::facts::{Call, Facts, Visit};
use model::{Instant, Name};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use tables::{Behind, Filter, Lake, Limits, Question, Reports, Search, Superseded, Table, Visible};

const EDGES: [i64; 3] = [5_000, 20_000, 600_000];

prop_compose! {
    fn visible()(
        centers in of(vec(select(vec!["billing", "sales"]), 0..2)),
        queues in of(vec(select(vec!["billing", "sales"]), 0..2)),
    ) -> Visible {
        let names = |names: Option<Vec<&str>>| names.map(|n| n.into_iter().map(Name::from).collect());
        Visible { centers: names(centers), queues: names(queues) }
    }
}

prop_compose! {
    fn question()(
        (from, to, length) in (of(0..3 * DAY), any::<bool>(), 1..2 * DAY),
        interval in select(vec![Interval::Quarter, Interval::Hour, Interval::Day, Interval::Week, Interval::All]),
        tz in select(vec![chrono_tz::UTC, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kathmandu]),
        attribution in select(vec![Attribution::Arrival, Attribution::EventTime]),
        service_level in select(vec![ServiceLevel::Default, ServiceLevel::Fixed(7_000_000)]),
        (exclude_consults, total) in (any::<bool>(), any::<bool>()),
        wait in select(vec![WaitBasis::Stated, WaitBasis::Observed]),
        queue in of(select(vec!["billing", "sales"])),
        center in of(select(vec!["billing", "sales"])),
        (as_of, visible) in (of(instant()), visible()),
    ) -> Question {
        let options = Options {
            from: from.map(|f| Instant(DAY0 + f)),
            to: to.then(|| Instant(DAY0 + from.unwrap_or(0) + length)),
            interval, tz, attribution, service_level, exclude_consults, total, wait,
            queue: queue.map(Into::into), center: center.map(Into::into), ..Options::default()
        };
        Question { options, as_of, visible }
    }
}

/// The rows that a report is made of, read whole.
async fn whole(lake: &Lake, question: &Question) -> Vec<Visit> {
    let from = question.options.from.filter(|_| question.options.attribution == Attribution::Arrival);
    let filter = Filter { as_of: question.as_of, from, to: question.options.to, ..Filter::default() };
    let mut visits = lake.visits(&filter).await.expect("reads");
    visits.retain(|v| question.visible.visit(v));
    visits
}

async fn agree(lake: &Lake, reports: &Reports, question: &Question) {
    let visits = whole(lake, question).await;
    let rows = reports.queues(question).await.expect("answers");
    assert_eq!(rows, metrics::queues(&visits, &question.options), "{question:?}");
    let waits = reports.waits(question, &EDGES).await.expect("answers");
    assert_eq!(waits, metrics::distribution(&visits, &EDGES, &question.options), "{question:?}");
    let mut calls = lake.calls(&Filter { as_of: question.as_of, ..Filter::default() }).await.expect("reads");
    calls.retain(|c| question.visible.center(&c.center));
    // Edges of quarters are what most ask for; others have to be right, too.
    let mut aligned = question.clone();
    for edge in [&mut aligned.options.from, &mut aligned.options.to].into_iter().flatten() {
        edge.0 = edge.0.div_euclid(900_000_000) * 900_000_000;
    }
    for question in [question, &aligned] {
        let mut wanted = metrics::contacts(&calls, &question.options);
        wanted.retain(|r| question.visible.queue(r.queue.as_ref()));
        assert_eq!(reports.contacts(question).await.expect("answers"), wanted, "{question:?}");
    }
    for row in rows.iter().filter(|r| r.counts.abandoned > 0).take(2) {
        let (Some(center), Some(queue)) = (row.center.clone(), row.queue.clone()) else { continue };
        let column = Some("abandoned".to_owned());
        let mut behind =
            Behind { question: question.clone(), center, queue, at: row.interval_start, column, after: None, page: 2 };
        let mut seen = Vec::new();
        loop {
            let page = reports.visits_behind(&behind).await.expect("answers");
            seen.extend(page.rows.into_iter().map(|v| v.visit_id));
            behind.after = page.next;
            if behind.after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len() as i64, row.counts.abandoned, "{behind:?}");
    }
}

async fn searched(reports: &Reports, mut search: Search) -> Vec<Name> {
    let mut found = Vec::new();
    loop {
        let page = reports.search_calls(&search).await.expect("answers");
        assert!(page.rows.len() <= 2 && (page.rows.len() == 2 || page.next.is_none()));
        found.extend(page.rows.into_iter().map(|c| c.call_id));
        match page.next {
            Some(next) => search.after = Some(next.to_string().parse().expect("is a cursor")),
            None => return found,
        }
    }
}

prop_compose! {
    fn search()(
        number in of("[0-9]{1,2}"),
        account in of("[a-z]{1}"),
        (agent, queue) in (of(select(vec!["billing", "sales"])), of(select(vec!["billing", "sales"]))),
        (from, to) in (of(instant()), of(instant())),
        (min_ms, max_ms) in (of(0..DAY / 1_000), of(0..DAY / 1_000)),
        (as_of, visible) in (of(instant()), visible()),
    ) -> Search {
        Search {
            number, account, agent: agent.map(Into::into), queue: queue.map(Into::into), from, to, min_ms, max_ms,
            as_of, visible, page: 2, ..Search::default()
        }
    }
}

/// Arbitrary rows of few keys: most have several revisions, each in the key's own day.
fn rows() -> impl Strategy<Value = Facts> {
    facts().prop_map(|mut facts| {
        for (n, v) in facts.queue_visits.iter_mut().enumerate() {
            let id = n % 7;
            v.visit_id = format!("v{id}").into();
            v.filed = 20_777 + (id % 3) as i32;
        }
        for (n, c) in facts.calls.iter_mut().enumerate() {
            let id = n % 4;
            c.call_id = format!("c{id}").into();
            c.filed = 20_777 + (id % 3) as i32;
            c.ani = Some(format!("+49{}", c.started_at.0 % 100).into());
        }
        let details = r#"{"QueueConfigured":{"sl_threshold_ms":"#;
        for (n, e) in facts.events.iter_mut().enumerate().filter(|(n, _)| n % 2 == 0) {
            (e.kind, e.details) = ("QueueConfigured".into(), format!("{details}{n}000}}}}"));
        }
        facts
    })
}

/// No two revisions of a key are alike.
fn numbered(parts: &mut [Facts]) {
    let mut revision = 0;
    let mut next = || {
        revision += 1;
        revision
    };
    for facts in parts {
        facts.queue_visits.iter_mut().for_each(|v| v.revision = next());
        facts.calls.iter_mut().for_each(|c| c.revision = next());
    }
}

async fn events_agree(lake: &Lake, reports: &Reports, as_of: Option<Instant>) {
    assert_eq!(reports.last_events(as_of).await.expect("reads"), lake.last_events(as_of).await.expect("reads"));
    assert_eq!(reports.thresholds(as_of).await.expect("reads"), lake.thresholds(as_of).await.expect("reads"));
}

async fn contacts_agree(lake: &Lake, reports: &Reports) {
    let ids: Vec<Name> = lake.calls(&Filter::default()).await.expect("reads").into_iter().map(|c| c.call_id).collect();
    for id in ids.into_iter().take(4) {
        let of_call = Filter { call_id: Some(id.clone()), ..Filter::default() };
        let mut calls: Vec<Call> = lake.calls(&of_call).await.expect("reads");
        calls.sort_by(|a, b| a.switch.cmp(&b.switch));
        let of_call = Filter { switch: Some(calls[0].switch.clone()), ..of_call };
        let found = reports.contact(&id, None, &Visible::default()).await.expect("answers").expect("is there");
        assert_eq!(found.call, calls[0]);
        assert_eq!(found.legs, lake.legs(&of_call).await.expect("reads"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn reports_and_searches_are_those_of_whole_rows(
        mut parts in vec(rows(), 1..4),
        questions in vec(question(), 12),
        searches in vec(search(), 6),
        compacted in any::<bool>(),
        memory in select(vec![0, 5_000, 512 << 20]),
    ) {
        numbered(&mut parts);
        tokio::runtime::Runtime::new().expect("runs").block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = Arc::new(lake(folder.path()).await);
            let reports = Reports::new(Arc::clone(&lake), Limits { memory, ..Limits::default() });
            for (n, facts) in parts.iter().enumerate() {
                let version = n as i64 + 1;
                commit_all(&lake, facts, version, (n > 0).then_some(version - 1)).await;
                // Days are kept from the first question on, and have changed by the next.
                agree(&lake, &reports, &Question::default()).await;
            }
            if compacted {
                lake.compact(Table::QueueVisits, Superseded::Keep).await.expect("compacts");
                lake.compact(Table::Calls, Superseded::Keep).await.expect("compacts");
            }
            for question in &questions {
                agree(&lake, &reports, question).await;
                events_agree(&lake, &reports, question.as_of).await;
            }
            assert!(reports.kept_bytes() <= memory);
            for search in searches {
                let filter = Filter { as_of: search.as_of, ..Filter::default() };
                let calls = lake.calls(&filter).await.expect("reads");
                let mut wanted: Vec<&Call> = calls.iter().filter(|c| search.finds(c)).collect();
                wanted.sort_by_key(|c| std::cmp::Reverse((c.started_at, c.switch.clone(), c.call_id.clone())));
                let wanted: Vec<Name> = wanted.into_iter().map(|c| c.call_id.clone()).collect();
                assert_eq!(searched(&reports, search.clone()).await, wanted, "{search:?}");
            }
            contacts_agree(&lake, &reports).await;
        });
    }
}

/// Rows as a switch's events make them: each filed under the day that it began in.
fn of_agents() -> impl Strategy<Value = Facts> {
    facts().prop_map(|mut facts| {
        for (n, v) in facts.queue_visits.iter_mut().enumerate() {
            v.visit_id = format!("v{n}").into();
            let begin = [Some(v.joined_at), v.answered_at, v.left_at].into_iter().flatten().min();
            v.filed = begin.unwrap_or_default().days();
        }
        let visits: Vec<(Name, i32)> = facts.queue_visits.iter().map(|v| (v.visit_id.clone(), v.filed)).collect();
        for (n, l) in facts.agent_legs.iter_mut().enumerate() {
            l.leg_id = format!("l{n}").into();
            let begin = [l.offered_at, l.answered_at, l.ended_at].into_iter().flatten().min();
            l.filed = begin.unwrap_or(Instant(DAY0)).days();
            // Offered by a visit of the same day or of the one before.
            let visit = visits.iter().skip(n).find(|(_, filed)| l.filed == *filed || l.filed == filed + 1);
            l.visit_id = visit.map(|(id, _)| id.clone());
        }
        for (n, s) in facts.agent_states.iter_mut().enumerate() {
            s.stretch_id = format!("s{n}").into();
            s.filed = s.to.map_or(s.from, |to| to.min(s.from)).days();
        }
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn agents_are_those_of_whole_rows(
        facts in of_agents(),
        questions in vec(question(), 8),
        by_queue in any::<bool>(),
        memory in select(vec![0, 30_000, 512 << 20]),
    ) {
        tokio::runtime::Runtime::new().expect("runs").block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = Arc::new(lake(folder.path()).await);
            commit_all(&lake, &facts, 1, None).await;
            let reports = Reports::new(Arc::clone(&lake), Limits { memory, ..Limits::default() });
            for mut question in questions {
                let options = &mut question.options;
                // By queue all rows of the lake are looked at, for want of a range without some.
                options.by_queue = by_queue && options.queue.is_none();
                let narrow = !options.by_queue && options.queue.is_none() && question.visible.queues.is_none();
                let (from, to) = if narrow { (DAY, 2 * DAY + 7) } else { (0, 3 * DAY) };
                options.from = Some(options.from.filter(|_| narrow).unwrap_or(Instant(DAY0 + from)));
                options.to = Some(options.to.filter(|_| narrow).unwrap_or(Instant(DAY0 + to)).max(Instant(options.from.unwrap().0 + 1)));
                let all = Filter { as_of: question.as_of, ..Filter::default() };
                let (mut visits, mut legs) = (lake.visits(&all).await.expect("reads"), lake.legs(&all).await.expect("reads"));
                let mut stretches = lake.stretches(&all).await.expect("reads");
                visits.retain(|v| question.visible.center(&v.center));
                legs.retain(|l| question.visible.center(&l.center));
                stretches.retain(|s| question.visible.center(&s.center));
                let mut rows = metrics::agents(&visits, &legs, &stretches, &Default::default(), &question.options);
                if question.visible.queues.is_some() {
                    let by_queue = Options { by_queue: true, ..question.options.clone() };
                    let seen = metrics::agents(&visits, &legs, &stretches, &Default::default(), &by_queue);
                    let visible = |r: &metrics::AgentRow| question.visible.queue(r.queue.as_ref());
                    let seen: Vec<_> = seen.into_iter().filter(visible).map(|r| (r.center, r.agent)).collect();
                    rows.retain(|r| seen.contains(&(r.center.clone(), r.agent.clone())));
                    rows.retain(|r| !question.options.by_queue || visible(r));
                }
                assert_eq!(reports.agents(&question).await.expect("answers"), rows, "{question:?}");
                assert!(reports.kept_bytes() <= memory);
            }
        });
    }
}

#[tokio::test]
async fn a_figure_that_has_no_visits_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let reports = Reports::new(Arc::new(lake(folder.path()).await), Limits::default());
    let behind = Behind { column: Some("interval_start".into()), ..Behind::default() };
    assert!(reports.visits_behind(&behind).await.expect_err("is refused").to_string().contains("interval_start"));
}
