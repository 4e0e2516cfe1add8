//! Traps, and what becomes of the events and findings around them: in a recorded stream, where the same comes of it each time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use lanner_engine::{After, Candidate, Figures, Handover, Runtime, Set, State};
use lanner_tests::made::{self, Calls};
use lanner_tests::stage::Stage;

/// Takes over a count, which is the first four bytes.
const RESTORE: &str = "(i32.store (i32.const 0) (i32.load (local.get 0)))";
const COUNT: &str = "(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))";
const EACH: &str = "(call $each (local.get 0))";
/// A finding of rule 0 about the event.
const RAISE: &str = "(call $raise (i32.const 0) (local.get 0))";

/// A pack with these rules, which all want opens, in an engine of its own; its events are numbered from 1.
struct Scene {
    stage: Stage,
}

/// What came of it.
struct Outcome {
    failures: Vec<String>,
    after: Vec<After>,
    /// How often each event was found, by rule and event.
    found: BTreeMap<(u32, u64), usize>,
    figures: Figures,
}

impl Scene {
    fn new(rules: &[&str], calls: &Calls<'_>) -> Self {
        let mut stage = Stage::new(1);
        let pack = candidate(&stage.runtime, rules, calls);
        stage.engine.install(Path::new("a"), pack).expect("installed");
        Self { stage }
    }

    /// Has a batch of so many opens judged.
    fn judge(&mut self, count: usize) -> &mut Self {
        let batch = (0..count).map(|_| self.stage.open(1_000_000_000)).collect();
        self.stage.engine.judge(batch).expect("judged");
        self
    }

    fn tick(&mut self, second: u64) -> &mut Self {
        self.stage.engine.tick(second * 1_000_000_000).expect("told");
        self
    }

    fn end(self) -> Outcome {
        self.stage.wait();
        let figures = self.stage.engine.status().first().expect("the pack").figures;
        let answers = self.stage.end();
        let mut found = BTreeMap::new();
        for finding in answers.iter().flat_map(|answer| &answer.gave.findings) {
            *found.entry((finding.rule, finding.events[0])).or_default() += 1;
        }
        let failures =
            answers.iter().filter_map(|answer| answer.gave.failure.as_ref()).map(ToString::to_string).collect();
        Outcome { failures, after: answers.iter().filter_map(|answer| answer.gave.after).collect(), found, figures }
    }
}

impl Outcome {
    /// The events of which a rule found each once.
    fn once(&self, rule: u32) -> Vec<u64> {
        let once = self.found.iter().filter(|((of, _), count)| *of == rule && **count == 1);
        once.map(|((_, seq), _)| *seq).collect()
    }
}

fn candidate(runtime: &Runtime, rules: &[&str], calls: &Calls<'_>) -> Candidate {
    let rules = rules.iter().map(|id| made::rule(id, vec![("open", None)])).collect();
    Candidate::prepare(runtime, &made::pack(&made::description("a", rules), calls)).expect("a pack")
}

fn up_to(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[test]
fn the_state_that_a_reload_brought_is_the_first_checkpoint() {
    // What it raises is how many batches it has counted; it traps on the eleventh event.
    let more = made::kit("(if (i64.eq (local.get 0) (i64.const 11)) (then unreachable))");
    let evaluate = format!("{EACH} {COUNT} (call $raise (i32.const 0) (i64.load32_u (i32.const 0)))");
    let calls = Calls { evaluate: &evaluate, restore: RESTORE, state: 4, more: &more, ..Calls::default() };
    let mut scene = Scene::new(&["test/a"], &calls);
    for _ in 0..10 {
        scene.judge(1);
    }
    let newer = candidate(&scene.stage.runtime, &["test/a"], &calls);
    assert_eq!(scene.stage.engine.install(Path::new("a"), newer).expect("installed"), Handover::State(4));
    scene.judge(1).judge(1);
    let outcome = scene.end();
    assert_eq!(outcome.found.keys().last().map(|(_, count)| *count), Some(11), "{:?}", outcome.found);
}

#[test]
fn equal_findings_are_told_apart_by_how_many_there_are() {
    // It says the same of each event; of a batch with more than one it traps on the second.
    let on =
        "(if (i32.eq (global.get $many) (i32.const 2)) (then unreachable)) (call $raise (i32.const 0) (i64.const 1))
        (if (global.get $many) (then (global.set $many (i32.const 2))))";
    let more = format!("{} (global $many (mut i32) (i32.const 0))", made::kit(on));
    let evaluate = format!("(global.set $many (i32.gt_u (call $events (local.get 0)) (i32.const 1))) {EACH}");
    let mut scene = Scene::new(&["test/a"], &Calls { evaluate: &evaluate, more: &more, ..Calls::default() });
    scene.judge(3);
    assert_eq!(scene.end().found, BTreeMap::from([((0, 1), 3)]));
}

#[test]
fn two_rules_that_trap_in_one_batch_cost_the_third_nothing() {
    let off = |rule: u32| format!("(i32.eqz (i32.load8_u (i32.const {})))", 40 + rule);
    let trap = |rule, seq: u64| {
        format!("(if (i32.and (i64.eq (local.get 0) (i64.const {seq})) {}) (then unreachable))", off(rule))
    };
    for (one, other) in [(2, 5), (2, 2)] {
        let on = format!("{} {} (call $raise (i32.const 2) (local.get 0))", trap(0, one), trap(1, other));
        let more = made::kit(&on);
        let configure = "(call $off (local.get 0) (local.get 1))";
        let calls = Calls { configure, evaluate: EACH, more: &more, ..Calls::default() };
        let mut scene = Scene::new(&["test/a", "test/b", "test/c"], &calls);
        scene.judge(8);
        let outcome = scene.end();
        assert_eq!((outcome.once(2), outcome.figures.missed), (up_to(8), 0), "{one} {other}");
        assert!(matches!(outcome.after[..], [After::Rule(0, _)]), "{:?}", outcome.after);
    }
}

#[test]
fn one_that_traps_later_or_earlier_the_second_time_finds_each_event_once() {
    // It counts events, and traps at each tenth: from the checkpoint that is a later one.
    let later = format!(
        "{COUNT} (if (i32.eqz (i32.rem_u (i32.load (i32.const 0)) (i32.const 10))) (then unreachable)) {RAISE}"
    );
    // It is cleared of its count on event 6, and traps where it has counted 7, which from the checkpoint is an earlier one.
    let earlier = format!(
        "{COUNT} (if (i64.eq (local.get 0) (i64.const 6)) (then (i32.store (i32.const 0) (i32.const 0))))
        (if (i32.and (i32.eq (i32.load (i32.const 0)) (i32.const 7))
            (i32.or (i64.eq (local.get 0) (i64.const 8)) (i64.eq (local.get 0) (i64.const 13)))) (then unreachable)) {RAISE}"
    );
    for (on, saved, between) in [(&later, 3, 4), (&earlier, 5, 1)] {
        let more = made::kit(on);
        let calls = Calls { evaluate: EACH, restore: RESTORE, state: 4, more: &more, ..Calls::default() };
        let mut scene = Scene::new(&["test/a"], &calls);
        scene.judge(saved).tick(10).judge(between).judge(9);
        let outcome = scene.end();
        assert!(!outcome.after.is_empty(), "it traps");
        let missing = (saved + between + 9) as u64 - outcome.once(0).len() as u64;
        assert!(missing <= outcome.figures.missed, "{:?}, told: {}", outcome.found, outcome.figures.missed);
        assert!(outcome.found.values().all(|count| *count == 1), "{:?}", outcome.found);
    }
}

#[test]
fn what_comes_of_a_trap_does_not_depend_on_how_fast_the_machine_is() {
    let after = |spin: u32| {
        let start = format!("(call $spin (i32.const {spin}))");
        let more = made::kit("(if (i32.eqz (i32.load8_u (i32.const 41))) (then unreachable))");
        let configure = "(call $off (local.get 0) (local.get 1))";
        let calls = Calls { start: &start, configure, evaluate: EACH, more: &more, ..Calls::default() };
        let mut scene = Scene::new(&["test/a", "test/b"], &calls);
        scene.judge(3);
        scene.end().after
    };
    assert!(matches!(after(1)[..], [After::Rule(1, _)]));
    assert_eq!(after(1), after(150_000_000));
}

#[test]
fn a_checkpoint_that_traps_is_not_taken_up_for_ever() {
    // Something that it remembers is due at 15 s, and traps.
    let more = made::kit("(i32.store (i32.const 0) (i32.const 1))");
    let tick =
        "(if (i32.and (i32.load (i32.const 0)) (i64.ge_u (local.get 0) (i64.const 15000000000))) (then unreachable))";
    let calls = Calls { tick, evaluate: EACH, restore: RESTORE, state: 4, more: &more, ..Calls::default() };
    let mut scene = Scene::new(&["test/a"], &calls);
    scene.judge(1);
    for second in 1..400 {
        while !scene.stage.engine.has_room() {
            std::thread::sleep(Duration::from_millis(1));
        }
        scene.tick(second);
    }
    let figures = scene.end().figures;
    assert_eq!((figures.state, figures.failures), (State::Running, 2));
}

#[test]
fn a_pack_that_is_renamed_while_it_is_replaced_has_its_new_path() {
    let calls = Calls { state: 4, ..Calls::default() };
    let mut scene = Scene::new(&["test/a"], &calls);
    let (reply, outcome) = channel();
    let packs = vec![("a".into(), candidate(&scene.stage.runtime, &["test/a"], &calls))];
    scene.stage.engine.exchange(Set { packs, ..Set::default() }, reply);
    scene.stage.engine.rename(Path::new("a"), Path::new("b"));
    while scene.stage.engine.is_settling() {
        scene.stage.engine.settle();
    }
    outcome.recv().expect("an answer").expect("in place");
    assert_eq!(scene.stage.engine.packs().map(|(path, _)| path).collect::<Vec<_>>(), [Path::new("b")]);
}

#[test]
fn a_trap_names_the_function_and_those_that_called_it() {
    let more = made::kit("(if (i64.eq (local.get 0) (i64.const 2)) (then unreachable))");
    let mut scene = Scene::new(&["a/one"], &Calls { evaluate: EACH, more: &more, ..Calls::default() });
    scene.judge(3);
    let failures = scene.end().failures;
    let said = failures.first().expect("it trapped");
    assert!(said.starts_with("trapped: wasm trap: ") && said.contains(" in on, called by each"), "{said}");
}
