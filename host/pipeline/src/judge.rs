//! What the pipeline asks of the engine.

use std::path::Path;
use std::sync::mpsc::Sender;

use lanner_contract::Wanted;
use lanner_engine::{Engine, Outcome, PackStatus, Set, WorkerGone};
use lanner_enrich::Event;

/// Judges batches: the engine, and in tests what stands in for it.
#[allow(missing_docs, reason = "each is what the engine's method of that name says")]
#[allow(clippy::missing_errors_doc, reason = "likewise")]
pub trait Judge {
    fn has_room(&self) -> bool;
    fn is_heard(&self) -> bool;
    fn is_idle(&self) -> bool;
    fn judge(&mut self, events: Vec<Event>) -> Result<(), WorkerGone>;
    fn tick(&mut self, now: u64) -> Result<(), WorkerGone>;
    fn give_up(&self);
    fn unjudged(&self) -> u64;
    fn wanted(&self) -> Vec<Wanted>;
    fn wanted_by(&self, set: &Set) -> Vec<Wanted>;
    fn exchange(&mut self, set: Set, reply: Sender<Outcome>);
    fn settle(&mut self) -> bool;
    fn is_settling(&self) -> bool;
    fn rename(&mut self, from: &Path, to: &Path);
    fn status(&self) -> Vec<PackStatus>;
    fn release(&mut self, pack: &str) -> bool;
}

impl Judge for Engine {
    fn has_room(&self) -> bool {
        self.has_room()
    }

    fn is_heard(&self) -> bool {
        self.is_heard()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn judge(&mut self, events: Vec<Event>) -> Result<(), WorkerGone> {
        self.judge(events)
    }

    fn tick(&mut self, now: u64) -> Result<(), WorkerGone> {
        self.tick(now)
    }

    fn give_up(&self) {
        self.give_up();
    }

    fn unjudged(&self) -> u64 {
        self.unjudged()
    }

    fn wanted(&self) -> Vec<Wanted> {
        self.wanted()
    }

    fn wanted_by(&self, set: &Set) -> Vec<Wanted> {
        self.wanted_by(set)
    }

    fn exchange(&mut self, set: Set, reply: Sender<Outcome>) {
        self.exchange(set, reply);
    }

    fn settle(&mut self) -> bool {
        self.settle()
    }

    fn is_settling(&self) -> bool {
        self.is_settling()
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        self.rename(from, to);
    }

    fn status(&self) -> Vec<PackStatus> {
        self.status()
    }

    fn release(&mut self, pack: &str) -> bool {
        self.release(pack)
    }
}
