//! Events as a source would give them, made up.

use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
use lanner_probes::event::{RawEvent, Task};
use lanner_source::record::Record;

/// A time that any time will do for, ns since 1970.
pub const TIME_NS: u64 = 1_700_000_000_000_000_000;

/// An event of the kind, done by the task.
pub fn event(time_ns: u64, task: &Task, kind: Kind, payload: OwnedRecord) -> RawEvent {
    let result = kind.info().has_result.then_some(3);
    RawEvent { task: Some(task.clone()), result, ..RawEvent::of_nobody(time_ns, kind, payload) }
}

/// As a source's record.
pub fn record(event: RawEvent) -> Record {
    Record::Event(Box::new(event))
}

/// A file was opened, for reading.
pub fn open(time_ns: u64, task: &Task, path: &str) -> RawEvent {
    let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, path);
    let open = open.with(field::open::FLAGS, 0_u32).with(field::open::MODE, 0_u32).with(field::open::CREATED, false);
    event(time_ns, task, Kind::Open, open)
}

/// A program began.
pub fn exec(time_ns: u64, task: &Task, exe: &str, argv: &[u8]) -> RawEvent {
    let image = OwnedRecord::new(&PROCESS).with(field::process::EXE, exe).with(field::process::ARGV, argv);
    let image = image.with(field::process::CWD, "/srv").with(field::process::FLAGS, 0_u32);
    let exec = OwnedRecord::new(Kind::Exec.record()).with(field::exec::FILENAME, exe);
    let exec = exec.with(field::exec::INTERPRETER, exe).with(field::exec::STDIO, 0_u32);
    RawEvent { image: Some(Box::new(image)), ..event(time_ns, task, Kind::Exec, exec) }
}

/// A process was created.
pub fn fork(time_ns: u64, parent: &Task, child: &Task) -> RawEvent {
    let fork = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD_PID, child.pid);
    let fork = fork.with(field::fork::CHILD_NS_PID, child.pid).with(field::fork::CHILD_START, child.start_boot_ns);
    event(time_ns, parent, Kind::Fork, fork)
}
