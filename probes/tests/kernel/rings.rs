//! Rings by importance: a flood of the many takes nothing from the few.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use lanner_abi::Kind;
use lanner_probes::ProbeConfig;

use crate::watch::{probes, task};

/// Programs that are run under the flood.
const RUNS: usize = 40;

/// Opens that fail, under names as long as they may be, each another.
fn flood(round: usize) {
    for number in 0..1000 {
        let name = format!("/{round}-{number}/{}", "n/".repeat(2000));
        assert!(std::fs::File::open(name).is_err());
    }
}

#[test]
fn lost_opens_cost_no_exec() {
    let config = ProbeConfig { ring_bytes: 4 << 20, ignore_pid: None };
    let Some(mut probes) = probes(&config) else { return };
    for kind in [Kind::Exec, Kind::Exit, Kind::Fork, Kind::Open] {
        probes.attach(kind).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut reader = probes.reader().expect("the rings");
    let lost = |probes: &lanner_probes::Probes, kind: Kind| {
        probes.counts().expect("the counters").into_iter().find(|counts| counts.kind == kind).expect("there").lost
    };
    // Nobody reads meanwhile.
    let mut round = 0;
    while lost(&probes, Kind::Open) == 0 {
        flood(round);
        round += 1;
    }
    let mut run = BTreeSet::new();
    for round in 0..RUNS {
        // This program again, which lists nothing: the guest of the kernel matrix has no other.
        let mut child = Command::new(std::env::current_exe().expect("a path"));
        child.args(["--list", "no test is called so"]).stdout(Stdio::null());
        let mut child = child.spawn().expect("it can be run");
        run.insert(child.id());
        flood(round);
        assert!(child.wait().expect("it ends").success());
    }
    let mut seen = BTreeSet::new();
    for event in &mut reader {
        let event = event.expect("a record");
        if event.kind == Kind::Exec {
            seen.insert(task(&event).pid);
        }
    }
    assert!(run.is_subset(&seen), "{:?}", run.difference(&seen));
    assert!(lost(&probes, Kind::Open) > 1000);
    for kind in [Kind::Exec, Kind::Exit, Kind::Fork] {
        assert_eq!(lost(&probes, kind), 0, "{kind:?}");
    }
}
