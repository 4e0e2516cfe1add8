//! Reloads while events come without a pause: each event is judged once, by one version or the other.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{TryRecvError, channel};

use lanner_engine::{Candidate, Engine, Handover, Limits, Runtime, Set};
use lanner_enrich::{Enricher, Event};
use lanner_probes::Task;
use lanner_source::record::Machine;
use lanner_tests::made::{self, Calls};
use lanner_tests::{events, test_pack};

const RELOADS: usize = 1000;

#[test]
fn a_thousand_reloads_lose_nothing_and_judge_nothing_twice() {
    // As in a live host, but that no pack is stopped, however slow the machine is, and no finding left out, however fast.
    let hour = std::time::Duration::from_secs(3600);
    let limits = Limits { shared: true, deadline: hour, start: hour, findings: usize::MAX, ..Limits::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let cache = lanner_engine::cache::prepare(folder.path()).expect("a cache");
    let runtime = Runtime::new(limits, Some(cache)).expect("a runtime");
    let (mut engine, verdicts) = Engine::start(runtime.clone(), 2).expect("an engine");
    let counting = std::thread::spawn(move || {
        let (mut counted, mut versions) = (Vec::<u64>::new(), Vec::<String>::new());
        while let Some(mut verdict) = verdicts.next() {
            for answer in verdict.answers() {
                assert!(answer.gave.failure.is_none() && answer.gave.dropped == 0);
                for finding in answer.gave.findings {
                    let (number, _) = finding.message.split_once(' ').expect("a number and a path");
                    counted.push(number.parse().expect("a number"));
                }
                if versions.last() != Some(&answer.description.version) {
                    versions.push(answer.description.version.clone());
                }
            }
        }
        (counted, versions.len())
    });
    let versions = ["counter-1", "counter-2"].map(|pack| std::fs::read(test_pack(pack)).expect("the pack"));
    let candidate = |number: usize| Candidate::prepare(&runtime, &versions[number % 2]).expect("a pack");
    // Another beside it, so that two threads have to agree.
    let other = made::pack(
        &made::description("other", vec![made::rule("test/other", vec![("open", None)])]),
        &Calls { state: 8, ..Calls::default() },
    );
    let other = || Candidate::prepare(&runtime, &other).expect("a pack");
    let set = |number| {
        let packs = vec![(PathBuf::from("counter"), candidate(number)), (PathBuf::from("other"), other())];
        Set { packs, ..Set::default() }
    };
    engine.install(Path::new("counter"), candidate(0)).expect("installed");
    engine.install(Path::new("other"), other()).expect("installed");

    let mut opens = Opens::new();
    let (mut reloads, mut opened) = (0, 0);
    let (mut next, mut under_way) = (Some(set(1)), None);
    while reloads < RELOADS {
        match under_way.take() {
            None => {
                let (reply, outcome) = channel();
                engine.exchange(next.take().unwrap_or_else(|| set(reloads + 1)), reply);
                under_way = Some(outcome);
            }
            Some(outcome) => match outcome.try_recv() {
                Ok(placed) => {
                    let placed = placed.expect("in place");
                    assert!(placed.handovers.iter().all(|handover| matches!(handover, Handover::State(_))));
                    reloads += 1;
                }
                Err(TryRecvError::Empty) => under_way = Some(outcome),
                Err(TryRecvError::Disconnected) => panic!("nobody answers"),
            },
        }
        engine.settle();
        // What waits is bounded here, as no event may be left out.
        if engine.status().iter().all(|pack| pack.waiting < 8 << 20) {
            let batch = opens.batch();
            opened += batch.len() as u64;
            engine.judge(batch).expect("judged");
        }
    }
    while engine.is_settling() {
        engine.settle();
    }
    drop(engine);
    let (counted, versions) = counting.join().expect("it counted");
    assert!(opened > RELOADS as u64);
    assert!(counted.iter().copied().eq(1..=opened), "each once, in order: {} of {opened}", counted.len());
    assert!(versions > 10, "both versions counted, in turn: {versions}");
}

/// Opens that the counter counts.
struct Opens {
    enricher: Enricher,
    task: Task,
}

impl Opens {
    fn new() -> Self {
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        Self { enricher: Enricher::new(&Machine::default(), None), task }
    }

    fn batch(&mut self) -> Vec<Event> {
        let Self { enricher, task } = self;
        let mut open = || {
            let open = events::open(1_000_000_000, task, "/any/lanner-count-me");
            enricher.take(events::record(open)).expect("an event")
        };
        (0..3).map(|_| open()).collect()
    }
}

/// A rule goes from a slow pack to a quick one and back, while batches wait for the slow one: each event is judged by one of them.
#[test]
fn a_rule_that_moves_judges_each_event_once() {
    let hour = std::time::Duration::from_secs(3600);
    let limits = Limits { shared: true, deadline: hour, start: hour, findings: usize::MAX, ..Limits::default() };
    let runtime = Runtime::new(limits, None).expect("a runtime");
    let (mut engine, verdicts) = Engine::start(runtime.clone(), 2).expect("an engine");
    let counting = std::thread::spawn(move || {
        let mut found = std::collections::BTreeMap::<u64, usize>::new();
        while let Some(mut verdict) = verdicts.next() {
            for answer in verdict.answers() {
                let rules = &answer.description.rules;
                let of_it =
                    answer.gave.findings.iter().filter(|finding| rules[finding.rule as usize].id == "test/moves");
                of_it.for_each(|finding| *found.entry(finding.events[0]).or_default() += 1);
            }
        }
        found
    });
    // Both raise their rule 0 for each event; the one takes its time.
    let quick = made::kit("(call $raise (i32.const 0) (local.get 0))");
    let slow = made::kit("(call $spin (i32.const 20000)) (call $raise (i32.const 0) (local.get 0))");
    let candidate = |name: &str, rule: &str, more: &str| {
        let description = made::description(name, vec![made::rule(rule, vec![("open", None)])]);
        let calls = Calls { evaluate: "(call $each (local.get 0))", more, ..Calls::default() };
        Candidate::prepare(&runtime, &made::pack(&description, &calls)).expect("a pack")
    };
    let set = |slow_has: bool| {
        let rules = if slow_has { ["test/moves", "test/other"] } else { ["test/other", "test/moves"] };
        let packs = vec![
            (PathBuf::from("slow"), candidate("slow", rules[0], &slow)),
            (PathBuf::from("quick"), candidate("quick", rules[1], &quick)),
        ];
        Set { packs, ..Set::default() }
    };
    let (mut opens, mut opened) = (Opens::new(), 0);
    let mut under_way = None;
    for reload in 0..21 {
        let (reply, outcome) = channel();
        // At last the pack ends that has it, and the other takes it over.
        let set = match reload {
            20 => Set {
                packs: vec![(PathBuf::from("quick"), candidate("quick", "test/moves", &quick))],
                remove: vec![PathBuf::from("slow")],
                ..Set::default()
            },
            _ => set(reload % 2 == 0),
        };
        engine.exchange(set, reply);
        under_way.replace(outcome);
        while let Some(outcome) = under_way.take() {
            engine.settle();
            match outcome.try_recv() {
                Ok(placed) => drop(placed.expect("in place")),
                Err(_) => under_way = Some(outcome),
            }
            if reload > 0 && engine.status().iter().all(|pack| pack.waiting < 8 << 20) {
                let batch = opens.batch();
                opened += batch.len() as u64;
                engine.judge(batch).expect("judged");
            }
        }
    }
    while !engine.is_idle() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    drop(engine);
    let found = counting.join().expect("it ended");
    let odd: Vec<_> = found.iter().filter(|(_, count)| **count != 1).collect();
    assert!(odd.is_empty(), "judged twice: {odd:?}");
    assert_eq!(found.len() as u64, opened, "each was judged");
}
