//! /proc as it is, and as it is written.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};

use super::*;

/// A child that ends with the test.
struct Sleeper(Child);

impl Sleeper {
    fn run(command: &mut Command) -> Self {
        // A child that another test is starting may still hold a copy open for writing, until its exec.
        loop {
            match command.spawn() {
                Ok(child) => return Self(child),
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                Err(error) => panic!("sleep does not run: {error}"),
            }
        }
    }

    /// Its arguments appear last: `spawn` returns when the child has left this program, a little before.
    fn read(&self) -> ProcessSnapshot {
        let proc = open_dir(CWD, "/proc").expect("proc");
        loop {
            let (process, readable) = read_process(&proc, self.0.id(), &mut Vec::new()).expect("it is there");
            assert!(readable, "what it runs may be known");
            if process.image.get().bytes(field::process::ARGV).is_some_and(|argv| !argv.is_empty()) {
                return process;
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sleep() -> PathBuf {
    fs::canonicalize("/bin/sleep").expect("there is a sleep")
}

/// Whether it had been deleted when it was run.
fn is_deleted(image: &OwnedRecord) -> bool {
    flags(image) & process_flag::EXE_DELETED != 0
}

fn flags(image: &OwnedRecord) -> u32 {
    image.get().number(field::process::FLAGS).and_then(|flags| u32::try_from(flags).ok()).expect("flags")
}

fn copy_of_sleep(to: &Path) {
    // Another process does it: a descriptor to write it would be handed to the children of tests on other threads, and
    // what may be written cannot be run (ETXTBSY).
    assert!(Command::new("cp").arg(sleep()).arg(to).status().expect("there is a cp").success());
}

/// Process group and session of this process. Below an init that began no session they are 0, for which the calls of
/// rustix panic.
fn own_group_and_session() -> (u32, u32) {
    let stat = fs::read_to_string("/proc/self/stat").expect("there");
    let (_, after_name) = stat.rsplit_once(')').expect("a name in parentheses");
    let numbers: Vec<u32> = after_name.split_whitespace().skip(2).take(2).map(|n| n.parse().expect("a pid")).collect();
    (numbers[0], numbers[1])
}

/// The login that this process descends from, where it descends from one.
fn own_login() -> Option<u64> {
    let login = fs::read_to_string("/proc/self/loginuid").ok()?;
    login.trim().parse().ok().filter(|uid| *uid != u64::from(NO_ID))
}

#[test]
fn a_child_is_read_as_it_was_started() {
    let dir = tempfile::tempdir().expect("a directory");
    let cwd = fs::canonicalize(dir.path()).expect("a path");
    let child = Sleeper::run(Command::new(sleep()).arg("1000").current_dir(&cwd));
    let ProcessSnapshot { task, image } = child.read();

    let (exe, image) = (sleep(), image.get());
    let facts = fs::metadata(&exe).expect("there");
    let number = |field: &FieldInfo| image.number(field).unwrap_or_else(|| panic!("{} is known", field.name));
    assert_eq!(image.bytes(field::process::EXE), Some(exe.as_os_str().as_bytes()));
    assert_eq!(number(field::process::FLAGS), 0, "neither deleted nor cut");
    assert_eq!(number(field::process::EXE_INODE), facts.ino());
    assert_eq!(number(field::process::EXE_MODE), u64::from(facts.mode()));
    assert_eq!(number(field::process::EXE_UID), u64::from(facts.uid()));
    assert_ne!(number(field::process::EXE_FS), 0);
    let argv = [exe.as_os_str().as_bytes(), b"\x001000\0"].concat();
    assert_eq!(image.bytes(field::process::ARGV), Some(argv.as_slice()));
    assert_eq!(image.bytes(field::process::CWD), Some(cwd.as_os_str().as_bytes()));
    assert_eq!(number(field::process::EXE_GID), u64::from(facts.gid()));
    assert_eq!(number(field::process::EXE_MTIME), facts.mtime() as u64 * 1_000_000_000 + facts.mtime_nsec() as u64);
    let standing = task.standing.expect("told");
    assert_eq!(standing.suid, rustix::process::geteuid().as_raw());
    assert_eq!(standing.sgid, rustix::process::getegid().as_raw());
    assert_eq!((standing.pgid, standing.sid), own_group_and_session());
    assert_eq!(image.number(field::process::LOGIN_UID), own_login());
    let namespaces = [standing.mnt_ns, standing.pid_ns, standing.net_ns, standing.user_ns];
    assert!(!namespaces.contains(&0));
    let host = [field::process::ID, field::process::PID, field::process::UID, field::process::USER];
    assert!(host.into_iter().all(|field| !image.has(field)), "what the task tells is not told twice");

    assert_eq!((task.pid, task.tid), (child.0.id(), child.0.id()));
    assert_eq!(task.ppid, std::process::id());
    assert_eq!(task.uid, rustix::process::getuid().as_raw());
    assert_eq!(task.euid, rustix::process::geteuid().as_raw());
    assert_eq!((task.gid, task.egid), (rustix::process::getgid().as_raw(), rustix::process::getegid().as_raw()));
    assert_eq!(task.comm, exe.file_name().expect("a name").as_bytes());
    assert!(!task.kernel_thread);
    assert!(task.start_boot_ns > 0 && task.start_boot_ns.is_multiple_of(NS_PER_TICK));
}

#[test]
fn deleted_executables_are_told_from_odd_names() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = fs::canonicalize(dir.path()).expect("a path");
    fs::create_dir_all(&dir).expect("there");

    let gone = dir.join("gone");
    copy_of_sleep(&gone);
    let child = Sleeper::run(Command::new(&gone).arg("1000"));
    fs::remove_file(&gone).expect("removed");
    let image = child.read().image;
    assert_eq!(image.get().text(field::process::EXE), gone.as_os_str().as_bytes());
    assert!(is_deleted(&image));

    let odd = dir.join("odd (deleted)");
    copy_of_sleep(&odd);
    let child = Sleeper::run(Command::new(&odd).arg("1000"));
    let image = child.read().image;
    assert_eq!(image.get().text(field::process::EXE), odd.as_os_str().as_bytes());
    assert!(!is_deleted(&image));
}

#[test]
fn a_memory_file_has_no_slash() {
    use std::io::Write as _;
    let memory = rustix::fs::memfd_create("ghost", rustix::fs::MemfdFlags::CLOEXEC).expect("a memory file");
    let mut writable = fs::File::from(memory);
    writable.write_all(&fs::read(sleep()).expect("read")).expect("written");
    use std::os::fd::AsRawFd as _;
    let path = |file: &fs::File| format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    let readable = fs::File::open(path(&writable)).expect("opened again");
    // A file that is open for writing is not executed.
    drop(writable);
    let child = Sleeper::run(Command::new(path(&readable)).arg("1000"));
    let image = child.read().image;
    assert_eq!(image.get().text(field::process::EXE), "memfd:ghost");
    assert!(is_deleted(&image));
}

#[test]
fn the_snapshot_holds_this_process_after_its_parents() {
    let processes = snapshot().expect("a snapshot").processes;
    let mut seen = HashMap::new();
    for ProcessSnapshot { task, .. } in &processes {
        if let Some(start) = seen.get(&task.ppid) {
            assert!(task.parent_start_boot_ns == *start || *start > task.start_boot_ns, "{task:?}");
        }
        assert!(seen.insert(task.pid, task.start_boot_ns).is_none(), "twice: {task:?}");
    }
    let own = processes.iter().find(|process| process.task.pid == std::process::id()).expect("this process");
    let exe = fs::read_link("/proc/self/exe").expect("a path");
    let image = own.image.get();
    assert_eq!(image.bytes(field::process::EXE), Some(exe.as_os_str().as_bytes()));
    let argv: Vec<u8> = std::env::args_os().flat_map(|arg| [arg.as_bytes(), b"\0"].concat()).collect();
    assert_eq!(image.bytes(field::process::ARGV), Some(argv.as_slice()));
    let standing = own.task.standing.expect("told");
    let (permitted, effective) = (standing.caps_permitted, standing.caps_effective);
    assert_eq!(permitted & effective, effective);
    let ppid = std::os::unix::process::parent_id();
    assert_eq!(own.task.ppid, ppid);
}

#[test]
fn machine_facts_are_there() {
    let machine = machine();
    assert_eq!(machine.architecture, std::env::consts::ARCH);
    assert_eq!(machine.boot_id.len(), 36, "{:?}", machine.boot_id);
    assert!(!machine.kernel.is_empty());
}

#[test]
fn names_with_parentheses_are_read() {
    let text = b"42 (a) R (b) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123 999 1\n";
    let stat = Stat::parse(text).expect("a stat");
    let expected = Stat {
        comm: b"a) R (b".to_vec(),
        ppid: 7,
        pgid: Some(8),
        sid: Some(9),
        tty: None,
        kernel_thread: false,
        start_boot_ns: 1_230_000_000,
    };
    assert_eq!(stat, expected);
    let none = Stat::parse(b"42 (a) S 7 -1 -1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123 999 1\n").expect("a stat");
    assert_eq!((none.pgid, none.sid), (None, None), "not 0");
    let terminal =
        Stat::parse(b"42 (a) S 7 8 9 34816 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123 999 1\n").expect("a stat");
    assert_eq!(terminal.tty, Some(136 << 20), "/dev/pts/0");
    for broken in [&b""[..], b"1", b"1 (", b"1 )(", b"1 (x)", b"1 (x) S 1 2", b")"] {
        assert_eq!(Stat::parse(broken), None);
    }
}

#[test]
fn kernel_threads_are_named_as_the_probes_see_them() {
    for (shown, comm) in [
        ("kworker/0:1-events", "kworker/0:1"),
        ("kworker/u8:0+flush-254:0", "kworker/u8:0"),
        ("kworker/R-netns", "kworker/R-netns"),
        ("kworker/R-inet_frag_wq", "kworker/R-inet_"),
        ("kcompactd0", "kcompactd0"),
    ] {
        assert_eq!(task_comm(shown.as_bytes(), true), comm.as_bytes());
    }
    assert_eq!(task_comm(b"kworker/0:1-mine", false), b"kworker/0:1-min");
}

#[test]
fn status_lines_are_read() {
    let text = b"Name:\ta:b\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nNSpid:\t90\t12\t3\nCapInh:\t0000000000000001\n\
        CapPrm:\t000001ffffffffff\nCapEff:\tzz\n";
    let expected = Status {
        uids: [1, 2, 3],
        gids: [5, 6, 7],
        ns_pid: Some(3),
        caps_inheritable: 1,
        caps_permitted: 0x1ff_ffff_ffff,
        caps_effective: 0,
    };
    assert_eq!(Status::parse(text), expected);
    let nothing = Status::parse(b"\xff\n:\n::\nUid:\tx\n");
    assert_eq!(nothing, Status::default());
    assert_eq!((nothing.uids, nothing.gids), ([NO_ID; 3], [NO_ID; 3]), "who is not known is not root");
}

#[test]
fn arguments_are_bounded_and_ended() {
    assert_eq!(argv(b""), (Vec::new(), false));
    assert_eq!(argv(b"a\0b\0"), (b"a\0b\0".to_vec(), false));
    assert_eq!(argv(b"nginx: worker"), (b"nginx: worker\0".to_vec(), false));
    let (kept, truncated) = argv(&[b'x'; MAX_ARGV + 1]);
    assert_eq!((kept.len(), truncated), (MAX_ARGV, true));
    let exactly = [&[b'x'; MAX_ARGV - 1][..], b"\0"].concat();
    assert_eq!(argv(&exactly), (exactly.clone(), false));
}

#[test]
fn long_paths_keep_their_end() {
    let long = "/directory".repeat(500).into_bytes();
    let path = shown_path(long.clone(), |_| false);
    assert!(path.truncated && path.bytes.len() <= MAX_PATH);
    assert!(path.bytes.starts_with(b"/directory") && long.ends_with(&path.bytes));
}

#[test]
fn users_are_named_by_their_first_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("passwd");
    fs::write(&file, b"root:x:0:0::/:/bin/sh\n# note\n\ntoor:x:0:0::/:\nj\xfc:x:7:7:::\n+::::::\nbad:x:-1\n")
        .expect("written");
    let expected = BTreeMap::from([(0, "root".to_owned()), (7, "j\u{fffd}".to_owned())]);
    assert_eq!(users(&file), expected);
    assert_eq!(users(&dir.path().join("missing")), BTreeMap::new());
}

#[test]
fn parents_come_first_whatever_the_order() {
    let process = |pid, ppid, start_boot_ns| ProcessSnapshot {
        task: Task { pid, ppid, start_boot_ns, ..Task::default() },
        ..ProcessSnapshot::default()
    };
    // 3 and 4 began in the tick of their parents, and 8 and 9 are each other's parent after reuse.
    let mixed = vec![
        process(3, 400, 50),
        process(4, 3, 50),
        process(400, 1, 50),
        process(1, 0, 10),
        process(8, 9, 70),
        process(9, 8, 60),
        process(5, 6666, 20),
    ];
    let ordered = parents_first(mixed);
    let pids: Vec<_> = ordered.iter().map(|process| process.task.pid).collect();
    assert_eq!(pids.len(), 7);
    let at = |pid| pids.iter().position(|other| *other == pid).expect("there");
    assert!(at(1) < at(400) && at(400) < at(3) && at(3) < at(4), "{pids:?}");
    let parent_start = |pid| ordered[at(pid)].task.parent_start_boot_ns;
    assert_eq!([1, 400, 3, 4, 5, 8, 9].map(parent_start), [0, 10, 50, 50, 0, 60, 0]);
}
