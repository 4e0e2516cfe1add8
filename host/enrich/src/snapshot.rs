//! What is known of processes and containers at one moment, as records: who reads them knows as much.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lanner_abi::{FieldInfo, OwnedRecord, field, process_flag};
use lanner_probes::event::Task;
use lanner_source::record::{ProcessSnapshot, Record};

use super::containers::Containers;
use super::process::Process;

/// What only an enricher says of a process: it is said anew.
const OF_ENRICHER: [&FieldInfo; 6] = [
    field::process::ID,
    field::process::IMAGE,
    field::process::IMAGE_START,
    field::process::PARENT,
    field::process::CONTAINER,
    field::process::USER,
];

/// What is known of processes and containers at one moment. To take it is cheap; what it holds is shared.
pub struct Snapshot {
    boot_time_ns: u64,
    /// In the order in which they began.
    living: Vec<Arc<Process>>,
    groups: Vec<(u64, Arc<[u8]>)>,
    containers: Vec<Arc<OwnedRecord>>,
}

impl Snapshot {
    pub(super) fn new<'a>(
        boot_time_ns: u64,
        living: impl Iterator<Item = &'a Arc<Process>>,
        containers: &Containers,
    ) -> Self {
        let mut living: Vec<Arc<Process>> = living.cloned().collect();
        living.sort_by_key(|process| (process.start_ns(), process.pid()));
        let id = |told: &OwnedRecord| told.get().bytes(field::container::ID).unwrap_or_default().to_vec();
        let told: BTreeMap<Vec<u8>, _> = containers.told().map(|told| (id(told), told.clone())).collect();
        Self { boot_time_ns, living, groups: containers.paths().collect(), containers: told.into_values().collect() }
    }

    /// As a source gives them: control groups, containers, processes behind their ancestors, and the end.
    pub fn into_records(self) -> Vec<Record> {
        let Self { boot_time_ns, living, groups, containers } = self;
        let mut told = Told { boot_time_ns, records: Vec::new(), last: HashMap::new() };
        told.records.extend(groups.into_iter().map(|(id, path)| Record::Group { id, path: path.to_vec() }));
        told.records.extend(containers.into_iter().map(|told| Record::Container(Box::new((*told).clone()))));
        living.iter().for_each(|process| told.with_ancestors(process));
        // Of some an earlier image was told since, as a child's parent; a pid may have been that of an ancestor that ended.
        living.iter().for_each(|process| told.tell(process));
        // All that live were named, so that nobody has ended by it.
        told.records.push(Record::SnapshotEnd { boot_ns: 0 });
        told.records
    }
}

/// Processes as they are told one after the other.
struct Told {
    boot_time_ns: u64,
    records: Vec<Record>,
    /// Who was told last of each pid.
    last: HashMap<u32, Arc<Process>>,
}

impl Told {
    /// Tells of a process behind its ancestors, each as it was when its child began.
    fn with_ancestors(&mut self, process: &Arc<Process>) {
        let line: Vec<&Arc<Process>> = process.line().collect();
        line.into_iter().rev().for_each(|process| self.tell(process));
    }

    fn tell(&mut self, process: &Arc<Process>) {
        let pid = process.pid();
        if self.last.get(&pid).is_some_and(|last| last.image() == process.image()) {
            return;
        }
        let snapshot = ProcessSnapshot { task: self.task(process), image: image(process) };
        self.records.push(Record::Process(Box::new(snapshot)));
        self.last.insert(pid, process.clone());
    }

    /// Its parent is who began it: whoever looks after it since is told with its next event.
    fn task(&self, process: &Process) -> Task {
        let since_boot = |process: &Process| process.start_ns().saturating_sub(self.boot_time_ns);
        let mut task = Task {
            pid: process.pid(),
            tid: process.pid(),
            start_boot_ns: since_boot(process),
            comm: process.comm().to_vec(),
            kernel_thread: process.flags() & process_flag::KERNEL_THREAD != 0,
            ..process.state.as_task()
        };
        if let Some(parent) = &process.parent {
            (task.ppid, task.parent_start_boot_ns) = (parent.pid(), since_boot(parent));
        }
        task
    }
}

/// What a source tells of it.
fn image(process: &Process) -> OwnedRecord {
    process.record.rewritten(|field, value| match OF_ENRICHER.contains(&field) {
        true => None,
        false => value,
    })
}
