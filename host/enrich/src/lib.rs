//! From records to events: numbers them, and says who is behind each.

#![forbid(unsafe_code)]

mod containers;
mod enrichment;
mod event;
mod process;
mod snapshot;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod weight;

use std::sync::Arc;

use lanner_abi::{FieldInfo, Kind, Value, event_flag, field, process_flag};
use lanner_probes::event::RawEvent;

pub use event::{Event, Like};
pub use lanner_probes::event::Keys;
pub use process::{ImageId, MAX_LINEAGE, Process, ProcessId};
pub use snapshot::Snapshot;

use lanner_source::containers::{Identity, identify};
use lanner_source::record::{Machine, Record};
use table::ProcessTable;
pub use table::facts;

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
            Record::Group { id, path } => self.table.group(id, &path, identify(&path).as_ref()),
            Record::Container(container) => self.table.container(&container),
            Record::Event(event) => return self.event(*event),
        }
        None
    }

    /// What is known of processes and containers now.
    pub fn snapshot(&self) -> Snapshot {
        self.table.as_snapshot()
    }

    /// What feeds the process table has its own way; of all other kinds nothing has to be known.
    fn event(&mut self, raw: RawEvent) -> Option<Event> {
        let RawEvent { time_ns, kind, mut flags, result, task, payload, image, keys } = raw;
        // Processors differ by microseconds; more than that is a clock that was set back.
        let set_back = self.now_ns.saturating_sub(time_ns) > SET_BACK_NS;
        self.now_ns = if set_back { time_ns } else { self.now_ns.max(time_ns) };
        if result.is_some_and(|result| result < 0 && !kind.info().fine.contains(&result)) {
            flags |= event_flag::FAILED;
        }
        let tid = task.as_ref().map(|task| task.tid);
        let image_key = task.as_ref().map(|task| task.image_key);
        let named = Vec::new();
        let mut event = Event { seq: 0, time_ns, kind, flags, result, process: None, tid, payload, named, keys };
        if let Some(task) = &task {
            event.process = Some(match (kind, image) {
                (Kind::Exec, Some(image)) => {
                    let (before, begins) = self.table.exec(task, &event.payload, &image, time_ns);
                    event.flags |= of_image(&begins);
                    name(&mut event, field::exec::IMAGE, begins);
                    before
                }
                (Kind::Fork, _) => {
                    let (parent, child) = self.table.fork(task, &event.payload, time_ns);
                    name(&mut event, field::fork::CHILD, child);
                    parent
                }
                (Kind::Exit, _) => self.table.exit(task, time_ns)?,
                (Kind::Credentials | Kind::Prctl | Kind::Setns | Kind::Unshare, _) => {
                    self.table.who_changed(task, time_ns)
                }
                _ => self.table.who(task, time_ns),
            });
        }
        // The keys are of what the kernel knows that the process runs.
        if event.process.as_ref().map(|process| process.image_key) != image_key {
            event.keys = Keys::default();
        }
        match kind {
            Kind::ContainerStart => self.container_starts(&mut event)?,
            Kind::ContainerStop => self.container_stops(&mut event)?,
            _ => self.name_by_pid(&mut event),
        }
        self.table.forget(self.now_ns);
        self.seq += 1;
        Some(Event { seq: self.seq, ..event })
    }
}

impl Enricher {
    /// A control group was made; nothing where it is not that of a container.
    fn container_starts(&mut self, event: &mut Event) -> Option<()> {
        let group = event.payload.get();
        let id = group.number(field::container_start::CGROUP_ID)?;
        let path = group.bytes(field::container_start::CGROUP)?;
        let identity = identify(path);
        self.table.group(id, path, identity.as_ref());
        let Identity { id, runtime, pod_uid, .. } = identity.filter(|identity| identity.whole)?;
        let mut set = |field: &FieldInfo, text: Option<&[u8]>| {
            // They are texts.
            let _ = event.payload.set(field, text.map(Value::Text));
        };
        set(field::container_start::ID, Some(&id));
        set(field::container_start::RUNTIME, runtime.map(str::as_bytes));
        set(field::container_start::POD_UID, pod_uid.as_deref());
        Some(())
    }

    /// Likewise, removed.
    fn container_stops(&mut self, event: &mut Event) -> Option<()> {
        let group = event.payload.get();
        let container = self.table.group_gone(group.number(field::container_stop::CGROUP_ID)?);
        let identity = identify(group.bytes(field::container_stop::CGROUP)?).filter(|identity| identity.whole)?;
        let known = |at: &FieldInfo| container.as_ref().and_then(|container| container.get().bytes(at));
        let mut set = |field: &FieldInfo, text: Option<&[u8]>| {
            let _ = event.payload.set(field, text.map(Value::Text));
        };
        set(field::container_stop::ID, Some(&identity.id));
        set(field::container_stop::RUNTIME, identity.runtime.map(str::as_bytes).or(known(field::container::RUNTIME)));
        set(field::container_stop::POD_UID, identity.pod_uid.as_deref().or(known(field::container::POD_UID)));
        Some(())
    }

    /// Names the processes of which the event tells the pid.
    fn name_by_pid(&self, event: &mut Event) {
        for field in event.payload.info().fields {
            let Some(pid) = field.pid.and_then(|pid| event.payload.get().number(pid)) else { continue };
            if let Some(process) = self.table.by_pid(pid as u32) {
                name(event, field, process);
            }
        }
    }
}

/// Whether something has to be known of it to understand what comes later: who there is, and where.
pub fn feeds(record: &Record) -> bool {
    let Record::Event(event) = record else { return true };
    use Kind::{ContainerStart, ContainerStop, Credentials, Exec, Exit, Fork, Prctl, Setns, Unshare};
    matches!(event.kind, Fork | Exec | Exit | Credentials | Prctl | Setns | Unshare | ContainerStart | ContainerStop)
}

/// Names a process in a field of the payload.
fn name(event: &mut Event, field: &FieldInfo, process: Arc<Process>) {
    let place = event.named.len() as u64;
    // It is a field for rows.
    let _ = event.payload.set(field, Some(place.into()));
    event.named.push(process);
}

/// What an image's facts say of the event that it begins with.
fn of_image(image: &Process) -> u16 {
    let has = |flags: u32, then: u16| if image.flags() & flags != 0 { then } else { 0 };
    has(process_flag::PARTIAL, event_flag::PARTIAL)
        | has(process_flag::ARGV_TRUNCATED | process_flag::PATH_TRUNCATED, event_flag::TRUNCATED)
}
