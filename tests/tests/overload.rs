//! An engine that is behind: what waits does not delay a reload, is judged by the new version, and is counted where judging
//! is given up.

use std::path::Path;
use std::time::Duration;

use lanner_engine::{Candidate, Engine, Handover, Limits, Runtime, Verdicts};
use lanner_enrich::{Enricher, Event};
use lanner_finding::{Finding, Findings};
use lanner_probes::Task;
use lanner_sink::{Behind, Delivery, Sink, SinkError};
use lanner_source::record::Machine;
use lanner_tests::{events, test_pack};

/// Batches that wait; the engine holds some more.
const BATCHES: usize = 60;

/// Opens of a batch.
const OPENS: usize = 3;

/// Batches of opens: one that takes the pack `misbehaving` long, one that the pack `counter` counts, and one that the pack
/// `losses` asks for.
fn batches() -> Vec<Vec<Event>> {
    let mut enricher = Enricher::new(&Machine::default(), None);
    let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
    let mut open = |path: &str| {
        let event = events::open(1_000_000_000, &task, path);
        enricher.take(events::record(event)).expect("an event")
    };
    let paths: [&str; OPENS] = ["/any/lanner-misbehave-slow", "/any/lanner-count-me", "/any/lanner-after-loss"];
    (0..BATCHES).map(|_| paths.iter().map(|path| open(path)).collect()).collect()
}

fn candidate(engine: &Engine, pack: &str) -> Candidate {
    let bytes = std::fs::read(test_pack(pack)).expect("the pack");
    Candidate::prepare(engine.runtime(), &bytes).expect("a pack")
}

/// One worker with both packs.
fn engine() -> (Engine, Verdicts) {
    // No pack is stopped here, however slow the machine is.
    let limits = Limits { deadline: Duration::from_secs(3600), ..Limits::default() };
    let runtime = Runtime::new(limits, None).expect("a runtime");
    let (mut engine, verdicts) = Engine::start(runtime, 1).expect("an engine");
    for pack in ["counter-1", "misbehaving"] {
        let candidate = candidate(&engine, pack);
        let first = engine.install(Path::new(pack), candidate).expect("installed");
        assert_eq!(first, Handover::First);
    }
    (engine, verdicts)
}

/// Keeps findings, as pack, version and message.
struct Keeps(std::sync::mpsc::Sender<[String; 3]>);

impl Sink for Keeps {
    fn write(&mut self, finding: &Finding) {
        let kept = [finding.pack.name.clone(), finding.pack.version.clone(), finding.message.clone()];
        self.0.send(kept).expect("somebody listens");
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) {}
}

/// What was found when all is judged.
fn findings(engine: Engine, verdicts: Verdicts) -> Vec<[String; 3]> {
    let (send, kept) = std::sync::mpsc::channel();
    let delivery =
        Delivery::start(Findings::from(verdicts), vec![("kept".into(), Box::new(Keeps(send)))], Behind::Wait, None)
            .expect("a thread");
    drop(engine);
    delivery.finish().expect("all written");
    kept.iter().collect()
}

#[test]
fn a_reload_does_not_wait_for_what_waits_to_be_judged() {
    let (mut engine, verdicts) = engine();
    let newer = candidate(&engine, "counter-2");
    for batch in batches() {
        engine.judge(batch).expect("judged");
    }
    assert!(matches!(engine.install(Path::new("counter-1"), newer), Ok(Handover::State(_))));
    let found = findings(engine, verdicts);
    let counted: Vec<_> = found.iter().filter(|[pack, ..]| pack == "counter").collect();
    let numbers: Vec<_> = counted.iter().map(|[_, _, message]| message.clone()).collect();
    let expected: Vec<_> = (1..=BATCHES).map(|number| format!("{number} /any/lanner-count-me")).collect();
    assert_eq!(numbers, expected, "each once, in order, with the state of the version before");
    let newer = counted.iter().filter(|[_, version, _]| version == "2.0.0").count();
    assert!(newer > 0, "what waited is judged by the new version");
}

/// It has subscriptions of its own, by which it gets what had been put aside for the other.
#[test]
fn what_waits_for_a_pack_goes_to_the_one_in_its_place() {
    let (mut engine, verdicts) = engine();
    let other = candidate(&engine, "losses");
    for batch in batches() {
        engine.judge(batch).expect("judged");
    }
    assert!(matches!(engine.install(Path::new("counter-1"), other), Ok(Handover::First)));
    let found = findings(engine, verdicts);
    let by = |name: &str| found.iter().filter(|[pack, ..]| pack == name).count();
    assert_eq!(by("counter") + by("losses"), BATCHES, "each was judged by one of them");
    assert!(by("losses") > 0);
    assert!(found.iter().all(|[pack, _, message]| pack != "losses" || message == "opened /any/lanner-after-loss"));
}

#[test]
fn what_is_given_up_is_counted() {
    let (mut engine, verdicts) = engine();
    for batch in batches() {
        engine.judge(batch).expect("judged");
    }
    engine.give_up();
    while !engine.is_idle() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let unjudged = usize::try_from(engine.unjudged()).expect("few");
    let found = findings(engine, verdicts);
    let counted = found.iter().filter(|[pack, ..]| pack == "counter").count();
    assert!(unjudged > 0);
    assert_eq!(counted * OPENS + unjudged, BATCHES * OPENS, "judged or counted, each batch");
}
