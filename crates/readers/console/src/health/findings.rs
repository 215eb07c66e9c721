//! What is wrong, in words, and what to do about it.

use model::Instant;

use super::desk::Vitals;
use super::view::{Finding, FindingLevel, HealthView};
use crate::shell::{show, texts::health as texts};

/// A fold that is so far behind is looked at soon, and now; milliseconds.
const BEHIND_MS: (i64, i64) = (60_000, 600_000);
/// A switch is silent after so long, milliseconds.
const SILENT_MS: i64 = 900_000;
/// So long after the last flush, or so long a flush, is too long; milliseconds.
const FLUSH_MS: i64 = 60_000;

fn finding(level: FindingLevel, what: String, action: &str) -> Finding {
    Finding { level, what, action: action.to_owned(), link: None }
}

/// What the process and the log tell.
pub(super) fn of(view: &HealthView, vitals: &Vitals, now: Instant) -> Vec<Finding> {
    let mut found = process(vitals);
    found.extend(view.waits.iter().map(|w| {
        let what = format!("{} {}, {} {}.", texts::WAITS_FOR, w.what, texts::SINCE, show::duration(w.lasts_ms));
        finding(FindingLevel::Warning, what, texts::wait_action(&w.what))
    }));
    found.extend(behind(view));
    found.extend(view.switches.iter().filter(|s| s.age_ms.is_some_and(|age| age > SILENT_MS)).map(|s| {
        let what = format!("{} {}: {}.", texts::SILENT, s.switch, show::age(s.age_ms.unwrap_or_default()));
        finding(FindingLevel::Warning, what, texts::SILENT_ACTION)
    }));
    found.extend(flush(view, vitals, now));
    found.extend(view.crm.iter().filter_map(|c| {
        let ms = i64::try_from(c.held_back_ms?).unwrap_or(i64::MAX);
        let what = format!("{} {}: {} {}.", texts::CRM_HELD_BACK, c.target, texts::FOR, show::duration(ms));
        Some(finding(FindingLevel::Alarm, what, texts::CRM_HELD_BACK_ACTION))
    }));
    found.extend(failed(view));
    found
}

/// What failed for good and stands.
fn failed(view: &HealthView) -> Vec<Finding> {
    let linked = |what: String, action: &str, link: &str| Finding {
        link: Some(link.to_owned()),
        ..finding(FindingLevel::Warning, what, action)
    };
    let letters = view
        .dead_letters
        .filter(|n| *n > 0)
        .map(|n| linked(texts::letters(n), texts::LETTERS_ACTION, "/health/dead-letters"));
    let parked =
        view.parked.filter(|n| *n > 0).map(|n| linked(texts::parked(n), texts::PARKED_ACTION, "/health/parked"));
    let missing = view.recordings.as_ref().and_then(|r| r.by_state.get("missing").copied()).filter(|n| *n > 0);
    let missing = missing.map(|n| linked(texts::missing(n), texts::MISSING_ACTION, "/recordings?state=missing"));
    letters.into_iter().chain(parked).chain(missing).collect()
}

fn process(vitals: &Vitals) -> Vec<Finding> {
    let starting =
        (!vitals.running).then(|| finding(FindingLevel::Warning, texts::STARTING.to_owned(), texts::STARTING_ACTION));
    let failed = vitals.failed.iter().map(|task| {
        finding(FindingLevel::Alarm, format!("{} {task} {}.", texts::TASK, texts::TASK_FAILED), texts::TASK_ACTION)
    });
    let lost = vitals.lost.iter().map(|source| {
        let what = format!("{} {source} {}.", texts::SOURCE, texts::SOURCE_LOST);
        finding(FindingLevel::Alarm, what, texts::SOURCE_ACTION)
    });
    starting.into_iter().chain(failed).chain(lost).collect()
}

fn behind(view: &HealthView) -> Option<Finding> {
    let far = |p: &&super::lag::PartitionView| p.behind_ms.is_some_and(|ms| ms > BEHIND_MS.0);
    let worst = view.partitions.iter().filter(far).max_by_key(|p| p.behind_ms)?;
    let ms = worst.behind_ms.unwrap_or_default();
    let count = view.partitions.iter().filter(far).count();
    let records: i64 = view.partitions.iter().map(|p| p.behind).sum();
    let level = if ms > BEHIND_MS.1 { FindingLevel::Alarm } else { FindingLevel::Warning };
    let what = texts::behind(count, worst.partition, &show::age(ms), records);
    Some(finding(level, what, texts::BEHIND_ACTION))
}

fn flush(view: &HealthView, vitals: &Vitals, now: Instant) -> Option<Finding> {
    let flush = view.flush.as_ref().filter(|_| vitals.folding)?;
    let since = now.millis_since(Instant::parse_rfc3339(&flush.looked).ok()?);
    let text = if since > FLUSH_MS {
        format!("{} {}.", texts::NO_FLUSH, show::duration(since))
    } else if flush.took_ms > FLUSH_MS {
        format!("{} {}.", texts::SLOW_FLUSH, show::duration(flush.took_ms))
    } else {
        return None;
    };
    Some(finding(FindingLevel::Warning, text, texts::FLUSH_ACTION))
}

/// The log cannot be asked.
pub(super) fn log_unread(why: String) -> Finding {
    finding(FindingLevel::Alarm, format!("{}: {why}.", texts::LOG_UNREAD), texts::LOG_ACTION)
}

#[cfg(test)]
mod tests {
    use super::super::desk::{CrmWriter, Flush};
    use super::super::lag::PartitionView;
    use super::super::view::{SwitchHealth, WaitView};
    use super::*;

    const NOW: Instant = Instant::from_secs(1_795_334_400);

    fn well() -> (HealthView, Vitals) {
        let flush = Flush {
            ended: Some(NOW.plus_millis(-3_600_000).to_rfc3339()),
            took_ms: 80,
            rows: 12,
            looked: NOW.plus_millis(-2_000).to_rfc3339(),
            rows_held: 0,
        };
        let partition = PartitionView { partition: 3, high: 10, stands: 10, behind: 0, behind_ms: None, here: true };
        let switch = SwitchHealth {
            switch: "pbx1".into(),
            center: "main".into(),
            last_event: Some(NOW.to_rfc3339()),
            age_ms: Some(0),
            live: true,
        };
        let view = HealthView {
            partitions: vec![partition],
            switches: vec![switch],
            flush: Some(flush),
            crm: vec![CrmWriter { target: "salesforce".into(), ..CrmWriter::default() }],
            ..HealthView::default()
        };
        (view, Vitals { running: true, folding: true, ..Vitals::default() })
    }

    fn said(view: &HealthView, vitals: &Vitals) -> Vec<String> {
        of(view, vitals, NOW).into_iter().map(|f| f.what).collect()
    }

    #[test]
    fn where_nothing_is_wrong_nothing_is_found() {
        let (view, vitals) = well();
        assert_eq!(said(&view, &vitals), Vec::<String>::new());
    }

    #[test]
    fn each_thing_that_is_wrong_is_named() {
        let (mut view, mut vitals) = well();
        vitals.failed = vec!["crm salesforce".into()];
        vitals.lost = vec!["pbx1 (asterisk.ami)".into()];
        view.waits = vec![WaitView { what: "table events".into(), since: String::new(), lasts_ms: 61_000 }];
        view.partitions[0] = PartitionView { behind: 7, behind_ms: Some(700_000), ..view.partitions[0].clone() };
        view.switches[0].age_ms = Some(3_600_000);
        let looked = NOW.plus_millis(-70_000).to_rfc3339();
        view.flush = view.flush.map(|flush| Flush { looked, ..flush });
        view.crm[0].held_back_ms = Some(60_000);
        (view.dead_letters, view.parked) = (Some(1), Some(2));
        let said = said(&view, &vitals).join("\n");
        for word in [
            "crm salesforce",
            "pbx1 (asterisk.ami)",
            "table events",
            "1:01",
            "partition 3",
            "pbx1: 1 h",
            "One record",
            "2 rows",
        ] {
            assert!(said.contains(word), "{word} is not in\n{said}");
        }
        assert_eq!(said.lines().count(), 9, "{said}");
    }

    #[test]
    fn a_short_lag_is_no_news() {
        let (mut view, vitals) = well();
        view.partitions[0] = PartitionView { behind: 7, behind_ms: Some(900), ..view.partitions[0].clone() };
        assert!(of(&view, &vitals, NOW).is_empty());
    }
}
