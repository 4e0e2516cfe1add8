//! A process as rules and findings see it.

use std::sync::Arc;

use lanner_probes::event::{FileFacts, Namespaces};

/// Ancestors that an image keeps alive. Longer lines (a program that keeps starting its own successor) lose their far
/// end, so that memory stays bounded by the number of living processes.
pub const MAX_LINEAGE: u16 = 64;
/// What a line that grew too long is cut back to; well under [`MAX_LINEAGE`], so that the cut is rare.
const KEPT_LINEAGE: u16 = 32;

/// A process's stable id: made of the boot, the pid and the start time, so that a pid used again is another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(pub u64);

/// The id of an image: another after each exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageId(pub u64);

/// An image of a process: what it runs, as whom, and where it comes from. Never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The process.
    pub id: ProcessId,
    /// This image of it.
    pub image: ImageId,
    /// The parent's image when it forked.
    pub parent: Option<Arc<Process>>,
    /// How many ancestors it has, as far as they are kept.
    pub depth: u16,
    /// Thread group id in the initial pid namespace.
    pub pid: u32,
    /// The parent's.
    pub ppid: u32,
    /// Pid in its own namespace.
    pub ns_pid: u32,
    /// Session leader.
    pub sid: u32,
    /// Group leader.
    pub pgid: u32,
    /// As whom.
    pub user: Credentials,
    /// When the process began, ns since 1970 (UTC).
    pub start_ns: u64,
    /// When this image began, ns since 1970 (UTC).
    pub image_start_ns: u64,
    /// Bits of `lanner_abi::process_flag`.
    pub flags: u32,
    /// The kernel's short name.
    pub comm: Arc<[u8]>,
    /// What it runs; shared by all that were forked from it.
    pub program: Arc<Program>,
}

/// Who a process acts as.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct Credentials {
    pub uid: u32,
    pub euid: u32,
    pub suid: u32,
    pub gid: u32,
    pub egid: u32,
    /// `u32::MAX` for none.
    pub login_uid: u32,
    pub caps_effective: u64,
    pub caps_permitted: u64,
    pub caps_inheritable: u64,
    /// Name of `uid`, where it is known.
    pub name: Option<Arc<str>>,
}

/// A program that was started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Path of the executable.
    pub exe: Vec<u8>,
    /// Its file.
    pub file: FileFacts,
    /// Arguments, each ended by a NUL.
    pub argv: Vec<u8>,
    /// Working directory at the start.
    pub cwd: Vec<u8>,
    /// The script that `exe` interprets, or empty.
    pub script: Vec<u8>,
    /// Namespaces.
    pub namespaces: Namespaces,
}

impl Program {
    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let Self { exe, argv, cwd, script, .. } = self;
        exe.len() + argv.len() + cwd.len() + script.len()
    }
}

impl Process {
    /// Itself, its parent, and so on.
    pub fn line(self: &Arc<Self>) -> impl Iterator<Item = &Arc<Process>> {
        std::iter::successors(Some(self), |process| process.parent.as_ref())
    }

    /// The last part of the executable's path; where there is none, the short name.
    pub fn name(&self) -> &[u8] {
        match self.program.exe.rsplit(|byte| *byte == b'/').next() {
            Some(name) if !name.is_empty() => name,
            _ => &self.comm,
        }
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
