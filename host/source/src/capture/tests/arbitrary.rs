//! Arbitrary records, for proptest.

use std::net::IpAddr;

use lanner_probes::event::{
    Connect, Endpoint, Exec, Exit, FileFacts, Fork, KernelEvent, Lost, Namespaces, Open, Payload, Peer, ProbeKind,
    ResolvedPath, Stdio, Task,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::record::{ProcessSnapshot, Record};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..40)
}

fn path() -> impl Strategy<Value = ResolvedPath> {
    (bytes(), any::<bool>(), any::<bool>()).prop_map(|(bytes, truncated, deleted)| ResolvedPath {
        bytes,
        truncated,
        deleted,
    })
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

fn endpoint() -> impl Strategy<Value = Endpoint> {
    any::<(IpAddr, u16)>().prop_map(|(address, port)| Endpoint { address, port })
}

fn stdio() -> impl Strategy<Value = Stdio> {
    prop_oneof![
        Just(Stdio::None),
        Just(Stdio::Tty),
        Just(Stdio::Other),
        proptest::option::of(endpoint()).prop_map(Stdio::Inet)
    ]
}

fn task() -> impl Strategy<Value = Task> {
    (any::<([u32; 2], [u64; 2], u32, [u32; 4], bool)>(), bytes()).prop_map(|((ids, starts, ppid, users, k), comm)| {
        Task {
            pid: ids[0],
            tid: ids[1],
            start_boot_ns: starts[0],
            ppid,
            parent_start_boot_ns: starts[1],
            uid: users[0],
            euid: users[1],
            gid: users[2],
            egid: users[3],
            comm,
            kernel_thread: k,
        }
    })
}

fn exec() -> impl Strategy<Value = Exec> {
    let texts = (bytes(), bytes(), bytes(), any::<bool>());
    let numbers = any::<([u32; 5], [u32; 4], [u64; 3])>();
    (path(), path(), file(), texts, numbers, [stdio(), stdio(), stdio()]).prop_map(
        |(exe, cwd, exe_file, (filename, interpreter, argv, argv_truncated), (ids, ns, caps), stdio)| Exec {
            exe,
            exe_file,
            filename,
            interpreter,
            argv,
            argv_truncated,
            cwd,
            suid: ids[0],
            login_uid: ids[1],
            sid: ids[2],
            pgid: ids[3],
            ns_pid: ids[4],
            namespaces: Namespaces { mnt: ns[0], pid: ns[1], net: ns[2], user: ns[3] },
            caps_effective: caps[0],
            caps_permitted: caps[1],
            caps_inheritable: caps[2],
            stdio,
        },
    )
}

fn open() -> impl Strategy<Value = Open> {
    (any::<(i64, bool, u32, u32, bool)>(), path(), file()).prop_map(
        |((result, resolved, flags, mode, created), path, file)| Open {
            result,
            path,
            resolved,
            flags,
            mode,
            created,
            file,
        },
    )
}

fn connect() -> impl Strategy<Value = Connect> {
    let peer =
        prop_oneof![endpoint().prop_map(Peer::Inet), bytes().prop_map(Peer::Unix), any::<u16>().prop_map(Peer::Other)];
    (any::<(i64, i32, u16, u16, bool)>(), peer, proptest::option::of(endpoint())).prop_map(
        |((result, fd, socket_type, protocol, resolved), peer, local)| Connect {
            result,
            fd,
            peer,
            local,
            socket_type,
            protocol,
            resolved,
        },
    )
}

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        exec().prop_map(|exec| Payload::Exec(Box::new(exec))),
        open().prop_map(|open| Payload::Open(Box::new(open))),
        connect().prop_map(|connect| Payload::Connect(Box::new(connect))),
        any::<(u32, u64, u32)>().prop_map(|(child_pid, child_start_boot_ns, child_ns_pid)| Payload::Fork(Fork {
            child_pid,
            child_start_boot_ns,
            child_ns_pid
        })),
        any::<(u8, u8)>().prop_map(|(code, signal)| Payload::Exit(Exit { code, signal })),
        (proptest::sample::select(&ProbeKind::ALL[..]), any::<u64>())
            .prop_map(|(kind, count)| Payload::Lost(Lost { kind, count })),
    ]
}

/// Any record.
pub(super) fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        1 => (task(), exec()).prop_map(|(task, image)| Record::Process(Box::new(ProcessSnapshot { task, image }))),
        1 => any::<u64>().prop_map(|boot_ns| Record::SnapshotEnd { boot_ns }),
        4 => (any::<u64>(), task(), payload())
            .prop_map(|(time_ns, task, payload)| Record::Event(Box::new(KernelEvent { time_ns, task, payload }))),
    ]
}
