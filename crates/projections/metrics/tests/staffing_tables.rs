//! Erlang B, C and A against published values, and the edges of the questions.

use metrics::staffing::{Demand, Model, StaffingError, Targets, agents_needed, erlang_b, erlang_c, performance};

fn near(value: impl Into<Option<f64>>, published: f64, half_digit: f64) {
    let value = value.into().expect("a value");
    assert!((value - published).abs() <= half_digit, "{value} is not {published} ± {half_digit}");
}

/// Offered Erlangs at a given loss: the traffic table of any handbook (Iversen, "Teletraffic
/// engineering handbook", ITU-D; 15 lines at 1 % also in Westbay's calculator manual, 8.108).
#[test]
fn erlang_b_as_in_the_traffic_tables() {
    let table = [
        (1, 0.01, 0.0101),
        (2, 0.01, 0.153),
        (5, 0.01, 1.36),
        (10, 0.01, 4.46),
        (15, 0.01, 8.108),
        (20, 0.01, 12.0),
        (50, 0.01, 37.9),
        (100, 0.01, 84.1),
        (10, 0.02, 5.08),
        (50, 0.02, 40.3),
        (100, 0.02, 88.0),
    ];
    for (lines, loss, load) in table {
        // The table's last digit is rounded: the loss lies between those of its neighbours.
        let digit = if load < 0.1 {
            0.0001
        } else if load == 8.108 || load < 1.0 {
            0.001
        } else if load < 10.0 {
            0.01
        } else {
            0.1
        };
        let (below, above) = (erlang_b::loss(lines, load - digit / 2.0), erlang_b::loss(lines, load + digit / 2.0));
        assert!(below <= loss && loss <= above, "{lines} lines, {load} Erlang: {below}..{above}");
    }
}

/// The worked example of the R package ErlangC 0.1.0 (CRAN): 100 calls in 30 minutes of
/// 180 s each, 20 s, 14 agents; the fewest for 80 % in 20 s with occupancy at most 0.85.
#[test]
fn erlang_c_as_in_cran() {
    let demand = Demand::new(100.0, 1_800_000.0, 180_000.0, None).unwrap();
    let p = performance(&demand, 14, 20_000.0);
    assert_eq!((p.model, p.stable), (Model::ErlangC, true));
    near(p.load_erlangs, 10.0, 1e-12);
    near(p.wait_probability, 0.174_131_9, 5e-8);
    near(p.service_level, 0.888_35, 5e-6);
    near(p.asa_ms, 7_835.937_011_777_24, 1e-6);
    near(p.occupancy, 0.714_285_7, 5e-8);
    near(erlang_c::wait_probability(11, 10.0), 0.682_118_2, 5e-8);
    near(performance(&demand, 11, 20_000.0).service_level, 0.389_613_8, 5e-8);
    let targets = Targets {
        service_level: Some(0.8),
        within_ms: 20_000.0,
        max_occupancy: Some(0.85),
        shrinkage: 0.3,
        ..Targets::default()
    };
    let need = agents_needed(&demand, &targets).unwrap();
    assert_eq!((need.agents, need.rostered, &need.performance), (14, 20, &p));
}

/// Garnett, Mandelbaum, Reiman (2002), the table of their introduction: 50 agents, 48 calls
/// a minute of one minute each; callers wait for ever, or two minutes at the mean. Waits of
/// 20.8 s and 3.7 s, 17 and 3 callers waiting, agents busy 96 % and 93 %, 3.1 % abandoned,
/// 90th percentiles of the wait 58.1 s and 12.5 s.
#[test]
fn erlang_a_as_in_garnett_mandelbaum_reiman() {
    let patient = Demand::new(48.0, 60_000.0, 60_000.0, None).unwrap();
    let p = performance(&patient, 50, 58_100.0);
    near(p.avg_wait_ms, 20_800.0, 50.0);
    near(p.avg_waiting, 17.0, 0.5);
    near(p.occupancy, 0.96, 1e-12);
    near(p.service_level, 0.9, 0.0005);
    let p = performance(&patient.with_patience(Some(120_000.0)).unwrap(), 50, 12_500.0);
    assert_eq!(p.model, Model::ErlangA);
    near(p.abandon_rate, 0.031, 0.0005);
    near(p.avg_wait_ms, 3_700.0, 50.0);
    near(p.avg_waiting, 3.0, 0.5);
    near(p.occupancy, 0.93, 0.005);
    // Who is through within 12.5 s, answered or gone.
    near(p.service_level.unwrap() + p.abandon_rate_within.unwrap(), 0.9, 0.002);
}

#[test]
fn without_calls_without_work_without_agents() {
    let targets = Targets { service_level: Some(0.8), within_ms: 20_000.0, ..Targets::default() };
    for patience in [None, Some(60_000.0)] {
        let nothing = Demand::new(0.0, 60_000.0, 180_000.0, patience).unwrap();
        let p = performance(&nothing, 3, 20_000.0);
        assert_eq!((p.service_level, p.abandon_rate, p.asa_ms, p.occupancy), (None, None, None, Some(0.0)));
        let need = agents_needed(&nothing, &targets).unwrap();
        assert_eq!((need.agents, need.rostered, need.performance.occupancy), (0, 0, None));

        let no_work = Demand::new(50.0, 60_000.0, 0.0, patience).unwrap();
        let p = performance(&no_work, 1, 0.0);
        assert_eq!((p.service_level, p.wait_probability, p.abandon_rate), (Some(1.0), Some(0.0), Some(0.0)));
        assert_eq!(agents_needed(&no_work, &targets).unwrap().agents, 1);

        let p = performance(&Demand::new(50.0, 60_000.0, 1_000.0, patience).unwrap(), 0, 20_000.0);
        assert_eq!((p.service_level, p.service_level_answered, p.occupancy), (Some(0.0), None, None));
        assert_eq!((p.stable, p.avg_wait_ms), (patience.is_some(), patience));
    }
}

#[test]
fn more_load_than_agents() {
    let demand = Demand::new(100.0, 1_800_000.0, 180_000.0, None).unwrap();
    let p = performance(&demand, 10, 20_000.0);
    assert_eq!((p.stable, p.wait_probability, p.service_level), (false, Some(1.0), Some(0.0)));
    assert_eq!((p.asa_ms, p.avg_wait_ms, p.avg_waiting, p.occupancy), (None, None, None, Some(1.0)));
    // Callers who give up keep any queue within bounds.
    let p = performance(&demand.with_patience(Some(60_000.0)).unwrap(), 5, 20_000.0);
    assert!(p.stable && p.abandon_rate.unwrap() > 0.5 && p.asa_ms.is_some());
}

#[test]
fn at_once_is_t_of_nothing() {
    for patience in [None, Some(90_000.0)] {
        let p = performance(&Demand::new(100.0, 1_800_000.0, 180_000.0, patience).unwrap(), 12, 0.0);
        near(p.service_level, 1.0 - p.wait_probability.unwrap(), 1e-14);
        assert_eq!(p.abandon_rate_within, Some(0.0));
        assert_eq!(performance(&Demand::new(1.0, 1.0, 0.5, patience).unwrap(), 2, f64::NAN).within_ms, 0.0);
    }
}

#[test]
fn targets_that_say_nothing() {
    let demand = Demand::new(100.0, 1_800_000.0, 180_000.0, None).unwrap();
    let bad = |targets: Targets| match agents_needed(&demand, &targets) {
        Err(StaffingError::BadTarget { name }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(bad(Targets::default()), "service_level");
    assert_eq!(bad(Targets { service_level: Some(1.0), ..Targets::default() }), "service_level");
    assert_eq!(bad(Targets { service_level: Some(f64::NAN), ..Targets::default() }), "service_level");
    assert_eq!(bad(Targets { max_abandon_rate: Some(0.05), ..Targets::default() }), "max_abandon_rate");
    assert_eq!(bad(Targets { max_occupancy: Some(1e-9), ..Targets::default() }), "max_occupancy");
    assert_eq!(bad(Targets { service_level: Some(0.8), shrinkage: 1.0, ..Targets::default() }), "shrinkage");
    assert_eq!(bad(Targets { service_level: Some(0.8), within_ms: -1.0, ..Targets::default() }), "within_ms");
}

#[test]
fn a_page_can_show_it() {
    let demand = Demand::new(60.0, 1_800_000.0, 240_000.0, Some(90_000.0)).unwrap();
    let targets = Targets { max_abandon_rate: Some(0.05), shrinkage: 0.25, ..Targets::default() };
    let json = serde_json::to_value(agents_needed(&demand, &targets).unwrap()).unwrap();
    assert_eq!(json["performance"]["model"], "erlang_a");
    assert!(json["performance"]["abandon_rate"].as_f64().unwrap() <= 0.05);
    assert!(json["rostered"].as_u64().unwrap() > json["agents"].as_u64().unwrap());
}
