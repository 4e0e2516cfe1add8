//! How processes are made: the flags of clone, and whose child it is.

use std::path::Path;

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_probes::RawEvent;

use crate::child::{call, in_a_child};
use crate::watch::{Watch, number, of, task};

const SIGCHLD: u64 = libc::SIGCHLD as u64;
const CLONE_VM: u64 = libc::CLONE_VM as u64;
const CLONE_VFORK: u64 = libc::CLONE_VFORK as u64;
const CLONE_PARENT: u64 = libc::CLONE_PARENT as u64;
const CLONE_NEWUSER: u64 = libc::CLONE_NEWUSER as u64;
const CLONE_NEWPID: u64 = libc::CLONE_NEWPID as u64;
const CLONE_NEWNS: u64 = libc::CLONE_NEWNS as u64;
/// Is not one of clone(2).
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;

/// A child that ends at once, by clone(2), and what that returned. Called in processes with one thread.
fn clone(flags: u64) -> i64 {
    let child = call!(libc::SYS_clone, flags, 0, 0, 0, 0);
    if child == 0 {
        end();
    }
    child
}

/// Likewise by clone3(2), which has the signal beside the flags.
fn clone3(flags: u64) -> i64 {
    let mut arguments = [0_u64; 8];
    (arguments[0], arguments[4]) = (flags, SIGCHLD);
    let child = call!(libc::SYS_clone3, arguments.as_ptr(), size_of_val(&arguments));
    if child == 0 {
        end();
    }
    child
}

fn end() -> ! {
    // SAFETY: it ends here.
    unsafe { libc::_exit(0) }
}

fn wait(child: i64) {
    call!(libc::SYS_wait4, child, 0, libc::__WALL, 0);
}

/// What is told of a child, and that it is no more than that. The signal that clone(2) has in its flags is none of them.
fn forked(watch: &mut Watch, by: u32, child: i64, ns_pid: i64, flags: u64, parent: u32) {
    let event = watch.fork(child as u32);
    let start = number(&event.payload, field::fork::CHILD_START).unwrap();
    assert!(start > task(&event).start_boot_ns);
    let expected: OwnedRecord = of(Kind::Fork)
        .with(field::fork::CHILD_PID, child as u32)
        .with(field::fork::CHILD_NS_PID, ns_pid as u32)
        .with(field::fork::CHILD_START, start)
        .with(field::fork::FLAGS, flags & !0xff)
        .with(field::fork::CHILD_PPID, parent);
    assert_eq!((task(&event).pid, event.flags, event.result, &event.payload), (by, 0, None, &expected));
}

#[test]
fn the_flags_of_clone_are_told() {
    let Some(mut watch) = Watch::over(&[Kind::Fork]) else { return };
    let ways = [SIGCHLD, CLONE_NEWUSER | SIGCHLD, CLONE_NEWNS | SIGCHLD, 0];
    let done = in_a_child(|notes| {
        for flags in ways {
            let child = clone(flags);
            notes.add(child);
            wait(child);
        }
    });
    for (flags, child) in ways.into_iter().zip(done.notes) {
        if child < 0 {
            eprintln!("skipped: clone({flags:#x}) fails here: {child}");
            continue;
        }
        forked(&mut watch, done.pid, child, child, flags, done.pid);
    }
    watch.end();
}

#[test]
fn clone3_is_told() {
    let Some(mut watch) = Watch::over(&[Kind::Fork]) else { return };
    let ways = [0, CLONE_NEWUSER, CLONE_CLEAR_SIGHAND];
    let done = in_a_child(|notes| {
        for flags in ways {
            let child = clone3(flags);
            notes.add(child);
            wait(child);
        }
    });
    for (flags, child) in ways.into_iter().zip(done.notes) {
        if child < 0 {
            eprintln!("skipped: clone3({flags:#x}) fails here: {child}");
            continue;
        }
        forked(&mut watch, done.pid, child, child, flags, done.pid);
    }
    watch.end();
}

#[test]
fn a_child_in_a_pid_namespace_of_its_own() {
    let Some(mut watch) = Watch::over(&[Kind::Fork]) else { return };
    let done = in_a_child(|notes| {
        let child = clone(CLONE_NEWPID | SIGCHLD);
        notes.add(child);
        wait(child);
    });
    if done.notes[0] < 0 {
        eprintln!("skipped: no pid namespace can be made: {}", done.notes[0]);
        return;
    }
    forked(&mut watch, done.pid, done.notes[0], 1, CLONE_NEWPID | SIGCHLD, done.pid);
    watch.end();
}

/// Its parent is that of the one who made it.
#[test]
fn a_child_that_becomes_a_sibling() {
    let Some(mut watch) = Watch::over(&[Kind::Fork]) else { return };
    let done = in_a_child(|notes| notes.add(clone(CLONE_PARENT)));
    let child = done.notes[0];
    wait(child);
    let flags = number(&watch.fork(done.pid).payload, field::fork::CHILD_PPID);
    assert_eq!(flags, Some(std::process::id().into()));
    forked(&mut watch, done.pid, child, child, CLONE_PARENT, std::process::id());
    watch.end();
}

/// As libraries begin programs: the child has their memory until then.
#[test]
fn a_child_that_its_parent_waits_for() {
    let Some(mut watch) = Watch::over(&[Kind::Fork, Kind::Exec]) else { return };
    let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
    child.wait().unwrap();
    let event = watch.fork(child.id());
    let flags = number(&event.payload, field::fork::FLAGS).unwrap();
    assert_eq!(flags & (CLONE_VM | CLONE_VFORK), CLONE_VM | CLONE_VFORK, "{flags:#x}");
    assert_eq!(number(&event.payload, field::fork::CHILD_PPID), Some(std::process::id().into()));
    assert_eq!(task(&watch.exec(child.id())).ppid, std::process::id());
    watch.end();
}

#[test]
fn threads_are_not_processes() {
    let Some(mut watch) = Watch::over(&[Kind::Fork, Kind::Exit]) else { return };
    let thread = std::thread::spawn(|| rustix::thread::gettid().as_raw_nonzero().get() as u32).join().unwrap();
    // Joined, it may still be about to end.
    while Path::new(&format!("/proc/self/task/{thread}")).exists() {
        std::thread::yield_now();
    }
    let pid = in_a_child(|_| ()).pid;
    // Events come in order: what the thread would have given is before this.
    watch.exit(pid);
    let other = watch.fork(pid);
    assert_eq!(task(&other).pid, std::process::id());
    let of_thread = |event: &RawEvent| match event.kind {
        Kind::Fork => number(&event.payload, field::fork::CHILD_PID) == Some(thread.into()),
        _ => task(event).tid == thread || task(event).pid == thread,
    };
    assert_eq!(watch.seen().iter().find(|event| of_thread(event)), None);
    watch.end();
}
