//! Records of captures of the first format, which named each fact of the kinds there were, and what they are today.

use std::net::IpAddr;

use lanner_abi::{FieldInfo, Kind, OwnedRecord, PROCESS, Value, event_flag, field, process_flag, stdio_flag};
use lanner_probes::event::{RawEvent, Task};
use serde::Deserialize;

use crate::record::{self, ProcessSnapshot};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    Process(Box<Snapshot>),
    SnapshotEnd { boot_ns: u64 },
    Event(Box<Event>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Snapshot {
    task: Task,
    image: Exec,
}

#[derive(Deserialize)]
pub(super) struct Event {
    time_ns: u64,
    task: Task,
    payload: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Payload {
    Exec(Box<Exec>),
    Fork(Fork),
    Exit(Exit),
    Open(Box<Open>),
    Connect(Box<Connect>),
    Lost(Lost),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Exec {
    exe: Path,
    exe_file: File,
    #[serde(with = "serde_bytes")]
    filename: Vec<u8>,
    #[serde(with = "serde_bytes")]
    interpreter: Vec<u8>,
    #[serde(with = "serde_bytes")]
    argv: Vec<u8>,
    argv_truncated: bool,
    cwd: Path,
    suid: u32,
    login_uid: u32,
    sid: u32,
    pgid: u32,
    ns_pid: u32,
    namespaces: Namespaces,
    caps_effective: u64,
    caps_permitted: u64,
    caps_inheritable: u64,
    stdio: [Stdio; 3],
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Path {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    truncated: bool,
    deleted: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    inode: u64,
    dev: u32,
    mode: u32,
    uid: u32,
    fs_magic: u32,
    upper: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Namespaces {
    mnt: u32,
    pid: u32,
    net: u32,
    user: u32,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stdio {
    #[default]
    None,
    File,
    Pipe,
    Tty,
    Device,
    Unix,
    Inet(Option<Endpoint>),
    Other,
}

#[derive(Clone, Copy, Deserialize)]
struct Endpoint {
    address: IpAddr,
    port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fork {
    child_pid: u32,
    child_start_boot_ns: u64,
    child_ns_pid: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Exit {
    code: u8,
    signal: u8,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Open {
    result: i64,
    path: Path,
    resolved: bool,
    flags: u32,
    mode: u32,
    created: bool,
    file: File,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Connect {
    result: i64,
    fd: i32,
    peer: Peer,
    local: Option<Endpoint>,
    socket_type: u16,
    protocol: u16,
    resolved: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Peer {
    Inet(Endpoint),
    Unix(#[serde(with = "serde_bytes")] Vec<u8>),
    Other(u16),
}

impl Default for Peer {
    fn default() -> Self {
        Self::Other(0)
    }
}

#[derive(Deserialize)]
struct Lost {
    kind: LostKind,
    count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum LostKind {
    Exec,
    Fork,
    Exit,
    Open,
    Connect,
}

impl From<Record> for record::Record {
    fn from(record: Record) -> Self {
        match record {
            Record::Process(process) => {
                let Snapshot { task, image } = *process;
                Self::Process(Box::new(ProcessSnapshot { task, image: process_record(&image) }))
            }
            Record::SnapshotEnd { boot_ns } => Self::SnapshotEnd { boot_ns },
            Record::Event(event) => Self::Event(Box::new(raw_event(*event))),
        }
    }
}

/// Sets a field.
fn set<'a>(record: &mut OwnedRecord, field: &FieldInfo, value: impl Into<Value<'a>>) {
    let set = record.set(field, Some(value.into()));
    debug_assert!(set.is_ok(), "{set:?}");
}

/// Sets a field for which zero, or nothing, meant that it is not known.
fn set_known(record: &mut OwnedRecord, field: &FieldInfo, value: impl Into<u64>) {
    let value = value.into();
    if value != 0 {
        set(record, field, value);
    }
}

fn set_text(record: &mut OwnedRecord, field: &FieldInfo, text: &[u8]) {
    if !text.is_empty() {
        set(record, field, text);
    }
}

fn process_record(exec: &Exec) -> OwnedRecord {
    let mut image = OwnedRecord::new(&PROCESS);
    let facts = [
        (exec.exe_file.upper, process_flag::EXE_UPPER),
        (exec.exe.deleted, process_flag::EXE_DELETED),
        (exec.argv_truncated, process_flag::ARGV_TRUNCATED),
        (exec.exe.truncated || exec.cwd.truncated, process_flag::PATH_TRUNCATED),
    ];
    let flags = facts.iter().filter(|(holds, _)| *holds).fold(0, |flags, (_, flag)| flags | flag);
    set(&mut image, field::process::FLAGS, flags);
    set(&mut image, field::process::SUID, exec.suid);
    if exec.login_uid != lanner_abi::NO_ID {
        set(&mut image, field::process::LOGIN_UID, exec.login_uid);
    }
    set_known(&mut image, field::process::SID, exec.sid);
    set_known(&mut image, field::process::PGID, exec.pgid);
    set_known(&mut image, field::process::NS_PID, exec.ns_pid);
    set_known(&mut image, field::process::MNT_NS, exec.namespaces.mnt);
    set_known(&mut image, field::process::PID_NS, exec.namespaces.pid);
    set_known(&mut image, field::process::NET_NS, exec.namespaces.net);
    set_known(&mut image, field::process::USER_NS, exec.namespaces.user);
    set(&mut image, field::process::CAPS_EFFECTIVE, exec.caps_effective);
    set(&mut image, field::process::CAPS_PERMITTED, exec.caps_permitted);
    set(&mut image, field::process::CAPS_INHERITABLE, exec.caps_inheritable);
    if exec.exe_file.mode != 0 {
        set(&mut image, field::process::EXE_INODE, exec.exe_file.inode);
        set(&mut image, field::process::EXE_DEV, exec.exe_file.dev);
        set(&mut image, field::process::EXE_MODE, exec.exe_file.mode);
        set(&mut image, field::process::EXE_UID, exec.exe_file.uid);
        set(&mut image, field::process::EXE_FS, exec.exe_file.fs_magic);
    }
    set_text(&mut image, field::process::EXE, &exec.exe.bytes);
    set_text(&mut image, field::process::ARGV, &exec.argv);
    set_text(&mut image, field::process::CWD, &exec.cwd.bytes);
    image
}

fn raw_event(event: Event) -> RawEvent {
    let Event { time_ns, task, payload } = event;
    let raw = |kind: Kind, payload| RawEvent { task: Some(task), ..RawEvent::of_nobody(time_ns, kind, payload) };
    match payload {
        Payload::Exec(exec) => {
            let image = Some(Box::new(process_record(&exec)));
            RawEvent { image, ..raw(Kind::Exec, exec_record(&exec)) }
        }
        Payload::Fork(fork) => {
            let record = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD_PID, fork.child_pid);
            let record = record.with(field::fork::CHILD_NS_PID, fork.child_ns_pid);
            raw(Kind::Fork, record.with(field::fork::CHILD_START, fork.child_start_boot_ns))
        }
        Payload::Exit(exit) => {
            let record = OwnedRecord::new(Kind::Exit.record()).with(field::exit::CODE, i32::from(exit.code));
            raw(Kind::Exit, record.with(field::exit::SIGNAL, exit.signal))
        }
        Payload::Open(open) => {
            let flags = flags(open.path.truncated, open.resolved);
            RawEvent { flags, result: Some(open.result), ..raw(Kind::Open, open_record(&open)) }
        }
        Payload::Connect(connect) => {
            let flags = flags(false, connect.resolved);
            RawEvent { flags, result: Some(connect.result), ..raw(Kind::Connect, connect_record(&connect)) }
        }
        Payload::Lost(lost) => {
            let kind = match lost.kind {
                LostKind::Exec => Kind::Exec,
                LostKind::Fork => Kind::Fork,
                LostKind::Exit => Kind::Exit,
                LostKind::Open => Kind::Open,
                LostKind::Connect => Kind::Connect,
            };
            let record = OwnedRecord::new(Kind::Loss.record()).with(field::loss::LOST_KIND, kind.number());
            RawEvent::of_nobody(time_ns, Kind::Loss, record.with(field::loss::COUNT, lost.count))
        }
    }
}

fn flags(truncated: bool, resolved: bool) -> u16 {
    (if truncated { event_flag::TRUNCATED } else { 0 }) | (if resolved { 0 } else { event_flag::UNRESOLVED })
}

fn exec_record(exec: &Exec) -> OwnedRecord {
    let mut stdio = match exec.stdio[0] {
        Stdio::Unix => stdio_flag::STDIN_UNIX,
        Stdio::Pipe => stdio_flag::STDIN_PIPE,
        Stdio::Tty => stdio_flag::STDIN_TTY,
        Stdio::None | Stdio::File | Stdio::Device | Stdio::Inet(_) | Stdio::Other => 0,
    };
    let sockets = [stdio_flag::STDIN_SOCKET, stdio_flag::STDOUT_SOCKET, stdio_flag::STDERR_SOCKET];
    for (descriptor, flag) in exec.stdio.iter().zip(sockets) {
        if matches!(descriptor, Stdio::Inet(_)) {
            stdio |= flag;
        }
    }
    let mut record = OwnedRecord::new(Kind::Exec.record());
    set(&mut record, field::exec::STDIO, stdio);
    set(&mut record, field::exec::FILENAME, exec.filename.as_slice());
    set_text(&mut record, field::exec::INTERPRETER, &exec.interpreter);
    if let Stdio::Inet(Some(peer)) = exec.stdio[0] {
        set(&mut record, field::exec::PEER_ADDRESS, peer.address);
        set(&mut record, field::exec::PEER_PORT, peer.port);
    }
    record
}

fn open_record(open: &Open) -> OwnedRecord {
    let mut record = OwnedRecord::new(Kind::Open.record());
    // Empty was also what could not be read.
    set_text(&mut record, field::open::PATH, &open.path.bytes);
    set(&mut record, field::open::FLAGS, open.flags);
    set(&mut record, field::open::MODE, open.mode);
    set(&mut record, field::open::CREATED, open.created);
    if open.resolved {
        set(&mut record, field::open::INODE, open.file.inode);
        set(&mut record, field::open::DEV, open.file.dev);
        set(&mut record, field::open::FILE_MODE, open.file.mode);
        set(&mut record, field::open::FILE_UPPER, open.file.upper);
    }
    record
}

fn connect_record(connect: &Connect) -> OwnedRecord {
    const UNIX: u16 = 1;
    const IPV4: u16 = 2;
    const IPV6: u16 = 10;
    let mut record = OwnedRecord::new(Kind::Connect.record());
    set(&mut record, field::connect::FD, connect.fd);
    set_known(&mut record, field::connect::SOCKET_TYPE, connect.socket_type);
    let family = match &connect.peer {
        Peer::Inet(peer) => {
            set(&mut record, field::connect::ADDRESS, peer.address);
            set(&mut record, field::connect::PORT, peer.port);
            set(&mut record, field::connect::PROTOCOL, connect.protocol);
            if peer.address.is_ipv4() { IPV4 } else { IPV6 }
        }
        Peer::Unix(path) => {
            set_text(&mut record, field::connect::UNIX_PATH, path);
            UNIX
        }
        Peer::Other(family) => *family,
    };
    set(&mut record, field::connect::FAMILY, family);
    if let Some(local) = connect.local {
        set(&mut record, field::connect::LOCAL_ADDRESS, local.address);
        set(&mut record, field::connect::LOCAL_PORT, local.port);
    }
    record
}
