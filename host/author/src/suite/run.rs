//! Running tests.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lanner_abi::Kind;
use lanner_engine::Settings;
use lanner_lists::{Given, ListName, Lists, Way, Written};

use super::align::{Difference, align};
use super::{Found, Step, Suite, Test};
use crate::document::Problem;
use crate::event::Scene;
use crate::pack::Pack;
use crate::stage::{Heard, Played, Stage, StageError};

/// What came of a test.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// What was found.
    pub found: Vec<Found>,
    /// What was expected beside what was found.
    pub differences: Vec<Difference>,
    /// What the pack logged: how important it is, and the line.
    pub log: Vec<(tracing::Level, String)>,
    /// Events that were judged, and their kinds.
    pub events: u64,
    /// Their kinds.
    pub kinds: BTreeSet<Kind>,
    /// How long it took.
    pub took: Duration,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was found is what was expected.
    Passed,
    /// It is not.
    Failed,
    /// Something went wrong on the way: sentences.
    Broken(Vec<String>),
}

impl Outcome {
    /// Whether all is well.
    pub fn is_passed(&self) -> bool {
        *self == Self::Passed
    }
}

/// Runs these tests, so many at once; gives what came of each in their order, as soon as those before it are done.
pub fn run_all(pack: &Pack, tests: &[(&Suite, &Test)], jobs: usize, mut done: impl FnMut(usize, Ran)) {
    let next = AtomicUsize::new(0);
    let (send, receive) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, tests.len().max(1)) {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((suite, test)) = tests.get(place) else { return };
                    // Who asked for it takes all of them.
                    let _ = send.send((place, run(pack, suite, test)));
                }
            });
        }
        drop(send);
        let (mut waiting, mut due) = (std::collections::BTreeMap::new(), 0);
        for (place, ran) in receive {
            waiting.insert(place, ran);
            while let Some(ran) = waiting.remove(&due) {
                done(due, ran);
                due += 1;
            }
        }
    });
}

/// Runs a test.
fn run(pack: &Pack, suite: &Suite, test: &Test) -> Ran {
    let began = Instant::now();
    let mut scene = Scene::default();
    let played = play(pack, suite, test, &mut scene);
    let took = began.elapsed();
    let broken = |troubles: Vec<String>, events, kinds, log, found| Ran {
        outcome: Outcome::Broken(troubles),
        found,
        differences: Vec::new(),
        log,
        events,
        kinds,
        took,
    };
    let Played { findings, heard: Heard { log, mut troubles }, events, kinds } = match played {
        Ok(played) => played,
        Err(error) => return broken(vec![error.to_string()], 0, BTreeSet::new(), Vec::new(), Vec::new()),
    };
    let found: Vec<Found> = findings.iter().map(Found::of).collect();
    if let Some(stray) = found.iter().find(|found| test.off.iter().any(|off| off == found.rule())) {
        troubles.push(format!("the rule {} is off, and the pack raised a finding of it all the same", stray.rule()));
    }
    if !troubles.is_empty() {
        return broken(troubles, events, kinds, log, found);
    }
    let expected = test.expected.as_deref().unwrap_or_default();
    let differences = align(expected, &found, |name| scene.id_of(name));
    let same = test.expected.is_some() && differences.iter().all(Difference::is_none);
    let outcome = if same { Outcome::Passed } else { Outcome::Failed };
    Ran { outcome, found, differences, log, events, kinds, took }
}

/// What stands in the lists of a test; what it says last holds.
fn lists(pack: &Pack, test: &Test) -> Result<Lists, StageError> {
    let mut given: Vec<Given> = Vec::new();
    for (list, entries) in &test.lists {
        let known = pack.description.lists.iter().map(|list| list.name.as_str());
        if !known.clone().any(|known| known == list) {
            let known: Vec<&str> = known.collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("there are {}", known.join(", ")) };
            return Err(StageError::File(format!("the pack has no list {list:?}; {known}")));
        }
        given.retain(|given| given.name.list != *list);
        let (name, way) = (ListName { pack: None, list: list.clone() }, Way::Replaces);
        given.push(Given { name, way, origin: Arc::new(Written::new("the test", entries.clone())) });
    }
    Lists::new(given, None).map_err(|error| StageError::File(error.to_string()))
}

fn play(pack: &Pack, suite: &Suite, test: &Test, scene: &mut Scene) -> Result<Played, StageError> {
    let path = &suite.document.path;
    let wrong = |problem: Problem| StageError::Wrong(problem.in_file(path));
    let mut settings = Settings::default();
    let name = &pack.description.name;
    test.settings.iter().for_each(|(setting, value)| settings.set(name, setting, value));
    test.off.iter().for_each(|rule| settings.turn_off(name, rule));
    test.processes.iter().try_for_each(|processes| scene.define(processes)).map_err(wrong)?;
    let mut stage = match test.lists.is_empty() {
        true => Stage::start(pack, settings)?,
        false => Stage::with_lists(pack, settings, lists(pack, test)?)?,
    };
    for step in &test.steps {
        match step {
            Step::Events(node) => {
                scene.events(node).map_err(wrong)?.into_iter().try_for_each(|event| stage.event(event))?;
            }
            Step::Wait(time) => stage.wait(scene.wait(*time))?,
            Step::Capture(node, file) => stage.file(scene, file).map_err(|error| match error {
                StageError::File(what) => wrong(node.problem(what)),
                other => other,
            })?,
            Step::Reload => stage.reload()?,
        }
    }
    stage.end()
}
