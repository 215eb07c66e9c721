//! What every run of the tests tries; `cargo xtask test` tries 300 seeds in a step of its own.

use std::sync::Mutex;

use simulation::{Kind, many, run, told};

#[test]
fn seeds_end_as_undisturbed() {
    let failed = Mutex::new(Vec::new());
    let sums = Mutex::new((std::collections::BTreeMap::<&str, usize>::new(), 0));
    many(0..12, 2, None, |outcome| {
        if !outcome.differences.is_empty() {
            failed.lock().unwrap().push(told(&outcome));
        }
        let mut sums = sums.lock().unwrap();
        outcome.rows.iter().for_each(|(table, rows)| *sums.0.entry(table).or_default() += rows);
        sums.1 += outcome.crm;
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let (rows, crm) = sums.into_inner().unwrap();
    assert!(rows.len() == 7 && rows.values().all(|n| *n > 0) && crm > 0, "no table stays empty: {rows:?}, {crm}");
}

#[test]
fn one_seed_is_one_run_call_by_call() {
    for seed in [3, 4, 5] {
        let (one, two) = (run(seed), run(seed));
        let differ = one.lines.iter().zip(&two.lines).position(|(a, b)| a != b);
        if let Some(at) = differ {
            panic!("seed {seed}, line {at}: {:?} and {:?}", one.lines[at], two.lines[at]);
        }
        assert_eq!(one.lines.len(), two.lines.len(), "seed {seed}");
        assert!(one.lines.len() > 300 && one.happened == two.happened, "{:?}, {:?}", one.happened, two.happened);
    }
}

#[test]
fn a_failing_seed_says_how_to_repeat_it() {
    let text = told(&simulation::Outcome { differences: vec!["events: 1 instead of 2".to_owned()], ..run(0) });
    assert!(
        text.contains("events: 1 instead of 2") && text.ends_with("cargo xtask simulate --seed 0 --trace"),
        "{text}"
    );
    assert!(Kind::ALL.iter().all(|kind| !kind.text().is_empty()));
}
