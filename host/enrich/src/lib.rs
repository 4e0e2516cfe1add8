//! From records to events: numbers them, and says who is behind each.

#![forbid(unsafe_code)]

mod event;
mod process;
mod table;
#[cfg(test)]
mod tests;

use lanner_probes::event as kernel;

pub use event::{Event, ExecFacts, Payload};
pub use process::{Credentials, ImageId, MAX_LINEAGE, Process, ProcessId, Program};

use lanner_source::record::{Machine, Record};
use table::ProcessTable;

/// An event this much older than the newest one was not late: the clock was set back.
const SET_BACK_NS: u64 = 1_000_000_000;

/// Turns a source's records into events. The same records give the same events, live or recorded.
pub struct Enricher {
    table: ProcessTable,
    seq: u64,
    now_ns: u64,
}

impl Enricher {
    /// For the events of one machine. Children of the process `self_test_parent` (the host's own pid) are marked as
    /// its self-test, and so are theirs.
    pub fn new(machine: &Machine, self_test_parent: Option<u32>) -> Self {
        Self { table: ProcessTable::new(machine, self_test_parent), seq: 0, now_ns: 0 }
    }

    /// Takes a record in. Gives the event it holds, if it holds one.
    pub fn take(&mut self, record: Record) -> Option<Event> {
        match record {
            Record::Process(snapshot) => self.table.snapshot(&snapshot),
            Record::SnapshotEnd { boot_ns } => self.table.snapshot_end(boot_ns),
            Record::Event(event) => return self.event(*event),
        }
        None
    }

    fn event(&mut self, event: kernel::KernelEvent) -> Option<Event> {
        let kernel::KernelEvent { time_ns, task, payload } = event;
        // Processors differ by microseconds; more than that is a clock that was set back.
        let set_back = self.now_ns.saturating_sub(time_ns) > SET_BACK_NS;
        self.now_ns = if set_back { time_ns } else { self.now_ns.max(time_ns) };
        let (process, payload) = match payload {
            kernel::Payload::Exec(exec) => {
                let (before, image) = self.table.exec(&task, &exec, time_ns);
                let exec = *exec;
                (before, Payload::Exec(Box::new(ExecFacts { image, filename: exec.filename, stdio: exec.stdio })))
            }
            kernel::Payload::Fork(fork) => {
                let (parent, child) = self.table.fork(&task, &fork, time_ns);
                (parent, Payload::Fork(child))
            }
            kernel::Payload::Exit(exit) => (self.table.exit(&task, time_ns)?, Payload::Exit(exit)),
            kernel::Payload::Open(open) => (self.table.who(&task, time_ns), Payload::Open(open)),
            kernel::Payload::Connect(connect) => (self.table.who(&task, time_ns), Payload::Connect(connect)),
            kernel::Payload::Lost(lost) => (self.table.who(&task, time_ns), Payload::Loss(lost)),
        };
        self.table.forget(self.now_ns);
        self.seq += 1;
        Some(Event { seq: self.seq, time_ns, process, tid: task.tid, payload })
    }
}
