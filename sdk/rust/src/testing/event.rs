//! Events, made up.

use std::borrow::Borrow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lanner_abi::{
    ConnectRecord, EventHeader, ExecRecord, ExitRecord, ForkRecord, Kind, LossRecord, OpenRecord, PayloadRecord,
    event_flag, stdio_flag,
};

use super::process::{TestProcess, process};

const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
const O_APPEND: u32 = 0o2000;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const TCP: u16 = 6;
const UDP: u16 = 17;

/// An event: made by [`open`], [`exec`] and so on.
#[derive(Clone, Debug)]
pub struct TestEvent {
    pub(super) header: EventHeader,
    pub(super) after: Option<u64>,
    by: Option<TestProcess>,
    payload: TestPayload,
}

/// The payload without what lies elsewhere: its text, and the process that it names.
#[derive(Clone, Debug)]
enum TestPayload {
    Exec(ExecRecord<'static>, TestProcess),
    Fork(TestProcess),
    Exit(ExitRecord),
    Open(OpenRecord<'static>, Vec<u8>),
    Connect(ConnectRecord<'static>, Vec<u8>),
    Loss(LossRecord),
}

fn event(payload: TestPayload) -> TestEvent {
    TestEvent { header: EventHeader::default(), after: None, by: None, payload }
}

/// A file was opened, for reading where nothing else is said.
#[must_use]
pub fn open(path: impl AsRef<[u8]>) -> TestEvent {
    let record = OpenRecord { file_mode: 0o100_644, ..OpenRecord::default() };
    let mut event = event(TestPayload::Open(record, path.as_ref().to_vec()));
    event.header.result = 3;
    event
}

/// A process began a program. What it was before is a fork of its parent.
#[must_use]
pub fn exec(image: impl Borrow<TestProcess>) -> TestEvent {
    let image = image.borrow().clone();
    let before = image.before();
    event(TestPayload::Exec(ExecRecord::default(), image)).by(before)
}

/// A process was created, by its parent.
#[must_use]
pub fn fork(child: impl Borrow<TestProcess>) -> TestEvent {
    event(TestPayload::Fork(child.borrow().clone()))
}

/// A process ended.
#[must_use]
pub fn exit(code: i32) -> TestEvent {
    event(TestPayload::Exit(ExitRecord { code, signal: 0 }))
}

/// A TCP socket was connected to an address and port, such as `1.2.3.4:443` or `[2001:db8::1]:443`.
///
/// # Panics
///
/// Where it is no such thing.
#[must_use]
pub fn connect(peer: &str) -> TestEvent {
    let Ok(peer) = peer.parse::<SocketAddr>() else { panic!("{peer:?} is not an address and port") };
    let (family, address) = address(peer.ip());
    let (port, protocol, socket_type, fd) = (peer.port(), TCP, 1, 3);
    let record = ConnectRecord { family, port, protocol, address, fd, socket_type, ..ConnectRecord::default() };
    event(TestPayload::Connect(record, Vec::new()))
}

/// A unix socket was connected.
#[must_use]
pub fn connect_unix(path: impl AsRef<[u8]>) -> TestEvent {
    let record = ConnectRecord { family: AF_UNIX, socket_type: 1, fd: 3, ..ConnectRecord::default() };
    event(TestPayload::Connect(record, path.as_ref().to_vec()))
}

/// Events of a kind were lost.
#[must_use]
pub fn loss(kind: Kind, count: u64) -> TestEvent {
    event(TestPayload::Loss(LossRecord { count, lost_kind: kind.number() }))
}

fn address(address: IpAddr) -> (u16, [u8; 16]) {
    match address {
        IpAddr::V4(address) => (AF_INET, address.to_ipv6_mapped().octets()),
        IpAddr::V6(address) => (AF_INET6, address.octets()),
    }
}

pub(super) fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl TestEvent {
    fn open_record(mut self, change: impl FnOnce(&mut OpenRecord<'static>)) -> Self {
        match &mut self.payload {
            TestPayload::Open(open, _) => change(open),
            _ => panic!("that can be said of an open only"),
        }
        self
    }

    fn open_flags(self, change: impl FnOnce(u32) -> u32) -> Self {
        self.open_record(|open| open.flags = change(open.flags))
    }

    fn exec_record(mut self, change: impl FnOnce(&mut ExecRecord<'static>)) -> Self {
        match &mut self.payload {
            TestPayload::Exec(exec, _) => change(exec),
            _ => panic!("that can be said of an exec only"),
        }
        self
    }

    /// Who did it; where nothing is said, a process of which nothing is known but that it is root's.
    #[must_use]
    pub fn by(mut self, process: impl Borrow<TestProcess>) -> Self {
        self.by = Some(process.borrow().clone());
        self
    }

    /// How long after the event before it, or the beginning of the test.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = Some(ns(time));
        self
    }

    /// It failed, with this errno.
    #[must_use]
    pub fn failed(mut self, errno: u16) -> Self {
        self.header.result = -i64::from(errno);
        self.header.flags |= event_flag::FAILED;
        self
    }

    /// A connect of a non-blocking socket: it has begun, and how it ends is not known yet.
    #[must_use]
    pub fn under_way(mut self) -> Self {
        const EINPROGRESS: i64 = 115;
        self.header.result = -EINPROGRESS;
        self
    }

    /// An open, for reading.
    #[must_use]
    pub fn read(self) -> Self {
        self.open_flags(|flags| flags & !(O_WRONLY | O_RDWR))
    }

    /// An open, for writing; the file is created where it is not there.
    #[must_use]
    pub fn write(self) -> Self {
        self.open_flags(|flags| flags & !O_RDWR | O_WRONLY | O_CREAT)
    }

    /// An open, for reading and writing.
    #[must_use]
    pub fn read_write(self) -> Self {
        self.open_flags(|flags| flags & !O_WRONLY | O_RDWR)
    }

    /// An open, for writing at the end.
    #[must_use]
    pub fn append(self) -> Self {
        self.write().open_flags(|flags| flags | O_APPEND)
    }

    /// An open, for writing; what was in the file is gone.
    #[must_use]
    pub fn truncate(self) -> Self {
        self.write().open_flags(|flags| flags | O_TRUNC)
    }

    /// An open with just these flags (open(2)).
    #[must_use]
    pub fn flags(self, flags: u32) -> Self {
        self.open_flags(|_| flags)
    }

    /// An open, for writing, that created the file.
    #[must_use]
    pub fn created(self) -> Self {
        self.write().open_record(|open| open.created = true)
    }

    /// An open of this file: device (the kernel's encoding) and inode, as [`TestProcess::exe_file`] has them.
    #[must_use]
    pub fn file(self, dev: u32, inode: u64) -> Self {
        self.open_record(|open| (open.dev, open.inode) = (dev, inode))
    }

    /// An open of a file of this type and these permissions (`st_mode`); where nothing is said, of a regular one.
    #[must_use]
    pub fn file_mode(self, mode: u32) -> Self {
        self.open_record(|open| open.file_mode = mode)
    }

    /// A connect, by UDP.
    #[must_use]
    pub fn udp(mut self) -> Self {
        match &mut self.payload {
            TestPayload::Connect(connect, _) => (connect.protocol, connect.socket_type) = (UDP, 2),
            _ => panic!("that can be said of a connect only"),
        }
        self
    }

    /// An exec whose standard input, output and error are an internet socket, connected to this address and port.
    ///
    /// # Panics
    ///
    /// Where it is no such thing.
    #[must_use]
    pub fn stdio_socket(self, peer: &str) -> Self {
        let Ok(peer) = peer.parse::<SocketAddr>() else { panic!("{peer:?} is not an address and port") };
        let (family, bytes) = address(peer.ip());
        self.exec_record(|exec| {
            exec.stdio |= stdio_flag::STDIN_SOCKET | stdio_flag::STDOUT_SOCKET | stdio_flag::STDERR_SOCKET;
            (exec.peer_family, exec.peer_address, exec.peer_port) = (family, bytes, peer.port());
        })
    }

    /// An exec whose standard input is a pipe.
    #[must_use]
    pub fn stdin_pipe(self) -> Self {
        self.exec_record(|exec| exec.stdio |= stdio_flag::STDIN_PIPE)
    }

    /// An exec whose standard input is a terminal.
    #[must_use]
    pub fn stdin_tty(self) -> Self {
        self.exec_record(|exec| exec.stdio |= stdio_flag::STDIN_TTY)
    }

    /// Who did it.
    pub(super) fn process(&self) -> TestProcess {
        self.by.clone().unwrap_or_else(|| process(""))
    }

    /// The payload, and the process that it names, whose row is still to be filled in.
    pub(super) fn with_payload(&self, take: impl FnOnce(PayloadRecord<'_>, Option<&TestProcess>)) {
        match &self.payload {
            TestPayload::Exec(exec, image) => {
                take(PayloadRecord::Exec(ExecRecord { filename: image.exe_path(), ..*exec }), Some(image));
            }
            TestPayload::Fork(child) => take(PayloadRecord::Fork(ForkRecord::default()), Some(child)),
            TestPayload::Exit(exit) => take(PayloadRecord::Exit(*exit), None),
            TestPayload::Open(open, path) => take(PayloadRecord::Open(OpenRecord { path, ..*open }), None),
            TestPayload::Connect(connect, path) => {
                take(PayloadRecord::Connect(ConnectRecord { unix_path: path, ..*connect }), None);
            }
            TestPayload::Loss(loss) => take(PayloadRecord::Loss(*loss), None),
        }
    }
}

/// One event can be fed by itself.
impl IntoIterator for TestEvent {
    type Item = TestEvent;
    type IntoIter = std::iter::Once<TestEvent>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self)
    }
}
