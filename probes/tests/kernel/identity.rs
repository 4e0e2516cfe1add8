//! Who a process is: credentials, what it changes about itself, namespaces. Each in a process of its own.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;

use lanner_abi::{Kind, OwnedRecord, field};

use crate::child::{Notes, call, in_a_child, in_memory, try_in_a_child};
use crate::watch::{Watch, number, of, task};

const EPERM: i64 = -1;
const EBADF: i64 = -9;
const EFAULT: i64 = -14;
const EINVAL: i64 = -22;

// === credentials ===

/// Effective, permitted and inheritable capabilities of this process.
fn capabilities() -> [i64; 3] {
    let header = [0x2008_0522_u32, 0];
    let mut halves = [0_u32; 6];
    call!(libc::SYS_capget, header.as_ptr(), halves.as_mut_ptr());
    [0, 1, 2].map(|index| i64::from(halves[index]) | i64::from(halves[index + 3]) << 32)
}

/// What a call returned, and what the process is able to do from then on.
fn note(notes: &mut Notes, result: i64) {
    notes.add(result);
    capabilities().into_iter().for_each(|set| notes.add(set));
}

/// Real, effective, saved and for the file system.
type Ids = [u32; 4];

fn changed(users: Ids, groups: Ids, capabilities: &[i64]) -> OwnedRecord {
    of(Kind::Credentials)
        .with(field::credentials::UID, users[0])
        .with(field::credentials::EUID, users[1])
        .with(field::credentials::SUID, users[2])
        .with(field::credentials::FSUID, users[3])
        .with(field::credentials::GID, groups[0])
        .with(field::credentials::EGID, groups[1])
        .with(field::credentials::SGID, groups[2])
        .with(field::credentials::FSGID, groups[3])
        .with(field::credentials::CAPS_EFFECTIVE, capabilities[0] as u64)
        .with(field::credentials::CAPS_PERMITTED, capabilities[1] as u64)
        .with(field::credentials::CAPS_INHERITABLE, capabilities[2] as u64)
}

/// Compares the events of a process with what it noted of each call.
fn compare(kinds: &[Kind], act: impl FnOnce(&mut Notes), expected: &[(i64, Ids, Ids)]) {
    let Some(mut watch) = Watch::over(kinds) else { return };
    let child = in_a_child(act);
    let steps = child.notes.chunks_exact(4);
    assert_eq!(steps.len(), expected.len());
    for (step, (result, users, groups)) in steps.zip(expected) {
        // Of a file system's ids the call returns those before.
        watch.tells_of(child.pid, *result, 0, &changed(*users, *groups, &step[1..]));
    }
    watch.end();
}

const NOBODY: u32 = 65_534;
/// As a call is given what is to stay.
const STAYS: u32 = u32::MAX;

#[test]
fn groups_by_each_call() {
    let act = |notes: &mut Notes| {
        let groups = [7_u32, 9];
        note(notes, call!(libc::SYS_setgroups, 2, groups.as_ptr()));
        note(notes, call!(libc::SYS_setgroups, -1, groups.as_ptr()));
        note(notes, call!(libc::SYS_setresgid, 1, 2, 3));
        note(notes, call!(libc::SYS_setfsgid, 8));
        note(notes, call!(libc::SYS_setregid, 4, 5));
        note(notes, call!(libc::SYS_setgid, 6));
        note(notes, call!(libc::SYS_setgid, STAYS));
        note(notes, call!(libc::SYS_setresuid, NOBODY, NOBODY, NOBODY));
        // Nobody may not.
        note(notes, call!(libc::SYS_setresgid, 0, 0, 0));
        note(notes, call!(libc::SYS_setregid, 0, 0));
        note(notes, call!(libc::SYS_setgroups, 0, 0));
    };
    let (root, nobody) = ([0; 4], [NOBODY; 4]);
    let expected = [
        (0, root, [0; 4]),
        (EINVAL, root, [0; 4]),
        (0, root, [1, 2, 3, 2]),
        (0, root, [1, 2, 3, 8]),
        (0, root, [4, 5, 5, 5]),
        (0, root, [6; 4]),
        (EINVAL, root, [6; 4]),
        (0, nobody, [6; 4]),
        (EPERM, nobody, [6; 4]),
        (EPERM, nobody, [6; 4]),
        (EPERM, nobody, [6; 4]),
    ];
    compare(&[Kind::Credentials], act, &expected);
}

#[test]
fn users_by_each_call() {
    let act = |notes: &mut Notes| {
        note(notes, call!(libc::SYS_setfsuid, 9));
        note(notes, call!(libc::SYS_setfsuid, 0));
        note(notes, call!(libc::SYS_setreuid, 1000, STAYS));
        note(notes, call!(libc::SYS_setresuid, 1000, 1001, 0));
        // Back, as root is saved; then for good.
        note(notes, call!(libc::SYS_setuid, 0));
        note(notes, call!(libc::SYS_setresuid, STAYS, 0, STAYS));
        note(notes, call!(libc::SYS_setuid, NOBODY));
        note(notes, call!(libc::SYS_setuid, 0));
        note(notes, call!(libc::SYS_setreuid, 0, 0));
        note(notes, call!(libc::SYS_setresuid, 0, 0, 0));
        // What a process may not is not said by this one.
        note(notes, call!(libc::SYS_setfsuid, 0));
    };
    let none = [0; 4];
    let expected = [
        (0, [0, 0, 0, 9], none),
        (0, [0; 4], none),
        (0, [1000, 0, 0, 0], none),
        (0, [1000, 1001, 0, 1001], none),
        (0, [1000, 0, 0, 0], none),
        (0, [1000, 0, 0, 0], none),
        (0, [NOBODY; 4], none),
        (EPERM, [NOBODY; 4], none),
        (EPERM, [NOBODY; 4], none),
        (EPERM, [NOBODY; 4], none),
        (0, [NOBODY; 4], none),
    ];
    compare(&[Kind::Credentials], act, &expected);
}

#[test]
fn capabilities_that_are_changed() {
    let Some(mut watch) = Watch::over(&[Kind::Credentials]) else { return };
    let child = in_a_child(|notes| {
        let header = [0x2008_0522_u32, 0];
        // Effective, permitted and inheritable, in two halves.
        let few = [0x21_u32, 0x23, 1, 0, 0, 0];
        note(notes, call!(libc::SYS_capset, header.as_ptr(), few.as_ptr()));
        let more = [0x21_u32, 0x2f, 1, 0, 0, 0];
        note(notes, call!(libc::SYS_capset, header.as_ptr(), more.as_ptr()));
    });
    assert_eq!(child.notes, [0, 0x21, 0x23, 1, EPERM, 0x21, 0x23, 1]);
    for step in child.notes.chunks_exact(4) {
        let event = watch.next_of(child.pid, Kind::Credentials);
        assert_eq!((event.result, event.flags), (Some(step[0]), 0));
        assert_eq!(event.payload, changed([0; 4], [0; 4], &step[1..]));
        // Who it is from then on.
        assert_eq!(task(&event).standing.unwrap().caps_permitted, 0x23);
    }
    watch.end();
}

// === prctl ===

const SET_PTRACER: i32 = 0x5961_6d61;

fn set(option: i32, value: u64) -> OwnedRecord {
    of(Kind::Prctl).with(field::prctl::OPTION, option.unsigned_abs()).with(field::prctl::VALUE, value)
}

#[test]
fn what_a_thread_changes_about_itself() {
    let Some(mut watch) = Watch::over(&[Kind::Prctl]) else { return };
    let name = c"a name that is too long";
    let options = [
        (libc::PR_SET_DUMPABLE, 0_u64),
        (libc::PR_SET_DUMPABLE, 9),
        (libc::PR_SET_KEEPCAPS, 1),
        (libc::PR_CAPBSET_DROP, 27),
        (libc::PR_CAPBSET_DROP, 4096),
        (libc::PR_SET_SECUREBITS, 1 << 4),
        (libc::PR_SET_MM, 77),
        (libc::PR_SET_CHILD_SUBREAPER, 1),
        (libc::PR_SET_NO_NEW_PRIVS, 1),
        (libc::PR_SET_NO_NEW_PRIVS, 2),
        // To take all away.
        (libc::PR_CAP_AMBIENT, 4),
        (SET_PTRACER, 0),
    ];
    let child = in_a_child(|notes| {
        // These only ask, or are about what is no protection.
        let mut old = [0_u8; 16];
        call!(libc::SYS_prctl, libc::PR_GET_NAME, old.as_mut_ptr(), 0_u64, 0_u64, 0_u64);
        for option in [libc::PR_GET_DUMPABLE, libc::PR_GET_SECCOMP, libc::PR_GET_NO_NEW_PRIVS, libc::PR_GET_SECUREBITS]
        {
            call!(libc::SYS_prctl, option, 0_u64, 0_u64, 0_u64, 0_u64);
        }
        call!(libc::SYS_prctl, libc::PR_CAPBSET_READ, 1_u64, 0_u64, 0_u64, 0_u64);
        call!(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, 9_u64, 0_u64, 0_u64, 0_u64);
        for (option, value) in options {
            notes.add(call!(libc::SYS_prctl, option, value, 0_u64, 0_u64, 0_u64));
        }
        notes.add(call!(libc::SYS_prctl, libc::PR_SET_NAME, name.as_ptr(), 0_u64, 0_u64, 0_u64));
        notes.add(call!(libc::SYS_prctl, libc::PR_SET_NAME, 1_u64, 0_u64, 0_u64, 0_u64));
    });
    let (of_options, of_names) = child.notes.split_at(options.len());
    for ((option, value), result) in options.into_iter().zip(of_options) {
        watch.tells_of(child.pid, *result, 0, &set(option, value));
    }
    let fine: Vec<bool> = of_options.iter().map(|result| *result == 0).collect();
    assert_eq!(fine[..11], [true, false, true, true, false, true, false, true, true, false, true]);
    assert_eq!(of_names, [0, EFAULT]);
    let named = set(libc::PR_SET_NAME, name.as_ptr() as u64).with(field::prctl::NAME, "a name that is ");
    watch.tells_of(child.pid, 0, 0, &named);
    watch.tells_of(child.pid, EFAULT, 0, &set(libc::PR_SET_NAME, 1));
    watch.end();
}

/// A filter that allows all there is.
fn allow() -> libc::sock_filter {
    libc::sock_filter { code: 6, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW }
}

#[test]
fn system_calls_that_a_process_denies_itself() {
    let Some(mut watch) = Watch::over(&[Kind::Prctl]) else { return };
    let child = in_a_child(|notes| {
        let mut allow = allow();
        let filter = libc::sock_fprog { len: 1, filter: &raw mut allow };
        notes.add(call!(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const filter));
        notes.add(call!(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, 0));
        // Whether an action is known.
        call!(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const allow.k);
        let mode = u64::from(libc::SECCOMP_MODE_FILTER);
        notes.add(call!(libc::SYS_prctl, libc::PR_SET_SECCOMP, mode, &raw const filter, 0_u64, 0_u64));
        notes.add(call!(libc::SYS_prctl, libc::PR_SET_SECCOMP, 77_u64, 0_u64, 0_u64, 0_u64));
    });
    assert_eq!(child.notes, [0, EFAULT, 0, EINVAL]);
    for (result, mode) in [(0, 2), (EFAULT, 2), (0, 2), (EINVAL, 77)] {
        watch.tells_of(child.pid, result, 0, &set(libc::PR_SET_SECCOMP, mode));
    }

    // From then on there are four calls; the thread's end is one of them.
    let strict = try_in_a_child(|_| {
        call!(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_STRICT, 0, 0);
        call!(libc::SYS_exit, 3);
    });
    assert_eq!(strict.status.code(), Some(3));
    watch.tells_of(strict.pid, 0, 0, &set(libc::PR_SET_SECCOMP, 1));
    watch.end();
}

/// What a filter refuses has an end, and what it kills has none.
#[test]
fn a_call_that_a_filter_refuses() {
    let Some(mut watch) = Watch::over(&[Kind::Mkdir, Kind::Exit]) else { return };
    for (action, result) in [(libc::SECCOMP_RET_ERRNO | 7, Some(-7)), (libc::SECCOMP_RET_KILL_PROCESS, None)] {
        let name = c"/refused";
        let child = try_in_a_child(|_| {
            let name = in_memory(name);
            let number = libc::SYS_mkdirat as u32;
            let mut filter = [
                libc::sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 },
                libc::sock_filter { code: 0x15, jt: 0, jf: 1, k: number },
                libc::sock_filter { code: 6, jt: 0, jf: 0, k: action },
                allow(),
            ];
            let filter = libc::sock_fprog { len: 4, filter: filter.as_mut_ptr() };
            call!(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const filter);
            call!(libc::SYS_mkdirat, libc::AT_FDCWD, name, 0o700);
        });
        let Some(result) = result else {
            assert_eq!(child.status.signal(), Some(libc::SIGSYS));
            let ended = watch.exit(child.pid);
            assert_eq!(number(&ended.payload, field::exit::SIGNAL), Some(libc::SIGSYS as u64));
            continue;
        };
        let refused = of(Kind::Mkdir).with(field::mkdir::PATH, "/refused").with(field::mkdir::MODE, 0o700_u32);
        watch.tells_of(child.pid, result, lanner_abi::event_flag::UNRESOLVED, &refused);
    }
    watch.end();
}

// === namespaces ===

/// The inode number of one of this process's namespaces.
fn namespace(path: &std::ffi::CStr) -> i64 {
    // SAFETY: all zero it is what a call fills.
    let mut facts: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the path is a C string, and the other is as large as the library's call wants it.
    let result = unsafe { libc::stat(path.as_ptr(), &raw mut facts) };
    if result == 0 { facts.st_ino.cast_signed() } else { -1 }
}

const MNT: &std::ffi::CStr = c"/proc/self/ns/mnt";
const NET: &std::ffi::CStr = c"/proc/self/ns/net";
const USER: &std::ffi::CStr = c"/proc/self/ns/user";

fn note_namespaces(notes: &mut Notes, result: i64) {
    notes.add(result);
    [MNT, NET, USER].into_iter().for_each(|path| notes.add(namespace(path)));
}

/// Of this process: those of mounts, of the children's pids, of the network, of users.
fn own_namespaces() -> [u32; 4] {
    ["mnt", "pid", "net", "user"].map(|name| std::fs::metadata(format!("/proc/self/ns/{name}")).unwrap().ino() as u32)
}

fn unshared(flags: i32, [mnt, pid, net, user]: [u32; 4]) -> OwnedRecord {
    of(Kind::Unshare)
        .with(field::unshare::FLAGS, flags.cast_unsigned())
        .with(field::unshare::MNT_NS, mnt)
        .with(field::unshare::PID_NS, pid)
        .with(field::unshare::NET_NS, net)
        .with(field::unshare::USER_NS, user)
}

#[test]
fn namespaces_that_are_made() {
    const UNKNOWN: i32 = 1;
    let Some(mut watch) = Watch::over(&[Kind::Unshare]) else { return };
    let ways = [libc::CLONE_NEWNS, libc::CLONE_NEWNET, libc::CLONE_FILES, libc::CLONE_NEWUSER, UNKNOWN];
    let child = in_a_child(|notes| {
        for flags in ways {
            note_namespaces(notes, call!(libc::SYS_unshare, flags));
        }
    });
    let [own_mnt, pid, ..] = own_namespaces();
    for (flags, step) in ways.into_iter().zip(child.notes.chunks_exact(4)) {
        let [result, mnt, net, user] = [step[0], step[1], step[2], step[3]];
        if result < 0 && flags != UNKNOWN {
            eprintln!("skipped: unshare({flags:#x}) fails here: {result}");
        }
        watch.tells_of(child.pid, result, 0, &unshared(flags, [mnt as u32, pid, net as u32, user as u32]));
        assert_ne!(mnt as u32, own_mnt);
    }
    assert_eq!(child.notes[child.notes.len() - 4], EINVAL);
    watch.end();
}

/// Its own stays.
#[test]
fn a_pid_namespace_for_the_children() {
    let Some(mut watch) = Watch::over(&[Kind::Unshare, Kind::Fork]) else { return };
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWPID));
        let child = call!(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
        if child == 0 {
            call!(libc::SYS_exit_group, 0);
        }
        notes.add(child);
        notes.add(namespace(c"/proc/self/ns/pid_for_children"));
        call!(libc::SYS_wait4, child as i32, 0, 0, 0);
    });
    if child.notes[0] < 0 {
        eprintln!("skipped: no pid namespace can be made: {}", child.notes[0]);
        return;
    }
    let [mnt, own, net, user] = own_namespaces();
    let new = child.notes[2] as u32;
    assert_ne!(own, new);
    let event = watch.next_of(child.pid, Kind::Unshare);
    assert_eq!(event.payload, unshared(libc::CLONE_NEWPID, [mnt, new, net, user]));
    assert_eq!(task(&event).standing.unwrap().pid_ns, own);
    let forked = watch.fork(child.notes[1] as u32);
    assert_eq!(number(&forked.payload, field::fork::CHILD_NS_PID), Some(1));
    watch.end();
}

#[test]
fn namespaces_that_are_entered() {
    let Some(mut watch) = Watch::over(&[Kind::Setns]) else { return };
    let entered = |fd: i64, flags: i32, [mnt, pid, net, user]: [u32; 4]| {
        of(Kind::Setns)
            .with(field::setns::FD, fd as i32)
            .with(field::setns::FLAGS, flags.unsigned_abs())
            .with(field::setns::MNT_NS, mnt)
            .with(field::setns::PID_NS, pid)
            .with(field::setns::NET_NS, net)
            .with(field::setns::USER_NS, user)
    };
    let child = in_a_child(|notes| {
        let before = call!(libc::SYS_openat, libc::AT_FDCWD, MNT.as_ptr(), libc::O_RDONLY, 0);
        notes.add(before);
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWNS));
        notes.add(namespace(MNT));
        notes.add(call!(libc::SYS_setns, before as i32, libc::CLONE_NEWNET));
        notes.add(call!(libc::SYS_setns, before as i32, libc::CLONE_NEWNS));
        notes.add(call!(libc::SYS_setns, before as i32, 0));
        notes.add(call!(libc::SYS_setns, -1, libc::CLONE_NEWNS));
    });
    let own = own_namespaces();
    let [fd, unshared, between, ref results @ ..] = child.notes[..] else { panic!("{:?}", child.notes) };
    // It is not one of the network.
    assert_eq!((unshared, results), (0, &[EINVAL, 0, 0, EBADF][..]));
    let away = [between as u32, own[1], own[2], own[3]];
    assert_ne!(away, own);
    watch.tells_of(child.pid, EINVAL, 0, &entered(fd, libc::CLONE_NEWNET, away));
    watch.tells_of(child.pid, 0, 0, &entered(fd, libc::CLONE_NEWNS, own));
    watch.tells_of(child.pid, 0, 0, &entered(fd, 0, own));
    watch.tells_of(child.pid, EBADF, 0, &entered(-1, libc::CLONE_NEWNS, own));
    watch.end();
}
