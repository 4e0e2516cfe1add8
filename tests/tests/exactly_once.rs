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
