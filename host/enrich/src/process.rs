//! A process as rules and findings see it.

use std::sync::Arc;

use lanner_abi::{FieldInfo, OwnedRecord, PROCESS, RecordRef, Value, field, process_flag};

use super::state::State;
use super::weight::Weight;

/// Ancestors that an image keeps alive. Longer lines (a program that keeps starting its own successor) lose their far
/// end, so that memory stays bounded by the number of living processes.
pub const MAX_LINEAGE: u16 = 64;
/// What a line that grew too long is cut back to; well under [`MAX_LINEAGE`], so that the cut is rare.
const KEPT_LINEAGE: u16 = 32;

/// The longest path that the kernel side tells.
const MAX_TEXT: usize = 4096;

/// Bytes of an ancestor's arguments that are told with it. They are those of the line up to it, which whoever starts processes
/// decides the length of.
const MAX_ANCESTOR_ARGV: usize = 4096;
/// An ancestor's folder, script and environment are told up to this length each.
const MAX_ANCESTOR_PATH: usize = 1024;
/// What an ancestor takes at most, as it is told: those, its program's path, and some 500 bytes.
const MAX_ANCESTOR: usize = MAX_ANCESTOR_ARGV + 3 * MAX_ANCESTOR_PATH + MAX_TEXT + 512;

/// A process's stable id: made of the boot, the pid and the start time, so that a pid used again is another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(pub u64);

/// The id of an image: another after each exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageId(pub u64);

/// A process as it is for a while: what it runs, as whom, and where it comes from. Never changes; who changes is another one,
/// of the same image as long as there is no exec.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The parent's image when it forked.
    pub parent: Option<Arc<Process>>,
    /// How many ancestors it has, as far as they are kept.
    pub depth: u16,
    /// The container that it runs in.
    pub container: Option<Arc<OwnedRecord>>,
    /// The kernel side's key of what it runs; 0 where that is not known.
    pub(super) image_key: u64,
    /// What the last event told of it.
    pub(super) state: State,
    /// Has it counted, as long as somebody holds it.
    pub(super) weight: Weight,
    /// What is known of it, but for those. What it runs is shared by all that were forked from it.
    pub(super) record: OwnedRecord,
}

impl Process {
    /// A process of which all that is known is told, as a test or a line of JSON does. Its line is cut where it is too long.
    pub fn told(record: OwnedRecord, parent: Option<&Arc<Process>>, container: Option<Arc<OwnedRecord>>) -> Self {
        let parent = parent.map(as_parent);
        let depth = parent.as_ref().map_or(0, |parent| parent.depth + 1);
        let (state, weight) = Default::default();
        Self { parent, depth, container, image_key: 0, state, weight, record }
    }

    /// What is known of it: see `lanner_abi::field::process`.
    #[inline]
    pub fn record(&self) -> RecordRef<'_> {
        self.record.get()
    }

    fn number(&self, field: &FieldInfo) -> Option<u64> {
        self.record().number(field)
    }

    fn id_number(&self, field: &FieldInfo) -> u32 {
        self.number(field).and_then(|id| u32::try_from(id).ok()).unwrap_or(lanner_abi::NO_ID)
    }

    fn bytes(&self, field: &FieldInfo) -> &[u8] {
        self.record().bytes(field).unwrap_or_default()
    }

    /// The process.
    pub fn id(&self) -> ProcessId {
        ProcessId(self.number(field::process::ID).unwrap_or_default())
    }

    /// This image of it.
    pub fn image(&self) -> ImageId {
        ImageId(self.number(field::process::IMAGE).unwrap_or_default())
    }

    /// Thread group id in the initial pid namespace.
    pub fn pid(&self) -> u32 {
        self.number(field::process::PID).unwrap_or_default() as u32
    }

    /// The parent's.
    pub fn ppid(&self) -> u32 {
        self.number(field::process::PPID).unwrap_or_default() as u32
    }

    /// Real user id.
    pub fn uid(&self) -> u32 {
        self.id_number(field::process::UID)
    }

    /// Effective user id.
    pub fn euid(&self) -> u32 {
        self.id_number(field::process::EUID)
    }

    /// Real group id.
    pub fn gid(&self) -> u32 {
        self.id_number(field::process::GID)
    }

    /// Effective group id.
    pub fn egid(&self) -> u32 {
        self.id_number(field::process::EGID)
    }

    /// User id of the login that it descends from, where it descends from one.
    pub fn login_uid(&self) -> Option<u32> {
        self.number(field::process::LOGIN_UID).map(|uid| uid as u32)
    }

    /// Name of the real user, where it is known.
    pub fn user(&self) -> Option<&[u8]> {
        self.record().bytes(field::process::USER)
    }

    /// When the process began, ns since 1970 (UTC).
    pub fn start_ns(&self) -> u64 {
        self.number(field::process::START).unwrap_or_default()
    }

    /// Bits of `lanner_abi::process_flag`.
    pub fn flags(&self) -> u32 {
        self.number(field::process::FLAGS).unwrap_or_default() as u32
    }

    /// Path of the executable; empty where it is not known.
    pub fn exe(&self) -> &[u8] {
        self.bytes(field::process::EXE)
    }

    /// The kernel's short name.
    pub fn comm(&self) -> &[u8] {
        self.bytes(field::process::COMM)
    }

    /// Arguments, each ended by a NUL; empty where they are not known.
    pub fn argv(&self) -> &[u8] {
        self.bytes(field::process::ARGV)
    }

    /// Working directory at the start of the image; empty where it is not known.
    pub fn cwd(&self) -> &[u8] {
        self.bytes(field::process::CWD)
    }

    /// The script that the executable interprets; empty where there is none.
    pub fn script(&self) -> &[u8] {
        self.bytes(field::process::SCRIPT)
    }

    /// Itself, its parent, and so on.
    pub fn line(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Process>> {
        std::iter::successors(Some(self), |process| process.parent.as_ref())
    }

    /// The last part of the executable's path; where there is none, the short name.
    pub fn name(&self) -> &[u8] {
        match self.exe().rsplit(|byte| *byte == b'/').next() {
            Some(name) if !name.is_empty() => name,
            _ => self.comm(),
        }
    }

    /// The same without its arguments and folders, and without whatever else is longer than the kernel side tells it.
    pub(super) fn without_what_may_be_long(&self) -> Self {
        let left_out = [field::process::ARGV, field::process::CWD, field::process::SCRIPT, field::process::ENVIRONMENT];
        // Its own, which forks do not share.
        let own = [field::process::COMM, field::process::USER];
        let mut record = OwnedRecord::new(&PROCESS);
        let keep = |record: &mut OwnedRecord, at: &'static FieldInfo| {
            let value = self.record().value(at);
            // It is the same field, so that it takes what it had.
            let _ = record.set(at, value.filter(|value| !matches!(value, Value::Text(text) if text.len() > MAX_TEXT)));
        };
        let others = |at: &&FieldInfo| !left_out.contains(at) && !own.contains(at);
        PROCESS.fields.iter().filter(others).for_each(|at| keep(&mut record, at));
        let mut flags = self.flags() | process_flag::ARGV_TRUNCATED | process_flag::PATH_TRUNCATED;
        if !self.bytes(field::process::ENVIRONMENT).is_empty() {
            flags |= process_flag::ENVIRONMENT_TRUNCATED;
        }
        let _ = record.set(field::process::FLAGS, Some(flags.into()));
        record.share();
        own.into_iter().for_each(|at| keep(&mut record, at));
        Self { record, ..self.clone() }
    }

    /// As it is told as an ancestor, where that is less than all.
    pub fn as_ancestor(&self) -> Option<OwnedRecord> {
        let long = |path: &'static FieldInfo| self.bytes(path).len() > MAX_ANCESTOR_PATH;
        let argv = self.argv();
        let paths = [field::process::CWD, field::process::SCRIPT, field::process::ENVIRONMENT];
        if argv.len() <= MAX_ANCESTOR_ARGV && !paths.into_iter().any(long) {
            return None;
        }
        let mut flags = self.flags();
        let mut record = self.record.rewritten(|at, value| match value {
            Some(Value::Text(argv)) if *at == *field::process::ARGV && argv.len() > MAX_ANCESTOR_ARGV => {
                flags |= process_flag::ARGV_TRUNCATED;
                argv.get(..MAX_ANCESTOR_ARGV).map(Value::Text)
            }
            Some(_) if paths.contains(&at) && long(at) => {
                flags |= match at {
                    at if *at == *field::process::ENVIRONMENT => process_flag::ENVIRONMENT_TRUNCATED,
                    _ => process_flag::PATH_TRUNCATED,
                };
                None
            }
            value => value,
        });
        let _ = record.set(field::process::FLAGS, Some(flags.into()));
        Some(record)
    }

    /// Bytes that it takes with its ancestors, as they are told, at most.
    pub fn line_size(&self) -> usize {
        let ancestors = std::iter::successors(self.parent.as_ref(), |process| process.parent.as_ref());
        self.size() + ancestors.map(|process| process.size().min(MAX_ANCESTOR)).sum::<usize>()
    }

    /// Bytes that it takes, with the texts that it may share.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.record.len()
    }
}

/// An image as a parent: itself, or where its line is too long, a copy with the far end cut off.
pub(super) fn as_parent(process: &Arc<Process>) -> Arc<Process> {
    if process.depth + 1 < MAX_LINEAGE {
        return process.clone();
    }
    let near: Vec<&Arc<Process>> = process.line().take(usize::from(KEPT_LINEAGE)).collect();
    let mut parent = None;
    for (depth, ancestor) in (0..).zip(near.into_iter().rev()) {
        parent = Some(Arc::new(Process { parent: parent.take(), depth, ..Process::clone(ancestor) }));
    }
    parent.unwrap_or_else(|| process.clone())
}
