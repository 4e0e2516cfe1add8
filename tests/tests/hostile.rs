//! Packs that do their worst, beside one that must not notice: in an engine with the limits of a live host.

use std::path::Path;
use std::time::Duration;

use lanner_contract::filter::Test;
use lanner_contract::{Filter, Finding};
use lanner_engine::{
    After, Answer, Candidate, Engine, Failure, Handover, Limits, PackStatus, Refusal, Runtime, Sentence, State,
};
use lanner_enrich::{Enricher, Event};
use lanner_probes::Task;
use lanner_source::record::Machine;
use lanner_tests::made::{self, Calls};
use lanner_tests::{events, test_pack};

/// Batches that are judged.
const BATCHES: u64 = 40;
/// Processor time of one call. Sound packs take a thousandth of it, also in a debug build.
const DEADLINE: Duration = Duration::from_millis(500);

/// A finding of the only rule, where the module has it in its memory; and that place.
const RAISE: &str = "(call $emit (i32.const 512) (global.get $length))";

/// What of `Calls::more` puts a finding there.
fn a_finding() -> String {
    let finding = Finding { message: "raised".to_owned(), ..Finding::default() }.encode();
    let bytes: String = finding.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(data (i32.const 512) "{bytes}") (global $length i32 (i32.const {}))"#, finding.len())
}

fn description() -> Vec<u8> {
    let rule = |id| made::rule(id, vec![("open", None)]);
    made::description("hostile", vec![rule("test/hostile"), rule("test/other")])
}

fn runtime() -> Runtime {
    let limits = Limits { deadline: DEADLINE, shared: true, ..Limits::default() };
    Runtime::new(limits, None).expect("a runtime")
}

fn hostile(runtime: &Runtime, calls: &Calls<'_>) -> Result<Candidate, Refusal> {
    Candidate::prepare(runtime, &made::pack(&description(), calls))
}

/// What came of a hostile pack beside the witness.
struct Outcome {
    /// What the engine said of it, in order.
    answers: Vec<Answer>,
    /// How it stands in the end.
    status: PackStatus,
    /// How much more memory the process had in between, MiB.
    grown: i64,
}

impl Outcome {
    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.answers.iter().filter_map(|answer| answer.gave.failure.as_ref())
    }

    fn findings(&self) -> usize {
        self.answers.iter().map(|answer| answer.gave.findings.len()).sum()
    }
}

/// Has both judge batches of two opens, of which the witness counts one, and ticks; the witness must have counted all.
fn beside_a_witness(calls: &Calls<'_>) -> Outcome {
    let runtime = runtime();
    let (mut engine, verdicts) = Engine::start(runtime.clone(), 2).expect("an engine");
    let witness = std::fs::read(test_pack("counter-1")).expect("the pack");
    let witness = Candidate::prepare(&runtime, &witness).expect("a pack");
    engine.install(Path::new("witness"), witness).expect("installed");
    engine.install(Path::new("hostile"), hostile(&runtime, calls).expect("a pack")).expect("installed");
    let taking = std::thread::spawn(move || {
        let mut answers = Vec::new();
        while let Some(mut verdict) = verdicts.next() {
            answers.extend(verdict.answers());
        }
        answers
    });
    let before = resident_mib();
    let mut grown = 0;
    for second in 1..=BATCHES {
        engine.judge(batch()).expect("judged");
        engine.tick(second * 1_000_000_000).expect("told");
        // As in a live host, where there is time between batches.
        while !engine.is_idle() {
            std::thread::sleep(Duration::from_millis(1));
        }
        grown = grown.max(resident_mib() - before);
    }
    let status = engine.status().into_iter().find(|pack| pack.description.name == "hostile").expect("it is there");
    drop(engine);
    let (witnessed, answers): (Vec<_>, Vec<_>) =
        taking.join().expect("answers were taken").into_iter().partition(|answer| answer.description.name == "counter");
    let counted = witnessed.iter().flat_map(|answer| &answer.gave.findings).map(|finding| finding.message.clone());
    let expected = (1..=BATCHES).map(|number| format!("{number} /any/lanner-count-me"));
    assert_eq!(counted.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "the witness has all, each once, in order");
    Outcome { answers, status, grown }
}

fn batch() -> Vec<Event> {
    let mut enricher = Enricher::new(&Machine::default(), None);
    let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
    let open = |path: &&str| enricher.take(events::record(events::open(1_000_000_000, &task, path))).expect("an event");
    ["/any/lanner-count-me", "/any/other"].iter().map(open).collect()
}

fn resident_mib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<i64>().expect("a number") / 1024
}

#[test]
fn one_that_traps_whatever_it_is_told_rests() {
    let outcome = beside_a_witness(&Calls { evaluate: "unreachable", ..Calls::default() });
    let first = outcome.answers.first().expect("an answer");
    assert!(matches!(first.gave.failure, Some(Failure::Trap(_))), "{:?}", first.gave.failure);
    assert_eq!(first.gave.after, Some(After::Rule(0, Sentence::Rests(1_000_000_000))));
    // Without its rules it traps all the same: then no rule can be blamed.
    let after: Vec<_> = outcome.answers.iter().filter_map(|answer| answer.gave.after).collect();
    assert!(after.iter().any(|after| matches!(after, After::GoesOn(Some(_)))), "{after:?}");
    assert!(after.iter().any(|after| matches!(after, After::Pack(_))), "{after:?}");
    assert!(outcome.status.figures.missed > 0);
}

#[test]
fn of_two_rules_the_one_that_traps_rests() {
    // The configuration names the rules that are off last, as a byte each.
    let configure = "(i32.store8 (i32.const 40) (i32.and (i32.gt_u (local.get 1) (i32.const 1))
        (i32.eqz (i32.load8_u (i32.sub (i32.add (local.get 0) (local.get 1)) (i32.const 1))))))";
    let evaluate = format!("{RAISE} (if (i32.eqz (i32.load8_u (i32.const 40))) (then unreachable))");
    let outcome = beside_a_witness(&Calls { configure, evaluate: &evaluate, more: &a_finding(), ..Calls::default() });
    let after: Vec<_> = outcome.answers.iter().filter_map(|answer| answer.gave.after).collect();
    assert_eq!(after.first(), Some(&After::Rule(0, Sentence::Rests(1_000_000_000))));
    assert!(after.iter().all(|after| matches!(after, After::Rule(0, _))), "{after:?}");
    assert!(outcome.findings() >= BATCHES as usize, "the other one goes on without a break");
    let figures = outcome.status.figures;
    assert_eq!((figures.state, figures.missed), (State::Running, 0));
}

#[test]
fn endless_loops() {
    let outcome = beside_a_witness(&Calls { evaluate: "(loop $again (br $again))", ..Calls::default() });
    let failure = outcome.failures().next();
    assert!(matches!(failure, Some(Failure::Deadline { limit: DEADLINE, .. })), "{failure:?}");
    assert!(
        outcome.failures().count() < 10 && outcome.status.figures.missed > 0,
        "it rests, and what it misses is counted"
    );
}

#[test]
fn endless_recursion() {
    let more = "(func $deeper (call $deeper))";
    let outcome = beside_a_witness(&Calls { evaluate: "(call $deeper)", more, ..Calls::default() });
    assert!(matches!(outcome.failures().next(), Some(Failure::Trap(why)) if why.contains("stack")));
}

#[test]
fn memory_without_end() {
    let grow = "(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) unreachable";
    let outcome = beside_a_witness(&Calls { evaluate: grow, ..Calls::default() });
    assert!(matches!(outcome.failures().next(), Some(Failure::Memory(_))), "{:?}", outcome.failures().next());
    assert!(outcome.grown < 300, "{} MiB more", outcome.grown);
}

#[test]
fn findings_as_large_as_its_memory() {
    let evaluate = "(drop (memory.grow (i32.const 800)))
        (loop $again (call $emit (i32.const 0) (i32.shl (memory.size) (i32.const 16))) (br $again))";
    let outcome = beside_a_witness(&Calls { evaluate, ..Calls::default() });
    assert!(matches!(outcome.failures().next(), Some(Failure::Trap(_))), "{:?}", outcome.failures().next());
    assert!(outcome.grown < 300, "{} MiB more", outcome.grown);
}

#[test]
fn a_million_findings() {
    let evaluate = format!(
        "(local $n i32) (loop $again {RAISE} (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 25000))))"
    );
    let outcome = beside_a_witness(&Calls { evaluate: &evaluate, more: &a_finding(), ..Calls::default() });
    let dropped: u64 = outcome.answers.iter().map(|answer| answer.gave.dropped).sum();
    // A call may be stopped by its deadline on a slow machine; what it raised is one or the other.
    assert!(dropped > 0 && outcome.findings() <= BATCHES as usize * 4096);
    assert!(outcome.grown < 300, "{} MiB more", outcome.grown);
}

#[test]
fn lengths_that_lie() {
    for evaluate in [
        "(call $emit (i32.const 0xffff0000) (i32.const 0x10000))",
        "(call $emit (i32.const 0) (i32.const -1))",
        "(call $log (i32.const 3) (i32.const -8) (i32.const 16))",
        "(call $log (i32.const 99) (i32.const 0) (i32.const 0))",
    ] {
        let outcome = beside_a_witness(&Calls { evaluate, ..Calls::default() });
        assert!(matches!(outcome.failures().next(), Some(Failure::Trap(_))), "{evaluate}");
    }
}

#[test]
fn text_that_is_none() {
    let more = r#"(data (i32.const 512) "\ff\fe\c0")"#;
    let outcome = beside_a_witness(&Calls {
        evaluate: "(call $log (i32.const 3) (i32.const 512) (i32.const 3))",
        more,
        ..Calls::default()
    });
    assert!(matches!(outcome.failures().next(), Some(Failure::Trap(_))));
    // What is no finding is said, and costs nothing else.
    let outcome =
        beside_a_witness(&Calls { evaluate: "(call $emit (i32.const 512) (i32.const 3))", more, ..Calls::default() });
    assert_eq!(outcome.failures().count(), 0);
    assert!(outcome.answers.iter().any(|answer| answer.gave.unreadable.is_some()));
}

#[test]
fn ticks_that_trap_or_never_end() {
    for (tick, deadline) in [("unreachable", false), ("(loop $again (br $again))", true)] {
        let outcome = beside_a_witness(&Calls { tick, ..Calls::default() });
        let failure = outcome.failures().next().expect("a failure");
        assert_eq!(matches!(failure, Failure::Deadline { .. }), deadline, "{failure}");
        let first = outcome.answers.iter().find_map(|answer| answer.gave.after);
        assert_eq!(first, Some(After::Pack(Sentence::Rests(1_000_000_000))));
    }
}

#[test]
fn a_start_that_never_comes_to_an_end_is_refused() {
    let limits = Limits { start: Duration::from_millis(200), shared: true, ..Limits::default() };
    let runtime = Runtime::new(limits, None).expect("a runtime");
    let forever = "(loop $again (br $again))";
    for calls in [
        Calls { start: forever, ..Calls::default() },
        Calls { describe: forever, ..Calls::default() },
        Calls { configure: forever, ..Calls::default() },
        Calls { start: "unreachable", ..Calls::default() },
        Calls { describe: "unreachable", ..Calls::default() },
        Calls { configure: "unreachable", ..Calls::default() },
    ] {
        assert!(matches!(hostile(&runtime, &calls), Err(Refusal::Call { .. })), "{calls:?}");
    }
}

#[test]
fn a_start_has_more_time_than_a_batch() {
    let limits = Limits { deadline: Duration::from_millis(1), start: Duration::from_secs(3600), ..Limits::default() };
    let runtime = Runtime::new(limits, None).expect("a runtime");
    // Some hundred times the deadline of a call.
    let long = "(local $n i32) (loop $again (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 300000000))))";
    assert!(hostile(&runtime, &Calls { start: long, ..Calls::default() }).is_ok());
}

#[test]
fn what_is_raised_while_it_starts_is_no_finding_of_a_batch() {
    let more = a_finding();
    let outcome =
        beside_a_witness(&Calls { describe: RAISE, configure: RAISE, save: RAISE, more: &more, ..Calls::default() });
    assert_eq!((outcome.failures().count(), outcome.findings()), (0, 0));
}

#[test]
fn descriptions_beyond_measure() {
    let runtime = runtime();
    let refused = |description: &[u8]| {
        let pack = made::pack(description, &Calls::default());
        matches!(Candidate::prepare(&runtime, &pack), Err(Refusal::Description(_)))
    };
    let long = made::rule("test/long", vec![("open", None)]);
    let long = lanner_contract::Rule { summary: "x".repeat(5 << 20), ..long };
    assert!(refused(&made::description("hostile", vec![long])), "larger than allowed");
    let many = |count: usize| {
        let filter = |n: usize| Filter::Field("open.path".into(), Test::StartsWith(vec![format!("/{n}").into_bytes()]));
        let events = (0..count).map(|n| ("open", Some(filter(n)))).collect();
        made::description("hostile", vec![made::rule("test/many", events)])
    };
    assert!(refused(&many(5000)), "more filters than allowed");
    assert!(!refused(&many(2000)));
}

#[test]
fn a_state_that_cannot_be_saved_or_taken_over() {
    let runtime = runtime();
    let install = |older: &Calls<'_>, newer: &Calls<'_>| {
        let (mut engine, _verdicts) = Engine::start(runtime.clone(), 1).expect("an engine");
        engine.install(Path::new("hostile"), hostile(&runtime, older).expect("a pack")).expect("installed");
        let outcome = engine.install(Path::new("hostile"), hostile(&runtime, newer).expect("a pack"));
        // Whatever came of it, one of them runs.
        engine.judge(batch()).expect("judged");
        while !engine.is_idle() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(engine.status()[0].figures.failures, 0);
        outcome
    };
    let sound = Calls { state: 16, ..Calls::default() };
    assert!(matches!(install(&sound, &sound), Ok(Handover::State(16))));
    assert!(matches!(install(&Calls { save: "unreachable", ..sound.clone() }, &sound), Ok(Handover::Failed)));
    assert!(matches!(install(&Calls { state: u32::MAX, ..sound.clone() }, &sound), Ok(Handover::Failed)), "it lies");
    assert!(matches!(install(&sound, &Calls { restore: "unreachable", ..sound.clone() }), Err(Refusal::State { .. })));
    let large = Calls { start: "(drop (memory.grow (i32.const 1000)))", state: 1000 << 16, ..Calls::default() };
    assert!(matches!(install(&large, &sound), Ok(Handover::State(65_536_000))));
}

#[test]
fn one_that_traps_now_and_then_goes_on_from_its_checkpoint() {
    // It counts batches in its state, which is its first four bytes, and traps at the tenth, the twentieth …
    let count = "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (if (i32.eqz (i32.rem_u (i32.load (i32.const 0)) (i32.const 10))) (then unreachable))";
    let restore = "(i32.store (i32.const 0) (i32.load (local.get 0)))";
    let outcome = beside_a_witness(&Calls { evaluate: count, restore, state: 4, ..Calls::default() });
    let after: Vec<_> = outcome.answers.iter().filter_map(|answer| answer.gave.after).collect();
    assert!(!after.is_empty());
    // Tried again it does not trap, as its count is that of the checkpoint: no event is left out.
    assert_eq!(after[0], After::GoesOn(None), "{after:?}");
}
