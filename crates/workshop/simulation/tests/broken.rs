//! The simulation can fail: each world that is broken on purpose is noticed within few seeds.

use simulation::{Broken, run_in};

/// Seeds in which it has to be noticed.
const WITHIN: u64 = 40;

fn noticed(broken: Broken) {
    let found = (0..WITHIN).map(|seed| run_in(seed, Some(broken))).find(|o| !o.differences.is_empty());
    let outcome = found.unwrap_or_else(|| panic!("{broken:?} was not noticed in {WITHIN} seeds"));
    println!("{broken:?}: seed {}: {}", outcome.seed, outcome.differences[0]);
}

macro_rules! worlds {
    ($($name:ident: $broken:ident,)*) => {
        $(#[test] fn $name() { noticed(Broken::$broken); })*

        #[test]
        fn every_broken_world_is_tried() {
            let tried = [$(Broken::$broken),*];
            assert!(Broken::ALL.iter().all(|(_, broken)| tried.contains(broken)));
        }
    };
}

worlds! {
    a_conditional_put_that_overwrites_is_noticed: PutOverwrites,
    a_lost_file_is_noticed: FileLost,
    two_compactions_that_both_land_are_noticed: CompactionUnmarked,
    a_fold_that_begins_late_is_noticed: TakenUpLate,
    a_snapshot_under_an_earlier_offset_is_noticed: SnapshotEarly,
    an_append_that_loses_its_tail_is_noticed: AppendLosesTail,
    a_crm_that_ignores_external_ids_is_noticed: CrmIgnoresId,
    a_crm_that_forgets_is_noticed: CrmForgets,
}
