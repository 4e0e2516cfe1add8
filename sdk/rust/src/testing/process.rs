//! Processes, made up.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use lanner_abi::{FrameWriter, NO_PROCESS, NO_USER, ProcessRecord, process_flag};

/// Pids and ids of processes; no two tests share one.
static NEXT: AtomicU32 = AtomicU32::new(1000);

/// A process: the image that its events come from. Clones are the same process.
#[derive(Clone, Debug)]
pub struct TestProcess {
    facts: Rc<Facts>,
}

#[derive(Clone, Debug)]
struct Facts {
    /// Without its texts, and without its parent.
    record: ProcessRecord<'static>,
    parent: Option<TestProcess>,
    exe: Vec<u8>,
    comm: Option<Vec<u8>>,
    args: Option<Vec<u8>>,
    cwd: Vec<u8>,
    script: Vec<u8>,
    user: Option<Vec<u8>>,
}

/// A process that runs this executable, as root.
#[must_use]
pub fn process(exe: impl AsRef<[u8]>) -> TestProcess {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let record = ProcessRecord {
        id: number.into(),
        image: u64::from(number) << 32,
        pid: number,
        ns_pid: number,
        login_uid: NO_USER,
        exe_mode: 0o100_755,
        // ext4's.
        exe_fs: 0xef53,
        ..ProcessRecord::default()
    };
    let facts = Facts {
        record,
        parent: None,
        exe: exe.as_ref().to_vec(),
        comm: None,
        args: None,
        cwd: b"/".to_vec(),
        script: Vec::new(),
        user: None,
    };
    TestProcess { facts: Rc::new(facts) }
}

impl TestProcess {
    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Rc::make_mut(&mut self.facts));
        self
    }

    fn flag(self, flag: u32) -> Self {
        self.with(|facts| facts.record.flags |= flag)
    }

    /// Its arguments, the program's name first. Where nothing is said, there is only that.
    #[must_use]
    pub fn args<T: AsRef<[u8]>>(self, args: impl IntoIterator<Item = T>) -> Self {
        let args = args.into_iter().flat_map(|arg| [arg.as_ref(), b"\0"].concat()).collect();
        self.with(|facts| facts.args = Some(args))
    }

    /// The process that it was forked from.
    #[must_use]
    pub fn parent(self, parent: impl Borrow<TestProcess>) -> Self {
        self.with(|facts| facts.parent = Some(parent.borrow().clone()))
    }

    /// Another executable: what the same process is before, or after, an exec.
    #[must_use]
    pub fn exe(self, exe: impl AsRef<[u8]>) -> Self {
        self.with(|facts| {
            facts.record.image += 1;
            facts.exe = exe.as_ref().to_vec();
        })
    }

    /// The kernel's short name; where nothing is said, the beginning of the executable's.
    #[must_use]
    pub fn comm(self, comm: impl AsRef<[u8]>) -> Self {
        self.with(|facts| facts.comm = Some(comm.as_ref().to_vec()))
    }

    /// Real, effective and saved user id.
    #[must_use]
    pub fn uid(self, uid: u32) -> Self {
        self.with(|facts| (facts.record.uid, facts.record.euid, facts.record.suid) = (uid, uid, uid))
    }

    /// Effective user id, after [`TestProcess::uid`].
    #[must_use]
    pub fn euid(self, euid: u32) -> Self {
        self.with(|facts| facts.record.euid = euid)
    }

    /// Name of the user; where nothing is said, `root` for 0 and nothing for others.
    #[must_use]
    pub fn user(self, user: impl AsRef<[u8]>) -> Self {
        self.with(|facts| facts.user = Some(user.as_ref().to_vec()))
    }

    /// Working directory.
    #[must_use]
    pub fn cwd(self, cwd: impl AsRef<[u8]>) -> Self {
        self.with(|facts| facts.cwd = cwd.as_ref().to_vec())
    }

    /// The script that the executable interprets.
    #[must_use]
    pub fn script(self, script: impl AsRef<[u8]>) -> Self {
        self.with(|facts| facts.script = script.as_ref().to_vec())
    }

    /// Magic number of the executable's file system.
    #[must_use]
    pub fn exe_fs(self, magic: u32) -> Self {
        self.with(|facts| facts.record.exe_fs = magic)
    }

    /// Device (the kernel's encoding) and inode of the executable.
    #[must_use]
    pub fn exe_file(self, dev: u32, inode: u64) -> Self {
        self.with(|facts| (facts.record.exe_dev, facts.record.exe_inode) = (dev, inode))
    }

    /// File type and permissions of the executable (`st_mode`).
    #[must_use]
    pub fn exe_mode(self, mode: u32) -> Self {
        self.with(|facts| facts.record.exe_mode = mode)
    }

    /// Runs from an anonymous memory file.
    #[must_use]
    pub fn memfd(self) -> Self {
        self.flag(process_flag::EXE_MEMFD)
    }

    /// Its executable had been deleted.
    #[must_use]
    pub fn deleted(self) -> Self {
        self.flag(process_flag::EXE_DELETED)
    }

    /// Its executable lies on the upper layer of an overlay.
    #[must_use]
    pub fn upper(self) -> Self {
        self.flag(process_flag::EXE_UPPER)
    }

    /// Its pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.facts.record.pid
    }

    /// Its image id.
    #[must_use]
    pub fn image(&self) -> u64 {
        self.facts.record.image
    }

    /// The same process before it became this image: a fork of its parent, or where that is not known, of nobody.
    pub(super) fn before(&self) -> TestProcess {
        let own = &self.facts.record;
        let parent = self.facts.parent.as_ref();
        let before = parent.cloned().unwrap_or_else(|| process(""));
        before.with(|facts| {
            facts.record.id = own.id;
            facts.record.image = own.image - 1;
            facts.record.pid = own.pid;
            facts.parent = parent.cloned();
        })
    }

    pub(super) fn exe_path(&self) -> &[u8] {
        &self.facts.exe
    }
}

/// The processes of a frame that are written, by image.
#[derive(Default)]
pub(super) struct Written(HashMap<u64, u32>);

impl Written {
    /// The row of a process; it and its ancestors are written where they are not yet.
    pub(super) fn row(&mut self, writer: &mut FrameWriter, process: &TestProcess) -> u32 {
        if let Some(row) = self.0.get(&process.image()) {
            return *row;
        }
        let facts = &*process.facts;
        let parent = facts.parent.as_ref();
        let name = facts.exe.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let short = name.get(..15).unwrap_or(name);
        let only_name = [name, b"\0"].concat();
        let root: &[u8] = if facts.record.uid == 0 { b"root" } else { b"" };
        let record = ProcessRecord {
            parent: parent.map_or(NO_PROCESS, |parent| self.row(writer, parent)),
            ppid: parent.map_or(0, TestProcess::pid),
            exe: &facts.exe,
            comm: facts.comm.as_deref().unwrap_or(short),
            argv: facts.args.as_deref().unwrap_or(&only_name),
            cwd: &facts.cwd,
            script: &facts.script,
            user: facts.user.as_deref().unwrap_or(root),
            ..facts.record
        };
        let row = writer.process(&record);
        self.0.insert(process.image(), row);
        row
    }
}
