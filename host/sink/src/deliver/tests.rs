use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use lanner_engine::{Description, Rule};
use lanner_finding::Severity;

use crate::queue::MAX_FINDINGS;

use super::*;

/// What came to a sink, in order.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Kept {
    fn push(&self, line: &str) {
        self.0.lock().expect("the list").push(line.to_owned());
    }

    fn len(&self) -> usize {
        self.0.lock().expect("the list").len()
    }

    fn findings(&self) -> usize {
        self.0.lock().expect("the list").iter().filter(|line| *line != "flushed").count()
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("the list").clone()
    }
}

/// Keeps what it is given; fails at the finding of this message, for good or so many times.
struct Keeps {
    kept: Kept,
    fails_at: &'static str,
    times: Option<u32>,
    waiting: Vec<String>,
}

impl Keeps {
    fn new(kept: &Kept, fails_at: &'static str, times: Option<u32>) -> Box<Self> {
        Box::new(Self { kept: kept.clone(), fails_at, times, waiting: Vec::new() })
    }
}

impl Sink for Keeps {
    fn write(&mut self, finding: &Finding) {
        self.waiting.push(finding.message.clone());
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        while let Some(first) = self.waiting.first() {
            if first == self.fails_at {
                match &mut self.times {
                    None => return Err(SinkError::Ended(std::io::Error::other("gone"))),
                    Some(0) => {}
                    Some(times) => {
                        *times -= 1;
                        return Err(SinkError::Now(ErrorKind::StorageFull.into()));
                    }
                }
            }
            self.kept.push(&self.waiting.remove(0));
        }
        self.kept.push("flushed");
        Ok(())
    }

    fn reopen(&mut self) {
        self.kept.push("reopened");
    }
}

fn finding(message: &str) -> Finding {
    let rule = Rule { id: "a/rule".into(), severity: Severity::High, ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    Finding::new(Arc::new(pack), 0, message.to_owned(), 1).expect("it has the rule")
}

/// How a delivery went: the outcome, what each of two sinks kept, what the watcher was told.
struct Outcome {
    result: Result<u64, SinkError>,
    kept: [Vec<String>; 2],
    watched: Vec<String>,
}

/// Delivers groups of findings to two sinks, of which the second fails at a message.
fn deliver_all(groups: &[&[&str]], fails_at: &'static str, times: Option<u32>, behind: Behind) -> Outcome {
    let kept = [Kept::default(), Kept::default()];
    let sinks: Vec<Named> = vec![
        ("first".into(), Keeps::new(&kept[0], "", None)),
        ("second".into(), Keeps::new(&kept[1], fails_at, times)),
    ];
    let (watch, watched) = channel();
    let groups: Vec<Vec<Finding>> = groups.iter().map(|group| group.iter().copied().map(finding).collect()).collect();
    let delivery = Delivery::start(groups.into_iter(), sinks, behind, Some(watch)).expect("threads");
    let result = delivery.finish().map(|delivered| delivered.findings);
    Outcome { result, kept: kept.map(|kept| kept.lines()), watched: watched.iter().map(|f| f.message).collect() }
}

#[test]
fn every_sink_gets_every_finding_and_each_group_is_seen_at_once() {
    let Outcome { result, kept, watched } = deliver_all(&[&["a", "b"], &["c"]], "nothing", None, Behind::Wait);
    assert_eq!(result.expect("all written"), 3);
    let expected = ["a", "b", "flushed", "c", "flushed"];
    assert_eq!(kept, [expected, expected]);
    assert_eq!(watched, ["a", "b", "c"]);
}

/// Takes nothing until it is let.
struct Stuck(Arc<Mutex<()>>, Kept);

impl Sink for Stuck {
    fn write(&mut self, finding: &Finding) {
        drop(self.0.lock());
        self.1.push(&finding.message);
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) {}
}

#[test]
fn a_sink_that_is_stuck_holds_up_nobody_and_what_it_does_not_take_is_counted() {
    const FINDINGS: usize = 3 * MAX_FINDINGS;
    let (gate, stuck, other) = (Arc::new(Mutex::new(())), Kept::default(), Kept::default());
    let closed = gate.lock().expect("the gate");
    let sinks: Vec<Named> = vec![
        ("stuck".into(), Box::new(Stuck(gate.clone(), stuck.clone()))),
        ("other".into(), Keeps::new(&other, "", None)),
    ];
    // They come as fast as the other one takes them: it is not left behind.
    let (bring, brought) = std::sync::mpsc::sync_channel(1);
    let delivery = Delivery::start(brought.into_iter(), sinks, Behind::LeaveOut, None).expect("threads");
    for number in 0..FINDINGS {
        bring.send(vec![finding(&number.to_string())]).expect("it is taken");
        while other.len() < number.saturating_sub(64) {
            std::thread::yield_now();
        }
    }
    drop(bring);
    while other.findings() < FINDINGS {
        std::thread::yield_now();
    }
    assert!(!delivery.is_finished() && delivery.progress().waiting == MAX_FINDINGS);
    drop(closed);
    let delivered = delivery.finish().expect("none failed");
    let left_out = (FINDINGS - MAX_FINDINGS) as u64;
    assert_eq!(delivered, Delivered { findings: FINDINGS as u64, left_out });
    let kept = stuck.lines();
    let first: Vec<String> = (0..MAX_FINDINGS).map(|number| number.to_string()).collect();
    assert!(kept == first, "the oldest are kept, in order");
}

#[test]
fn where_nothing_was_found_nothing_is_written() {
    let Outcome { result, kept, watched } = deliver_all(&[&[], &[]], "nothing", None, Behind::Wait);
    assert_eq!(result.expect("nothing to write"), 0);
    assert!(kept.iter().all(Vec::is_empty) && watched.is_empty());
}

#[test]
fn a_sink_that_fails_ends_the_delivery_of_a_replay_with_its_reason() {
    let Outcome { result, kept, watched } = deliver_all(&[&["first", "second"]], "second", None, Behind::Wait);
    assert_eq!(result.expect_err("it fails").to_string(), "findings cannot be written any more: gone");
    assert_eq!(kept[0], ["first", "second", "flushed"], "the other sink has it all");
    assert_eq!(kept[1], ["first"]);
    assert_eq!(watched, ["first", "second"], "what was found is known whatever becomes of it");
}

#[test]
fn live_a_sink_that_fails_ends_alone_and_the_last_one_ends_it_all() {
    let groups: &[&[&str]] = &[&["first"], &["second"], &["third"]];
    let Outcome { result, kept, .. } = deliver_all(groups, "second", None, Behind::LeaveOut);
    assert_eq!(result.expect("the other one goes on"), 3);
    assert_eq!(kept[0].iter().filter(|line| *line != "flushed").collect::<Vec<_>>(), ["first", "second", "third"]);
    assert_eq!(kept[1][0], "first");

    let only: Vec<Named> =
        vec![("only".into(), Keeps::new(&Kept::default(), "first", None)), ("listeners".into(), Box::new(Listens))];
    // Nobody ends what comes: that nothing takes it any more does.
    let (bring, brought) = channel::<Vec<Finding>>();
    let delivery = Delivery::start(brought.into_iter(), only, Behind::LeaveOut, None).expect("threads");
    bring.send(vec![finding("first")]).expect("it is taken");
    while !delivery.is_finished() {
        std::thread::yield_now();
    }
    assert!(delivery.standings().sinks()[0].failed);
    drop(bring);
    assert_eq!(delivery.finish().expect_err("it failed").to_string(), "findings cannot be written any more: gone");
}

/// Is none that findings are kept by.
struct Listens;

impl Sink for Listens {
    fn write(&mut self, _: &Finding) {}

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn reopen(&mut self) {}

    fn is_place(&self) -> bool {
        false
    }
}

#[test]
fn what_fails_for_a_moment_is_written_when_it_goes_again() {
    let Outcome { result, kept, watched } =
        deliver_all(&[&["first", "second"], &["third"]], "second", Some(2), Behind::LeaveOut);
    assert_eq!(result.expect("all written"), 3);
    assert_eq!(kept[1], ["first", "second", "flushed", "third", "flushed"]);
    assert_eq!(watched, ["first", "second", "third"]);
}

#[test]
fn a_replay_does_not_wait_for_room_on_the_disk() {
    let Outcome { result, kept, .. } = deliver_all(&[&["first", "second"]], "second", Some(2), Behind::Wait);
    assert!(matches!(result, Err(SinkError::Now(error)) if error.kind() == ErrorKind::StorageFull));
    assert_eq!(kept[1], ["first"]);
}

#[test]
fn what_is_asked_to_reopen_does_though_nothing_comes() {
    let kept = Kept::default();
    let (bring, brought) = channel::<Vec<Finding>>();
    let sinks: Vec<Named> = vec![("only".into(), Keeps::new(&kept, "", None))];
    let delivery = Delivery::start(brought.into_iter(), sinks, Behind::LeaveOut, None).expect("threads");
    delivery.reopen();
    while kept.len() < 2 {
        std::thread::yield_now();
    }
    assert_eq!(kept.lines(), ["reopened", "flushed"]);
    drop(bring);
    delivery.finish().expect("none failed");
}
