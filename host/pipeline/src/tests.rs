//! The pipeline between a made-up source and a made-up engine. Time is what records and orders say, and orders come at
//! steps of these two: nothing here waits for a clock.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
use lanner_engine::{Order, Outcome, PackStatus, Placed, Set, WorkerGone};
use lanner_enrich::Event;
use lanner_probes::event::{RawEvent, Task};
use lanner_source::record::{Machine, Record};
use lanner_source::{Drained, Source, SourceError, Take};

use super::{BATCH, Judge, Pipeline, PipelineError, Totals};

const SECOND: u64 = 1_000_000_000;

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Wanted(BTreeSet<Kind>),
    Closed,
    /// The sequence numbers of its events.
    Judged(Vec<u64>),
    Tick(u64),
    Removed(PathBuf),
}

/// What both stand-ins say, and what happens at which of their steps.
#[derive(Clone, Default)]
struct Scene(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    said: Vec<Said>,
    /// The source gives one of these a drain.
    portions: VecDeque<Vec<Record>>,
    /// Where it is live: the time up to which it is drained, ns. A recorded one ends.
    quiet: Option<u64>,
    /// It breaks where it would end.
    breaks: bool,
    /// Batches that the engine holds at most; where it is given, it judges none of them.
    stuck_at: Option<usize>,
    held: Vec<Vec<u64>>,
    /// After so many ticks it is full, until no order is left to be given then.
    ticks_until_full: Option<usize>,
    /// Nobody takes what it finds.
    unheard: bool,
    /// How often the source looked while the engine was full.
    looks: usize,
    worker_gone: bool,
    unjudged: u64,
    /// Orders that are given when the engine was found full, and when the source had nothing.
    when_full: VecDeque<Order>,
    when_quiet: VecDeque<Order>,
    orders: Option<Sender<Order>>,
    /// What the source says when it is asked whether what it was asked for is given; then it always is.
    settles: VecDeque<Result<bool, SourceError>>,
}

impl Scene {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().expect("the script")
    }

    fn said(&self) -> Vec<Said> {
        self.script().said.clone()
    }

    fn judged(&self) -> Vec<usize> {
        let length = |said: Said| if let Said::Judged(seqs) = said { Some(seqs.len()) } else { None };
        self.said().into_iter().filter_map(length).collect()
    }

    fn ticks(&self) -> Vec<u64> {
        self.said().into_iter().filter_map(|said| if let Said::Tick(at) = said { Some(at) } else { None }).collect()
    }

    fn run(&self) -> Result<Totals, PipelineError> {
        let (orders, given): (_, Receiver<Order>) = channel();
        self.script().orders = Some(orders);
        Pipeline::new(Box::new(self.clone()) as Box<dyn Source>, self.clone(), None).expect("a pipeline").run(&given)
    }
}

impl Script {
    fn give(&self, order: Option<Order>) {
        if let (Some(order), Some(orders)) = (order, &self.orders) {
            orders.send(order).expect("the pipeline listens");
        }
    }
}

static MACHINE: std::sync::LazyLock<Machine> = std::sync::LazyLock::new(Machine::default);

impl Source for Scene {
    fn machine(&self) -> &Machine {
        &MACHINE
    }

    fn want(&mut self, wanted: &[lanner_contract::Wanted]) -> Result<(), SourceError> {
        self.script().said.push(Said::Wanted(wanted.iter().map(|wanted| wanted.kind).collect()));
        Ok(())
    }

    fn settle(&mut self) -> Result<bool, SourceError> {
        self.script().settles.pop_front().unwrap_or(Ok(true))
    }

    fn drain(&mut self, take: &mut Take<'_>) -> Result<Drained, SourceError> {
        let (portion, live, breaks) = {
            let mut script = self.script();
            (script.portions.pop_front(), script.quiet.is_some(), script.breaks)
        };
        let Some(portion) = portion else {
            let mut script = self.script();
            let order = script.when_quiet.pop_front();
            script.give(order);
            return match (breaks, live) {
                (true, _) => Err(SourceError::Wait(std::io::Error::other("broken"))),
                (false, true) => Ok(Drained::Nothing),
                (false, false) => Ok(Drained::End),
            };
        };
        let mut records = portion.into_iter();
        while let Some(record) = records.next() {
            if take(record).is_break() {
                let rest: Vec<Record> = records.collect();
                self.script().portions.push_front(rest);
                return Ok(Drained::Some);
            }
        }
        Ok(if self.script().portions.is_empty() { Drained::All } else { Drained::Some })
    }

    fn wait(&mut self, _last: Drained, _timeout: Duration) -> Result<(), SourceError> {
        Ok(())
    }

    fn quiet_since(&self) -> Option<u64> {
        self.script().quiet
    }

    fn look(&mut self) -> Result<(), SourceError> {
        self.script().looks += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), SourceError> {
        self.script().said.push(Said::Closed);
        Ok(())
    }

    fn finish(&mut self, _take: &mut Take<'_>) -> Result<(), SourceError> {
        Ok(())
    }

    fn lost(&self) -> u64 {
        7
    }
}

impl Judge for Scene {
    fn has_room(&self) -> bool {
        let mut script = self.script();
        let ticks = script.said.iter().filter(|said| matches!(said, Said::Tick(_))).count();
        let room = script.stuck_at.is_none_or(|most| script.held.len() < most)
            && script.ticks_until_full.is_none_or(|most| ticks < most);
        if !room {
            let order = script.when_full.pop_front();
            if order.is_none() {
                script.ticks_until_full = None;
            }
            script.give(order);
        }
        room
    }

    fn is_heard(&self) -> bool {
        !self.script().unheard
    }

    fn is_idle(&self) -> bool {
        let idle = self.script().held.is_empty();
        if !idle {
            let mut script = self.script();
            let order = script.when_full.pop_front();
            script.give(order);
        }
        idle
    }

    fn judge(&mut self, events: Vec<Event>) -> Result<(), WorkerGone> {
        let mut script = self.script();
        let seqs = events.iter().map(|event| event.seq).collect();
        match (script.worker_gone, script.stuck_at) {
            (true, _) => return Err(WorkerGone),
            (false, Some(_)) => script.held.push(seqs),
            (false, None) => script.said.push(Said::Judged(seqs)),
        }
        Ok(())
    }

    fn tick(&mut self, now: u64) -> Result<(), WorkerGone> {
        self.script().said.push(Said::Tick(now));
        Ok(())
    }

    fn give_up(&self) {
        let mut script = self.script();
        script.unjudged = script.held.drain(..).map(|seqs| seqs.len() as u64).sum();
        script.stuck_at = None;
    }

    fn unjudged(&self) -> u64 {
        self.script().unjudged
    }

    fn wanted(&self) -> Vec<lanner_contract::Wanted> {
        vec![lanner_contract::Wanted { kind: Kind::Open, condition: None }]
    }

    fn wanted_by(&self, _: &Set) -> Vec<lanner_contract::Wanted> {
        Vec::new()
    }

    fn exchange(&mut self, set: Set, reply: Sender<Outcome>) {
        self.script().said.extend(set.remove.into_iter().map(Said::Removed));
        let _ = reply.send(Ok(Placed::default()));
    }

    fn settle(&mut self) -> bool {
        false
    }

    fn is_settling(&self) -> bool {
        false
    }

    fn rename(&mut self, _from: &Path, _to: &Path) {}

    fn release(&mut self, _: &str) -> bool {
        false
    }

    fn status(&self) -> Vec<PackStatus> {
        Vec::new()
    }
}

fn open(time_ns: u64) -> Record {
    let task = Task { pid: 10, tid: 10, start_boot_ns: SECOND, ..Task::default() };
    let event = RawEvent::of_nobody(time_ns, Kind::Open, OwnedRecord::new(Kind::Open.record()));
    Record::Event(Box::new(RawEvent { task: Some(task), ..event }))
}

fn opens(count: usize) -> Vec<Record> {
    (0..count).map(|_| open(SECOND)).collect()
}

fn totals(events: u64, unjudged: u64) -> Totals {
    Totals { events, lost: 7, filtered: 0, unjudged }
}

fn remove(name: &str) -> Order {
    Order::Exchange { set: Set { remove: vec![name.into()], ..Set::default() }, reply: channel().0 }
}

/// The verifier takes its time; events go on meanwhile.
#[test]
fn packs_wait_until_their_events_can_be_had_and_events_do_not() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(BATCH), opens(BATCH), opens(BATCH), opens(BATCH)].into();
        script.settles = [Ok(true), Ok(false), Ok(false), Ok(true)].into();
    }
    let (orders, given) = channel();
    orders.send(remove("a")).expect("it is read later");
    let source = Box::new(scene.clone()) as Box<dyn Source>;
    Pipeline::new(source, scene.clone(), None).expect("a pipeline").run(&given).expect("its end");
    let removed = Said::Removed("a".into());
    let before: Vec<Said> = scene.said().into_iter().take_while(|said| *said != removed).collect();
    let judged = before.iter().filter(|said| matches!(said, Said::Judged(_))).count();
    assert!((1..4).contains(&judged), "some were judged before, and some after: {:?}", scene.said());
    assert_eq!(scene.judged(), [BATCH; 4]);
}

#[test]
fn packs_whose_events_cannot_be_had_are_refused_and_events_go_on() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(BATCH), opens(BATCH)].into();
        script.settles = [Ok(true), Ok(false), Err(SourceError::Wait(std::io::Error::other("no such hook")))].into();
    }
    let (orders, given) = channel();
    let (reply, outcome) = channel();
    let set = Set { remove: vec!["a".into()], ..Set::default() };
    orders.send(Order::Exchange { set, reply }).expect("it is read later");
    let source = Box::new(scene.clone()) as Box<dyn Source>;
    Pipeline::new(source, scene.clone(), None).expect("a pipeline").run(&given).expect("its end");
    let (_, refusal) = outcome.recv().expect("an answer").expect_err("it is refused");
    assert!(refusal.to_string().contains("no such hook"), "{refusal}");
    assert!(!scene.said().contains(&Said::Removed("a".into())));
    assert_eq!(scene.judged(), [BATCH; 2]);
}

#[test]
fn a_recorded_stream_is_cut_by_size_alone() {
    let scene = Scene::default();
    scene.script().portions = [opens(100), opens(500), opens(1), opens(0), opens(99)].into();
    assert_eq!(scene.run().expect("its end"), totals(700, 0));
    assert_eq!(scene.judged(), [BATCH, BATCH, 700 - 2 * BATCH]);
    let all: Vec<u64> =
        scene.said().into_iter().flat_map(|said| if let Said::Judged(seqs) = said { seqs } else { vec![] }).collect();
    assert_eq!(all, (1..=700).collect::<Vec<_>>(), "each once, in order");
}

/// Each of another process with arguments of 32 KiB.
#[test]
fn a_batch_of_fat_processes_is_cut_by_bytes() {
    let exec = |pid: u32| {
        let task = Task { pid, tid: pid, start_boot_ns: SECOND, ..Task::default() };
        let image = OwnedRecord::new(&PROCESS).with(field::process::ARGV, [b'x'; 32 << 10].as_slice());
        let event = RawEvent::of_nobody(SECOND, Kind::Exec, OwnedRecord::new(Kind::Exec.record()));
        Record::Event(Box::new(RawEvent { task: Some(task), image: Some(Box::new(image)), ..event }))
    };
    let scene = Scene::default();
    scene.script().portions = [(100..300).map(exec).collect()].into();
    scene.run().expect("its end");
    let judged = scene.judged();
    // 4 MiB of processes before and of images after.
    assert_eq!(judged.iter().sum::<usize>(), 200);
    assert!(judged.iter().all(|count| *count <= 128) && judged.len() < 10, "{judged:?}");
}

/// An event that is nobody's doing, as a source of audit records would give it.
fn of_nobody(time_ns: u64) -> Record {
    Record::Event(Box::new(RawEvent::of_nobody(time_ns, Kind::Loss, OwnedRecord::new(Kind::Loss.record()))))
}

#[test]
fn several_sources_are_one_stream_of_events() {
    let [first, second] = [Scene::default(), Scene::default()];
    first.script().portions = [opens(3), opens(2)].into();
    second.script().portions = [vec![of_nobody(SECOND)], opens(1), opens(1), vec![of_nobody(SECOND)]].into();
    let (_orders, given) = channel();
    let sources: Vec<Box<dyn Source>> = vec![Box::new(first.clone()), Box::new(second.clone())];
    let done = Pipeline::new(sources, first.clone(), None).expect("a pipeline").run(&given).expect("their end");
    // Each lost seven.
    assert_eq!(done, Totals { events: 9, lost: 14, filtered: 0, unjudged: 0 });
    let seqs: Vec<u64> =
        first.said().into_iter().flat_map(|said| if let Said::Judged(seqs) = said { seqs } else { vec![] }).collect();
    assert_eq!(seqs, (1..=9).collect::<Vec<_>>(), "numbered as one, without gaps");
    let wanted = |scene: &Scene| scene.said().iter().any(|said| matches!(said, Said::Wanted(_)));
    assert!(wanted(&first) && wanted(&second), "both are asked");
}

#[test]
fn one_of_several_sources_that_breaks_ends_all_and_what_came_before_is_judged() {
    let [sound, broken] = [Scene::default(), Scene::default()];
    sound.script().portions = [opens(3)].into();
    sound.script().quiet = Some(SECOND);
    broken.script().portions = [opens(2)].into();
    broken.script().breaks = true;
    let (_orders, given) = channel();
    let sources: Vec<Box<dyn Source>> = vec![Box::new(sound.clone()), Box::new(broken)];
    let ended = Pipeline::new(sources, sound.clone(), None).expect("a pipeline").run(&given);
    assert!(matches!(ended, Err(PipelineError::Source(_))), "{ended:?}");
    assert_eq!(sound.judged().iter().sum::<usize>(), 5);
}

#[test]
fn a_live_batch_does_not_wait_for_more_than_there_is() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.quiet = Some(SECOND);
        // The second portion follows at once, so the two are one batch.
        script.portions = [opens(10), opens(5)].into();
        script.when_quiet = [Order::Stop].into();
    }
    assert_eq!(scene.run().expect("its end"), totals(15, 0));
    assert_eq!(scene.judged(), [15]);
}

#[test]
fn time_ticks_at_every_full_second_before_what_follows_it() {
    let scene = Scene::default();
    scene.script().portions =
        [vec![open(SECOND + 1), open(2 * SECOND - 1), open(2 * SECOND), open(4 * SECOND + 5)]].into();
    scene.run().expect("its end");
    let judged = |seqs: &[u64]| Said::Judged(seqs.to_vec());
    let [a, b, c] = [2, 3, 4].map(|second| Said::Tick(second * SECOND));
    let after_wanted = scene.said().split_off(1);
    assert_eq!(after_wanted, [judged(&[1, 2]), a, judged(&[3]), b, c, judged(&[4])]);
}

#[test]
fn of_a_jump_in_time_an_hour_is_made_up_for_and_a_clock_set_back_goes_on() {
    let scene = Scene::default();
    scene.script().portions = [vec![open(SECOND), open(100_000 * SECOND), open(50 * SECOND), open(51 * SECOND)]].into();
    scene.run().expect("its end");
    let ticks = scene.ticks();
    assert_eq!(ticks.len(), 3601 + 1);
    assert_eq!((ticks[0], ticks[3600]), (96_400 * SECOND, 100_000 * SECOND));
    assert_eq!(ticks[3601], 51 * SECOND);
}

#[test]
fn time_goes_on_while_nothing_happens() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [vec![open(SECOND)]].into();
        script.quiet = Some(3 * SECOND);
        // Found quiet once before, so that time is looked at.
        script.when_quiet = [remove("any"), Order::Stop].into();
    }
    scene.run().expect("its end");
    assert_eq!(scene.ticks(), [2 * SECOND, 3 * SECOND]);
}

/// A reload, an unload: what waits to be judged does not delay them.
#[test]
fn an_order_is_carried_out_though_the_engine_is_full() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(10 * BATCH)].into();
        script.stuck_at = Some(2);
        script.when_full = [remove("first"), remove("second"), Order::Stop, Order::GiveUp].into();
    }
    let totals = scene.run().expect("its end");
    let removed = |name: &str| Said::Removed(name.into());
    assert!(scene.said().contains(&removed("first")) && scene.said().contains(&removed("second")));
    assert!(scene.judged().is_empty(), "nothing was judged before");
    assert_eq!((totals.events, totals.unjudged), (0, 10 * BATCH as u64));
}

/// A machine that was suspended, a long stall: an hour of ticks is no reason to be deaf.
#[test]
fn ticks_wait_for_room_and_what_follows_them_waits_too() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [vec![open(SECOND), open(20 * SECOND), open(20 * SECOND)]].into();
        script.ticks_until_full = Some(5);
        script.when_full = (0..8).map(|number| remove(&number.to_string())).collect();
    }
    assert_eq!(scene.run().expect("its end"), totals(3, 0));
    assert_eq!(scene.ticks(), (2..=20).map(|second| second * SECOND).collect::<Vec<_>>());
    let said = scene.said();
    let place = |wanted: &Said| said.iter().position(|said| said == wanted).expect("it is there");
    let removed = place(&Said::Removed("0".into()));
    assert!(place(&Said::Tick(6 * SECOND)) < removed && removed < place(&Said::Tick(7 * SECOND)), "{said:?}");
    assert!(place(&Said::Tick(20 * SECOND)) < place(&Said::Judged(vec![2, 3])), "{said:?}");
    assert!(scene.script().looks > 0, "losses are looked at meanwhile");
}

/// The reader of the findings went away: there is nobody to judge for.
#[test]
fn it_ends_when_nobody_takes_what_is_found() {
    for live in [None, Some(SECOND)] {
        let scene = Scene::default();
        {
            let mut script = scene.script();
            script.portions = [opens(3 * BATCH)].into();
            script.quiet = live;
            script.stuck_at = Some(1);
            script.unheard = true;
        }
        assert_eq!(scene.run().expect("its end"), totals(0, 3 * BATCH as u64));
    }
}

#[test]
fn stopped_it_judges_what_has_arrived_and_no_more() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.quiet = Some(SECOND);
        script.portions = [opens(3)].into();
        script.when_quiet = [Order::Stop].into();
    }
    assert_eq!(scene.run().expect("its end"), totals(3, 0));
    assert_eq!(scene.said().iter().filter(|said| **said == Said::Closed).count(), 1);
}

#[test]
fn what_is_not_judged_when_it_gives_up_is_counted() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(BATCH + 10), opens(5)].into();
        script.stuck_at = Some(1);
        script.when_full = [Order::Stop, Order::GiveUp].into();
    }
    assert_eq!(scene.run().expect("its end"), totals(0, BATCH as u64 + 15));
    assert!(scene.said().contains(&Said::Closed));
}

#[test]
fn what_came_before_a_source_broke_is_judged() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(3)].into();
        script.breaks = true;
    }
    assert!(matches!(scene.run(), Err(PipelineError::Source(SourceError::Wait(_)))));
    assert_eq!(scene.judged(), [3]);
}

#[test]
fn without_its_workers_it_ends() {
    let scene = Scene::default();
    {
        let mut script = scene.script();
        script.portions = [opens(3 * BATCH)].into();
        script.worker_gone = true;
    }
    assert!(matches!(scene.run(), Err(PipelineError::Worker(WorkerGone))));
}

#[test]
fn it_asks_for_what_the_packs_want() {
    let scene = Scene::default();
    scene.run().expect("its end");
    assert_eq!(scene.said(), [Said::Wanted([Kind::Open].into())]);
}
