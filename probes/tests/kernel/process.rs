//! exec, fork, exit.

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio as Standard};
use std::time::{SystemTime, UNIX_EPOCH};

use lanner_probes::ProbeKind;
use lanner_probes::event::{Endpoint, Exec, Exit, KernelEvent, Stdio};

use crate::watch::{Watch, text};

fn run(command: &mut Command) -> u32 {
    let mut child = command.spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

/// Where a program really is: /bin is a link on most systems.
fn real(path: &str) -> String {
    fs::canonicalize(path).unwrap().into_os_string().into_string().unwrap()
}

/// The session of this process. Below an init that began none it is 0, for which `rustix::process::getsid` panics.
fn own_session() -> u32 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    after_name.split_whitespace().nth(3).unwrap().parse().unwrap()
}

fn exec_of(command: &mut Command) -> Option<(KernelEvent, Exec)> {
    let mut watch = Watch::over(&[ProbeKind::Exec])?;
    let pid = run(command);
    let found = watch.exec(pid);
    watch.end();
    Some(found)
}

#[test]
fn exec_tells_all_of_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut command = Command::new("/bin/true");
    command.args(["one", "", "drei ü"]).current_dir(folder.path()).stdin(Standard::null()).stdout(Standard::piped());
    command.stderr(fs::File::create(folder.path().join("err")).unwrap()).process_group(0);
    let Some((event, exec)) = exec_of(&mut command) else { return };
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;

    assert!((before - 5_000_000..after + 5_000_000).contains(&event.time_ns), "{before} {} {after}", event.time_ns);
    let task = &event.task;
    assert_eq!((task.tid, task.ppid), (task.pid, std::process::id()));
    assert_eq!(text(&task.comm), "true");
    assert_eq!((task.uid, task.euid, task.gid, task.egid), (0, 0, 0, 0));
    assert!(!task.kernel_thread);
    assert!(task.start_boot_ns > task.parent_start_boot_ns && task.parent_start_boot_ns > 0);

    let file = fs::metadata("/bin/true").unwrap();
    assert_eq!(text(&exec.exe.bytes), real("/bin/true"));
    assert_eq!((exec.exe.truncated, exec.exe.deleted), (false, false));
    assert_eq!((exec.exe_file.inode, exec.exe_file.mode, exec.exe_file.uid), (file.ino(), file.mode(), file.uid()));
    let (major, minor) = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    assert_eq!(exec.exe_file.dev, major << 20 | minor);
    let system = rustix::fs::statfs("/bin/true").unwrap();
    assert_eq!(i64::from(exec.exe_file.fs_magic), system.f_type as i64);
    assert_eq!((text(&exec.filename), text(&exec.interpreter)), ("/bin/true", "/bin/true"));
    assert_eq!(text(&exec.argv), "/bin/true\0one\0\0drei ü\0");
    assert!(!exec.argv_truncated);
    assert_eq!(text(&exec.cwd.bytes), real(folder.path().to_str().unwrap()));
    assert_eq!(exec.suid, 0);
    assert_eq!(exec.login_uid, fs::read_to_string("/proc/self/loginuid").unwrap().parse().unwrap_or(u32::MAX));
    assert_eq!(exec.pgid, task.pid);
    assert_eq!(exec.sid, own_session());
    assert_eq!(exec.ns_pid, task.pid);
    let namespace = |name: &str| fs::metadata(format!("/proc/self/ns/{name}")).unwrap().ino() as u32;
    assert_eq!(exec.namespaces.mnt, namespace("mnt"));
    assert_eq!(exec.namespaces.pid, namespace("pid"));
    assert_eq!(exec.namespaces.net, namespace("net"));
    assert_eq!(exec.namespaces.user, namespace("user"));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let caps = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
    };
    assert_eq!(
        (exec.caps_effective, exec.caps_permitted, exec.caps_inheritable),
        (caps("CapEff"), caps("CapPrm"), caps("CapInh"))
    );
    assert_eq!(exec.stdio, [Stdio::Device, Stdio::Pipe, Stdio::File]);
}

#[test]
fn credentials_are_those_after_the_change() {
    let mut command = Command::new("/bin/true");
    let Some((event, exec)) = exec_of(command.uid(65534).gid(65533)) else { return };
    let task = &event.task;
    assert_eq!((task.uid, task.euid, task.gid, task.egid, exec.suid), (65534, 65534, 65533, 65533, 65534));
    assert_eq!((exec.caps_effective, exec.caps_permitted), (0, 0));
}

#[test]
fn a_script_names_itself_and_its_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    fs::write(&script, "#!/bin/sh -u\nexit 0\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let Some((_, exec)) = exec_of(Command::new(&script).arg("x")) else { return };
    let script = script.to_str().unwrap();
    assert_eq!(text(&exec.filename), script);
    assert_eq!(text(&exec.interpreter), "/bin/sh");
    assert_eq!(text(&exec.exe.bytes), real("/bin/sh"));
    assert_eq!(text(&exec.argv), format!("/bin/sh\0-u\0{script}\0x\0"));
}

#[test]
fn a_program_in_memory_has_a_label_instead_of_a_path() {
    let memory = rustix::fs::memfd_create("stage two", rustix::fs::MemfdFlags::empty()).unwrap();
    let own = format!("/proc/{}/fd", std::process::id());
    fs::File::from(memory.try_clone().unwrap()).write_all(&fs::read("/bin/true").unwrap()).unwrap();
    // Nothing can be run while someone may write it.
    let readable = fs::File::open(format!("{own}/{}", memory.as_raw_fd())).unwrap();
    drop(memory);
    let path = format!("{own}/{}", readable.as_raw_fd());
    let Some((_, exec)) = exec_of(&mut Command::new(&path)) else { return };
    assert_eq!(text(&exec.exe.bytes), "memfd:stage two");
    assert!(!exec.exe.truncated && !exec.exe.deleted);
    assert_eq!(exec.exe_file.fs_magic, 0x0102_1994, "tmpfs");
    assert_eq!(text(&exec.filename), path);
}

#[test]
fn a_deleted_program_is_known_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("gone");
    fs::copy("/bin/true", &program).unwrap();
    let open = fs::File::open(&program).unwrap();
    fs::remove_file(&program).unwrap();
    let Some((_, exec)) = exec_of(&mut Command::new(format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd())))
    else {
        return;
    };
    assert_eq!(text(&exec.exe.bytes), format!("{}/gone", real(folder.path().to_str().unwrap())));
    assert!(exec.exe.deleted && !exec.exe.truncated);
}

#[test]
fn long_arguments_are_cut_and_flagged() {
    let long = "x".repeat(20_000);
    let Some((_, exec)) = exec_of(Command::new("/bin/true").args([&long, &long])) else { return };
    assert!(exec.argv_truncated);
    let whole = format!("/bin/true\0{long}\0{long}\0");
    assert_eq!(text(&exec.argv), format!("{}\0", &whole[..32_768]));
    assert_eq!(text(&exec.interpreter), "/bin/true", "what comes after the arguments is whole");
}

#[test]
fn standard_descriptors_on_sockets_and_terminals() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = listener.local_addr().unwrap();
    let stream = std::net::TcpStream::connect(peer).unwrap();
    let (unix, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let terminal = fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx").unwrap();
    let mut command = Command::new("/bin/true");
    command.stdin(Standard::from(std::os::fd::OwnedFd::from(stream)));
    command.stdout(Standard::from(std::os::fd::OwnedFd::from(unix))).stderr(terminal);
    let Some((_, exec)) = exec_of(&mut command) else { return };
    let peer = Endpoint { address: peer.ip(), port: peer.port() };
    assert_eq!(exec.stdio, [Stdio::Inet(Some(peer)), Stdio::Unix, Stdio::Tty]);

    let mut command = Command::new("/bin/true");
    command.stdin(Standard::from(std::os::fd::OwnedFd::from(listener)));
    let Some((_, exec)) = exec_of(&mut command) else { return };
    assert_eq!(exec.stdio[0], Stdio::Inet(None));
}

#[test]
fn a_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    symlink("/bin/true", &link).unwrap();
    let Some((_, exec)) = exec_of(&mut Command::new(&link)) else { return };
    assert_eq!(text(&exec.filename), link.to_str().unwrap());
    assert_eq!(text(&exec.exe.bytes), real("/bin/true"));
}

#[test]
fn a_process_from_its_birth_to_its_end() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Fork, ProbeKind::Exec, ProbeKind::Exit]) else { return };
    let pid = run(Command::new("/bin/sh").args(["-c", "exit 3"]));
    let (forked, fork) = watch.fork(pid);
    assert_eq!((forked.task.pid, fork.child_ns_pid), (std::process::id(), pid));
    let (began, _) = watch.exec(pid);
    let (ended, exit) = watch.exit(pid);
    assert_eq!(exit, Exit { code: 3, signal: 0 });
    assert_eq!(began.task.start_boot_ns, fork.child_start_boot_ns);
    assert_eq!(ended.task.start_boot_ns, fork.child_start_boot_ns);
    assert_eq!(began.task.parent_start_boot_ns, forked.task.start_boot_ns);
    assert!(forked.time_ns < began.time_ns && began.time_ns < ended.time_ns);
    watch.end();
}

#[test]
fn the_signal_that_ends_a_process_is_told() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Exit]) else { return };
    let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(watch.exit(child.id()).1, Exit { code: 0, signal: 9 });
    watch.end();
}

#[test]
fn the_children_of_the_ignored_process_are_not_ignored() {
    let config = lanner_probes::ProbeConfig::default();
    let Some(mut probes) = crate::watch::probes(&config) else { return };
    let reader = probes.reader().unwrap();
    for kind in [ProbeKind::Fork, ProbeKind::Exec, ProbeKind::Open, ProbeKind::Exit] {
        probes.attach(kind).unwrap();
    }
    let pid = run(&mut Command::new("/bin/true"));
    fs::read(Path::new("/proc/self/status")).unwrap();
    let events: Vec<KernelEvent> = reader.map(Result::unwrap).collect();
    let of_child: Vec<&str> = events
        .iter()
        .filter_map(|event| match &event.payload {
            lanner_probes::event::Payload::Fork(fork) => (fork.child_pid == pid).then_some("fork"),
            lanner_probes::event::Payload::Exec(_) if event.task.pid == pid => Some("exec"),
            lanner_probes::event::Payload::Exit(_) if event.task.pid == pid => Some("exit"),
            _ => None,
        })
        .collect();
    assert_eq!(of_child, ["fork", "exec", "exit"]);
    let own = events.iter().filter(|event| event.task.pid == std::process::id());
    for event in own {
        assert!(matches!(event.payload, lanner_probes::event::Payload::Fork(_)), "{event:?}");
    }
}

#[test]
fn threads_are_not_processes() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Fork, ProbeKind::Exit]) else { return };
    let thread = std::thread::spawn(|| rustix::thread::gettid().as_raw_nonzero().get() as u32).join().unwrap();
    // Joined, it may still be about to end.
    while Path::new(&format!("/proc/self/task/{thread}")).exists() {
        std::thread::yield_now();
    }
    let pid = run(&mut Command::new("/bin/true"));
    // Events come in order: what the thread would have given is before this.
    watch.exit(pid);
    let (other, _) = watch.fork(pid);
    assert_eq!(other.task.pid, std::process::id());
    let of_thread = |event: &KernelEvent| match &event.payload {
        lanner_probes::event::Payload::Fork(fork) => fork.child_pid == thread,
        _ => event.task.tid == thread || event.task.pid == thread,
    };
    assert_eq!(watch.seen().iter().find(|event| of_thread(event)), None);
    watch.end();
}

/// Programs are found by what the kernel holds open, whatever their folder is called by now.
#[test]
fn a_renamed_folder_has_its_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).unwrap();
    fs::copy("/bin/true", old.join("program")).unwrap();
    let open = fs::File::open(old.join("program")).unwrap();
    fs::rename(&old, &new).unwrap();
    let path = format!("/proc/{}/fd/{}", std::process::id(), open.as_fd().as_raw_fd());
    let Some((_, exec)) = exec_of(&mut Command::new(path)) else { return };
    assert_eq!(text(&exec.exe.bytes), new.join("program").to_str().unwrap());
}
