use std::sync::Arc;

use lanner_abi::process_flag;
use lanner_probes::event::{Exec, Exit, Fork, KernelEvent, Payload as Kernel, ResolvedPath, Task};
use lanner_source::record::{Machine, ProcessSnapshot, Record};

use super::{Enricher, Event, MAX_LINEAGE, Payload, Process};

const SECOND: u64 = 1_000_000_000;

fn machine() -> Machine {
    Machine {
        boot_id: "a boot".into(),
        boot_time_ns: 1_000 * SECOND,
        users: [(0, "root".to_owned()), (1000, "ada".to_owned())].into(),
        ..Machine::default()
    }
}

fn task(pid: u32, start_s: u64) -> Task {
    Task { pid, tid: pid, start_boot_ns: start_s * SECOND, comm: b"sh".to_vec(), ..Task::default() }
}

fn event(task: &Task, payload: Kernel) -> Record {
    Record::Event(Box::new(KernelEvent { time_ns: 2_000 * SECOND, task: task.clone(), payload }))
}

fn exec(task: &Task, exe: &str) -> Record {
    let exe = ResolvedPath { bytes: exe.into(), ..ResolvedPath::default() };
    event(task, Kernel::Exec(Box::new(Exec { exe, ..Exec::default() })))
}

fn fork(parent: &Task, child: &Task) -> Record {
    let fork = Fork { child_pid: child.pid, child_start_boot_ns: child.start_boot_ns, child_ns_pid: child.pid };
    event(parent, Kernel::Fork(fork))
}

fn open(task: &Task) -> Record {
    event(task, Kernel::Open(Box::default()))
}

fn exit(task: &Task) -> Record {
    event(task, Kernel::Exit(Exit::default()))
}

fn take(enricher: &mut Enricher, record: Record) -> Event {
    enricher.take(record).expect("an event")
}

fn names(process: &Arc<Process>) -> Vec<String> {
    process.line().map(|process| String::from_utf8_lossy(process.name()).into_owned()).collect()
}

#[test]
fn a_lineage_is_what_forked_and_ran() {
    let mut enricher = Enricher::new(&machine(), None);
    let (sshd, bash, cat) = (task(10, 1), task(11, 2), task(12, 3));
    take(&mut enricher, exec(&sshd, "/usr/sbin/sshd"));
    take(&mut enricher, fork(&sshd, &bash));
    take(&mut enricher, exec(&bash, "/bin/bash"));
    take(&mut enricher, fork(&bash, &cat));
    let before_exec = take(&mut enricher, open(&cat));
    assert_eq!(names(&before_exec.process), ["bash", "bash", "sshd"]);
    let started = take(&mut enricher, exec(&cat, "/bin/cat"));
    let opened = take(&mut enricher, open(&cat));
    assert_eq!(names(&opened.process), ["cat", "bash", "sshd"]);
    // One process, two images, and the exec names both.
    let Payload::Exec(facts) = &started.payload else { panic!("an exec") };
    assert_eq!(started.process.image, before_exec.process.image);
    assert_eq!(facts.image.image, opened.process.image);
    assert_eq!(facts.image.id, started.process.id);
    assert_ne!(facts.image.image, started.process.image);
    // What bash becomes later does not change where cat came from.
    take(&mut enricher, exec(&bash, "/bin/sleep"));
    assert_eq!(names(&take(&mut enricher, open(&cat)).process), ["cat", "bash", "sshd"]);
}

#[test]
fn sequence_numbers_have_no_gaps() {
    let mut enricher = Enricher::new(&machine(), None);
    let ids: Vec<u64> = (0..5).map(|_| take(&mut enricher, open(&task(1, 1))).seq).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
}

#[test]
fn a_pid_used_again_is_another_process() {
    let mut enricher = Enricher::new(&machine(), None);
    take(&mut enricher, exec(&task(10, 1), "/bin/first"));
    let first = take(&mut enricher, open(&task(10, 1))).process;
    take(&mut enricher, exec(&task(10, 2), "/bin/second"));
    let second = take(&mut enricher, open(&task(10, 2))).process;
    assert_ne!(first.id, second.id);
    assert_eq!((first.name(), second.name()), (&b"first"[..], &b"second"[..]));
    // A late event of the first still finds it.
    assert_eq!(take(&mut enricher, open(&task(10, 1))).process.id, first.id);
}

#[test]
fn the_dead_linger_and_a_second_exit_is_dropped() {
    let mut enricher = Enricher::new(&machine(), None);
    let cat = task(10, 1);
    take(&mut enricher, exec(&cat, "/bin/cat"));
    take(&mut enricher, exit(&cat));
    assert_eq!(take(&mut enricher, open(&cat)).process.name(), b"cat");
    assert!(enricher.take(exit(&cat)).is_none());
    // An hour later nobody remembers it.
    let mut late = KernelEvent { time_ns: 6_000 * SECOND, task: task(99, 9), payload: Kernel::Open(Box::default()) };
    enricher.take(Record::Event(Box::new(late.clone())));
    late.task = cat;
    let process = take(&mut enricher, Record::Event(Box::new(late))).process;
    assert_ne!(process.flags & process_flag::PARTIAL, 0);
}

#[test]
fn memory_is_bounded_when_a_program_keeps_starting_its_successor() {
    let mut enricher = Enricher::new(&machine(), None);
    take(&mut enricher, exec(&task(2, 1), "/bin/respawn"));
    for pid in 2..1000 {
        take(&mut enricher, fork(&task(pid, u64::from(pid)), &task(pid + 1, u64::from(pid) + 1)));
        take(&mut enricher, exit(&task(pid, u64::from(pid))));
        let child = take(&mut enricher, open(&task(pid + 1, u64::from(pid) + 1))).process;
        assert!(child.line().count() <= usize::from(MAX_LINEAGE) + 1);
        assert_eq!(child.line().count(), usize::from(child.depth) + 1);
        assert_eq!(child.line().nth(1).map(|parent| parent.pid), Some(pid));
    }
}

#[test]
fn a_changed_user_is_a_new_record_of_the_same_image() {
    let mut enricher = Enricher::new(&machine(), None);
    let before = take(&mut enricher, open(&task(10, 1))).process;
    let after = take(&mut enricher, open(&Task { uid: 1000, ..task(10, 1) })).process;
    assert_eq!(before.image, after.image);
    assert_eq!(before.user.name.as_deref(), Some("root"));
    assert_eq!(after.user.name.as_deref(), Some("ada"));
}

#[test]
fn a_snapshot_fills_in_who_was_there_and_ends_who_is_not() {
    let mut enricher = Enricher::new(&machine(), None);
    let (init, old) = (task(1, 0), task(5, 1));
    let child = Task { ppid: 1, ..task(7, 2) };
    for record in [snapshot(&init, "/sbin/init"), snapshot(&old, "/bin/old"), snapshot(&child, "/bin/child")] {
        assert!(enricher.take(record).is_none());
    }
    enricher.take(Record::SnapshotEnd { boot_ns: 10 * SECOND });
    assert_eq!(names(&take(&mut enricher, open(&child)).process), ["child", "init"]);
    // The next one does not name `old`: its exit was lost.
    enricher.take(snapshot(&init, "/sbin/init"));
    enricher.take(snapshot(&child, "/bin/child"));
    enricher.take(Record::SnapshotEnd { boot_ns: 20 * SECOND });
    assert_eq!(names(&take(&mut enricher, open(&old)).process), ["old"], "what waited meanwhile is still its");
    let process = take(&mut enricher, open(&old)).process;
    assert_ne!(process.flags & process_flag::PARTIAL, 0, "long after it, it is forgotten");
}

#[test]
fn children_of_the_host_are_its_self_test() {
    let mut enricher = Enricher::new(&machine(), Some(77));
    let (host, actor, grandchild, other) = (task(77, 1), task(78, 2), task(79, 3), task(80, 4));
    take(&mut enricher, fork(&host, &actor));
    take(&mut enricher, exec(&actor, "/usr/bin/lanner"));
    take(&mut enricher, fork(&actor, &grandchild));
    take(&mut enricher, exec(&grandchild, "/dev/shm/true"));
    let flag = |event: Event| event.process.flags & process_flag::SELF_TEST != 0;
    assert!(flag(take(&mut enricher, open(&actor))));
    assert!(flag(take(&mut enricher, open(&grandchild))));
    assert!(!flag(take(&mut enricher, open(&other))));
}

#[test]
fn an_exec_ends_what_was_true_of_the_program_before() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    take(&mut enricher, exec(&shell, "memfd:payload"));
    let memfd = take(&mut enricher, open(&shell)).process;
    assert_ne!(memfd.flags & process_flag::EXE_MEMFD, 0);
    take(&mut enricher, exec(&shell, "/bin/true"));
    let plain = take(&mut enricher, open(&shell)).process;
    assert_eq!(plain.flags, 0);
}

fn snapshot(task: &Task, exe: &str) -> Record {
    let exe = ResolvedPath { bytes: exe.into(), ..ResolvedPath::default() };
    Record::Process(Box::new(ProcessSnapshot { task: task.clone(), image: Exec { exe, ..Exec::default() } }))
}

#[test]
fn an_exec_that_was_lost_is_made_good_by_a_snapshot() {
    let mut enricher = Enricher::new(&machine(), None);
    let (sshd, shell) = (task(10, 1), task(11, 2));
    take(&mut enricher, exec(&sshd, "/usr/sbin/sshd"));
    take(&mut enricher, fork(&sshd, &shell));
    let before = take(&mut enricher, open(&shell)).process;
    assert_eq!(names(&before), ["sshd", "sshd"]);
    assert!(enricher.take(snapshot(&sshd, "/usr/sbin/sshd")).is_none());
    assert!(enricher.take(snapshot(&shell, "/usr/bin/bash")).is_none());
    let after = take(&mut enricher, open(&shell)).process;
    assert_eq!(names(&after), ["bash", "sshd"]);
    assert_eq!(after.id, before.id);
    assert_ne!(after.image, before.image, "it is another image");
}

#[test]
fn who_is_gone_from_a_snapshot_is_still_known_and_ends_once() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(11, 2);
    take(&mut enricher, exec(&shell, "/usr/bin/bash"));
    assert!(enricher.take(Record::SnapshotEnd { boot_ns: 1_000 * SECOND }).is_none());
    // These waited in the ring while the snapshot was taken.
    assert_eq!(names(&take(&mut enricher, open(&shell)).process), ["bash"]);
    assert_eq!(names(&take(&mut enricher, exit(&shell)).process), ["bash"]);
    assert!(enricher.take(exit(&shell)).is_none());
}

#[test]
fn who_has_the_pid_of_a_parent_now_is_not_the_parent() {
    let mut enricher = Enricher::new(&machine(), None);
    let (daemon, other) = (task(10, 1), task(10, 5));
    take(&mut enricher, exec(&daemon, "/usr/sbin/daemon"));
    take(&mut enricher, exec(&other, "/usr/bin/other"));
    let child = Task { ppid: 10, parent_start_boot_ns: daemon.start_boot_ns, ..task(20, 3) };
    assert_eq!(names(&take(&mut enricher, open(&child)).process)[1..], ["daemon"]);
    let child = Task { ppid: 10, parent_start_boot_ns: 99 * SECOND, ..task(21, 3) };
    assert_eq!(names(&take(&mut enricher, open(&child)).process).len(), 1, "unknown, rather than wrong");
}

#[test]
fn the_ended_are_remembered_within_bounds_of_memory() {
    const ARGUMENTS: usize = 32 << 10;
    let mut enricher = Enricher::new(&machine(), None);
    for pid in 100..5_100 {
        let task = task(pid, 3);
        let argv = vec![b'x'; ARGUMENTS];
        take(&mut enricher, event(&task, Kernel::Exec(Box::new(Exec { argv, ..Exec::default() }))));
        take(&mut enricher, exit(&task));
    }
    assert!(enricher.table.remembered_bytes() <= 64 << 20);
    assert_eq!(take(&mut enricher, open(&task(5_099, 3))).process.program.argv.len(), ARGUMENTS);
    assert!(take(&mut enricher, open(&task(100, 3))).process.program.argv.is_empty());
}

#[test]
fn a_script_is_named_from_where_it_was_run() {
    let mut enricher = Enricher::new(&machine(), None);
    let path = |bytes: &str| ResolvedPath { bytes: bytes.into(), ..ResolvedPath::default() };
    for (cwd, filename, script) in [
        ("/tmp", "./s", "/tmp/s"),
        ("/", "bin/s", "/bin/s"),
        ("/tmp", "/opt/s", "/opt/s"),
        ("/tmp/a", "../s", "/tmp/a/../s"),
        ("", "./s", "./s"),
    ] {
        let exec = Exec {
            exe: path("/usr/bin/dash"),
            filename: filename.into(),
            interpreter: b"/bin/sh".to_vec(),
            cwd: path(cwd),
            ..Exec::default()
        };
        let shell = task(11, 2);
        take(&mut enricher, event(&shell, Kernel::Exec(Box::new(exec))));
        assert_eq!(take(&mut enricher, open(&shell)).process.program.script, script.as_bytes());
    }
}

#[test]
fn who_was_taken_for_ended_and_goes_on_ends_as_what_he_became() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(11, 2);
    take(&mut enricher, exec(&shell, "/usr/bin/bash"));
    assert!(enricher.take(Record::SnapshotEnd { boot_ns: 1_000 * SECOND }).is_none());
    take(&mut enricher, exec(&shell, "/usr/bin/cat"));
    assert_eq!(names(&take(&mut enricher, exit(&shell)).process), ["cat"]);
    assert!(enricher.take(exit(&shell)).is_none());
}

#[test]
fn the_ended_are_still_known_after_the_clock_was_set_back() {
    let mut enricher = Enricher::new(&machine(), None);
    let at = |time_s: u64, record: Record| match record {
        Record::Event(event) => Record::Event(Box::new(KernelEvent { time_ns: time_s * SECOND, ..*event })),
        other => other,
    };
    take(&mut enricher, at(5_000, open(&task(10, 1))));
    let shell = task(11, 2);
    take(&mut enricher, at(2_000, exec(&shell, "/usr/bin/bash")));
    take(&mut enricher, at(2_000, exit(&shell)));
    take(&mut enricher, at(2_000, open(&task(10, 1))));
    assert_eq!(names(&take(&mut enricher, at(2_001, open(&shell))).process), ["bash"]);
}
