//! Candidates in the shadow of the version that runs: what they find is compared, and not raised, until they are promoted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use lanner_engine::{Candidate, Compared, Counts, Handover, Outcome, PackStatus, Refusal, Set};
use lanner_tests::made::{self, Calls};
use lanner_tests::stage::Stage;
use lanner_tests::{Lanner, put, require_kernel, run, signal, test_pack};
use rustix::process::Signal;

const EACH: &str = "(call $each (local.get 0))";
const RAISE: &str = "(call $raise (i32.const 0) (local.get 0))";

struct Scene {
    stage: Stage,
}

impl Scene {
    fn new(workers: usize) -> Self {
        Self { stage: Stage::new(workers) }
    }

    /// Has so many batches of an open each judged, and time pass.
    fn judge(&mut self, count: usize) {
        for _ in 0..count {
            let open = self.stage.open((self.stage.last() + 1) * 1_000_000_000);
            self.stage.engine.judge(vec![open]).expect("it judges");
        }
        self.stage.engine.tick((self.stage.last() + 1) * 1_000_000_000).expect("it is told");
        self.stage.wait();
    }

    fn exchange(&mut self, set: Set) -> Outcome {
        let (reply, outcome) = channel();
        self.stage.engine.exchange(set, reply);
        loop {
            self.stage.engine.settle();
            if let Ok(outcome) = outcome.recv_timeout(Duration::from_millis(1)) {
                return outcome;
            }
        }
    }

    /// A pack of this name, with these rules, that does so with each event.
    fn candidate(&self, name: &str, rules: &[&str], on: &str) -> Candidate {
        let more = made::kit(on);
        // It keeps four bytes, so that there is a state to take over.
        let calls = Calls { evaluate: EACH, more: &more, state: 4, ..Calls::default() };
        let rules = rules.iter().map(|rule| made::rule(rule, vec![("open", None)])).collect();
        let bytes = made::pack(&made::description(name, rules), &calls);
        Candidate::prepare(&self.stage.runtime, &bytes).expect("a candidate")
    }

    fn install(&mut self, path: &str, rules: &[&str], on: &str) {
        let candidate = self.candidate(path, rules, on);
        self.stage.engine.install(Path::new(path), candidate).expect("it is taken");
    }

    fn shadow(&mut self, of: &str, rules: &[&str], on: &str) -> Outcome {
        let candidate = self.candidate(of, rules, on);
        self.exchange(Set { shadows: vec![(of.into(), "/new".into(), candidate)], ..Set::default() })
    }

    fn status(&self, of: &str) -> PackStatus {
        self.stage.engine.status().into_iter().find(|pack| pack.path == Path::new(of)).expect("it runs")
    }

    fn compared(&self, of: &str) -> Compared {
        self.status(of).shadow.expect("a shadow").compared
    }

    /// The events that were found of a pack, with the rule of each; and whether a shadow failed.
    fn end(self) -> (Vec<(String, u32, u64)>, bool) {
        let answers = self.stage.end();
        let failed = answers.iter().any(|answer| answer.gave.is_shadow && answer.gave.failure.is_some());
        let found = answers.iter().flat_map(|answer| {
            let name = answer.description.name.clone();
            answer.gave.findings.iter().map(move |finding| (name.clone(), finding.rule, finding.events[0]))
        });
        (found.collect(), failed)
    }
}

#[test]
fn what_a_shadow_finds_is_compared_and_not_raised_until_it_is_promoted() {
    for workers in [1, 3] {
        let mut scene = Scene::new(workers);
        scene.install("a", &["a/one"], RAISE);
        scene.install("b", &["b/one"], "");
        scene.judge(10);
        // It misses one, and finds one more, by a rule that has another place.
        let on = "(if (i64.ne (local.get 0) (i64.const 15)) (then (call $raise (i32.const 1) (local.get 0))))
                  (if (i64.eq (local.get 0) (i64.const 17)) (then (call $raise (i32.const 0) (local.get 0))))";
        let placed = scene.shadow("a", &["a/two", "a/one"], on).expect("it begins");
        assert_eq!(placed.handovers, [Handover::State(4)], "from a copy of the state");
        assert_eq!(scene.stage.engine.packs().count(), 2, "it is not one of the packs that are said to run");
        scene.judge(10);
        let compared = scene.compared("a");
        assert_eq!(compared.all, Counts { same: 9, changed: 0, only_running: 1, only_candidate: 1 });
        assert_eq!(compared.by_rule["a/two"], Counts { only_candidate: 1, ..Counts::default() });
        let differ: Vec<_> = compared.latest.iter().map(|difference| (&*difference.rule, difference.event)).collect();
        assert_eq!(differ, [("a/one", Some(15)), ("a/two", Some(17))]);
        assert!(scene.status("b").shadow.is_none());

        let set = Set { promote: vec!["a".into()], ..Set::default() };
        assert_eq!(scene.exchange(set).expect("it is promoted").handovers, [Handover::State(4)]);
        assert!(scene.status("a").shadow.is_none());
        assert_eq!(scene.status("a").description.rules.len(), 2);
        scene.judge(5);
        // And back: the version before is kept.
        scene.exchange(Set { back: vec!["a".into()], ..Set::default() }).expect("it goes back");
        scene.judge(5);
        let (mut found, failed) = scene.end();
        found.sort_by_key(|(_, _, event)| *event);
        let expected = (1..=30).map(|event| ("a".to_owned(), u32::from((21..=25).contains(&event)), event));
        assert_eq!(found, expected.collect::<Vec<_>>());
        assert!(!failed);
    }
}

#[test]
fn a_shadow_that_traps_costs_the_version_that_runs_nothing() {
    let mut scene = Scene::new(1);
    scene.install("a", &["a/one"], RAISE);
    scene.shadow("a", &["a/one"], "unreachable").expect("it begins");
    scene.judge(10);
    assert_eq!(scene.compared("a").all, Counts { only_running: 10, ..Counts::default() });
    assert_eq!(scene.status("a").figures.failures, 0);
    scene.exchange(Set { unshadow: vec!["a".into()], ..Set::default() }).expect("it ends");
    assert!(scene.status("a").shadow.is_none());
    scene.judge(1);
    let (found, failed) = scene.end();
    assert_eq!(found.len(), 11);
    assert!(failed, "that it does is said");
}

#[test]
fn another_candidate_takes_the_place_and_a_reload_keeps_it() {
    let mut scene = Scene::new(2);
    scene.install("a", &["a/one"], RAISE);
    scene.shadow("a", &["a/one"], "").expect("it begins");
    scene.judge(3);
    assert_eq!(scene.compared("a").all.only_running, 3);
    scene.shadow("a", &["a/one"], RAISE).expect("it takes the place of the other one");
    scene.judge(3);
    assert_eq!(scene.compared("a").all, Counts { same: 3, ..Counts::default() });
    // It is compared with the version that runs, whichever that is.
    scene.install("a", &["a/one"], "");
    scene.judge(2);
    assert_eq!(scene.compared("a").all, Counts { same: 3, only_candidate: 2, ..Counts::default() });
    // With the one whose shadow it is it goes.
    scene.exchange(Set { remove: vec!["a".into()], ..Set::default() }).expect("it is removed");
    scene.judge(2);
    assert_eq!(scene.stage.engine.status().len(), 0);
    assert_eq!(scene.end().0.len(), 6);
}

/// The kernel side is asked first, for a version that comes back as for one that is new.
#[test]
fn what_an_older_version_wants_is_known_before_it_runs_again() {
    let mut scene = Scene::new(1);
    for kind in ["exec", "open"] {
        let description = made::description("a", vec![made::rule("a/one", vec![(kind, None)])]);
        let pack = made::pack(&description, &Calls::default());
        let candidate = Candidate::prepare(&scene.stage.runtime, &pack).expect("a candidate");
        scene.stage.engine.install(Path::new("a"), candidate).expect("it is taken");
    }
    let kinds = |set: &Set| -> Vec<&str> {
        scene.stage.engine.wanted_by(set).iter().map(|wanted| wanted.kind.name()).collect()
    };
    assert_eq!(kinds(&Set { back: vec!["a".into()], ..Set::default() }), ["exec"]);
    assert_eq!(kinds(&Set { remove: vec!["a".into()], ..Set::default() }), [""; 0]);
}

/// What is refused changes nothing: neither what runs nor what it can go back to.
#[test]
fn a_rollback_that_is_refused_can_be_asked_for_again() {
    let mut scene = Scene::new(2);
    scene.install("a", &["a/one"], RAISE);
    scene.install("a", &["a/two"], "");
    let other = scene.candidate("b", &["a/one"], "");
    scene.stage.engine.install(Path::new("b"), other).expect("the rule is free");
    let back = || Set { back: vec!["a".into()], ..Set::default() };
    let (_, refusal) = scene.exchange(back()).expect_err("the rule is taken");
    assert!(matches!(refusal, Refusal::DuplicateRule { .. }), "{refusal}");
    assert!(scene.status("a").before.is_some(), "it is kept");
    scene.exchange(Set { remove: vec!["b".into()], ..Set::default() }).expect("it is removed");
    scene.exchange(back()).expect("it goes back");
    scene.judge(2);
    // And forth again, and no further.
    scene.exchange(back()).expect("it goes forth");
    assert_eq!(scene.status("a").description.rules[0].id, "a/two");
    scene.judge(2);
    assert_eq!(scene.end().0.len(), 2);
}

#[test]
fn what_cannot_be_a_shadow_is_refused() {
    let mut scene = Scene::new(1);
    scene.install("a", &["a/one"], RAISE);
    scene.install("b", &["b/one"], RAISE);
    let refused = |outcome: Outcome| outcome.expect_err("it is refused").1;
    let other = scene.candidate("c", &["c/one"], RAISE);
    let set = Set { shadows: vec![("a".into(), "/new".into(), other)], ..Set::default() };
    assert!(matches!(refused(scene.exchange(set)), Refusal::NothingToShadow { name } if name == "c"));
    assert!(matches!(
        refused(scene.shadow("a", &["a/one", "b/one"], RAISE)),
        Refusal::DuplicateRule { other, .. } if other == "b"
    ));
    for set in [
        Set { promote: vec!["a".into()], ..Set::default() },
        Set { unshadow: vec!["a".into()], ..Set::default() },
        Set { promote: vec!["nowhere".into()], ..Set::default() },
    ] {
        assert!(matches!(refused(scene.exchange(set)), Refusal::NoShadow));
    }
    scene.judge(2);
    assert_eq!(scene.end().0.len(), 4);
}

/// Does a verb that asks the host, and gives the lines that it prints.
fn ask(lanner: &Lanner, arguments: &[&str]) -> Result<String, String> {
    let control = lanner.control();
    let ended = run(arguments.iter().copied().chain(["--control", control.to_str().expect("UTF-8")]));
    if ended.status.success() { Ok(ended.stdout.join("\n")) } else { Err(ended.stderr) }
}

#[test]
fn a_running_host_tries_a_pack_out_and_promotes_it() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let marked = tempfile::tempdir().expect("a folder");
    fs::copy(test_pack("counter-1"), rules.path().join("counter.wasm")).expect("a pack");
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let count = |name: &str, number: usize, version: &str| {
        fs::write(marked.path().join(name), "").expect("a marked file");
        let what = format!("{number} {}", marked.path().join(name).display());
        lanner.wait_for_finding(&what, |finding| finding["message"] == what && finding["fields"]["version"] == version);
    };
    count("lanner-count-a", 1, "1.0.0");
    let refused = ask(&lanner, &["shadow"]).expect_err("there is none");
    assert!(refused.contains("begin with `lanner shadow FILE`"), "{refused}");
    let refused = ask(&lanner, &["promote", "counter"]).expect_err("there is none");
    assert!(refused.contains("has no candidate in its shadow"), "{refused}");
    let missing = marked.path().join("none.wasm");
    let refused = ask(&lanner, &["shadow", missing.to_str().expect("UTF-8")]).expect_err("it is not there");
    assert!(refused.contains("cannot be read"), "{refused}");
    let one_rule: PathBuf = test_pack("one-rule");
    let refused = ask(&lanner, &["shadow", one_rule.to_str().expect("UTF-8")]).expect_err("it does not run");
    assert!(refused.contains("there is no pack \"one-rule\"; those that run are counter"), "{refused}");

    let newer: PathBuf = test_pack("counter-2");
    let begun = ask(&lanner, &["shadow", newer.to_str().expect("UTF-8")]).expect("it begins");
    assert!(begun.starts_with("pack counter: 2.0.0 runs in the shadow of 1.0.0;"), "{begun}");
    count("lanner-count-b", 2, "1.0.0");
    lanner.wait("the comparison", || {
        let report = ask(&lanner, &["shadow", "--output", "json"]).expect("there is one");
        let report: serde_json::Value = serde_json::from_str(&report).expect("an object");
        report["changed"] == 1 && report["pack"] == "counter" && report["version"] == "2.0.0"
    });
    // Of the same event both say that it is the second: the candidate began with the state of the version that runs.
    let text = ask(&lanner, &["shadow"]).expect("there is one");
    let said = format!("2 {}", marked.path().join("lanner-count-b").display());
    for part in [
        "pack counter: 2.0.0 in the shadow of 1.0.0, running",
        "findings 0 the same, 1 changed, 0 gone, 0 new",
        &format!("- {said}"),
        &format!("+ {said}"),
        ": another version",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let status = ask(&lanner, &["status"]).expect("it answers");
    assert!(status.contains("2.0.0 in its shadow: findings 0 the same, 1 changed"), "{status}");

    let promoted = ask(&lanner, &["promote", "counter"]).expect("it is promoted");
    assert!(promoted.starts_with("pack counter is 2.0.0 now, with the state of 1.0.0;"), "{promoted}");
    // Its file was not changed, and is no news.
    signal(lanner.pid(), Signal::HUP);
    lanner.wait_for_stderr("the rules were looked at: 1 files, as before");
    count("lanner-count-c", 3, "2.0.0");
    // Put where the other one is, it is what runs already.
    put(&newer, &rules.path().join("counter.wasm"));
    ask(&lanner, &["apply", rules.path().to_str().expect("UTF-8")]).expect("nothing changes");
    count("lanner-count-d", 4, "2.0.0");
    assert!(ask(&lanner, &["rollback", "counter"]).expect("it goes back").contains("is back at 1.0.0"));
    count("lanner-count-e", 3, "1.0.0");
    // What lies there is another than what runs now.
    let applied = ask(&lanner, &["apply", rules.path().to_str().expect("UTF-8")]).expect("it is applied");
    assert!(applied.starts_with("~ counter 1.0.0 -> 2.0.0"), "{applied}");
    count("lanner-count-f", 4, "2.0.0");
    ask(&lanner, &["rollback", "counter"]).expect("it goes back");

    ask(&lanner, &["shadow", newer.to_str().expect("UTF-8")]).expect("it begins");
    let ended = ask(&lanner, &["shadow", "--end", "counter"]).expect("it ends");
    assert_eq!(ended, "nothing runs in the shadow of pack counter any more");
    ask(&lanner, &["shadow"]).expect_err("there is none any more");
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("counter 2.0.0 with 1 rules: reloaded").count(), 1, "{}", ended.stderr);
    let of_2 = ended.findings().iter().filter(|finding| finding["fields"]["version"] == "2.0.0").count();
    assert_eq!(of_2, 3, "only what was found after it was promoted");
}
