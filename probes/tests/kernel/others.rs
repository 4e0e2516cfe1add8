//! What a process does to others: signals, ptrace, their memory.

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_probes::RawEvent;

use crate::child::{Waiting, call, in_a_child};
use crate::watch::{Watch, of, task};

const EPERM: i64 = -1;
const ESRCH: i64 = -3;
const EINVAL: i64 = -22;
const EIO: i64 = -5;

/// No process has it: it is above any limit.
const NOBODY: i32 = 0x3fff_ffff;
/// It ends nobody who does not wait for it.
const SIGNAL: i32 = libc::SIGURG;

// === signals ===

fn sent(target: u32, signal: i32) -> OwnedRecord {
    of(Kind::Signal).with(field::signal::SIGNAL, signal.unsigned_abs()).with(field::signal::TARGET_PID, target)
}

fn refused(target: i32, signal: i32) -> OwnedRecord {
    let refused =
        of(Kind::Signal).with(field::signal::SIGNAL, signal.unsigned_abs()).with(field::signal::TARGET_NS_PID, target);
    if target > 0 { refused.with(field::signal::TARGET_PID, target.unsigned_abs()) } else { refused }
}

/// A struct siginfo of one who gives a value with the signal.
fn queued() -> [u32; 32] {
    let mut info = [0; 32];
    // Number, error, and SI_QUEUE.
    (info[0], info[2]) = (SIGNAL.unsigned_abs(), u32::MAX);
    info
}

#[test]
fn signals_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Signal]) else { return };
    let target = Waiting::after(|| ());
    let (pid, info) = (target.id(), queued());
    // What only asks is not told.
    assert_eq!(call!(libc::SYS_kill, pid, 0), 0);
    assert_eq!(call!(libc::SYS_kill, NOBODY, 0), ESRCH);
    assert_eq!(call!(libc::SYS_kill, pid, SIGNAL), 0);
    watch.tells(0, 0, &sent(target.pid, SIGNAL));
    assert_eq!(call!(libc::SYS_tkill, pid, SIGNAL), 0);
    watch.tells(0, 0, &sent(target.pid, SIGNAL));
    assert_eq!(call!(libc::SYS_tgkill, pid, pid, libc::SIGWINCH), 0);
    watch.tells(0, 0, &sent(target.pid, libc::SIGWINCH));
    assert_eq!(call!(libc::SYS_rt_sigqueueinfo, pid, SIGNAL, info.as_ptr()), 0);
    watch.tells(0, 0, &sent(target.pid, SIGNAL));
    assert_eq!(call!(libc::SYS_rt_tgsigqueueinfo, pid, pid, SIGNAL, info.as_ptr()), 0);
    watch.tells(0, 0, &sent(target.pid, SIGNAL));
    let fd = call!(libc::SYS_pidfd_open, pid, 0);
    assert_eq!(call!(libc::SYS_pidfd_send_signal, fd, SIGNAL, 0, 0), 0);
    watch.tells(0, 0, &sent(target.pid, SIGNAL));
    assert_eq!(call!(libc::SYS_close, fd), 0);

    // Whoever sends one so may say that it is a timer's, or a message queue's: it is told all the same.
    for code in [-2_i32, -3, -60] {
        let mut info = queued();
        info[2] = code as u32;
        assert_eq!(call!(libc::SYS_rt_sigqueueinfo, pid, SIGNAL, info.as_ptr()), 0);
        let told = refused(pid, SIGNAL);
        watch.tells(0, 0, &told);
        assert_eq!(call!(libc::SYS_rt_tgsigqueueinfo, pid, pid, SIGNAL, info.as_ptr()), 0);
        watch.tells(0, 0, &told);
    }

    assert_eq!(call!(libc::SYS_kill, NOBODY, libc::SIGTERM), ESRCH);
    watch.tells(ESRCH, 0, &refused(NOBODY, libc::SIGTERM));
    // A descriptor that is none.
    assert_eq!(call!(libc::SYS_pidfd_send_signal, -1, SIGNAL, 0, 0), -i64::from(libc::EBADF));
    let unknown = of(Kind::Signal).with(field::signal::SIGNAL, SIGNAL.unsigned_abs());
    watch.tells(-i64::from(libc::EBADF), 0, &unknown);
    assert_eq!(call!(libc::SYS_kill, -NOBODY, libc::SIGTERM), ESRCH);
    watch.tells(ESRCH, 0, &refused(-NOBODY, libc::SIGTERM));
    assert_eq!(call!(libc::SYS_tkill, NOBODY, libc::SIGTERM), ESRCH);
    watch.tells(ESRCH, 0, &refused(NOBODY, libc::SIGTERM));
    assert_eq!(call!(libc::SYS_tgkill, 1, NOBODY, libc::SIGTERM), ESRCH);
    watch.tells(ESRCH, 0, &refused(1, libc::SIGTERM));
    assert_eq!(call!(libc::SYS_rt_sigqueueinfo, NOBODY, SIGNAL, info.as_ptr()), ESRCH);
    watch.tells(ESRCH, 0, &refused(NOBODY, SIGNAL));
    assert_eq!(call!(libc::SYS_rt_tgsigqueueinfo, 1, NOBODY, SIGNAL, info.as_ptr()), ESRCH);
    watch.tells(ESRCH, 0, &refused(1, SIGNAL));
    assert_eq!(call!(libc::SYS_kill, pid, 4711), EINVAL);
    watch.tells(EINVAL, 0, &refused(pid, 4711));
    watch.end();
}

/// Each of its group is told of, but for the one who does it; and that nobody may is told.
#[test]
fn signals_to_a_group_and_to_oneself() {
    let Some(mut watch) = Watch::over(&[Kind::Signal]) else { return };
    let target = Waiting::after(|| {
        call!(libc::SYS_setpgid, 0, 0);
    });
    let (pid, group) = (target.id(), -target.id());
    let child = in_a_child(|notes| {
        let own = call!(libc::SYS_getpid) as i32;
        call!(libc::SYS_setpgid, 0, pid);
        notes.add(call!(libc::SYS_kill, own, SIGNAL));
        notes.add(call!(libc::SYS_tgkill, own, own, SIGNAL));
        notes.add(call!(libc::SYS_kill, group, SIGNAL));
        call!(libc::SYS_setresuid, 65_534, 65_534, 65_534);
        notes.add(call!(libc::SYS_kill, pid, SIGNAL));
    });
    assert_eq!(child.notes, [0, 0, 0, EPERM]);
    watch.tells_of(child.pid, 0, 0, &sent(target.pid, SIGNAL));
    watch.tells_of(child.pid, EPERM, 0, &refused(pid, SIGNAL));
    watch.end();
}

/// The kernel's own are nobody's doing: that a child has ended, and that a pipe has no reader.
#[test]
fn what_the_kernel_sends_is_not_told() {
    let Some(mut watch) = Watch::over(&[Kind::Signal]) else { return };
    let target = Waiting::after(|| ());
    let pid = target.id();
    let child = in_a_child(|notes| {
        let short = call!(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0);
        if short == 0 {
            call!(libc::SYS_exit_group, 0);
        }
        call!(libc::SYS_wait4, short as i32, 0, 0, 0);
        notes.add(short);
        call!(libc::SYS_kill, pid, SIGNAL);
    });
    watch.tells_of(child.pid, 0, 0, &sent(target.pid, SIGNAL));
    let of_short = |event: &&RawEvent| task(event).pid == child.notes[0] as u32;
    assert_eq!(watch.seen().iter().find(of_short), None);
    watch.end();
}

// === ptrace ===

const TRACEME: u32 = 0;
const PEEKDATA: u32 = 2;
const POKEDATA: u32 = 5;
const ATTACH: u32 = 16;
const DETACH: u32 = 17;
const GETREGS: u32 = 12;
const SETREGS: u32 = 13;
const SEIZE: u32 = 0x4206;
const INTERRUPT: u32 = 0x4207;

fn traced(request: u32, target: i32, address: u64) -> OwnedRecord {
    let ptrace = of(Kind::Ptrace)
        .with(field::ptrace::REQUEST, request)
        .with(field::ptrace::TARGET_NS_PID, target.unsigned_abs())
        .with(field::ptrace::ADDRESS, address);
    ptrace.with(field::ptrace::TARGET_PID, target.unsigned_abs())
}

fn wait(pid: i32) {
    assert_eq!(call!(libc::SYS_wait4, pid, 0, libc::__WALL, 0), i64::from(pid));
}

/// Memory that both have, as the one is a copy of the other.
static WORD: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(7);

#[test]
fn who_is_traced() {
    let Some(mut watch) = Watch::over(&[Kind::Ptrace]) else { return };
    let target = Waiting::after(|| ());
    let (pid, word) = (target.id(), WORD.as_ptr() as u64);
    assert_eq!(call!(libc::SYS_ptrace, SEIZE, pid, 0_u64, 0_u64), 0);
    watch.tells(0, 0, &traced(SEIZE, pid, 0));
    assert_eq!(call!(libc::SYS_ptrace, INTERRUPT, pid, 0_u64, 0_u64), 0);
    wait(pid);
    // It is looked at, and then changed: that is told.
    let mut seen = 0_u64;
    assert_eq!(call!(libc::SYS_ptrace, PEEKDATA, pid, word, &raw mut seen), 0);
    assert_eq!(seen, 7);
    assert_eq!(call!(libc::SYS_ptrace, POKEDATA, pid, word, 8_u64), 0);
    watch.tells(0, 0, &traced(POKEDATA, pid, word));
    assert_eq!(call!(libc::SYS_ptrace, POKEDATA, pid, 8_u64, 8_u64), EIO);
    watch.tells(EIO, 0, &traced(POKEDATA, pid, 8));
    #[cfg(target_arch = "x86_64")]
    {
        let mut registers = [0_u64; 64];
        assert_eq!(call!(libc::SYS_ptrace, GETREGS, pid, 0_u64, registers.as_mut_ptr()), 0);
        assert_eq!(call!(libc::SYS_ptrace, SETREGS, pid, 0_u64, registers.as_ptr()), 0);
        watch.tells(0, 0, &traced(SETREGS, pid, 0));
    }
    assert_eq!(call!(libc::SYS_ptrace, DETACH, pid, 0_u64, 0_u64), 0);
    assert_eq!(call!(libc::SYS_ptrace, ATTACH, pid, 0_u64, 0_u64), 0);
    watch.tells(0, 0, &traced(ATTACH, pid, 0));
    wait(pid);
    assert_eq!(call!(libc::SYS_ptrace, DETACH, pid, 0_u64, 0_u64), 0);

    assert_eq!(call!(libc::SYS_ptrace, ATTACH, NOBODY, 0_u64, 0_u64), ESRCH);
    watch.tells(ESRCH, 0, &traced(ATTACH, NOBODY, 0));
    watch.end();
}

#[test]
fn who_asks_to_be_traced() {
    let Some(mut watch) = Watch::over(&[Kind::Ptrace]) else { return };
    let child = in_a_child(|notes| {
        // What stands in the other arguments is not read.
        notes.add(call!(libc::SYS_ptrace, TRACEME, 4711, 0_u64, 0_u64));
        notes.add(call!(libc::SYS_ptrace, TRACEME, 0, 0_u64, 0_u64));
    });
    assert_eq!(child.notes, [0, EPERM]);
    let expected = of(Kind::Ptrace).with(field::ptrace::REQUEST, TRACEME).with(field::ptrace::TARGET_NS_PID, 0_u32);
    for result in child.notes {
        watch.tells_of(child.pid, result, 0, &expected);
    }
    watch.end();
}

// === memory ===

#[test]
fn memory_of_another_that_is_read_and_written() {
    let Some(mut watch) = Watch::over(&[Kind::ProcessMemory]) else { return };
    let target = Waiting::after(|| ());
    let looked = |pid: i32, written: bool| {
        of(Kind::ProcessMemory)
            .with(field::process_memory::WRITTEN, written)
            .with(field::process_memory::TARGET_PID, pid.unsigned_abs())
            .with(field::process_memory::TARGET_NS_PID, pid.unsigned_abs())
    };
    let mut here = 0_u64;
    let own = libc::iovec { iov_base: (&raw mut here).cast(), iov_len: 8 };
    let there = libc::iovec { iov_base: WORD.as_ptr().cast(), iov_len: 8 };
    let nowhere = libc::iovec { iov_base: std::ptr::without_provenance_mut(8), iov_len: 8 };
    let (pid, bad) = (target.id(), -i64::from(libc::EFAULT));
    for (number, written) in [(libc::SYS_process_vm_readv, false), (libc::SYS_process_vm_writev, true)] {
        let move_bytes = |pid: i32, there: &libc::iovec| {
            call!(number, pid, &raw const own, 1_u64, std::ptr::from_ref(there), 1_u64, 0_u64)
        };
        assert_eq!(move_bytes(pid, &there), 8);
        watch.tells(8, 0, &looked(pid, written));
        assert_eq!(move_bytes(pid, &nowhere), bad);
        watch.tells(bad, 0, &looked(pid, written));
        assert_eq!(move_bytes(NOBODY, &there), ESRCH);
        watch.tells(ESRCH, 0, &looked(NOBODY, written));
    }
    assert_eq!(here, 7);
    watch.end();
}

/// In a pid namespace of its own a process calls others by numbers of its own, which are nobody's outside of it.
#[test]
fn whom_a_process_in_a_namespace_names() {
    let Some(mut watch) = Watch::over(&[Kind::ProcessMemory, Kind::Ptrace, Kind::Signal]) else { return };
    let child = in_a_child(|notes| {
        let inner = call!(libc::SYS_clone, libc::CLONE_NEWPID | libc::SIGCHLD, 0, 0, 0, 0);
        if inner == 0 {
            call!(libc::SYS_process_vm_readv, 55, 0, 0_u64, 0, 0_u64, 0_u64);
            call!(libc::SYS_ptrace, ATTACH, 56, 0_u64, 0_u64);
            call!(libc::SYS_kill, 57, libc::SIGTERM);
            call!(libc::SYS_exit_group, 0);
        }
        notes.add(inner);
        call!(libc::SYS_wait4, inner as i32, 0, 0, 0);
    });
    if child.notes[0] < 0 {
        eprintln!("skipped: no pid namespace can be made: {}", child.notes[0]);
        return;
    }
    let inner = child.notes[0] as u32;
    let memory = of(Kind::ProcessMemory).with(field::process_memory::WRITTEN, false);
    let event = watch.next_of(inner, Kind::ProcessMemory);
    assert_eq!(event.payload, memory.with(field::process_memory::TARGET_NS_PID, 55_u32));
    let ptrace = of(Kind::Ptrace).with(field::ptrace::REQUEST, ATTACH).with(field::ptrace::ADDRESS, 0_u64);
    watch.tells_of(inner, ESRCH, 0, &ptrace.with(field::ptrace::TARGET_NS_PID, 56_u32));
    let signal = of(Kind::Signal).with(field::signal::SIGNAL, libc::SIGTERM.unsigned_abs());
    watch.tells_of(inner, ESRCH, 0, &signal.with(field::signal::TARGET_NS_PID, 57));
    watch.end();
}
