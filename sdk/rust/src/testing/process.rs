//! Processes, made up.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};

use lanner_abi::{FieldInfo, FrameWriter, OwnedRecord, PROCESS, Value, field, process_flag};

use super::BEGINNING;
use super::container::TestContainer;

/// Pids and ids of processes; no two tests share one.
static NEXT: AtomicU32 = AtomicU32::new(1000);

/// A process: the image that its events come from. Clones are the same process.
#[derive(Clone, Debug)]
pub struct TestProcess {
    facts: Rc<Facts>,
}

#[derive(Clone, Debug)]
struct Facts {
    /// Without what follows from other facts, where the test does not say it.
    record: OwnedRecord,
    /// The fields that the test has said something of.
    said: Vec<&'static FieldInfo>,
    parent: Option<TestProcess>,
    container: Option<TestContainer>,
}

/// A process that runs this executable, as root; where that is empty, nothing is known of it.
#[must_use]
pub fn process(exe: impl AsRef<[u8]>) -> TestProcess {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut record = OwnedRecord::new(&PROCESS)
        .with(field::process::ID, number)
        .with(field::process::IMAGE, u64::from(number) << 32)
        .with(field::process::PID, number)
        .with(field::process::NS_PID, number)
        .with(field::process::START, BEGINNING)
        .with(field::process::IMAGE_START, BEGINNING)
        .with(field::process::FLAGS, 0_u32)
        .with(field::process::EXE_MODE, 0o100_755_u32)
        // ext4's.
        .with(field::process::EXE_FS, 0xef53_u32)
        .with(field::process::CWD, "/");
    for id in
        [field::process::UID, field::process::EUID, field::process::SUID, field::process::GID, field::process::EGID]
    {
        record = record.with(id, 0_u32);
    }
    if !exe.as_ref().is_empty() {
        record = record.with(field::process::EXE, exe.as_ref());
    }
    TestProcess { facts: Rc::new(Facts { record, said: Vec::new(), parent: None, container: None }) }
}

impl Facts {
    fn number(&self, field: &FieldInfo) -> u64 {
        self.record.get().number(field).unwrap_or_default()
    }

    fn set<'a>(&mut self, field: &'static FieldInfo, value: impl Into<Value<'a>>) {
        assert!(field.section() == PROCESS.section, "{} is no field of a process", field.name);
        if let Err(wrong) = self.record.set(field, value.into()) {
            panic!("{wrong}");
        }
        self.said.push(field);
    }

    /// With what follows from the rest.
    fn finished(&self) -> OwnedRecord {
        let mut record = self.record.clone();
        let mut follows = |field: &'static FieldInfo, value: Value<'_>| {
            if !self.said.contains(&field) {
                record = std::mem::replace(&mut record, OwnedRecord::new(&PROCESS)).with(field, value);
            }
        };
        let exe = self.record.get().bytes(field::process::EXE);
        let name = exe.unwrap_or_default().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        follows(field::process::COMM, name.get(..15).unwrap_or(name).into());
        if exe.is_some() {
            follows(field::process::ARGV, (&*[name, b"\0"].concat()).into());
        }
        if self.number(field::process::UID) == 0 {
            follows(field::process::USER, "root".into());
        }
        follows(field::process::PPID, self.parent.as_ref().map_or(0, TestProcess::pid).into());
        // Whatever the rows are, they are filled in when it is written.
        if self.parent.is_some() {
            follows(field::process::PARENT, 0_u32.into());
        }
        if self.container.is_some() {
            follows(field::process::CONTAINER, 0_u32.into());
        }
        record
    }
}

impl TestProcess {
    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Rc::make_mut(&mut self.facts));
        self
    }

    fn flag(self, flag: u32) -> Self {
        self.with(|facts| {
            let flags = facts.number(field::process::FLAGS) | u64::from(flag);
            facts.set(field::process::FLAGS, flags);
        })
    }

    /// Any field: `.set(field::process::LOGIN_UID, 1000)`, with [`field`](lanner_abi::field) from `lanner_sdk::abi`.
    ///
    /// # Panics
    ///
    /// Where it is not one of a process, or takes no such value.
    #[must_use]
    pub fn set<'a>(self, field: &'static FieldInfo, value: impl Into<Value<'a>>) -> Self {
        self.with(|facts| facts.set(field, value))
    }

    /// The field is not known.
    #[must_use]
    pub fn without(self, field: &'static FieldInfo) -> Self {
        self.with(|facts| {
            // What is taken away is of any type.
            let _ = facts.record.set(field, None);
            facts.said.push(field);
        })
    }

    /// Its arguments, the program's name first. Where nothing is said, there is only that.
    #[must_use]
    pub fn args<T: AsRef<[u8]>>(self, args: impl IntoIterator<Item = T>) -> Self {
        let args: Vec<u8> = args.into_iter().flat_map(|arg| [arg.as_ref(), b"\0"].concat()).collect();
        self.set(field::process::ARGV, &*args)
    }

    /// The process that it was forked from.
    #[must_use]
    pub fn parent(self, parent: impl Borrow<TestProcess>) -> Self {
        self.with(|facts| facts.parent = Some(parent.borrow().clone()))
    }

    /// The container that it runs in.
    #[must_use]
    pub fn container(self, container: impl Borrow<TestContainer>) -> Self {
        self.with(|facts| facts.container = Some(container.borrow().clone()))
    }

    /// Another executable: what the same process is before, or after, an exec.
    #[must_use]
    pub fn exe(self, exe: impl AsRef<[u8]>) -> Self {
        self.with(|facts| {
            let image = facts.number(field::process::IMAGE);
            facts.set(field::process::IMAGE, image + 1);
            facts.set(field::process::EXE, exe.as_ref());
        })
    }

    /// The kernel's short name; where nothing is said, the beginning of the executable's.
    #[must_use]
    pub fn comm(self, comm: impl AsRef<[u8]>) -> Self {
        self.set(field::process::COMM, comm.as_ref())
    }

    /// Real, effective and saved user id.
    #[must_use]
    pub fn uid(self, uid: u32) -> Self {
        self.set(field::process::UID, uid).set(field::process::EUID, uid).set(field::process::SUID, uid)
    }

    /// Effective user id, after [`TestProcess::uid`].
    #[must_use]
    pub fn euid(self, euid: u32) -> Self {
        self.set(field::process::EUID, euid)
    }

    /// Name of the user; where nothing is said, `root` for 0 and nothing for others.
    #[must_use]
    pub fn user(self, user: impl AsRef<[u8]>) -> Self {
        self.set(field::process::USER, user.as_ref())
    }

    /// Working directory.
    #[must_use]
    pub fn cwd(self, cwd: impl AsRef<[u8]>) -> Self {
        self.set(field::process::CWD, cwd.as_ref())
    }

    /// The script that the executable interprets.
    #[must_use]
    pub fn script(self, script: impl AsRef<[u8]>) -> Self {
        self.set(field::process::SCRIPT, script.as_ref())
    }

    /// Magic number of the executable's file system.
    #[must_use]
    pub fn exe_fs(self, magic: u32) -> Self {
        self.set(field::process::EXE_FS, magic)
    }

    /// Device (the kernel's encoding) and inode of the executable.
    #[must_use]
    pub fn exe_file(self, dev: u32, inode: u64) -> Self {
        self.set(field::process::EXE_DEV, dev).set(field::process::EXE_INODE, inode)
    }

    /// File type and permissions of the executable (`st_mode`).
    #[must_use]
    pub fn exe_mode(self, mode: u32) -> Self {
        self.set(field::process::EXE_MODE, mode)
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
        self.facts.number(field::process::PID) as u32
    }

    /// Its image id.
    #[must_use]
    pub fn image(&self) -> u64 {
        self.facts.number(field::process::IMAGE)
    }

    /// The same process before it became this image: a fork of its parent, or where that is not known, of nobody.
    pub(super) fn before(&self) -> TestProcess {
        let parent = self.facts.parent.as_ref();
        let before = parent.cloned().unwrap_or_else(|| process(""));
        before.with(|facts| {
            facts.set(field::process::ID, self.facts.number(field::process::ID));
            facts.set(field::process::IMAGE, self.image() - 1);
            facts.set(field::process::PID, self.pid());
            facts.parent = parent.cloned();
        })
    }

    /// A text of it.
    pub(super) fn text(&self, field: &FieldInfo) -> &[u8] {
        self.facts.record.get().bytes(field).unwrap_or_default()
    }
}

/// What is written of a frame, so that it is there once: rows of processes, by image, and of containers.
#[derive(Default)]
pub(super) struct Written {
    processes: HashMap<u64, u32>,
    containers: Vec<(TestContainer, u32)>,
}

impl Written {
    /// The row of a process; it and its ancestors are written where they are not yet.
    pub(super) fn row(&mut self, writer: &mut FrameWriter, process: &TestProcess) -> u32 {
        if let Some(row) = self.processes.get(&process.image()) {
            return *row;
        }
        let facts = &process.facts;
        let parent = facts.parent.as_ref().map(|parent| self.row(writer, parent));
        let container = facts.container.as_ref().map(|container| self.container(writer, container));
        let record = facts.finished();
        let row = writer.record(record.get(), &mut |field, _| {
            if field == field::process::PARENT { parent } else { container }
        });
        self.processes.insert(process.image(), row);
        row
    }

    fn container(&mut self, writer: &mut FrameWriter, container: &TestContainer) -> u32 {
        if let Some((_, row)) = self.containers.iter().find(|(there, _)| there.is(container)) {
            return *row;
        }
        let row = writer.record(container.record().get(), &mut |_, _| None);
        self.containers.push((container.clone(), row));
        row
    }
}
