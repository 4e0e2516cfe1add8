//! exec, fork, exit.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio as Standard};
use std::time::{SystemTime, UNIX_EPOCH};

use lanner_abi::{Kind, OwnedRecord, PROCESS, field, process_flag, stdio_flag};
use lanner_probes::{RawEvent, Standing};

use crate::child::{copy_program, write_program};
use crate::watch::{OnOneProcessor, Watch, address, bytes, image, number, task, text};

fn run(command: &mut Command) -> u32 {
    let mut child = command.spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

/// Where a program really is: /bin is a link on most systems.
fn real(path: &str) -> String {
    fs::canonicalize(path).unwrap().into_os_string().into_string().unwrap()
}

/// A field of /proc/self/stat, of which the one after the name has number 3 (proc(5)).
fn stat(field: usize) -> u32 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after_name) = stat.rsplit_once(')').unwrap();
    after_name.split_whitespace().nth(field - 3).unwrap().parse().unwrap()
}

/// The session of this process. Below an init that began none it is 0, for which `rustix::process::getsid` panics.
fn own_session() -> u32 {
    stat(6)
}

/// The terminal of this process, as the kernel has it.
fn own_terminal() -> Option<u32> {
    let terminal = u64::from(stat(7));
    (terminal != 0).then(|| rustix::fs::major(terminal) << 20 | rustix::fs::minor(terminal))
}

/// The folder of this process's control group, where such are mounted.
fn control_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?.to_owned();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
    Some(fs::metadata(format!("{}{path}", mount.split(' ').nth(1)?)).ok()?.ino())
}

fn exec_of(command: &mut Command) -> Option<RawEvent> {
    let mut watch = Watch::over(&[Kind::Exec])?;
    let pid = run(command);
    let found = watch.exec(pid);
    watch.end();
    Some(found)
}

/// Where the executable is.
fn exe(event: &RawEvent) -> &str {
    text(image(event), field::process::EXE)
}

/// Facts about the image, but for where it happens to lie.
fn flags(event: &RawEvent) -> u32 {
    number(image(event), field::process::FLAGS).unwrap() as u32 & !process_flag::EXE_UPPER
}

fn filename(event: &RawEvent) -> &str {
    text(&event.payload, field::exec::FILENAME)
}

fn interpreter(event: &RawEvent) -> &str {
    text(&event.payload, field::exec::INTERPRETER)
}

fn argv(event: &RawEvent) -> &str {
    text(image(event), field::process::ARGV)
}

/// How a process ended, of which no less and no more is told.
fn exit(code: i32, signal: u32) -> OwnedRecord {
    OwnedRecord::new(Kind::Exit.record()).with(field::exit::CODE, code).with(field::exit::SIGNAL, signal)
}

#[test]
fn exec_tells_all_of_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut command = Command::new("/bin/true");
    command.args(["one", "", "drei ü"]).current_dir(folder.path()).stdin(Standard::null()).stdout(Standard::piped());
    command.stderr(fs::File::create(folder.path().join("err")).unwrap()).process_group(0);
    let Some(event) = exec_of(&mut command) else { return };
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;

    assert!((before - 5_000_000..after + 5_000_000).contains(&event.time_ns), "{before} {} {after}", event.time_ns);
    let task = task(&event);
    assert_eq!((task.tid, task.ppid), (task.pid, std::process::id()));
    assert_eq!(task.comm, b"true");
    assert_eq!((task.uid, task.euid, task.gid, task.egid), (0, 0, 0, 0));
    assert!(!task.kernel_thread);
    assert!(task.start_boot_ns > task.parent_start_boot_ns && task.parent_start_boot_ns > 0);

    let file = fs::metadata("/bin/true").unwrap();
    let (major, minor) = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    let namespace = |name: &str| fs::metadata(format!("/proc/self/ns/{name}")).unwrap().ino() as u32;
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let caps = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
    };
    assert_eq!(flags(&event), 0);
    let standing = Standing {
        suid: 0,
        sgid: 0,
        sid: own_session(),
        pgid: task.pid,
        mnt_ns: namespace("mnt"),
        pid_ns: namespace("pid"),
        net_ns: namespace("net"),
        user_ns: namespace("user"),
        cgroup_id: control_group().unwrap_or(task.standing.unwrap().cgroup_id),
        caps_inheritable: caps("CapInh"),
        caps_permitted: caps("CapPrm"),
        caps_effective: caps("CapEff"),
    };
    assert_eq!(task.standing, Some(standing));
    let time = |seconds: i64, nanoseconds: i64| seconds as u64 * 1_000_000_000 + nanoseconds as u64;
    let mut expected = OwnedRecord::new(&PROCESS)
        .with(field::process::NS_PID, task.pid)
        .with(field::process::FLAGS, number(image(&event), field::process::FLAGS).unwrap())
        .with(field::process::EXE_INODE, file.ino())
        .with(field::process::EXE_DEV, major << 20 | minor)
        .with(field::process::EXE_UID, file.uid())
        .with(field::process::EXE_MODE, file.mode())
        .with(field::process::EXE_GID, file.gid())
        .with(field::process::EXE_MTIME, time(file.mtime(), file.mtime_nsec()))
        .with(field::process::EXE_CTIME, time(file.ctime(), file.ctime_nsec()))
        .with(field::process::EXE_FS, rustix::fs::statfs("/bin/true").unwrap().f_type as u32)
        .with(field::process::EXE, real("/bin/true").as_str())
        .with(field::process::ARGV, "/bin/true\0one\0\0drei ü\0")
        .with(field::process::CWD, real(folder.path().to_str().unwrap()).as_str());
    // A kernel without audit has no such file, and one that was never told of a login says that there was none.
    let login = fs::read_to_string("/proc/self/loginuid").ok().and_then(|login| login.parse().ok());
    if let Some(login) = login.filter(|login: &u32| *login != u32::MAX) {
        expected = expected.with(field::process::LOGIN_UID, login);
    }
    if let Some(terminal) = own_terminal() {
        expected = expected.with(field::process::TTY, terminal);
    }
    assert_eq!(*image(&event), expected);
    assert_eq!((event.flags, event.result), (0, None));
    let expected = OwnedRecord::new(Kind::Exec.record()).with(field::exec::STDIO, 0_u32);
    let expected = expected.with(field::exec::FILENAME, "/bin/true").with(field::exec::INTERPRETER, "/bin/true");
    let expected = expected.with(field::exec::PATH, "/bin/true");
    assert_eq!(event.payload, expected, "a device, a pipe and a file that are nothing to tell of");
}

#[test]
fn credentials_are_those_after_the_change() {
    let mut command = Command::new("/bin/true");
    let Some(event) = exec_of(command.uid(65534).gid(65533)) else { return };
    let task = task(&event);
    assert_eq!((task.uid, task.euid, task.gid, task.egid), (65534, 65534, 65533, 65533));
    let standing = task.standing.unwrap();
    assert_eq!((standing.suid, standing.sgid), (65534, 65533));
    assert_eq!((standing.caps_effective, standing.caps_permitted), (0, 0));
}

#[test]
fn a_script_names_itself_and_its_interpreter() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    write_program(&script, "#!/bin/sh -u\nexit 0\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let Some(event) = exec_of(Command::new(&script).arg("x")) else { return };
    let script = script.to_str().unwrap();
    assert_eq!(filename(&event), script);
    assert_eq!(interpreter(&event), "/bin/sh");
    assert_eq!(exe(&event), real("/bin/sh"));
    assert_eq!(argv(&event), format!("/bin/sh\0-u\0{script}\0x\0"));
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
    let Some(event) = exec_of(&mut Command::new(&path)) else { return };
    assert_eq!(exe(&event), "memfd:stage two");
    assert_eq!(flags(&event), 0, "neither cut nor deleted");
    assert_eq!(number(image(&event), field::process::EXE_FS), Some(0x0102_1994), "tmpfs");
    assert_eq!(filename(&event), path);
}

#[test]
fn a_deleted_program_is_known_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("gone");
    copy_program("/bin/true", &program);
    let open = fs::File::open(&program).unwrap();
    fs::remove_file(&program).unwrap();
    let Some(event) = exec_of(&mut Command::new(format!("/proc/{}/fd/{}", std::process::id(), open.as_raw_fd())))
    else {
        return;
    };
    assert_eq!(exe(&event), format!("{}/gone", real(folder.path().to_str().unwrap())));
    assert_eq!(flags(&event), process_flag::EXE_DELETED);
}

#[test]
fn long_arguments_are_cut_and_flagged() {
    let long = "x".repeat(20_000);
    let Some(event) = exec_of(Command::new("/bin/true").args([&long, &long])) else { return };
    assert_eq!(flags(&event), process_flag::ARGV_TRUNCATED);
    let whole = format!("/bin/true\0{long}\0{long}\0");
    assert_eq!(argv(&event), format!("{}\0", &whole[..32_768]));
    let folder = std::env::current_dir().unwrap();
    assert_eq!(text(image(&event), field::process::CWD), folder.to_str().unwrap(), "what comes after them is whole");
}

/// What is told of standard input, output and error, and of the peer behind the first.
fn stdio(watch: &mut Watch, descriptors: [Standard; 3]) -> (u32, Option<SocketAddr>) {
    let [stdin, stdout, stderr] = descriptors;
    let event = watch_exec(watch, Command::new("/bin/true").stdin(stdin).stdout(stdout).stderr(stderr));
    let port = number(&event.payload, field::exec::PEER_PORT);
    let peer = address(&event.payload, field::exec::PEER_ADDRESS);
    assert_eq!(port.is_some(), peer.is_some(), "both or neither");
    let peer = peer.zip(port).map(|(address, port)| SocketAddr::from((address, port as u16)));
    (number(&event.payload, field::exec::STDIO).unwrap() as u32, peer)
}

fn watch_exec(watch: &mut Watch, command: &mut Command) -> RawEvent {
    let pid = run(command);
    watch.exec(pid)
}

fn over(descriptor: impl Into<OwnedFd>) -> Standard {
    Standard::from(descriptor.into())
}

fn connected(address: impl Into<IpAddr>) -> Option<(TcpStream, SocketAddr)> {
    let listener = TcpListener::bind(SocketAddr::new(address.into(), 0)).ok()?;
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = stream.peer_addr().unwrap();
    Some((stream, peer))
}

#[test]
fn standard_input_that_is_an_internet_socket_has_a_peer() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let both = [connected(Ipv4Addr::LOCALHOST), connected(Ipv6Addr::LOCALHOST)];
    for (stream, peer) in both.into_iter().flatten() {
        let told = stdio(&mut watch, [over(stream), Standard::null(), Standard::null()]);
        assert_eq!(told, (stdio_flag::STDIN_SOCKET, Some(peer)));
    }
    // Through a socket of IPv6.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let peer = listener.local_addr().unwrap();
    if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), peer.port())) {
        let told = stdio(&mut watch, [over(stream), Standard::null(), Standard::null()]);
        assert_eq!(told, (stdio_flag::STDIN_SOCKET, Some(peer)));
    }
    // One that is not connected has none.
    let told = stdio(&mut watch, [over(listener), Standard::null(), Standard::null()]);
    assert_eq!(told, (stdio_flag::STDIN_SOCKET, None));
    watch.end();
}

/// Who is behind standard output or error is not told.
#[test]
fn each_standard_descriptor_that_is_an_internet_socket_is_told() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let (stream, peer) = connected(Ipv4Addr::LOCALHOST).unwrap();
    let stream = || over(stream.try_clone().unwrap());
    let null = Standard::null;
    assert_eq!(stdio(&mut watch, [null(), stream(), null()]), (stdio_flag::STDOUT_SOCKET, None));
    assert_eq!(stdio(&mut watch, [null(), null(), stream()]), (stdio_flag::STDERR_SOCKET, None));
    let all = stdio_flag::STDIN_SOCKET | stdio_flag::STDOUT_SOCKET | stdio_flag::STDERR_SOCKET;
    assert_eq!(stdio(&mut watch, [stream(), stream(), stream()]), (all, Some(peer)));
    watch.end();
}

/// Of what else there is only standard input is told.
#[test]
fn standard_input_that_is_something_else() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let terminal = || over(fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx").unwrap());
    let pipe = || over(std::io::pipe().unwrap().0);
    let unix = || over(UnixStream::pair().unwrap().0);
    let file = || over(tempfile::tempfile().unwrap());
    let null = Standard::null;
    assert_eq!(stdio(&mut watch, [terminal(), null(), null()]), (stdio_flag::STDIN_TTY, None));
    assert_eq!(stdio(&mut watch, [pipe(), null(), null()]), (stdio_flag::STDIN_PIPE, None));
    assert_eq!(stdio(&mut watch, [unix(), null(), null()]), (stdio_flag::STDIN_UNIX, None));
    assert_eq!(stdio(&mut watch, [file(), null(), null()]), (0, None));
    assert_eq!(stdio(&mut watch, [null(), pipe(), terminal()]), (0, None));
    assert_eq!(stdio(&mut watch, [null(), unix(), unix()]), (0, None));

    let (stream, peer) = connected(Ipv4Addr::LOCALHOST).unwrap();
    let told = stdio(&mut watch, [over(stream), unix(), terminal()]);
    assert_eq!(told, (stdio_flag::STDIN_SOCKET, Some(peer)));
    watch.end();
}

/// What people sit at: the other end of /dev/ptmx, which has another number.
#[test]
fn standard_input_that_is_a_pseudo_terminal() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let mut command = Command::new("script");
    command.args(["-qec", "exit 7", "/dev/null"]).stdin(Standard::null()).stdout(Standard::null());
    let Ok(mut script) = command.spawn() else {
        eprintln!("skipped: there is no script(1)");
        return;
    };
    if script.wait().unwrap().code() != Some(7) {
        eprintln!("skipped: script(1) does not get a terminal here");
        return;
    }
    let event = watch.find("exec", |event| event.kind == Kind::Exec && task(event).ppid == script.id());
    assert_eq!(number(&event.payload, field::exec::STDIO), Some(stdio_flag::STDIN_TTY.into()));
    watch.end();
}

/// Of the longest image, and then of one of which as little as can be is known.
#[test]
fn nothing_of_a_longer_image_is_left_in_a_shorter_one() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let _here = OnOneProcessor::begin();
    let long = "x".repeat(20_000);
    let (stream, peer) = connected(Ipv4Addr::LOCALHOST).unwrap();
    let mut command = Command::new("/bin/true");
    let event = watch_exec(&mut watch, command.args([&long, &long]).stdin(over(stream)));
    assert_eq!(address(&event.payload, field::exec::PEER_ADDRESS), Some(peer.ip()));

    // The watch looks at each byte.
    let event = watch_exec(&mut watch, Command::new("/bin/true").stdin(Standard::null()));
    assert!(!event.payload.get().has(field::exec::PEER_ADDRESS) && !event.payload.get().has(field::exec::PEER_PORT));
    assert_eq!(argv(&event), "/bin/true\0");
    watch.end();
}

#[test]
fn a_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    symlink("/bin/true", &link).unwrap();
    let Some(event) = exec_of(&mut Command::new(&link)) else { return };
    assert_eq!(filename(&event), link.to_str().unwrap());
    assert_eq!(exe(&event), real("/bin/true"));
}

#[test]
fn a_process_from_its_birth_to_its_end() {
    let Some(mut watch) = Watch::over(&[Kind::Fork, Kind::Exec, Kind::Exit]) else { return };
    let pid = run(Command::new("/bin/sh").args(["-c", "exit 3"]));
    let forked = watch.fork(pid);
    let child_start = number(&forked.payload, field::fork::CHILD_START).unwrap();
    assert_eq!(task(&forked).pid, std::process::id());
    let expected = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD_PID, pid);
    let expected = expected.with(field::fork::CHILD_NS_PID, pid).with(field::fork::CHILD_START, child_start);
    // However the library does it.
    let flags = number(&forked.payload, field::fork::FLAGS).unwrap();
    let expected = expected.with(field::fork::FLAGS, flags).with(field::fork::CHILD_PPID, std::process::id());
    assert_eq!((&forked.payload, forked.flags), (&expected, 0));
    let began = watch.exec(pid);
    let ended = watch.exit(pid);
    assert_eq!(ended.payload, exit(3, 0));
    assert_eq!(task(&began).start_boot_ns, child_start);
    assert_eq!(task(&ended).start_boot_ns, child_start);
    assert_eq!(task(&began).parent_start_boot_ns, task(&forked).start_boot_ns);
    assert!(forked.time_ns < began.time_ns && began.time_ns < ended.time_ns);
    watch.end();
}

#[test]
fn the_signal_that_ends_a_process_is_told() {
    let Some(mut watch) = Watch::over(&[Kind::Exit]) else { return };
    let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    assert_eq!(watch.exit(child.id()).payload, exit(0, 9));
    watch.end();
}

#[test]
fn the_children_of_the_ignored_process_are_not_ignored() {
    let config = lanner_probes::ProbeConfig::default();
    let Some(mut probes) = crate::watch::probes(&config) else { return };
    let reader = probes.reader().unwrap();
    for kind in [Kind::Fork, Kind::Exec, Kind::Open, Kind::Exit] {
        probes.attach(kind).unwrap();
    }
    let pid = run(&mut Command::new("/bin/true"));
    fs::read(Path::new("/proc/self/status")).unwrap();
    let events: Vec<RawEvent> = reader.map(Result::unwrap).collect();
    let of_child: Vec<Kind> = events
        .iter()
        .filter(|event| task(event).pid == pid || number(&event.payload, field::fork::CHILD_PID) == Some(pid.into()))
        .map(|event| event.kind)
        .filter(|kind| *kind != Kind::Open)
        .collect();
    assert_eq!(of_child, [Kind::Fork, Kind::Exec, Kind::Exit]);
    for event in events.iter().filter(|event| task(event).pid == std::process::id()) {
        assert_eq!(event.kind, Kind::Fork, "{event:?}");
    }
}

/// Programs are found by what the kernel holds open, whatever their folder is called by now.
#[test]
fn a_renamed_folder_has_its_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).unwrap();
    copy_program("/bin/true", old.join("program"));
    let open = fs::File::open(old.join("program")).unwrap();
    fs::rename(&old, &new).unwrap();
    let path = format!("/proc/{}/fd/{}", std::process::id(), open.as_fd().as_raw_fd());
    let Some(event) = exec_of(&mut Command::new(path)) else { return };
    assert_eq!(exe(&event), new.join("program").to_str().unwrap());
}

#[test]
fn the_environment_where_it_is_asked_for() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let run = |watch: &mut Watch, value: &str| {
        let mut command = Command::new("/bin/true");
        command.env_clear().env("A", value).env("LD_X", "/tmp/x").env_remove("PATH");
        let mut child = command.spawn().unwrap();
        let event = watch.exec(child.id());
        assert!(child.wait().unwrap().success());
        image(&event).clone()
    };
    let environment = |image: &OwnedRecord| bytes(image, field::process::ENVIRONMENT).map(<[u8]>::to_vec);
    let is_cut = |image: &OwnedRecord| {
        let flags = number(image, field::process::FLAGS).unwrap();
        flags & u64::from(process_flag::ENVIRONMENT_TRUNCATED) != 0
    };
    assert_eq!(environment(&run(&mut watch, "1")), None);
    watch.probes.want_environment(true).unwrap();
    let seen = run(&mut watch, "1");
    assert_eq!((environment(&seen).unwrap(), is_cut(&seen)), (b"A=1\0LD_X=/tmp/x\0".to_vec(), false));
    let seen = run(&mut watch, &"y".repeat(40_000));
    let cut = format!("A={}\0", "y".repeat((32 << 10) - 2)).into_bytes();
    assert!(environment(&seen).unwrap() == cut && is_cut(&seen));
    watch.probes.want_environment(false).unwrap();
    assert_eq!(environment(&run(&mut watch, "1")), None);
    watch.end();
}
