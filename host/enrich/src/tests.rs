//! Who is behind an event, and for how long that is known.

mod images;
mod snapshots;

use std::sync::Arc;

use lanner_abi::{Kind, OwnedRecord, PROCESS, field, process_flag};
use lanner_probes::event::{RawEvent, Task};
use lanner_source::record::{Machine, ProcessSnapshot, Record};

use super::{Enricher, Event, MAX_LINEAGE, Process};

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

fn raw(task: &Task, kind: Kind) -> RawEvent {
    let payload = OwnedRecord::new(kind.record());
    RawEvent { task: Some(task.clone()), ..RawEvent::of_nobody(2_000 * SECOND, kind, payload) }
}

fn event(raw: RawEvent) -> Record {
    Record::Event(Box::new(raw))
}

fn exec_of(task: &Task, image: OwnedRecord) -> RawEvent {
    RawEvent { image: Some(Box::new(image)), ..raw(task, Kind::Exec) }
}

fn program(exe: &str) -> OwnedRecord {
    OwnedRecord::new(&PROCESS).with(field::process::EXE, exe)
}

fn exec(task: &Task, exe: &str) -> Record {
    event(exec_of(task, program(exe)))
}

fn fork(parent: &Task, child: &Task) -> Record {
    let mut fork = raw(parent, Kind::Fork);
    fork.payload = fork.payload.with(field::fork::CHILD_PID, child.pid);
    fork.payload = fork.payload.with(field::fork::CHILD_NS_PID, child.pid);
    fork.payload = fork.payload.with(field::fork::CHILD_START, child.start_boot_ns);
    event(fork)
}

fn open(task: &Task) -> Record {
    event(raw(task, Kind::Open))
}

fn exit(task: &Task) -> Record {
    event(raw(task, Kind::Exit))
}

fn snapshot(task: &Task, exe: &str) -> Record {
    Record::Process(Box::new(ProcessSnapshot { task: task.clone(), image: program(exe) }))
}

fn take(enricher: &mut Enricher, record: Record) -> Event {
    enricher.take(record).expect("an event")
}

/// Who did it.
fn doer(enricher: &mut Enricher, record: Record) -> Arc<Process> {
    take(enricher, record).process.expect("somebody did it")
}

fn has(process: &Process, flag: u32) -> bool {
    process.flags() & flag != 0
}

fn names(process: &Arc<Process>) -> Vec<String> {
    process.line().map(|process| String::from_utf8_lossy(process.name()).into_owned()).collect()
}

#[test]
fn a_later_look_adds_what_is_asked_for_of_the_environment() {
    let (mut enricher, sh) = (Enricher::new(&machine(), None), task(7, 1));
    let look = |environment: Option<&str>| {
        let image = program("/bin/sh");
        let image = environment.map_or(image.clone(), |told| image.with(field::process::ENVIRONMENT, told));
        Record::Process(Box::new(ProcessSnapshot { task: sh.clone(), image }))
    };
    let mut told = |record: Record| {
        assert!(enricher.take(record).is_none());
        let process = doer(&mut enricher, open(&sh));
        let environment = process.record().bytes(field::process::ENVIRONMENT).map(<[u8]>::to_vec);
        (process.image(), environment)
    };
    let (image, environment) = told(look(None));
    assert_eq!(environment, None);
    assert_eq!(told(look(Some("A=1\0"))), (image, Some(b"A=1\0".to_vec())));
    assert_eq!(told(look(Some("A=1\0B=2\0"))), (image, Some(b"A=1\0B=2\0".to_vec())));
    // What is known stays, where /proc does not show it.
    assert_eq!(told(look(None)), (image, Some(b"A=1\0B=2\0".to_vec())));
}

#[test]
fn a_lineage_is_what_forked_and_ran() {
    let mut enricher = Enricher::new(&machine(), None);
    let (sshd, bash, cat) = (task(10, 1), task(11, 2), task(12, 3));
    take(&mut enricher, exec(&sshd, "/usr/sbin/sshd"));
    take(&mut enricher, fork(&sshd, &bash));
    take(&mut enricher, exec(&bash, "/bin/bash"));
    take(&mut enricher, fork(&bash, &cat));
    let before = doer(&mut enricher, open(&cat));
    assert_eq!(names(&before), ["bash", "bash", "sshd"]);
    let started = take(&mut enricher, exec(&cat, "/bin/cat"));
    let after = doer(&mut enricher, open(&cat));
    assert_eq!(names(&after), ["cat", "bash", "sshd"]);
    // One process, two images, and the exec names both.
    let (process, image) = (started.process.as_ref().expect("a process"), started.named(field::exec::IMAGE));
    let image = image.expect("an image");
    assert_eq!(process.image(), before.image());
    assert_eq!(image.image(), after.image());
    assert_eq!(image.id(), process.id());
    assert_ne!(image.image(), process.image());
    assert_eq!(started.subject(), Some(image), "it is about the one that begins");
    // What bash becomes later does not change where cat came from.
    take(&mut enricher, exec(&bash, "/bin/sleep"));
    assert_eq!(names(&doer(&mut enricher, open(&cat))), ["cat", "bash", "sshd"]);
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
    let first = doer(&mut enricher, open(&task(10, 1)));
    take(&mut enricher, exec(&task(10, 2), "/bin/second"));
    let second = doer(&mut enricher, open(&task(10, 2)));
    assert_ne!(first.id(), second.id());
    assert_eq!((first.name(), second.name()), (&b"first"[..], &b"second"[..]));
    // A late event of the first still finds it.
    assert_eq!(doer(&mut enricher, open(&task(10, 1))).id(), first.id());
}

#[test]
fn the_dead_linger_and_a_second_exit_is_dropped() {
    let mut enricher = Enricher::new(&machine(), None);
    let cat = task(10, 1);
    take(&mut enricher, exec(&cat, "/bin/cat"));
    take(&mut enricher, exit(&cat));
    assert_eq!(doer(&mut enricher, open(&cat)).name(), b"cat");
    assert!(enricher.take(exit(&cat)).is_none());
    // An hour later nobody remembers it.
    let late = |task: &Task| event(RawEvent { time_ns: 6_000 * SECOND, ..raw(task, Kind::Open) });
    enricher.take(late(&task(99, 9)));
    assert!(has(&doer(&mut enricher, late(&cat)), process_flag::PARTIAL));
}

#[test]
fn memory_is_bounded_when_a_program_keeps_starting_its_successor() {
    let mut enricher = Enricher::new(&machine(), None);
    take(&mut enricher, exec(&task(2, 1), "/bin/respawn"));
    for pid in 2..1000 {
        take(&mut enricher, fork(&task(pid, u64::from(pid)), &task(pid + 1, u64::from(pid) + 1)));
        take(&mut enricher, exit(&task(pid, u64::from(pid))));
        let child = doer(&mut enricher, open(&task(pid + 1, u64::from(pid) + 1)));
        assert!(child.line().count() <= usize::from(MAX_LINEAGE) + 1);
        assert_eq!(child.line().count(), usize::from(child.depth) + 1);
        assert_eq!(child.line().nth(1).map(|parent| parent.pid()), Some(pid));
    }
}

#[test]
fn who_gives_himself_another_name_has_it_afterwards() {
    let mut enricher = Enricher::new(&machine(), None);
    doer(&mut enricher, open(&task(10, 1)));
    // The kernel is asked when the call returns: by then the thread is called so.
    let named = Task { comm: b"kworker/0:1".to_vec(), ..task(10, 1) };
    let naming = doer(&mut enricher, event(raw(&named, Kind::Prctl)));
    assert_eq!(naming.comm(), b"sh");
    let after = doer(&mut enricher, open(&named));
    assert_eq!(after.comm(), b"kworker/0:1");
    assert_eq!(after.image(), naming.image());
}

#[test]
fn a_changed_user_is_a_new_record_of_the_same_image() {
    let mut enricher = Enricher::new(&machine(), None);
    let before = doer(&mut enricher, open(&task(10, 1)));
    let after = doer(&mut enricher, open(&Task { uid: 1000, ..task(10, 1) }));
    assert_eq!(before.image(), after.image());
    assert_eq!(before.user(), Some(&b"root"[..]));
    assert_eq!(after.user(), Some(&b"ada"[..]));
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
    assert_eq!(names(&doer(&mut enricher, open(&child))), ["child", "init"]);
    // The next one does not name `old`: its exit was lost.
    enricher.take(snapshot(&init, "/sbin/init"));
    enricher.take(snapshot(&child, "/bin/child"));
    enricher.take(Record::SnapshotEnd { boot_ns: 20 * SECOND });
    assert_eq!(names(&doer(&mut enricher, open(&old))), ["old"], "what waited meanwhile is still its");
    let process = doer(&mut enricher, open(&old));
    assert!(has(&process, process_flag::PARTIAL), "long after it, it is forgotten");
}

#[test]
fn children_of_the_host_are_its_self_test() {
    let mut enricher = Enricher::new(&machine(), Some(77));
    let (host, actor, grandchild, other) = (task(77, 1), task(78, 2), task(79, 3), task(80, 4));
    take(&mut enricher, fork(&host, &actor));
    take(&mut enricher, exec(&actor, "/usr/bin/lanner"));
    take(&mut enricher, fork(&actor, &grandchild));
    take(&mut enricher, exec(&grandchild, "/dev/shm/true"));
    assert!(has(&doer(&mut enricher, open(&actor)), process_flag::SELF_TEST));
    assert!(has(&doer(&mut enricher, open(&grandchild)), process_flag::SELF_TEST));
    assert!(!has(&doer(&mut enricher, open(&other)), process_flag::SELF_TEST));
}

#[test]
fn an_exec_ends_what_was_true_of_the_program_before() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    take(&mut enricher, exec(&shell, "memfd:payload"));
    let memfd = doer(&mut enricher, open(&shell));
    assert!(has(&memfd, process_flag::EXE_MEMFD));
    take(&mut enricher, exec(&shell, "/bin/true"));
    let plain = doer(&mut enricher, open(&shell));
    assert_eq!(plain.flags(), 0);
}

#[test]
fn an_exec_that_was_lost_is_made_good_by_a_snapshot() {
    let mut enricher = Enricher::new(&machine(), None);
    let (sshd, shell) = (task(10, 1), task(11, 2));
    take(&mut enricher, exec(&sshd, "/usr/sbin/sshd"));
    take(&mut enricher, fork(&sshd, &shell));
    let before = doer(&mut enricher, open(&shell));
    assert_eq!(names(&before), ["sshd", "sshd"]);
    assert!(enricher.take(snapshot(&sshd, "/usr/sbin/sshd")).is_none());
    assert!(enricher.take(snapshot(&shell, "/usr/bin/bash")).is_none());
    let after = doer(&mut enricher, open(&shell));
    assert_eq!(names(&after), ["bash", "sshd"]);
    assert_eq!(after.id(), before.id());
    assert_ne!(after.image(), before.image(), "it is another image");
}

#[test]
fn who_is_gone_from_a_snapshot_is_still_known_and_ends_once() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(11, 2);
    take(&mut enricher, exec(&shell, "/usr/bin/bash"));
    assert!(enricher.take(Record::SnapshotEnd { boot_ns: 1_000 * SECOND }).is_none());
    // These waited in the ring while the snapshot was taken.
    assert_eq!(names(&doer(&mut enricher, open(&shell))), ["bash"]);
    assert_eq!(names(&doer(&mut enricher, exit(&shell))), ["bash"]);
    assert!(enricher.take(exit(&shell)).is_none());
}

#[test]
fn who_has_the_pid_of_a_parent_now_is_not_the_parent() {
    let mut enricher = Enricher::new(&machine(), None);
    let (daemon, other) = (task(10, 1), task(10, 5));
    take(&mut enricher, exec(&daemon, "/usr/sbin/daemon"));
    take(&mut enricher, exec(&other, "/usr/bin/other"));
    let child = Task { ppid: 10, parent_start_boot_ns: daemon.start_boot_ns, ..task(20, 3) };
    assert_eq!(names(&doer(&mut enricher, open(&child)))[1..], ["daemon"]);
    let child = Task { ppid: 10, parent_start_boot_ns: 99 * SECOND, ..task(21, 3) };
    assert_eq!(names(&doer(&mut enricher, open(&child))).len(), 1, "unknown, rather than wrong");
}

#[test]
fn the_ended_are_remembered_within_bounds_of_memory() {
    const ARGUMENTS: usize = 32 << 10;
    let mut enricher = Enricher::new(&machine(), None);
    for pid in 100..5_100 {
        let task = task(pid, 3);
        let image = OwnedRecord::new(&PROCESS).with(field::process::ARGV, vec![b'x'; ARGUMENTS].as_slice());
        take(&mut enricher, event(exec_of(&task, image)));
        take(&mut enricher, exit(&task));
    }
    assert!(enricher.table.remembered_bytes() <= 64 << 20);
    assert_eq!(doer(&mut enricher, open(&task(5_099, 3))).argv().len(), ARGUMENTS);
    assert!(doer(&mut enricher, open(&task(100, 3))).argv().is_empty());
}

#[test]
fn the_living_are_known_within_bounds_of_memory() {
    let mut enricher = Enricher::new(&machine(), None);
    let exec = |pid: u32| {
        let argv = vec![b'x'; 32 << 10];
        let image = OwnedRecord::new(&PROCESS).with(field::process::EXE, "/bin/sleep");
        exec_of(&task(pid, 3), image.with(field::process::ARGV, argv.as_slice()))
    };
    for pid in 100..12_000 {
        // The event itself has all of it.
        let event = take(&mut enricher, event(exec(pid)));
        assert_eq!(event.named[0].argv().len(), 32 << 10);
    }
    let (counted, sum) = enricher.table.living_bytes();
    assert_eq!(counted, sum);
    assert!(counted < 280 << 20, "{counted}");
    let late = doer(&mut enricher, open(&task(11_999, 3)));
    assert!(late.exe() == b"/bin/sleep" && late.argv().is_empty() && has(&late, process_flag::ARGV_TRUNCATED));
    // Who becomes somebody else is still what he runs, and so are his children.
    let as_another = Task { uid: 1000, euid: 1000, ..task(11_999, 3) };
    let late = doer(&mut enricher, open(&as_another));
    assert!(late.exe() == b"/bin/sleep" && late.uid() == 1000 && late.comm() == as_another.comm);
    let child = take(&mut enricher, fork(&as_another, &task(12_001, 4)));
    assert_eq!(child.named[0].exe(), b"/bin/sleep");
    take(&mut enricher, exit(&task(12_001, 4)));
    // Nor is anything else kept that is longer than the kernel tells it, as a capture may have it.
    let long = program(&"/x".repeat(1 << 19));
    take(&mut enricher, event(exec_of(&task(12_002, 4), long)));
    assert!(doer(&mut enricher, open(&task(12_002, 4))).exe().is_empty());
    take(&mut enricher, exit(&task(12_002, 4)));
    // When they end there is room again.
    for pid in 100..12_000 {
        take(&mut enricher, exit(&task(pid, 3)));
    }
    assert_eq!(enricher.table.living_bytes(), (0, 0));
}

/// Chains of programs, each of which starts the next one with long arguments and ends: only the last one lives, and holds the
/// others as its ancestors.
#[test]
fn ancestors_with_long_arguments_are_bounded_in_bytes() {
    let mut enricher = Enricher::new(&machine(), None);
    let long = |number: u64| {
        program("/bin/x").with(field::process::ARGV, format!("{number}{}\0", "a".repeat(32_000)).as_str())
    };
    let mut pid = 100;
    for chain in 0..400_u64 {
        let mut last = task(pid, 3);
        take(&mut enricher, event(exec_of(&last, long(chain))));
        for link in 0..60 {
            pid += 1;
            let next = task(pid, 3);
            take(&mut enricher, fork(&last, &next));
            take(&mut enricher, event(exec_of(&next, long(link))));
            take(&mut enricher, exit(&last));
            last = next;
        }
        pid += 1;
    }
    // A chain more than there is room for, and what the short facts of all of them take.
    let most = (512 << 20) + 60 * 40_000 + 400 * 64 * 2_000;
    assert!((512 << 20..most).contains(&enricher.table.held_bytes()), "{}", enricher.table.held_bytes());
}

#[test]
fn who_was_taken_for_ended_and_goes_on_ends_as_what_he_became() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(11, 2);
    take(&mut enricher, exec(&shell, "/usr/bin/bash"));
    assert!(enricher.take(Record::SnapshotEnd { boot_ns: 1_000 * SECOND }).is_none());
    take(&mut enricher, exec(&shell, "/usr/bin/cat"));
    assert_eq!(names(&doer(&mut enricher, exit(&shell))), ["cat"]);
    assert!(enricher.take(exit(&shell)).is_none());
}

#[test]
fn the_ended_are_still_known_after_the_clock_was_set_back() {
    let mut enricher = Enricher::new(&machine(), None);
    let at = |time_s: u64, record: Record| match record {
        Record::Event(raw) => event(RawEvent { time_ns: time_s * SECOND, ..*raw }),
        other => other,
    };
    take(&mut enricher, at(5_000, open(&task(10, 1))));
    let shell = task(11, 2);
    take(&mut enricher, at(2_000, exec(&shell, "/usr/bin/bash")));
    take(&mut enricher, at(2_000, exit(&shell)));
    take(&mut enricher, at(2_000, open(&task(10, 1))));
    assert_eq!(names(&doer(&mut enricher, at(2_001, open(&shell)))), ["bash"]);
}

#[test]
fn who_acts_as_another_after_he_was_taken_for_ended_is_counted_as_he_is() {
    let mut enricher = Enricher::new(&machine(), None);
    let (mut shell, other) = (task(11, 2), task(12, 2));
    take(&mut enricher, exec(&shell, "/usr/bin/bash"));
    take(&mut enricher, exec(&other, "/usr/bin/cat"));
    enricher.take(Record::SnapshotEnd { boot_ns: 1_000 * SECOND });
    for uid in [1000, 0, 7, 1000] {
        shell.uid = uid;
        assert_eq!(doer(&mut enricher, open(&shell)).uid(), uid);
        assert!(enricher.table.remembered_bytes() > 0);
    }
}
