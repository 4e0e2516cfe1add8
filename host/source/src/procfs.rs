//! What /proc tells: the processes that were there before the probes, and the machine.
//!
//! Read by hand: names and arguments are bytes, and the time between the first and the last process should be short.
//! Each process is read through a descriptor of its directory, so that a pid that is reused midway cannot mix two.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use lanner_abi::{FieldInfo, NO_ID, OwnedRecord, PROCESS, Text, Value, field, process_flag};
use lanner_probes::event::{Standing, Task};
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};
use rustix::io::Errno;

use super::record::{Machine, ProcessSnapshot};

/// The longest command line that is kept, as in the probes.
const MAX_ARGV: usize = 32 << 10;
/// Bytes of an environment that are looked at, as by the kernel side.
const MAX_ENVIRONMENT: usize = 32 << 10;

/// The longest path that is kept, as in the probes.
const MAX_PATH: usize = 4096;

/// Far longer than any of the other files of a process; bounds what is read of one.
const MAX_FILE: usize = 1 << 20;

/// /etc/passwd of a very large site.
const MAX_PASSWD: u64 = 16 << 20;

/// Start times are in ticks of USER_HZ, 100 a second whatever the kernel's own HZ.
const NS_PER_TICK: u64 = 10_000_000;

/// `TASK_COMM_LEN` without the NUL.
const MAX_COMM: usize = 15;

/// `PF_KTHREAD` of the kernel's `include/linux/sched.h`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// A path as /proc shows it, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ShownPath {
    bytes: Vec<u8>,
    /// Its end is kept.
    truncated: bool,
    deleted: bool,
}

/// What the kernel appends to the path of a file that was deleted.
const DELETED: &[u8] = b" (deleted)";

/// /proc could not be listed.
#[derive(Debug, thiserror::Error)]
#[error("cannot list the processes in {root}: {error}; is proc mounted there?")]
pub struct SnapshotError {
    /// Where processes were looked for.
    pub root: &'static str,
    /// Why not.
    pub error: io::Error,
}

/// The processes that are there, as far as /proc shows them.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Parents before their children.
    pub processes: Vec<ProcessSnapshot>,
    /// Some are not shown: not even the first is.
    pub hides: bool,
    /// Those of which it may not be known what they run: how many, and the first one's pid and name.
    pub unreadable: Option<(usize, u32, String)>,
}

/// All processes, parents before their children. One that ends midway is left out; what may not be read is left empty.
/// One that is caught within an exec may have no arguments yet: its exec event is still to come.
///
/// # Errors
/// Where /proc cannot be listed.
pub fn snapshot() -> Result<Snapshot, SnapshotError> {
    const ROOT: &str = "/proc";
    let failed = |error: Errno| SnapshotError { root: ROOT, error: error.into() };
    let proc = open_dir(CWD, ROOT).map_err(failed)?;
    let mut buffer = Vec::with_capacity(MAX_ARGV + 1);
    let mut snapshot = Snapshot { hides: true, ..Snapshot::default() };
    for entry in Dir::read_from(&proc).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let pid = entry.file_name().to_str().ok().and_then(|name| name.parse().ok());
        if let Some((process, readable)) = pid.and_then(|pid| read_process(&proc, pid, &mut buffer)) {
            snapshot.hides &= process.task.pid != 1;
            if !readable {
                let task = &process.task;
                let first = || (0, task.pid, Text::new(&task.comm).to_string());
                snapshot.unreadable.get_or_insert_with(first).0 += 1;
            }
            snapshot.processes.push(process);
        }
    }
    snapshot.processes = parents_first(snapshot.processes);
    Ok(snapshot)
}

/// The machine that this runs on. What cannot be read is left empty.
pub fn machine() -> Machine {
    let uname = rustix::system::uname();
    Machine {
        hostname: uname.nodename().to_string_lossy().into_owned(),
        kernel: uname.release().to_string_lossy().into_owned(),
        architecture: uname.machine().to_string_lossy().into_owned(),
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
        boot_time_ns: lanner_probes::boot_time_ns(),
        users: users(Path::new("/etc/passwd")),
    }
}

/// Whether this process's pid is the one by which the kernel's own side knows it.
///
/// # Errors
/// /proc does not say.
pub fn in_first_pid_namespace() -> io::Result<bool> {
    // PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h.
    const FIRST: &str = "pid:[4026531836]";
    Ok(fs::read_link("/proc/self/ns/pid")? == Path::new(FIRST))
}

/// Whether this process may look into those of others (`CAP_SYS_PTRACE`).
pub fn may_look_into_others() -> bool {
    const SYS_PTRACE: u32 = 19;
    fs::read("/proc/self/status").is_ok_and(|text| Status::parse(&text).caps_effective >> SYS_PTRACE & 1 == 1)
}

/// Names of user ids, from a file like /etc/passwd; the first line of an id counts, as for `getpwuid`. Directories
/// such as LDAP are not asked: that could hang, and the ids of services, which rules name, are local.
fn users(path: &Path) -> BTreeMap<u32, String> {
    use std::io::Read as _;
    let mut text = Vec::new();
    // Whatever was read before an error is better than nothing.
    let _ = fs::File::open(path).and_then(|file| file.take(MAX_PASSWD).read_to_end(&mut text));
    let mut users = BTreeMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, uid) = (fields.next().unwrap_or_default(), fields.nth(1).and_then(number));
        if let (Some(uid), false) = (uid, name.is_empty() || name.starts_with(b"#")) {
            users.entry(uid).or_insert_with(|| String::from_utf8_lossy(name).into_owned());
        }
    }
    users
}

/// The environment that a process shows, each entry ended by a NUL, and whether there is more of it: nothing where another has its
/// pid by now, or where it may not be read. A program can write something else there.
pub(crate) fn environment(task: &Task) -> Option<(Vec<u8>, bool)> {
    let dir = open_dir(CWD, &format!("/proc/{}", task.pid)).ok()?;
    let mut buffer = Vec::new();
    read_file(&dir, "stat", MAX_FILE, &mut buffer).ok()?;
    if task.kernel_thread || Stat::parse(&buffer)?.start_boot_ns != task.start_boot_ns {
        return None;
    }
    read_file(&dir, "environ", MAX_ENVIRONMENT + 1, &mut buffer).ok()?;
    let is_truncated = buffer.len() > MAX_ENVIRONMENT;
    buffer.truncate(MAX_ENVIRONMENT);
    Some((buffer, is_truncated))
}

// === one process ===

/// A process, and whether it may be known what it runs.
fn read_process(proc: &OwnedFd, pid: u32, buffer: &mut Vec<u8>) -> Option<(ProcessSnapshot, bool)> {
    let dir = open_dir(proc, &pid.to_string()).ok()?;
    read_file(&dir, "stat", MAX_FILE, buffer).ok()?;
    let stat = Stat::parse(buffer)?;
    read_file(&dir, "status", MAX_FILE, buffer).ok()?;
    let status = Status::parse(buffer);

    let mut image = Image { record: OwnedRecord::new(&PROCESS), flags: 0 };
    image.set(field::process::NS_PID, Some(status.ns_pid.unwrap_or(pid)));
    image.set(field::process::TTY, stat.tty);
    let known = |number: Option<u32>| number.unwrap_or_default();
    let standing = Standing {
        suid: status.uids[2],
        sgid: status.gids[2],
        sid: known(stat.sid),
        pgid: known(stat.pgid),
        mnt_ns: known(namespace(&dir, "ns/mnt")),
        pid_ns: known(namespace(&dir, "ns/pid")),
        net_ns: known(namespace(&dir, "ns/net")),
        user_ns: known(namespace(&dir, "ns/user")),
        // What the events of the process tell.
        cgroup_id: 0,
        caps_inheritable: status.caps_inheritable,
        caps_permitted: status.caps_permitted,
        caps_effective: status.caps_effective,
    };
    if read_file(&dir, "loginuid", MAX_FILE, buffer).is_ok() {
        // All bits are "not set".
        image.set(field::process::LOGIN_UID, number::<u32>(buffer).filter(|uid| *uid != NO_ID));
    }
    let mut readable = true;
    if !stat.kernel_thread {
        let exe = link(&dir, "exe");
        readable = !matches!(exe, Err(Errno::ACCESS | Errno::PERM));
        if let Ok(mut exe) = exe {
            // An upgrade put a new file in its place; it was there when the program began, as far as anybody can tell.
            exe.deleted &= !is_there(&dir, &exe.bytes);
            image.path(field::process::EXE, &exe);
            // Of a working directory it says nothing.
            image.flag(exe.deleted, process_flag::EXE_DELETED);
            let _ = image.file(&dir, "exe");
        }
        if read_file(&dir, "cmdline", MAX_ARGV + 1, buffer).is_ok() {
            let (argv, truncated) = argv(buffer);
            image.set(field::process::ARGV, Some(argv.as_slice()));
            image.flag(truncated, process_flag::ARGV_TRUNCATED);
        }
    }
    if let Ok(cwd) = link(&dir, "cwd") {
        image.path(field::process::CWD, &cwd);
    }
    image.set(field::process::FLAGS, Some(image.flags));
    let Image { record: image, .. } = image;
    let task = Task {
        pid,
        tid: pid,
        start_boot_ns: stat.start_boot_ns,
        ppid: stat.ppid,
        // Known once all were read.
        parent_start_boot_ns: 0,
        uid: status.uids[0],
        euid: status.uids[1],
        gid: status.gids[0],
        egid: status.gids[1],
        standing: Some(standing),
        comm: stat.comm,
        kernel_thread: stat.kernel_thread,
        image_key: 0,
    };
    Some((ProcessSnapshot { task, image }, readable))
}

/// The image of a process in the making.
struct Image {
    record: OwnedRecord,
    /// Bits of `process_flag`.
    flags: u32,
}

impl Image {
    fn set<'a>(&mut self, field: &FieldInfo, value: Option<impl Into<Value<'a>>>) {
        let set = self.record.set(field, value.map(Into::into));
        debug_assert!(set.is_ok(), "{set:?}");
    }

    fn flag(&mut self, holds: bool, flag: u32) {
        if holds {
            self.flags |= flag;
        }
    }

    fn path(&mut self, field: &FieldInfo, path: &ShownPath) {
        self.flag(path.truncated, process_flag::PATH_TRUNCATED);
        if !path.bytes.is_empty() {
            self.set(field, Some(path.bytes.as_slice()));
        }
    }

    /// The file behind a link of a process's directory. On an overlay, device and inode are what `stat` shows, which may
    /// differ from the kernel's own, and the layer is not known.
    fn file(&mut self, dir: &OwnedFd, name: &str) -> Result<(), Errno> {
        let file = rustix::fs::openat(dir, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let stat = rustix::fs::fstat(&file)?;
        let dev = rustix::fs::major(stat.st_dev) << 20 | rustix::fs::minor(stat.st_dev) & 0xf_ffff;
        self.set(field::process::EXE_INODE, Some(stat.st_ino));
        self.set(field::process::EXE_DEV, Some(dev));
        self.set(field::process::EXE_MODE, Some(stat.st_mode));
        self.set(field::process::EXE_UID, Some(stat.st_uid));
        self.set(field::process::EXE_GID, Some(stat.st_gid));
        self.set(field::process::EXE_MTIME, in_ns(stat.st_mtime, stat.st_mtime_nsec));
        self.set(field::process::EXE_CTIME, in_ns(stat.st_ctime, stat.st_ctime_nsec));
        let fs = rustix::fs::fstatfs(&file).ok().map(|statfs| magic(statfs.f_type));
        self.set(field::process::EXE_FS, fs);
        Ok(())
    }
}

/// What is taken from /proc/PID/stat (proc_pid_stat(5)).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    comm: Vec<u8>,
    ppid: u32,
    pgid: Option<u32>,
    sid: Option<u32>,
    /// The controlling terminal, as the kernel encodes it; not there where there is none.
    tty: Option<u32>,
    kernel_thread: bool,
    start_boot_ns: u64,
}

/// A time that a file was changed at; not before 1970.
fn in_ns(seconds: i64, ns: u64) -> Option<u64> {
    u64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?.checked_add(ns)
}

/// A device as stat(5) shows it: the minor number's bits stand around those of the major one.
fn device(shown: u32) -> u32 {
    let (major, minor) = (shown >> 8 & 0xfff, shown & 0xff | shown >> 12 & 0xfff00);
    major << 20 | minor
}

impl Stat {
    fn parse(text: &[u8]) -> Option<Self> {
        // The name may hold anything, parentheses too: it ends at the last one.
        let begin = text.iter().position(|byte| *byte == b'(')? + 1;
        let end = text.iter().rposition(|byte| *byte == b')')?;
        let comm = text.get(begin..end)?;
        let mut fields = text.get(end + 1..)?.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        // The third field, the state, follows; 22 is the start time.
        let ppid = number(fields.nth(1)?)?;
        // 0 for the kernel's own threads; -1 is shown by some kernels where there is none.
        let pgid = number(fields.next()?);
        let sid = number(fields.next()?);
        let tty = number(fields.next()?).filter(|tty| *tty != 0).map(device);
        let kernel_thread = number::<u64>(fields.nth(1)?)? & PF_KTHREAD != 0;
        let start_boot_ns = number::<u64>(fields.nth(12)?)?.saturating_mul(NS_PER_TICK);
        Some(Self { comm: task_comm(comm, kernel_thread), ppid, pgid, sid, tty, kernel_thread, start_boot_ns })
    }
}

/// For a kernel thread /proc shows more than `task_struct.comm`, which the probes see: up to 63 bytes of its name, and
/// behind a worker's name what it last worked at (`proc_task_name`).
fn task_comm(shown: &[u8], kernel_thread: bool) -> Vec<u8> {
    let mut comm = shown;
    if kernel_thread && comm.starts_with(b"kworker/") && !comm.starts_with(b"kworker/R-") {
        let end = comm.iter().position(|byte| matches!(byte, b'+' | b'-')).unwrap_or(comm.len());
        comm = &comm[..end];
    }
    comm[..comm.len().min(MAX_COMM)].to_vec()
}

/// What is taken from /proc/PID/status (proc_pid_status(5)).
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// Real, effective, saved; [`NO_ID`] where unknown.
    pub uids: [u32; 3],
    /// Real, effective, saved; likewise.
    pub gids: [u32; 3],
    /// In the innermost pid namespace.
    pub ns_pid: Option<u32>,
    /// Inheritable capabilities.
    pub caps_inheritable: u64,
    /// Permitted capabilities.
    pub caps_permitted: u64,
    /// Effective capabilities.
    pub caps_effective: u64,
}

/// Nothing is known. Who is not known is not root.
impl Default for Status {
    fn default() -> Self {
        let unknown = [NO_ID; 3];
        Self { uids: unknown, gids: unknown, ns_pid: None, caps_inheritable: 0, caps_permitted: 0, caps_effective: 0 }
    }
}

impl Status {
    /// Lines that are missing leave their fields as they are by default.
    pub fn parse(text: &[u8]) -> Self {
        let mut status = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (key, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            match key {
                b"Uid" => status.uids = ids(value),
                b"Gid" => status.gids = ids(value),
                b"NSpid" => status.ns_pid = value.rsplit(u8::is_ascii_whitespace).next().and_then(number),
                b"CapInh" => status.caps_inheritable = hexadecimal(value),
                b"CapPrm" => status.caps_permitted = hexadecimal(value),
                b"CapEff" => status.caps_effective = hexadecimal(value),
                _ => {}
            }
        }
        status
    }
}

fn ids(value: &[u8]) -> [u32; 3] {
    let mut fields = value.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    std::array::from_fn(|_| fields.next().and_then(number).unwrap_or(NO_ID))
}

/// A decimal number, alone on its line.
fn number<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

fn hexadecimal(text: &[u8]) -> u64 {
    std::str::from_utf8(text).ok().and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or(0)
}

/// Arguments as the probes give them, each ended by a NUL, and whether there were more. A process that wrote over its
/// arguments (`setproctitle`) may have left one without.
fn argv(cmdline: &[u8]) -> (Vec<u8>, bool) {
    let truncated = cmdline.len() > MAX_ARGV;
    let mut argv = cmdline[..cmdline.len().min(MAX_ARGV)].to_vec();
    if !truncated && argv.last().is_some_and(|byte| *byte != 0) {
        argv.push(0);
    }
    (argv, truncated)
}

/// Where a link of a process's directory leads, as the kernel shows it.
fn link(dir: &OwnedFd, name: &str) -> Result<ShownPath, Errno> {
    let target = match rustix::fs::readlinkat(dir, name, Vec::with_capacity(256)) {
        Ok(target) => target.into_bytes(),
        // The kernel shows no path longer than a page.
        Err(Errno::NAMETOOLONG) => return Ok(ShownPath { truncated: true, ..ShownPath::default() }),
        Err(error) => return Err(error),
    };
    Ok(shown_path(target, |path| is_same_file(dir, name, path)))
}

/// Takes apart what the kernel shows; `exists` says whether a file of exactly this path is the one behind the link,
/// for one that is really called `x (deleted)`.
fn shown_path(mut bytes: Vec<u8>, exists: impl FnOnce(&[u8]) -> bool) -> ShownPath {
    let deleted = bytes.ends_with(DELETED) && !exists(&bytes);
    if deleted {
        bytes.truncate(bytes.len() - DELETED.len());
    }
    // Memory files lie nowhere: the slash is only in how they are shown.
    if deleted && bytes.starts_with(b"/memfd:") {
        bytes.remove(0);
    }
    let truncated = bytes.len() > MAX_PATH;
    if truncated {
        let from = bytes.len() - MAX_PATH;
        let slash = bytes[from..].iter().position(|byte| *byte == b'/').unwrap_or(0);
        bytes.drain(..from + slash);
    }
    ShownPath { bytes, truncated, deleted }
}

/// Whether there is a file of this path, seen from the process's own root.
fn is_there(dir: &OwnedFd, path: &[u8]) -> bool {
    path.starts_with(b"/")
        && rustix::fs::statat(dir, [b"root", path].concat().as_slice(), AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

fn is_same_file(dir: &OwnedFd, name: &str, path: &[u8]) -> bool {
    let inside = [b"root", path].concat();
    let (Ok(link), Ok(file)) = (
        rustix::fs::statat(dir, name, AtFlags::empty()),
        rustix::fs::statat(dir, inside.as_slice(), AtFlags::SYMLINK_NOFOLLOW),
    ) else {
        return false;
    };
    (link.st_dev, link.st_ino) == (file.st_dev, file.st_ino)
}

/// Magic numbers have 32 bits; the type of the field differs between architectures.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the upper half is sign extension")]
fn magic(f_type: rustix::fs::FsWord) -> u32 {
    f_type as u32
}

/// The inode number of a namespace, from `net:[4026531833]`, where it may be read.
fn namespace(dir: &OwnedFd, name: &str) -> Option<u32> {
    let parse = |target: &[u8]| {
        let begin = target.iter().position(|byte| *byte == b'[')? + 1;
        number(target.get(begin..)?.strip_suffix(b"]")?)
    };
    rustix::fs::readlinkat(dir, name, Vec::with_capacity(32)).ok().and_then(|target| parse(target.as_bytes()))
}

fn open_dir(at: impl AsFd, path: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Reads a file into `buffer`, up to `limit` bytes.
fn read_file(dir: &OwnedFd, name: &str, limit: usize, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    let file = rustix::fs::openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    buffer.clear();
    let mut length = 0;
    while length < limit {
        // The size that the first read asks for decides how many there are: few files exceed a page.
        buffer.resize((length + MAX_PATH).min(limit), 0);
        match rustix::io::read(&file, &mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(length);
    Ok(())
}

// === all processes ===

/// Orders processes so that a parent comes before its children, and gives each its parent's start.
fn parents_first(mut processes: Vec<ProcessSnapshot>) -> Vec<ProcessSnapshot> {
    let starts: HashMap<u32, u64> =
        processes.iter().map(|process| (process.task.pid, process.task.start_boot_ns)).collect();
    for ProcessSnapshot { task, .. } in &mut processes {
        // A parent that is younger is another process with the pid of one that ended midway.
        task.parent_start_boot_ns =
            starts.get(&task.ppid).copied().filter(|start| *start <= task.start_boot_ns).unwrap_or(0);
    }
    // A process is older than its children, but a tick is long, and pids wrap.
    processes.sort_by_key(|process| (process.task.start_boot_ns, process.task.pid));
    let place: HashMap<u32, usize> = processes.iter().enumerate().map(|(i, process)| (process.task.pid, i)).collect();
    let mut order = Vec::with_capacity(processes.len());
    let mut placed = vec![false; processes.len()];
    let mut line = Vec::new();
    for mut next in 0..processes.len() {
        // Up to the first ancestor that has its place; `placed` is set on the way, so a circle ends too.
        while !std::mem::replace(&mut placed[next], true) {
            line.push(next);
            match place.get(&processes[next].task.ppid) {
                Some(parent) => next = *parent,
                None => break,
            }
        }
        order.extend(line.drain(..).rev());
    }
    let mut processes: Vec<_> = processes.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| processes[i].take()).collect()
}

#[cfg(test)]
mod tests;
