use lanner_abi::{OwnedRecord, PROCESS, field};
use lanner_enrich::Enricher;
use lanner_pipeline::Tap;
use lanner_probes::event::{RawEvent, Task};
use lanner_source::record::{Machine, Record};
use serde_json::Value;

use super::*;

/// A program is started, and makes a folder.
fn events_of(exe: &str) -> Vec<Event> {
    let mut enricher = Enricher::new(&Machine::default(), None);
    let task = Task { pid: 7, tid: 7, start_boot_ns: 1, ..Task::default() };
    let image = OwnedRecord::new(&PROCESS).with(field::process::EXE, exe);
    let event = |kind: Kind| RawEvent {
        task: Some(task.clone()),
        ..RawEvent::of_nobody(1, kind, OwnedRecord::new(kind.record()))
    };
    let exec = RawEvent { image: Some(Box::new(image)), ..event(Kind::Exec) };
    [exec, event(Kind::Mkdir)].into_iter().filter_map(|event| enricher.take(Record::Event(Box::new(event)))).collect()
}

#[track_caller]
fn meant(exe: &str, these: &[&str], others: &[&str]) {
    let filter = Filter::new(&Sought { exe: Some(exe.into()), ..Sought::default() }).expect("a filter");
    let programs = filter.programs.expect("programs");
    let all_by = |path: &&str| events_of(path).iter().all(|event| is_by(event, &programs));
    assert!(these.iter().all(all_by), "{exe} {these:?}");
    assert!(!others.iter().any(all_by), "{exe} {others:?}");
}

#[test]
fn programs_are_named_by_how_their_paths_begin_by_globs_and_by_names() {
    meant("/usr/bin/", &["/usr/bin/cat"], &["/bin/cat", "/opt/usr/bin/cat"]);
    meant("/usr/*/cat", &["/usr/bin/cat", "/usr/sbin/cat"], &["/usr/bin/cats", "/usr/local/bin/cat"]);
    meant("/usr/**", &["/usr/bin/cat"], &["/bin/cat"]);
    meant("cat", &["/bin/cat"], &["/bin/cats", "/bin/zcat", "/cat/x"]);
    meant("python3*", &["/usr/bin/python3.13"], &["/usr/bin/python2", "/python3/x"]);
}

#[test]
fn what_is_not_there_is_refused_with_a_sentence() {
    let refused = |sought| Filter::new(&sought).map(drop).expect_err("it is refused");
    let kinds = vec!["open".into(), "opne".into()];
    let sentence = refused(Sought { kinds, ..Sought::default() });
    assert!(sentence.starts_with("there is no kind \"opne\" of events; there are exec, fork, "), "{sentence}");
    let sentence = refused(Sought { exe: Some("/usr/[".into()), ..Sought::default() });
    assert!(sentence.contains("/usr/[") && sentence.contains("has no ] after it"), "{sentence}");
}

#[test]
fn lines_are_those_of_recorded_events_and_of_the_programs_that_are_asked_for() {
    let (mut tap, listeners) = Tap::new();
    let Filter { interest, programs } =
        Filter::new(&Sought { exe: Some("cat".into()), ..Sought::default() }).expect("a filter");
    let mut lines = lines(listeners.listen(interest), programs).expect("a thread");
    let (cats, dogs) = (events_of("/bin/cat"), events_of("/bin/dog"));
    cats.iter().chain(&dogs).for_each(|event| tap.pass(event));
    drop(tap);
    let mut told = Vec::new();
    while let Some(portion) = lines.blocking_recv() {
        told.extend(portion);
    }
    let mut recorded = Vec::new();
    cats.iter().for_each(|event| append_event(event, &mut recorded));
    assert_eq!(told, recorded);
    let first: Value = serde_json::from_slice(told.split(|byte| *byte == b'\n').next().expect("a line")).expect("JSON");
    assert_eq!((&first["type"], &first["kind"]), (&"event".into(), &"exec".into()));
}

#[test]
fn the_thread_ends_with_who_listens() {
    let (mut tap, listeners) = Tap::new();
    let lines = lines(listeners.listen(Interest::default()), None).expect("a thread");
    let events = events_of("/bin/cat");
    tap.pass(&events[0]);
    drop(lines);
    while tap.is_open() {
        std::thread::yield_now();
    }
}
