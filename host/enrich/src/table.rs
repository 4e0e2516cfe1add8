//! The process table: who is who, from fork, exec and exit, and from /proc at the start.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use lanner_abi::{FieldInfo, OwnedRecord, PROCESS, RecordRef, Value, field, process_flag};
use lanner_probes::event::Task;
use lanner_source::containers::Identity;
use lanner_source::record::{Machine, ProcessSnapshot};

use super::containers::Containers;
use super::enrichment::{Enrichment, Users};
use super::process::{ImageId, Process, ProcessId, as_parent};
use super::snapshot::Snapshot;
use super::state::State;
use super::weight::{Scales, Weight};

/// How long an ended process can still be named by events, ns. Its own events come before its exit; what comes after
/// are those of other processors, microseconds later, and of parents that look at it.
const LINGER_NS: u64 = 10_000_000_000;
/// Ended processes kept at most.
const MAX_LINGERING: usize = 16_384;
/// Bytes of them kept at most: who starts them chooses how long their arguments are.
const MAX_LINGERING_BYTES: usize = 64 << 20;
/// Living processes kept at most: the kernel's default `pid_max` on large machines is four million, of which this
/// many alive would be exceptional; beyond it processes are still reported, from what each event says of itself.
const MAX_LIVING: usize = 1 << 20;
/// Bytes of living processes up to which all that is known of them is kept. Beyond it those that begin are kept without their
/// arguments and folders, which is what whoever starts them makes long. What several share is counted for each.
const MAX_LIVING_BYTES: usize = 256 << 20;
/// Bytes up to which all that is known of processes is kept, with what only descendants and batches that wait still hold: who
/// starts chains of programs chooses how long the arguments of each are. Beyond it as above.
const MAX_BYTES: usize = 512 << 20;
/// ns in a clock tick of /proc (USER_HZ is 100 on every architecture that counts): the grain in which start times
/// are compared, as /proc does not know better.
const TICK_NS: u64 = 10_000_000;

/// A process as the kernel names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    pid: u32,
    start_ticks: u64,
}

impl Key {
    fn new(pid: u32, start_boot_ns: u64) -> Self {
        Self { pid, start_ticks: start_boot_ns / TICK_NS }
    }
}

/// A process that has ended.
struct Ended {
    process: Arc<Process>,
    /// Its exit event has come. Not so where only a snapshot, or another process with its pid, showed that it is gone.
    reported: bool,
}

/// The table.
pub(super) struct ProcessTable {
    boot_time_ns: u64,
    boot_seed: u64,
    enrichments: Vec<Box<dyn Enrichment>>,
    containers: Containers,
    living: HashMap<u32, (Key, Arc<Process>)>,
    /// Bytes of `living`.
    living_bytes: usize,
    /// Bytes of all that is held anywhere.
    scales: Scales,
    lingering: HashMap<Key, Ended>,
    /// When to forget whom, oldest first.
    leaving: VecDeque<(u64, Key)>,
    /// Bytes of `lingering`.
    lingering_bytes: usize,
    /// Whom the snapshot that is being read named.
    snapshot: HashSet<u32>,
    /// Children of this pid (the host's own) are its self-test.
    self_test_parent: Option<u32>,
}

impl ProcessTable {
    pub(super) fn new(machine: &Machine, self_test_parent: Option<u32>) -> Self {
        Self {
            boot_time_ns: machine.boot_time_ns,
            boot_seed: hash(machine.boot_id.as_bytes()),
            enrichments: vec![Box::new(Users(machine.users.clone()))],
            containers: Containers::default(),
            living: HashMap::new(),
            living_bytes: 0,
            scales: Scales::default(),
            lingering: HashMap::new(),
            leaving: VecDeque::new(),
            lingering_bytes: 0,
            snapshot: HashSet::new(),
            self_test_parent,
        }
    }

    /// The image that did what `task` says; where it is not known, as much of it as the event tells.
    pub(super) fn who(&mut self, task: &Task, time_ns: u64) -> Arc<Process> {
        let found = self.find(task);
        match found {
            Some(process) if process.state.is_of(task) && same_name(&process, task) => process,
            Some(process) => {
                let process = self.keep(self.as_now(&process, task));
                self.replace(task, &process);
                process
            }
            None => self.stranger(task, time_ns),
        }
    }

    /// Likewise, of somebody who has just become what `task` says: as he was before.
    pub(super) fn who_changed(&mut self, task: &Task, time_ns: u64) -> Arc<Process> {
        let before = self.find(task).unwrap_or_else(|| self.stranger(task, time_ns));
        self.who(task, time_ns);
        before
    }

    /// A control group is there.
    pub(super) fn group(&mut self, id: u64, path: &[u8], identity: Option<&Identity>) {
        if self.containers.add(id, path, identity) {
            self.place_again(&[id]);
        }
    }

    /// A control group is gone. Gives the container that it was of.
    pub(super) fn group_gone(&mut self, id: u64) -> Option<Arc<OwnedRecord>> {
        let container = self.containers.group(id).and_then(|group| group.container.clone());
        self.containers.remove(id);
        container
    }

    /// A runtime told of a container.
    pub(super) fn container(&mut self, told: &OwnedRecord) {
        let groups = self.containers.complete(told);
        self.place_again(&groups);
    }

    /// Has those who live in these groups be told of with what is known of them by now. It happens a few times a container.
    fn place_again(&mut self, groups: &[u64]) {
        let Self { containers, living, living_bytes, enrichments, scales, .. } = self;
        for (_, process) in living.values_mut().filter(|(_, process)| groups.contains(&process.state.cgroup_id())) {
            let mut placed = Process::clone(process);
            place(containers, &mut placed);
            enrichments.iter().for_each(|enrichment| enrichment.image(&mut placed));
            *living_bytes = *living_bytes - process.size() + placed.size();
            placed.weight = scales.weigh(placed.size());
            *process = Arc::new(placed);
        }
    }

    /// What is known of all that live.
    pub(super) fn as_snapshot(&self) -> Snapshot {
        Snapshot::new(self.boot_time_ns, self.living.values().map(|(_, process)| process), &self.containers)
    }

    /// Who has a pid.
    pub(super) fn by_pid(&self, pid: u32) -> Option<Arc<Process>> {
        self.living.get(&pid).map(|(_, process)| process.clone())
    }

    /// Somebody forked: the parent, and the child.
    pub(super) fn fork(&mut self, task: &Task, fork: &OwnedRecord, time_ns: u64) -> (Arc<Process>, Arc<Process>) {
        let parent = self.who(task, time_ns);
        let fork = fork.get();
        let told = |field: &FieldInfo| fork.number(field).unwrap_or_default();
        let (pid, start_boot_ns) = (told(field::fork::CHILD_PID) as u32, told(field::fork::CHILD_START));
        let key = Key::new(pid, start_boot_ns);
        let id = self.id(key);
        let line = as_parent(&parent);
        let self_test = if self.self_test_parent == Some(task.pid) { process_flag::SELF_TEST } else { 0 };
        let start_ns = self.wall(start_boot_ns);
        // With CLONE_PARENT it is a sibling, as far as the kernel is concerned.
        let ppid = fork.number(field::fork::CHILD_PPID).map_or(parent.pid(), |ppid| ppid as u32);
        let state = parent.state.of_child(ppid);
        let mut child = Process { depth: line.depth + 1, parent: Some(line), state, ..(*parent).clone() };
        set_all(
            &mut child.record,
            [
                (field::process::ID, id.0),
                (field::process::IMAGE, image_id(id, start_ns).0),
                (field::process::PID, pid.into()),
                (field::process::PPID, ppid.into()),
                (field::process::START, start_ns),
                (field::process::IMAGE_START, start_ns),
                (field::process::FLAGS, (parent.flags() | self_test).into()),
            ],
        );
        // Where it was not told, the parent's is not the child's.
        set(&mut child.record, field::process::NS_PID, fork.value(field::fork::CHILD_NS_PID));
        let child = self.keep(child);
        self.insert(key, child.clone(), time_ns);
        (parent, child)
    }

    /// A program began: the image before, and the one that begins.
    pub(super) fn exec(
        &mut self,
        task: &Task,
        exec: &OwnedRecord,
        image: &OwnedRecord,
        time_ns: u64,
    ) -> (Arc<Process>, Arc<Process>) {
        // The credentials in the event are those after the exec, so they say nothing of the image before.
        let before = self.find(task).unwrap_or_else(|| self.stranger(task, time_ns));
        let mut image = image.clone();
        let script = script(exec, image.get().bytes(field::process::CWD).unwrap_or_default());
        set(&mut image, field::process::SCRIPT, script.as_deref().map(Value::Text));
        let image = self.keep(self.image(task, image, before.parent.clone(), before.flags(), time_ns));
        self.insert(Key::new(task.pid, task.start_boot_ns), image.clone(), time_ns);
        (before, image)
    }

    /// A process ended. `None` where that is known already: two threads that end together may both be the last.
    pub(super) fn exit(&mut self, task: &Task, time_ns: u64) -> Option<Arc<Process>> {
        let key = Key::new(task.pid, task.start_boot_ns);
        if let Some(ended) = self.lingering.get_mut(&key) {
            return (!std::mem::replace(&mut ended.reported, true)).then(|| ended.process.clone());
        }
        let process = self.who(task, time_ns);
        if let Some((_, living)) = self.living.remove(&task.pid) {
            self.living_bytes -= living.size();
        }
        self.linger(key, process.clone(), true, time_ns);
        Some(process)
    }

    /// A process was there already.
    pub(super) fn snapshot(&mut self, snapshot: &ProcessSnapshot) {
        let ProcessSnapshot { task, image } = snapshot;
        self.snapshot.insert(task.pid);
        let key = Key::new(task.pid, task.start_boot_ns);
        if self.lingering.contains_key(&key) {
            return;
        }
        let start_ns = self.wall(task.start_boot_ns);
        let known = self.living.get(&task.pid).filter(|(living, _)| *living == key).map(|(_, known)| known.clone());
        let (parent, inherited, image_start_ns) = match known {
            None => (self.parent(task), 0, start_ns),
            Some(known) if known.flags() & process_flag::PARTIAL != 0 => {
                (known.parent.clone().or_else(|| self.parent(task)), known.flags(), start_ns)
            }
            // It runs something else than what events told: its exec was lost.
            Some(known) if known.record().bytes(field::process::EXE) != image.get().bytes(field::process::EXE) => {
                (known.parent.clone(), known.flags(), start_ns + 1)
            }
            // What events told is more than what /proc tells, but for entries of the environment that somebody asks for since.
            Some(known) => {
                let at = field::process::ENVIRONMENT;
                let told = image.get().bytes(at).filter(|told| known.record().bytes(at) != Some(*told));
                let Some(told) = told else { return };
                let mut completed = Process::clone(&known);
                completed.record = known.record.rewritten(|field, value| match field {
                    field if *field == *at => Some(Value::Text(told)),
                    _ => value,
                });
                completed.record.share();
                let completed = self.keep(completed);
                self.insert(key, completed, start_ns);
                return;
            }
        };
        let process = self.keep(self.image(task, image.clone(), parent, inherited, image_start_ns));
        self.insert(key, process, start_ns);
    }

    /// A snapshot is complete: who was not in it, and began before it, has ended. Events of theirs may still come, those
    /// that waited while the snapshot was taken.
    pub(super) fn snapshot_end(&mut self, boot_ns: u64) {
        let named = std::mem::take(&mut self.snapshot);
        let before = boot_ns / TICK_NS;
        let gone = self.living.extract_if(|pid, (key, _)| !named.contains(pid) && key.start_ticks < before);
        let gone: Vec<(Key, Arc<Process>)> = gone.map(|(_, gone)| gone).collect();
        self.living_bytes -= gone.iter().map(|(_, gone)| gone.size()).sum::<usize>();
        let now_ns = self.wall(boot_ns);
        for (key, process) in gone {
            self.linger(key, process, false, now_ns);
        }
    }

    /// Forgets those who ended long ago.
    pub(super) fn forget(&mut self, now_ns: u64) {
        while let Some((time_ns, key)) = self.leaving.front().copied()
            && (time_ns.saturating_add(LINGER_NS) < now_ns
                || self.leaving.len() > MAX_LINGERING
                || self.lingering_bytes > MAX_LINGERING_BYTES)
        {
            self.leaving.pop_front();
            self.drop_lingering(key);
        }
    }

    fn drop_lingering(&mut self, key: Key) {
        if let Some(ended) = self.lingering.remove(&key) {
            self.lingering_bytes = self.lingering_bytes.saturating_sub(ended.process.size());
        }
    }

    /// The parent of a task, not another process that has its pid now.
    fn parent(&self, task: &Task) -> Option<Arc<Process>> {
        let key = Key::new(task.ppid, task.parent_start_boot_ns);
        let unknown = task.parent_start_boot_ns == 0;
        let living = self.living.get(&task.ppid).filter(|(living, _)| unknown || *living == key);
        let parent = living.map(|(_, parent)| parent).or_else(|| Some(&self.lingering.get(&key)?.process));
        parent.map(as_parent)
    }

    #[cfg(test)]
    pub(super) fn living_bytes(&self) -> (usize, usize) {
        (self.living_bytes, self.living.values().map(|(_, process)| process.size()).sum())
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.scales.bytes()
    }

    #[cfg(test)]
    pub(super) fn remembered_bytes(&self) -> usize {
        let remembered = self.lingering.values().map(|ended| ended.process.size()).sum();
        assert_eq!(self.lingering_bytes, remembered, "what is counted is what is there");
        remembered
    }

    fn find(&self, task: &Task) -> Option<Arc<Process>> {
        let key = Key::new(task.pid, task.start_boot_ns);
        match self.living.get(&task.pid) {
            Some((living, process)) if *living == key => Some(process.clone()),
            _ => self.lingering.get(&key).map(|ended| ended.process.clone()),
        }
    }

    fn replace(&mut self, task: &Task, process: &Arc<Process>) {
        let key = Key::new(task.pid, task.start_boot_ns);
        match self.living.get_mut(&task.pid) {
            Some((living, known)) if *living == key => {
                self.living_bytes = self.living_bytes - known.size() + process.size();
                *known = process.clone();
            }
            _ => {
                if let Some(known) = self.lingering.get_mut(&key) {
                    // As another user it has a name of another length.
                    self.lingering_bytes = self.lingering_bytes.saturating_sub(known.process.size()) + process.size();
                    known.process = process.clone();
                }
            }
        }
    }

    /// Enters a process; who had the pid before has ended unnoticed.
    fn insert(&mut self, key: Key, process: Arc<Process>, time_ns: u64) {
        if self.living.len() >= MAX_LIVING && !self.living.contains_key(&key.pid) {
            return;
        }
        // One that was taken for ended, and was not.
        self.drop_lingering(key);
        let full = self.living_bytes + process.size() > MAX_LIVING_BYTES || self.scales.bytes() > MAX_BYTES;
        let process = if full { self.keep(process.without_what_may_be_long()) } else { process };
        self.living_bytes += process.size();
        if let Some((old, ended)) = self.living.insert(key.pid, (key, process)) {
            self.living_bytes -= ended.size();
            if old != key {
                self.linger(old, ended, false, time_ns);
            }
        }
    }

    /// Has a process counted, as long as anybody holds it.
    fn keep(&self, mut process: Process) -> Arc<Process> {
        process.weight = self.scales.weigh(process.size());
        Arc::new(process)
    }

    fn linger(&mut self, key: Key, process: Arc<Process>, reported: bool, time_ns: u64) {
        self.leaving.push_back((time_ns, key));
        self.drop_lingering(key);
        self.lingering_bytes += process.size();
        self.lingering.insert(key, Ended { process, reported });
        self.forget(time_ns);
    }

    /// A process whose beginning was missed.
    fn stranger(&mut self, task: &Task, time_ns: u64) -> Arc<Process> {
        let parent = self.parent(task);
        let mut flags = process_flag::PARTIAL;
        if self.self_test_parent == Some(task.ppid) {
            flags |= process_flag::SELF_TEST;
        }
        let start_ns = self.wall(task.start_boot_ns);
        let process = self.keep(self.image(task, OwnedRecord::new(&PROCESS), parent, flags, start_ns));
        self.insert(Key::new(task.pid, task.start_boot_ns), process.clone(), time_ns);
        process
    }

    /// An image, of what the kernel or /proc tells of it.
    fn image(
        &self,
        task: &Task,
        mut record: OwnedRecord,
        parent: Option<Arc<Process>>,
        inherited: u32,
        image_start_ns: u64,
    ) -> Process {
        let id = self.id(Key::new(task.pid, task.start_boot_ns));
        let exe_known = record.get().bytes(field::process::EXE).is_some_and(|exe| !exe.is_empty());
        let kept = process_flag::SELF_TEST | if exe_known { 0 } else { process_flag::PARTIAL };
        let flags = inherited & kept | flags(task, &record);
        set_all(
            &mut record,
            [
                (field::process::ID, id.0),
                (field::process::IMAGE, image_id(id, image_start_ns).0),
                (field::process::PID, task.pid.into()),
                (field::process::START, self.wall(task.start_boot_ns)),
                (field::process::IMAGE_START, image_start_ns),
                (field::process::FLAGS, flags.into()),
                // What they are stands beside the record.
                (field::process::PARENT, 0),
                (field::process::CONTAINER, 0),
            ],
        );
        // From here on forks share what it runs.
        record.share();
        set(&mut record, field::process::COMM, Some(Value::Text(&task.comm)));
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        let image_key = task.image_key;
        let mut image = Process {
            parent,
            depth,
            container: None,
            image_key,
            state: State::default(),
            weight: Weight::default(),
            record,
        };
        self.set_state(&mut image, task);
        image
    }

    /// The image, with what the event tells of its process.
    fn as_now(&self, process: &Process, task: &Task) -> Process {
        // Without the texts of before, or they would add up with each change.
        let mut image = Process { record: process.record.with_shared_texts(), ..process.clone() };
        let comm = if task.tid == task.pid { &task.comm } else { process.comm() };
        set(&mut image.record, field::process::COMM, Some(Value::Text(comm)));
        self.set_state(&mut image, task);
        image
    }

    fn set_state(&self, image: &mut Process, task: &Task) {
        image.state = image.state.then(task);
        image.state.write(&mut image.record);
        place(&self.containers, image);
        self.enrichments.iter().for_each(|enrichment| enrichment.image(image));
    }

    fn id(&self, key: Key) -> ProcessId {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.boot_seed.to_le_bytes());
        bytes[8..12].copy_from_slice(&key.pid.to_le_bytes());
        bytes[12..].copy_from_slice(&key.start_ticks.to_le_bytes());
        ProcessId(hash(&bytes))
    }

    fn wall(&self, boot_ns: u64) -> u64 {
        self.boot_time_ns.saturating_add(boot_ns)
    }
}

/// Says in which control group and container a process is.
fn place(containers: &Containers, process: &mut Process) {
    let group = containers.group(process.state.cgroup_id());
    process.container = group.and_then(|group| group.container.clone());
    set(&mut process.record, field::process::CGROUP, group.map(|group| Value::Text(&group.path)));
}

/// Sets a field, or forgets it.
fn set(record: &mut OwnedRecord, field: &FieldInfo, value: Option<Value<'_>>) {
    let set = record.set(field, value);
    debug_assert!(set.is_ok(), "{set:?}");
}

/// Sets numbers.
fn set_all<const N: usize>(record: &mut OwnedRecord, values: [(&FieldInfo, u64); N]) {
    values.into_iter().for_each(|(field, value)| set(record, field, Some(value.into())));
}

/// The script's path, where a script was run: named from the working directory, where it was named so.
fn script(exec: &OwnedRecord, cwd: &[u8]) -> Option<Vec<u8>> {
    let mut name = exec.get().bytes(field::exec::FILENAME)?;
    if exec.get().bytes(field::exec::INTERPRETER)? == name {
        return None;
    }
    if name.starts_with(b"/") || cwd.is_empty() {
        return Some(name.to_vec());
    }
    while let Some(rest) = name.strip_prefix(b"./") {
        name = rest;
    }
    let folder = cwd.strip_suffix(b"/").unwrap_or(cwd);
    Some([folder, b"/", name].concat())
}

fn image_id(id: ProcessId, start_ns: u64) -> ImageId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.0.to_le_bytes());
    bytes[8..].copy_from_slice(&start_ns.to_le_bytes());
    ImageId(hash(&bytes))
}

/// Whether a process is called what the event says, which tells the name of the thread.
fn same_name(process: &Process, task: &Task) -> bool {
    task.tid != task.pid || process.comm() == task.comm
}

/// What an image's facts say, as bits, with those that the kernel told.
fn flags(task: &Task, image: &OwnedRecord) -> u32 {
    let kernel_thread = if task.kernel_thread { process_flag::KERNEL_THREAD } else { 0 };
    facts(image.get()) | kernel_thread
}

/// What is known of an image says of it, as bits of `lanner_abi::process_flag`, with those that stand in it.
pub fn facts(image: RecordRef<'_>) -> u32 {
    const SETUID_OR_SETGID: u64 = 0o6000;
    const GROUP_OR_OTHERS_WRITE: u64 = 0o022;
    let mode = image.number(field::process::EXE_MODE).unwrap_or_default();
    let facts = [
        (image.text(field::process::EXE).starts_with("memfd:"), process_flag::EXE_MEMFD),
        (mode & SETUID_OR_SETGID != 0, process_flag::EXE_SETUID),
        (mode & GROUP_OR_OTHERS_WRITE != 0, process_flag::EXE_WRITABLE),
    ];
    let told = image.number(field::process::FLAGS).unwrap_or_default() as u32;
    facts.iter().filter(|(holds, _)| *holds).fold(told, |flags, (_, flag)| flags | flag)
}

/// A fixed 64-bit hash, as ids must be the same on every machine and in every version: FNV-1a, then mixed (the
/// finaliser of MurmurHash3), as FNV leaves the high bits of short inputs poor.
fn hash(bytes: &[u8]) -> u64 {
    let fnv = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}
