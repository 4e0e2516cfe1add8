//! Events, made up.

use std::borrow::Borrow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use lanner_abi::{
    EventHeader, FieldInfo, FrameWriter, Kind, OwnedRecord, Reads, Type, Value, event_flag, field, stdio_flag,
};

use super::process::{TestProcess, Written, process};

const O_WRONLY: u32 = 0o1;
const O_RDWR: u32 = 0o2;
const O_CREAT: u32 = 0o100;
const O_TRUNC: u32 = 0o1000;
const O_APPEND: u32 = 0o2000;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SOCK_STREAM: u32 = 1;
const SOCK_DGRAM: u32 = 2;
const TCP: u16 = 6;
const UDP: u16 = 17;

/// An event: made by [`open`](super::open), [`exec`] and so on, or of any kind and fields by [`new`](Self::new) and
/// [`set`](Self::set).
#[derive(Clone, Debug)]
pub struct TestEvent {
    pub(super) kind: Kind,
    pub(super) header: EventHeader,
    pub(super) after: Option<u64>,
    by: Option<TestProcess>,
    /// Its fields that are rows have the index of their process in `named`.
    payload: OwnedRecord,
    named: Vec<TestProcess>,
}

/// A process began a program. What it was before is a fork of its parent.
#[must_use]
pub fn exec(image: impl Borrow<TestProcess>) -> TestEvent {
    let image = image.borrow();
    let filename = image.text(field::process::EXE);
    TestEvent::new(Kind::Exec)
        .set(field::exec::FILENAME, filename)
        .set_process(field::exec::IMAGE, image)
        .by(image.before())
}

/// A process was created, by its parent.
#[must_use]
pub fn fork(child: impl Borrow<TestProcess>) -> TestEvent {
    let child = child.borrow();
    TestEvent::new(Kind::Fork)
        .set(field::fork::CHILD_PID, child.pid())
        .set(field::fork::CHILD_NS_PID, child.pid())
        .set_process(field::fork::CHILD, child)
}

/// A TCP socket was connected to an address and port, such as `1.2.3.4:443` or `[2001:db8::1]:443`.
///
/// # Panics
///
/// Where it is no such thing.
#[must_use]
pub fn connect(peer: &str) -> TestEvent {
    let peer = socket_address(peer);
    let family = match peer.ip() {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    };
    socket(family, SOCK_STREAM)
        .set(field::connect::ADDRESS, peer.ip())
        .set(field::connect::PORT, peer.port())
        .set(field::connect::PROTOCOL, TCP)
}

/// A unix socket was connected.
#[must_use]
pub fn connect_unix(path: impl AsRef<[u8]>) -> TestEvent {
    socket(AF_UNIX, SOCK_STREAM).set(field::connect::UNIX_PATH, path.as_ref())
}

fn socket(family: u16, socket_type: u32) -> TestEvent {
    TestEvent::new(Kind::Connect)
        .set(field::connect::FAMILY, family)
        .set(field::connect::SOCKET_TYPE, socket_type)
        .set(field::connect::FD, 3)
}

fn socket_address(written: &str) -> SocketAddr {
    match written.parse() {
        Ok(address) => address,
        Err(_) => panic!("{written:?} is not an address and port"),
    }
}

pub(super) fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl TestEvent {
    /// An event of this kind that succeeded: numbers that every host gives are 0 and texts are empty, files are regular, and
    /// nothing else is known.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let info = kind.info();
        let mut payload = OwnedRecord::new(info.record);
        for field in info.record.fields.iter().filter(|field| field.always && field.reads != Reads::Row) {
            let value = match field.ty {
                Type::Text => Value::Text(b""),
                Type::Bytes16 => Value::Bytes16([0; 16]),
                Type::List => continue,
                _ => Value::Unsigned(0),
            };
            payload = payload.with(field, value);
        }
        if let Some(file_mode) = info.record.field("file_mode") {
            payload = payload.with(file_mode, 0o100_644_u32);
        }
        let header = EventHeader { result: info.has_result.then_some(0), ..EventHeader::default() };
        Self { kind, header, after: None, by: None, payload, named: Vec::new() }
    }

    /// Any field of its kind: `.set(field::open::INODE, 42_u64)`, with [`field`](lanner_abi::field) from `lanner_sdk::abi`.
    ///
    /// # Panics
    ///
    /// Where it is not one of its kind, or takes no such value.
    #[must_use]
    pub fn set<'a>(mut self, field: &'static FieldInfo, value: impl Into<Value<'a>>) -> Self {
        self.check(field);
        assert!(field.reads != Reads::Row, "which process {} names says set_process", field.name);
        self.payload = self.payload.with(field, value);
        self
    }

    /// The process that a field of its kind names: `.set_process(field::fork::CHILD, &child)`.
    ///
    /// # Panics
    ///
    /// Where it is not such a field.
    #[must_use]
    pub fn set_process(mut self, field: &'static FieldInfo, process: impl Borrow<TestProcess>) -> Self {
        self.check(field);
        assert!(field.reads == Reads::Row, "{} names no process", field.name);
        self.payload = self.payload.with(field, self.named.len() as u64);
        self.named.push(process.borrow().clone());
        self
    }

    /// The field is not known.
    ///
    /// # Panics
    ///
    /// Where it is not one of its kind.
    #[must_use]
    pub fn without(mut self, field: &'static FieldInfo) -> Self {
        self.check(field);
        // What is taken away is of any type.
        let _ = self.payload.set(field, None);
        self
    }

    fn check(&self, field: &FieldInfo) {
        let record = self.payload.info();
        assert!(
            field.section() == record.section,
            "events of the kind {} have no such field {}",
            record.name,
            field.name
        );
    }

    fn number(&self, field: &'static FieldInfo) -> u32 {
        self.check(field);
        self.payload.get().number(field).unwrap_or_default() as u32
    }

    fn open_flags(self, change: impl FnOnce(u32) -> u32) -> Self {
        let flags = change(self.number(field::open::FLAGS));
        self.set(field::open::FLAGS, flags)
    }

    fn stdio(self, flags: u32) -> Self {
        let flags = self.number(field::exec::STDIO) | flags;
        self.set(field::exec::STDIO, flags)
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
        self.header.result = Some(-i64::from(errno));
        self.header.flags |= event_flag::FAILED;
        self
    }

    /// It was handed to io_uring, and what came of it is not known.
    #[must_use]
    pub fn submitted(mut self) -> Self {
        self.header.result = Some(0);
        self.header.flags |= event_flag::IO_URING | event_flag::SUBMITTED;
        self
    }

    /// It returned this.
    #[must_use]
    pub fn returned(mut self, result: i64) -> Self {
        self.header.result = Some(result);
        self
    }

    /// A connect of a non-blocking socket: it has begun, and how it ends is not known yet.
    #[must_use]
    pub fn under_way(self) -> Self {
        const EINPROGRESS: i64 = 115;
        self.returned(-EINPROGRESS)
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
        self.write().set(field::open::CREATED, true)
    }

    /// An open of this file: device (the kernel's encoding) and inode, as [`TestProcess::exe_file`] has them.
    #[must_use]
    pub fn file(self, dev: u32, inode: u64) -> Self {
        self.set(field::open::DEV, dev).set(field::open::INODE, inode)
    }

    /// An open of a file of this type and these permissions (`st_mode`); where nothing is said, of a regular one.
    #[must_use]
    pub fn file_mode(self, mode: u32) -> Self {
        self.set(field::open::FILE_MODE, mode)
    }

    /// A connect, by UDP.
    #[must_use]
    pub fn udp(self) -> Self {
        self.set(field::connect::PROTOCOL, UDP).set(field::connect::SOCKET_TYPE, SOCK_DGRAM)
    }

    /// An exec whose standard input, output and error are an internet socket, connected to this address and port.
    ///
    /// # Panics
    ///
    /// Where it is no such thing.
    #[must_use]
    pub fn stdio_socket(self, peer: &str) -> Self {
        let peer = socket_address(peer);
        self.stdio(stdio_flag::STDIN_SOCKET | stdio_flag::STDOUT_SOCKET | stdio_flag::STDERR_SOCKET)
            .set(field::exec::PEER_ADDRESS, peer.ip())
            .set(field::exec::PEER_PORT, peer.port())
    }

    /// An exec whose standard input is a pipe.
    #[must_use]
    pub fn stdin_pipe(self) -> Self {
        self.stdio(stdio_flag::STDIN_PIPE)
    }

    /// An exec whose standard input is a terminal.
    #[must_use]
    pub fn stdin_tty(self) -> Self {
        self.stdio(stdio_flag::STDIN_TTY)
    }

    /// Who did it, where it is somebody's doing.
    pub(super) fn process(&self) -> Option<TestProcess> {
        self.kind.info().has_process.then(|| self.by.clone().unwrap_or_else(|| process("")))
    }

    /// Adds the payload, and the processes that it names; gives its row.
    pub(super) fn add_payload(&self, writer: &mut FrameWriter, written: &mut Written) -> u32 {
        let rows: Vec<u32> = self.named.iter().map(|process| written.row(writer, process)).collect();
        writer.record(self.payload.get(), &mut |_, index| rows.get(index as usize).copied())
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
