//! Records are written here by hand, as record.h has them, and read back.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::{Endpoint, Peer, Stdio};

const CLOCK: Clock = Clock { boot_time_ns: 1_700_000_000_000_000_000 };
const AF_INET6: u16 = 10;

/// A record under construction.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn header(kind: u16, flags: u16, task: &Task, time_boot_ns: u64) -> Self {
        let flags = flags | if task.kernel_thread { KERNEL_THREAD } else { 0 };
        let mut comm = [0; 16];
        comm[..task.comm.len()].copy_from_slice(&task.comm);
        Self::default()
            .u16(&[kind, flags])
            .u32(&[0])
            .u64(&[time_boot_ns])
            .u32(&[task.pid, task.tid])
            .u64(&[task.start_boot_ns, task.parent_start_boot_ns])
            .u32(&[task.ppid, task.uid, task.euid, task.gid, task.egid, 0])
            .bytes(&comm)
    }

    fn u16(self, values: &[u16]) -> Self {
        values.iter().fold(self, |record, value| record.bytes(&value.to_ne_bytes()))
    }

    fn u32(self, values: &[u32]) -> Self {
        values.iter().fold(self, |record, value| record.bytes(&value.to_ne_bytes()))
    }

    fn u64(self, values: &[u64]) -> Self {
        values.iter().fold(self, |record, value| record.bytes(&value.to_ne_bytes()))
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn file(self, file: &FileFacts) -> Self {
        self.u64(&[file.inode]).u32(&[file.dev, file.mode, file.uid, file.fs_magic, file.upper.into(), 0])
    }

    fn socket(self, family: u16, kind: u16, protocol: u16, peer: Option<Endpoint>, local: Option<Endpoint>) -> Self {
        let port = |end: Option<Endpoint>| end.map_or(0, |end| end.port);
        let address = |end: Option<Endpoint>| match end.map(|end| end.address) {
            Some(std::net::IpAddr::V4(v4)) => [v4.octets().as_slice(), &[0; 12]].concat(),
            Some(std::net::IpAddr::V6(v6)) => v6.octets().to_vec(),
            None => vec![0; 16],
        };
        self.u16(&[family, kind, protocol, port(peer), port(local), 0, 0, 0])
            .bytes(&address(peer))
            .bytes(&address(local))
    }

    fn stdio(self, stdio: Stdio) -> Self {
        let (mode, rdev, family, peer) = match stdio {
            Stdio::None => (0, 0, 0, None),
            Stdio::File => (0o100_644, 0, 0, None),
            Stdio::Pipe => (0o010_600, 0, 0, None),
            Stdio::Tty => (0o020_620, 136 << 20 | 3, 0, None),
            Stdio::Device => (0o020_666, 1 << 20 | 3, 0, None),
            Stdio::Unix => (0o140_777, 0, 1, None),
            Stdio::Inet(peer) => (0o140_777, 0, family(peer), peer),
            Stdio::Other => (0o040_755, 0, 0, None),
        };
        self.u32(&[mode, rdev]).socket(family, 0, 0, peer, None)
    }

    fn end(mut self) -> Vec<u8> {
        let length = (self.0.len() as u32).to_ne_bytes();
        self.0[4..8].copy_from_slice(&length);
        self.0
    }
}

fn family(end: Option<Endpoint>) -> u16 {
    match end {
        Some(end) if end.address.is_ipv6() => AF_INET6,
        _ => 2,
    }
}

/// As the kernel side walks it.
fn walk(path: &ResolvedPath) -> Vec<u8> {
    let mut walk: Vec<u8> = Vec::new();
    let pseudo = !path.bytes.starts_with(b"/");
    let names = path.bytes.strip_prefix(b"/").unwrap_or(&path.bytes);
    for name in names.rsplit(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        walk.extend_from_slice(name);
        walk.push(0);
    }
    walk.push(u8::from(path.truncated) | u8::from(pseudo) << 1 | u8::from(path.deleted) << 2);
    walk
}

fn lengths(parts: &[&[u8]]) -> Vec<u32> {
    parts.iter().map(|part| part.len() as u32).collect()
}

/// What the kernel side would have written.
fn record(event: &KernelEvent) -> Vec<u8> {
    let header = |kind, flags| Writer::header(kind, flags, &event.task, event.time_ns - CLOCK.boot_time_ns);
    match &event.payload {
        Payload::Exec(exec) => {
            let (exe, cwd) = (walk(&exec.exe), walk(&exec.cwd));
            let filename = [&exec.filename[..], &[0]].concat();
            let interpreter = [&exec.interpreter[..], &[0]].concat();
            let names = &exec.namespaces;
            let fixed = header(EXEC, if exec.argv_truncated { ARGV_TRUNCATED } else { 0 })
                .file(&exec.exe_file)
                .u32(&[exec.suid, exec.login_uid, exec.sid, exec.pgid, exec.ns_pid])
                .u32(&[names.mnt, names.pid, names.net, names.user, exec.argv.len() as u32])
                .u64(&[exec.caps_effective, exec.caps_permitted, exec.caps_inheritable]);
            let fixed = exec.stdio.iter().fold(fixed, |record, stdio| record.stdio(*stdio));
            fixed
                .u32(&lengths(&[&exe, &cwd, &filename, &interpreter]))
                .bytes(&[&exec.argv[..], &exe, &cwd, &filename, &interpreter].concat())
                .end()
        }
        Payload::Fork(fork) => {
            header(FORK, 0).u64(&[fork.child_start_boot_ns]).u32(&[fork.child_pid, fork.child_ns_pid]).end()
        }
        Payload::Exit(exit) => {
            header(EXIT, 0).u32(&[u32::from(exit.code) << 8 | u32::from(exit.signal) | 0x80, 0]).end()
        }
        Payload::Open(open) => {
            let created = if open.created { CREATED } else { 0 };
            let truncated = if open.path.truncated && !open.resolved { NAME_TRUNCATED } else { 0 };
            let (path, name) =
                if open.resolved { (walk(&open.path), vec![]) } else { (vec![], open.path.bytes.clone()) };
            header(OPEN, created | truncated | if open.resolved { RESOLVED } else { 0 })
                .u64(&[open.result as u64])
                .u32(&[open.flags, open.mode])
                .file(&open.file)
                .u32(&lengths(&[&path, &name]))
                .bytes(&[path, name].concat())
                .end()
        }
        Payload::Connect(connect) => {
            let (family, peer, name) = match &connect.peer {
                Peer::Inet(peer) => (family(Some(*peer)), Some(*peer), vec![]),
                Peer::Unix(name) => (1, None, name.clone()),
                Peer::Other(family) => (*family, None, vec![]),
            };
            header(CONNECT, RESOLVED)
                .u64(&[connect.result as u64])
                .u32(&[connect.fd as u32, name.len() as u32])
                .socket(family, connect.socket_type, connect.protocol, peer, connect.local)
                .bytes(&name)
                .end()
        }
        Payload::Lost(_) => unreachable!("losses are counted, not written"),
    }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>().prop_filter("ends a name", |byte| ![0, b'/'].contains(byte)), 1..40)
}

fn resolved_path() -> impl Strategy<Value = ResolvedPath> {
    let below_root = vec(name(), 1..20).prop_map(|names| [b"/", &names.join(&b'/')[..]].concat());
    let bytes = prop_oneof![5 => below_root, 1 => Just(b"/".to_vec()), 1 => Just(b"memfd:x".to_vec())];
    (bytes, any::<bool>(), any::<bool>()).prop_map(|(bytes, truncated, deleted)| ResolvedPath {
        truncated: truncated && bytes.len() > 1 && bytes[0] == b'/',
        deleted,
        bytes,
    })
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![
        (any::<[u8; 4]>(), 1_u16..).prop_map(|(address, port)| Endpoint::v4(address, port)),
        (any::<[u8; 16]>(), 1_u16..).prop_map(|(address, port)| {
            // Not one that is in truth IPv4.
            let mut address = address;
            address[0] = 0x20;
            Endpoint::v6(address, port)
        }),
    ]
}

fn stdio() -> impl Strategy<Value = Stdio> {
    prop_oneof![
        Just(Stdio::None),
        Just(Stdio::File),
        Just(Stdio::Pipe),
        Just(Stdio::Tty),
        Just(Stdio::Device),
        Just(Stdio::Unix),
        Just(Stdio::Other),
        prop::option::of(endpoint()).prop_map(Stdio::Inet),
    ]
}

fn file() -> impl Strategy<Value = FileFacts> {
    any::<(u64, u32, u32, u32, u32, bool)>().prop_map(|(inode, dev, mode, uid, fs_magic, upper)| FileFacts {
        inode,
        dev,
        mode,
        uid,
        fs_magic,
        upper,
    })
}

fn exec_payload() -> impl Strategy<Value = Payload> {
    let argv =
        vec(name(), 0..20).prop_map(|names| names.into_iter().flat_map(|name| [name, vec![0]].concat()).collect());
    let numbers = any::<([u32; 9], [u64; 3], bool)>();
    let texts = (name(), name(), argv);
    (resolved_path(), resolved_path(), file(), texts, numbers, [stdio(), stdio(), stdio()]).prop_map(
        |(exe, cwd, exe_file, (filename, interpreter, argv), (numbers, caps, argv_truncated), stdio)| {
            let [suid, login_uid, sid, pgid, ns_pid, mnt, pid, net, user] = numbers;
            let [caps_effective, caps_permitted, caps_inheritable] = caps;
            let namespaces = Namespaces { mnt, pid, net, user };
            Payload::Exec(Box::new(Exec {
                exe,
                exe_file,
                filename,
                interpreter,
                argv,
                argv_truncated,
                cwd,
                suid,
                login_uid,
                sid,
                pgid,
                ns_pid,
                namespaces,
                caps_effective,
                caps_permitted,
                caps_inheritable,
                stdio,
            }))
        },
    )
}

fn payload() -> impl Strategy<Value = Payload> {
    let fork = any::<(u32, u64, u32)>().prop_map(|(child_pid, child_start_boot_ns, child_ns_pid)| {
        Payload::Fork(Fork { child_pid, child_start_boot_ns, child_ns_pid })
    });
    let exit = (any::<u8>(), 0_u8..128).prop_map(|(code, signal)| Payload::Exit(Exit { code, signal }));
    let open = (resolved_path(), file(), any::<(i64, u32, u32, bool, bool)>()).prop_map(|(path, file, numbers)| {
        let (result, flags, mode, created, resolved) = numbers;
        let path = ResolvedPath { deleted: path.deleted && resolved, ..path };
        Payload::Open(Box::new(Open { result, path, resolved, flags, mode, created, file }))
    });
    let peer =
        prop_oneof![endpoint().prop_map(Peer::Inet), name().prop_map(Peer::Unix), (11_u16..).prop_map(Peer::Other)];
    let connect = (peer, any::<(i64, i32, u16, u16)>()).prop_map(|(peer, (result, fd, socket_type, protocol))| {
        let internet = matches!(peer, Peer::Inet(_));
        let local = match &peer {
            Peer::Inet(peer) => Some(*peer),
            _ => None,
        };
        let protocol = if internet { protocol } else { 0 };
        Payload::Connect(Box::new(Connect { result, fd, peer, local, socket_type, protocol, resolved: true }))
    });
    prop_oneof![exec_payload(), fork, exit, open, connect]
}

fn event() -> impl Strategy<Value = KernelEvent> {
    let comm = vec(1_u8.., 0..16);
    (0_u64..1 << 60, any::<([u32; 7], u64, u64, bool)>(), comm, payload()).prop_map(|(time, task, comm, payload)| {
        let ([pid, tid, ppid, uid, euid, gid, egid], start_boot_ns, parent_start_boot_ns, kernel_thread) = task;
        let task =
            Task { pid, tid, start_boot_ns, ppid, parent_start_boot_ns, uid, euid, gid, egid, comm, kernel_thread };
        KernelEvent { time_ns: CLOCK.boot_time_ns + time, task, payload }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(event in event()) {
        prop_assert_eq!(decode(&record(&event), &CLOCK), Ok(event));
    }

    #[test]
    fn a_shortened_record_is_an_error(event in event(), keep in any::<prop::sample::Index>()) {
        let mut bytes = record(&event);
        bytes.truncate(keep.index(bytes.len()));
        prop_assert!(decode(&bytes, &CLOCK).is_err());
        // Also where the header agrees.
        if let Some(said) = bytes.get(4..8).map(|_| (bytes.len() as u32).to_ne_bytes()) {
            bytes[4..8].copy_from_slice(&said);
            prop_assert!(decode(&bytes, &CLOCK).is_err());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..600), kind in 0_u16..7, clock in any::<u64>()) {
        let _ = decode(&bytes, &Clock { boot_time_ns: clock });
        // Past the checks of kind and length.
        let mut bytes = bytes;
        if bytes.len() >= 8 {
            let length = bytes.len() as u32;
            bytes[..2].copy_from_slice(&kind.to_ne_bytes());
            bytes[4..8].copy_from_slice(&length.to_ne_bytes());
            let _ = decode(&bytes, &Clock { boot_time_ns: clock });
        }
    }

    #[test]
    fn a_damaged_record_is_survived(event in event(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = record(&event);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(KernelEvent { payload: Payload::Open(open), .. }) = decode(&bytes, &CLOCK) {
            prop_assert!(open.path.bytes.len() <= 4096);
        }
    }
}

#[test]
fn a_record_says_its_length() {
    let mut bytes = Writer::header(FORK, 0, &Task::default(), 0).u64(&[1]).u32(&[2, 3]).end();
    bytes.push(0);
    assert_eq!(decode(&bytes, &CLOCK), Err(DecodeError::Length { said: 96, has: 97 }));
    let bytes = Writer::header(9, 0, &Task::default(), 0).end();
    assert_eq!(decode(&bytes, &CLOCK), Err(DecodeError::Kind(9)));
    assert_eq!(decode(b"", &CLOCK), Err(DecodeError::Short { missing: 2 }));
}

#[test]
fn a_failed_open_is_seen_from_its_folder() {
    let folder = b"folder\0a\0\0";
    let bytes = Writer::header(OPEN, 0, &Task::default(), 0)
        .u64(&[-2_i64 as u64])
        .u32(&[0, 0])
        .file(&FileFacts::default())
        .u32(&[folder.len() as u32, 5])
        .bytes(folder)
        .bytes(b"file\0")
        .end();
    let Payload::Open(open) = decode(&bytes, &CLOCK).unwrap().payload else { panic!("no open") };
    assert_eq!((open.result, &*open.path.bytes), (-2, &b"/a/folder/file"[..]));
}

#[test]
fn an_argument_that_was_cut_is_ended() {
    let event = KernelEvent {
        time_ns: CLOCK.boot_time_ns,
        task: Task::default(),
        payload: Payload::Exec(Box::new(Exec { argv: b"a\0bc".to_vec(), argv_truncated: true, ..Exec::default() })),
    };
    let Payload::Exec(exec) = decode(&record(&event), &CLOCK).unwrap().payload else { panic!("no exec") };
    assert_eq!((&*exec.argv, exec.argv_truncated), (&b"a\0bc\0"[..], true));
}

/// A socket that was disconnected has no peer.
#[test]
fn zeros_are_no_peer() {
    let bytes = Writer::header(CONNECT, RESOLVED, &Task::default(), 0)
        .u64(&[0])
        .u32(&[3, 0])
        .socket(2, 2, 17, None, None)
        .end();
    let Payload::Connect(connect) = decode(&bytes, &CLOCK).unwrap().payload else { panic!("no connect") };
    assert_eq!((connect.peer, connect.local, connect.protocol), (Peer::Other(0), None, 17));
}
