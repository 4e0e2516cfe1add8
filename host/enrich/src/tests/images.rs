//! What is known of an image, what is not, and what events say besides.

use lanner_abi::{FieldInfo, NO_ID, event_flag};
use lanner_contract::{FieldRef, Happening as _};
use lanner_source::capture::CaptureReader;

use super::*;
use crate::state::State;
use crate::weight::Weight;

const EINPROGRESS: i64 = 115;
const ENOENT: i64 = 2;
const ECONNREFUSED: i64 = 111;

/// An exec of a file that was named so; `interpreter` is what the kernel loaded in the end.
fn run(task: &Task, image: OwnedRecord, filename: &str, interpreter: Option<&str>) -> Record {
    let mut exec = exec_of(task, image);
    exec.payload = exec.payload.with(field::exec::FILENAME, filename);
    exec.payload.set(field::exec::INTERPRETER, interpreter.map(Into::into)).expect("a text");
    event(exec)
}

/// All that the kernel tells of an image of `bash`.
fn bash() -> OwnedRecord {
    let image = program("/usr/bin/bash").with(field::process::ARGV, "bash\0-l\0");
    let image = image.with(field::process::CWD, "/root").with(field::process::SUID, 0_u32);
    image.with(field::process::LOGIN_UID, 1000_u32).with(field::process::NS_PID, 3_u32)
}

fn absent(process: &Process, fields: &[&FieldInfo]) {
    for field in fields {
        assert!(!process.record().has(field), "{}", field.name);
    }
}

#[test]
fn of_a_stranger_only_what_his_event_tells_is_known() {
    let mut enricher = Enricher::new(&machine(), None);
    let stranger = doer(&mut enricher, open(&Task { uid: 7, euid: 8, gid: 9, egid: 10, ..task(10, 1) }));
    assert_eq!((stranger.uid(), stranger.euid(), stranger.gid(), stranger.egid()), (7, 8, 9, 10));
    assert!(has(&stranger, process_flag::PARTIAL));
    assert_eq!((stranger.comm(), stranger.name()), (&b"sh"[..], &b"sh"[..]));
    let told = ["id", "image", "pid", "ppid", "uid", "euid", "gid", "egid", "flags", "start", "image_start", "comm"];
    // Where they would be named; what they are stands beside the record.
    let beside = ["parent", "container"];
    for at in PROCESS.fields {
        let known = told.contains(&at.name) || beside.contains(&at.name);
        assert_eq!(stranger.record().has(at), known, "{}", at.name);
    }
    assert!(stranger.parent.is_none() && stranger.container.is_none());
    assert_eq!((stranger.login_uid(), stranger.user(), stranger.exe()), (None, None, &b""[..]));
}

#[test]
fn who_is_not_known_is_not_root() {
    let record = OwnedRecord::new(&PROCESS);
    let nobody = Process {
        parent: None,
        depth: 0,
        container: None,
        image_key: 0,
        state: State::default(),
        weight: Weight::default(),
        record,
    };
    assert_eq!((nobody.uid(), nobody.euid(), nobody.gid(), nobody.egid()), (NO_ID, NO_ID, NO_ID, NO_ID));
    assert_eq!(nobody.login_uid(), None);
}

#[test]
fn what_an_image_did_not_tell_stays_unknown() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    take(&mut enricher, event(exec_of(&shell, bash())));
    let process = doer(&mut enricher, open(&shell));
    assert_eq!(process.record().number(field::process::SUID), Some(0), "root, and known to be");
    assert_eq!(process.login_uid(), Some(1000));
    absent(&process, &[field::process::CAPS_EFFECTIVE, field::process::EXE_INODE, field::process::MNT_NS]);
    // The next image tells less, and inherits nothing.
    take(&mut enricher, exec(&shell, "/bin/true"));
    let process = doer(&mut enricher, open(&shell));
    absent(&process, &[field::process::SUID, field::process::LOGIN_UID, field::process::ARGV, field::process::CWD]);
}

#[test]
fn what_an_image_says_of_ids_and_users_is_not_believed() {
    let mut enricher = Enricher::new(&machine(), None);
    let image = bash().with(field::process::UID, 1000_u32).with(field::process::USER, "ada");
    let image =
        image.with(field::process::PID, 1_u32).with(field::process::COMM, "init").with(field::process::ID, 1_u32);
    take(&mut enricher, event(exec_of(&task(10, 1), image)));
    let process = doer(&mut enricher, open(&task(10, 1)));
    assert_eq!((process.pid(), process.uid(), process.user()), (10, 0, Some(&b"root"[..])));
    assert_eq!(process.comm(), b"sh");
    assert_ne!(process.id().0, 1);
}

#[test]
fn forks_share_what_they_run() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    let argv = vec![b'x'; 32 << 10];
    take(&mut enricher, event(exec_of(&shell, program("/bin/bash").with(field::process::ARGV, argv.as_slice()))));
    let parent = doer(&mut enricher, open(&shell));
    let forked = take(&mut enricher, fork(&shell, &task(11, 2)));
    let child = forked.named(field::fork::CHILD).expect("a child").clone();
    let again = doer(&mut enricher, open(&Task { uid: 1000, ..task(11, 2) }));
    for process in [&child, &again] {
        assert_eq!(process.argv().as_ptr(), parent.argv().as_ptr(), "the same bytes");
        assert_eq!(process.exe().as_ptr(), parent.exe().as_ptr());
        assert_eq!(process.argv(), argv);
    }
    assert_eq!((child.pid(), child.ppid(), child.comm()), (11, 10, parent.comm()));
    assert_eq!((child.user(), again.user()), (Some(&b"root"[..]), Some(&b"ada"[..])));
    assert_eq!(forked.subject(), forked.process.as_ref(), "it is about who forked");
}

#[test]
fn a_child_has_a_pid_of_its_own_in_its_namespace_or_none_that_is_known() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    take(&mut enricher, event(exec_of(&shell, bash())));
    let told = take(&mut enricher, fork(&shell, &task(11, 2)));
    let child = told.named(field::fork::CHILD).expect("a child");
    assert_eq!(child.record().number(field::process::NS_PID), Some(11));

    let Record::Event(mut fork) = fork(&shell, &task(12, 2)) else { panic!("an event") };
    fork.payload.set(field::fork::CHILD_NS_PID, None).expect("forgotten");
    let untold = take(&mut enricher, Record::Event(fork));
    absent(untold.named(field::fork::CHILD).expect("a child"), &[field::process::NS_PID]);
}

#[test]
fn credentials_that_change_to_and_fro_take_no_more_memory() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(10, 1);
    take(&mut enricher, event(exec_of(&shell, bash())));
    let as_user = |uid| Task { uid, euid: uid, gid: uid, egid: uid, ..shell.clone() };
    let first = doer(&mut enricher, open(&as_user(0)));
    let (as_root, argv) = (first.size(), first.argv().as_ptr());
    for round in 0..100_000_u32 {
        let uid = [1000, 0, 7][round as usize % 3];
        let process = doer(&mut enricher, open(&as_user(uid)));
        assert_eq!((process.uid(), process.egid(), process.argv().as_ptr()), (uid, uid, argv));
        assert!(process.size() <= as_root, "{} bytes after {round} changes, {as_root} at first", process.size());
    }
    let last = doer(&mut enricher, open(&as_user(0)));
    assert_eq!((last.size(), last.image(), last.user()), (as_root, first.image(), first.user()));
    assert_eq!((last.comm(), last.cwd()), (first.comm(), first.cwd()));
}

#[test]
fn users_without_a_name_have_none() {
    let mut enricher = Enricher::new(&machine(), None);
    take(&mut enricher, exec(&task(10, 1), "/bin/sh"));
    let named = doer(&mut enricher, open(&task(10, 1)));
    let unnamed = doer(&mut enricher, open(&Task { uid: 4711, ..task(10, 1) }));
    assert_eq!(named.user(), Some(&b"root"[..]));
    absent(&unnamed, &[field::process::USER]);
}

#[test]
fn a_script_is_named_from_where_it_was_run() {
    let mut enricher = Enricher::new(&machine(), None);
    for (cwd, filename, script) in [
        (Some("/tmp"), "./s", "/tmp/s"),
        (Some("/"), "bin/s", "/bin/s"),
        (Some("/tmp"), "/opt/s", "/opt/s"),
        (Some("/tmp/a"), "../s", "/tmp/a/../s"),
        (Some(""), "./s", "./s"),
        (None, "./s", "./s"),
    ] {
        let mut image = program("/usr/bin/dash");
        image.set(field::process::CWD, cwd.map(Into::into)).expect("a text");
        let shell = task(11, 2);
        take(&mut enricher, run(&shell, image, filename, Some("/bin/sh")));
        assert_eq!(doer(&mut enricher, open(&shell)).script(), script.as_bytes());
    }
}

#[test]
fn what_is_no_script_has_none() {
    let mut enricher = Enricher::new(&machine(), None);
    let shell = task(11, 2);
    take(&mut enricher, run(&shell, program("/usr/bin/dash"), "./s", Some("/bin/sh")));
    assert!(!doer(&mut enricher, open(&shell)).script().is_empty());
    // Neither a program, nor what may be one.
    for interpreter in [Some("/usr/bin/cat"), None] {
        take(&mut enricher, run(&shell, program("/usr/bin/cat"), "/usr/bin/cat", interpreter));
        absent(&doer(&mut enricher, open(&shell)), &[field::process::SCRIPT]);
    }
    let snapshot = snapshot(&task(12, 2), "/usr/bin/cat");
    assert!(enricher.take(snapshot).is_none());
    absent(&doer(&mut enricher, open(&task(12, 2))), &[field::process::SCRIPT]);
}

#[test]
fn nobody_loses_events() {
    let mut enricher = Enricher::new(&machine(), None);
    let loss = OwnedRecord::new(Kind::Loss.record()).with(field::loss::LOST_KIND, Kind::Open.number());
    let loss = loss.with(field::loss::COUNT, 42_u64);
    let event = take(&mut enricher, event(RawEvent::of_nobody(2_000 * SECOND, Kind::Loss, loss)));
    assert!(event.process.is_none() && event.subject().is_none() && event.named.is_empty());
    assert_eq!((event.tid, event.result, event.flags, event.seq), (None, None, 0, 1));
    assert_eq!(event.payload.get().number(field::loss::COUNT), Some(42));
}

#[test]
fn what_failed_is_marked() {
    let mut enricher = Enricher::new(&machine(), None);
    for (kind, result, failed) in [
        (Kind::Open, Some(3), false),
        (Kind::Open, Some(-ENOENT), true),
        (Kind::Open, Some(-EINPROGRESS), true),
        (Kind::Open, None, false),
        (Kind::Connect, Some(0), false),
        (Kind::Connect, Some(-EINPROGRESS), false),
        (Kind::Connect, Some(-ECONNREFUSED), true),
        (Kind::Exit, None, false),
    ] {
        let raw = RawEvent { result, flags: event_flag::UNRESOLVED, ..raw(&task(10, 1), kind) };
        let event = take(&mut enricher, event(raw));
        let expected = event_flag::UNRESOLVED | if failed { event_flag::FAILED } else { 0 };
        assert_eq!((event.flags, event.result), (expected, result), "{} {result:?}", kind.name());
    }
}

#[test]
fn an_exec_is_cut_where_its_image_is() {
    let mut enricher = Enricher::new(&machine(), None);
    for (flag, expected) in [
        (0, 0),
        (process_flag::EXE_UPPER, 0),
        (process_flag::ARGV_TRUNCATED, event_flag::TRUNCATED),
        (process_flag::PATH_TRUNCATED, event_flag::TRUNCATED),
    ] {
        let image = program("/bin/sh").with(field::process::FLAGS, flag);
        let event = take(&mut enricher, event(exec_of(&task(10, 1), image)));
        assert_eq!(event.flags, expected);
        assert_eq!(event.named(field::exec::IMAGE).map(|image| image.flags()), Some(flag));
    }
    // Its beginning was missed, and what began says no more than that it did.
    let blind = take(&mut enricher, event(exec_of(&task(11, 1), OwnedRecord::new(&PROCESS))));
    assert_eq!(blind.flags, event_flag::PARTIAL);
}

#[test]
fn rows_that_a_capture_names_lead_nowhere() {
    let mut enricher = Enricher::new(&machine(), None);
    // An exec without an image, and a fork by nobody, whose payloads name processes all the same.
    let mut exec = raw(&task(10, 1), Kind::Exec);
    exec.payload = exec.payload.with(field::exec::IMAGE, 0_u32);
    let fork = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD, 7_u32);
    let fork = RawEvent::of_nobody(2_000 * SECOND, Kind::Fork, fork);
    let (exec, fork) = (take(&mut enricher, event(exec)), take(&mut enricher, event(fork)));
    assert!(exec.named(field::exec::IMAGE).is_none() && fork.named(field::fork::CHILD).is_none());
    assert_eq!((exec.subject().map(|process| process.pid()), fork.subject()), (Some(10), None));
}

#[test]
fn filters_see_processes_by_name() {
    let mut enricher = Enricher::new(&machine(), None);
    let (sshd, shell) = (task(10, 1), task(11, 2));
    take(&mut enricher, exec(&sshd, "/usr/sbin/sshd"));
    take(&mut enricher, fork(&sshd, &shell));
    let event = take(&mut enricher, run(&shell, program("/usr/bin/dash"), "./s", Some("/bin/sh")));
    let value = |name: &str| event.value(&FieldRef::of(Kind::Exec, name).expect("a field"));
    assert_eq!(value("process.exe"), Some("/usr/sbin/sshd".into()), "the image before");
    assert_eq!(value("parent.pid"), Some(10_u32.into()));
    assert_eq!(value("exec.image.exe"), Some("/usr/bin/dash".into()));
    assert_eq!(value("exec.filename"), Some("./s".into()));
    assert_eq!(value("event.tid"), Some(11_u32.into()));
    assert_eq!(value("event.kind"), Some(Kind::Exec.number().into()));
    for unknown in ["container.id", "event.result", "process.login_uid", "exec.peer_port", "exec.image.suid"] {
        assert_eq!(value(unknown), None, "{unknown}");
    }
}

#[test]
fn a_capture_of_a_released_lanner_tells_who_did_what() {
    const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/released/1/capture.lcap");
    let reader = CaptureReader::open(RELEASED).expect("a capture");
    let mut enricher = Enricher::new(&reader.machine().clone(), None);
    let events: Vec<Event> = reader.filter_map(|record| enricher.take(record.expect("sound"))).collect();
    let with = |field: &FieldInfo, text: &str| {
        let sought = |event: &&Event| event.payload.get().value(field) == Some(text.into());
        let found = events.iter().find(|event| event.kind.record().section == field.section() && sought(event));
        found.unwrap_or_else(|| panic!("no {} is {text}", field.name))
    };
    let shadow = with(field::open::PATH, "/etc/shadow").process.as_ref().expect("somebody");
    // From an event, and from the snapshot.
    assert_eq!(names(shadow), ["cat", "bash"]);
    for process in shadow.line() {
        assert_eq!((process.user(), process.login_uid(), process.flags()), (Some(&b"root"[..]), None, 0));
        assert_eq!(process.record().number(field::process::SUID), Some(0));
        assert_eq!(process.cwd(), b"/opt/nest");
    }
    let missing = with(field::open::PATH, "/etc/shadow-of-nobody");
    assert_eq!(missing.flags, event_flag::FAILED | event_flag::UNRESOLVED);
    let script = with(field::exec::FILENAME, "./greet").subject().expect("an image");
    assert_eq!((script.exe(), script.script()), (&b"/usr/bin/dash"[..], &b"/tmp/nest-work/greet"[..]));
    absent(with(field::exec::FILENAME, "/bin/sh").subject().expect("an image"), &[field::process::SCRIPT]);
    assert!(
        events.iter().all(|event| event.process.as_ref().is_some_and(|process| !has(process, process_flag::PARTIAL)))
    );
}
