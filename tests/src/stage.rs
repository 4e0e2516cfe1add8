//! An engine in this process, events for it, and the answers that come of them.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use lanner_engine::{Answer, Engine, Limits, Runtime};
use lanner_enrich::{Enricher, Event};
use lanner_probes::Task;
use lanner_source::record::Machine;

use crate::events;

/// An engine that never stops a call, however slow the machine is. Its events are numbered from 1.
pub struct Stage {
    /// Where packs are compiled.
    pub runtime: Runtime,
    /// What judges.
    pub engine: Engine,
    answers: JoinHandle<Vec<Answer>>,
    enricher: Enricher,
    seq: u64,
}

impl Stage {
    /// With so many threads.
    pub fn new(workers: usize) -> Self {
        let hour = Duration::from_secs(3600);
        let limits = Limits { deadline: hour, start: hour, ..Limits::default() };
        let runtime = Runtime::new(limits, None).expect("a runtime");
        let (engine, verdicts) = Engine::start(runtime.clone(), workers).expect("an engine");
        let answers = thread::spawn(move || {
            let mut answers = Vec::new();
            while let Some(mut verdict) = verdicts.next() {
                answers.extend(verdict.answers());
            }
            answers
        });
        Self { runtime, engine, answers, enricher: Enricher::new(&Machine::default(), None), seq: 0 }
    }

    /// The next event: a file is opened.
    pub fn open(&mut self, time_ns: u64) -> Event {
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        let open = events::open(time_ns, &task, "/any/file");
        let event = self.enricher.take(events::record(open)).expect("an event");
        self.seq += 1;
        Event { seq: self.seq, ..event }
    }

    /// The number of the last event.
    pub fn last(&self) -> u64 {
        self.seq
    }

    /// Waits until all is judged.
    pub fn wait(&self) {
        while !self.engine.is_idle() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the engine; gives all answers of its packs.
    pub fn end(self) -> Vec<Answer> {
        drop(self.engine);
        self.answers.join().expect("answers were taken")
    }
}
