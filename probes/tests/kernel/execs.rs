//! What exec is given: the path that was named, and what fails.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use lanner_abi::{Kind, OwnedRecord, event_flag, field, process_flag};
use lanner_probes::RawEvent;

use crate::child::{Waiting, c_path, call, copy_program, in_a_child, write_program};
use crate::watch::{Watch, folder, image, number, of, task, text};

const ENOENT: i64 = -2;
const ENOEXEC: i64 = -8;
const EBADF: i64 = -9;
const EACCES: i64 = -13;
const ELOOP: i64 = -40;

const UNRESOLVED: u16 = event_flag::UNRESOLVED;

fn refused(path: &str, flags: i32) -> OwnedRecord {
    of(Kind::ExecFailed).with(field::exec_failed::PATH, path).with(field::exec_failed::FLAGS, flags.unsigned_abs())
}

/// A file of this mode.
fn write(path: &Path, content: &str, mode: u32) {
    write_program(path, content);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn path(event: &RawEvent) -> &str {
    text(&event.payload, field::exec::PATH)
}

/// Programs that this process asks for, and does not become.
#[test]
fn programs_that_cannot_be_begun() {
    let Some(mut watch) = Watch::over(&[Kind::ExecFailed, Kind::Exec]) else { return };
    let (_kept, folder) = folder();
    let arguments = [c"x".as_ptr(), std::ptr::null()];
    let execve =
        |path: &Path| call!(libc::SYS_execve, c_path(path).as_ptr(), arguments.as_ptr(), &raw const arguments[1]);
    let [missing, closed, garbage] = ["missing", "closed", "garbage"].map(|name| folder.join(name));
    write(&closed, "", 0o644);
    write(&garbage, "nonsense", 0o755);
    for (path, result) in [(&missing, ENOENT), (&closed, EACCES), (&garbage, ENOEXEC), (&folder, EACCES)] {
        assert_eq!(execve(path), result);
        watch.tells(result, UNRESOLVED, &refused(path.to_str().unwrap(), 0));
    }
    // Relative to the working directory, which no test changes.
    assert_eq!(execve(Path::new("./no//such-program")), ENOENT);
    let seen = std::env::current_dir().unwrap().join("no/such-program");
    watch.tells(ENOENT, UNRESOLVED, &refused(seen.to_str().unwrap(), 0));

    let directory = fs::File::open(&folder).unwrap();
    let execveat = |folder: i32, name: &std::ffi::CStr, flags: i32| {
        let variables = &raw const arguments[1];
        call!(libc::SYS_execveat, folder, name.as_ptr(), arguments.as_ptr(), variables, flags)
    };
    std::os::unix::fs::symlink("/bin/true", folder.join("link")).unwrap();
    let no_link = libc::AT_SYMLINK_NOFOLLOW;
    for (name, flags, result) in [("missing", 0, ENOENT), ("closed", 0, EACCES), ("link", no_link, ELOOP)] {
        assert_eq!(execveat(directory.as_raw_fd(), &c_path(name), flags), result);
        watch.tells(result, UNRESOLVED, &refused(folder.join(name).to_str().unwrap(), flags));
    }
    assert_eq!(execveat(999_999, c"missing", 0), EBADF);
    watch.tells(EBADF, UNRESOLVED, &refused("missing", 0));
    // What cannot be read is not there.
    assert_eq!(call!(libc::SYS_execve, 1, arguments.as_ptr(), &raw const arguments[1]), -14);
    let unknown = of(Kind::ExecFailed).with(field::exec_failed::FLAGS, 0_u32);
    watch.tells(-14, UNRESOLVED | event_flag::PARTIAL, &unknown);
    watch.end();
}

/// A program by the descriptor of its file alone.
#[test]
fn a_descriptor_that_cannot_be_run() {
    let Some(mut watch) = Watch::over(&[Kind::ExecFailed]) else { return };
    let (_kept, folder) = folder();
    let closed = folder.join("closed");
    write(&closed, "", 0o644);
    let open = fs::File::open(&closed).unwrap();
    let none: [*const libc::c_char; 1] = [std::ptr::null()];
    let (name, none) = (c"".as_ptr(), none.as_ptr());
    assert_eq!(call!(libc::SYS_execveat, open.as_raw_fd(), name, none, none, libc::AT_EMPTY_PATH), EACCES);
    watch.tells(EACCES, UNRESOLVED, &refused(closed.to_str().unwrap(), libc::AT_EMPTY_PATH));
    watch.end();
}

#[test]
fn the_path_that_was_named_is_made_absolute() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let (_kept, folder) = folder();
    copy_program("/bin/true", folder.join("program"));
    let mut child = Command::new("./program").arg("x").current_dir(&folder).stdin(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    let event = watch.exec(child.id());
    assert_eq!(text(&event.payload, field::exec::FILENAME), "./program");
    assert_eq!(path(&event), folder.join("program").to_str().unwrap());
    watch.end();
}

/// What the kernel makes of it is the path of a descriptor, which is another one for everybody else.
#[test]
fn a_program_in_a_folder_that_is_open() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let (_kept, folder) = folder();
    copy_program("/bin/true", folder.join("true"));
    let (directory, program) = (fs::File::open(&folder).unwrap(), fs::File::open(folder.join("true")).unwrap());
    let (directory, program) = (directory.as_raw_fd(), program.as_raw_fd());
    let arguments = [c"true".as_ptr(), std::ptr::null()];
    let ways = [(directory, c"true", 0), (program, c"", libc::AT_EMPTY_PATH), (directory, c"./true", 0)];
    for (fd, name, flags) in ways {
        let child = in_a_child(|_| {
            let variables = &raw const arguments[1];
            call!(libc::SYS_fcntl, fd, libc::F_SETFD, 0);
            call!(libc::SYS_execveat, fd, name.as_ptr(), arguments.as_ptr(), variables, flags);
            panic!("it was not begun");
        });
        let event = watch.exec(child.pid);
        assert!(text(&event.payload, field::exec::FILENAME).starts_with("/dev/fd/"), "{event:?}");
        assert_eq!(path(&event), folder.join("true").to_str().unwrap());
        assert_eq!(text(image(&event), field::process::EXE), folder.join("true").to_str().unwrap());
    }
    watch.end();
}

#[test]
fn a_script_in_a_folder_that_is_open() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    if !Path::new("/bin/sh").exists() {
        eprintln!("skipped: there is no /bin/sh");
        return;
    }
    let (_kept, folder) = folder();
    write(&folder.join("script.sh"), "#!/bin/sh\nexit 0\n", 0o755);
    let directory = fs::File::open(&folder).unwrap();
    let directory = directory.as_raw_fd();
    let child = in_a_child(|_| {
        let arguments = [c"script.sh".as_ptr(), std::ptr::null()];
        let (name, variables) = (c"script.sh".as_ptr(), &raw const arguments[1]);
        // The interpreter opens it by its descriptor, which has to stay.
        call!(libc::SYS_fcntl, directory, libc::F_SETFD, 0);
        call!(libc::SYS_execveat, directory, name, arguments.as_ptr(), variables, 0);
        panic!("it was not begun");
    });
    let event = watch.exec(child.pid);
    assert_eq!(path(&event), folder.join("script.sh").to_str().unwrap());
    assert_eq!(text(&event.payload, field::exec::FILENAME), format!("/dev/fd/{directory}/script.sh"));
    assert_eq!(text(&event.payload, field::exec::INTERPRETER), "/bin/sh");
    watch.end();
}

/// Through a copy of the folder's mount that is mounted nowhere, and through the root of another process.
#[test]
fn a_program_that_its_process_has_no_path_to() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let (_kept, folder) = folder();
    copy_program("/bin/true", folder.join("true"));
    let c_folder = c_path(&folder);
    let none: [*const libc::c_char; 1] = [std::ptr::null()];
    let none = none.as_ptr();
    // busybox looks there for what it is to be.
    let arguments = [c"true".as_ptr(), std::ptr::null()];
    let flags = |event: &RawEvent| number(image(event), field::process::FLAGS).unwrap() as u32;
    let upper = process_flag::EXE_UPPER;
    let child = in_a_child(|_| {
        // OPEN_TREE_CLONE
        let tree = call!(libc::SYS_open_tree, libc::AT_FDCWD, c_folder.as_ptr(), 1) as i32;
        call!(libc::SYS_execveat, tree, c"true".as_ptr(), arguments.as_ptr(), none, 0);
        panic!("it was not begun");
    });
    let event = watch.exec(child.pid);
    assert_eq!(text(image(&event), field::process::EXE), "(unreachable)/true");
    assert_eq!(path(&event), "(unreachable)/true");
    assert_eq!(flags(&event) & !upper, process_flag::EXE_UNREACHABLE);
    assert_eq!(event.flags, event_flag::UNREACHABLE);

    let other = Waiting::after(|| assert_eq!(call!(libc::SYS_unshare, libc::CLONE_NEWNS), 0));
    let through = format!("/proc/{}/root{}/true", other.pid, folder.display());
    let mut child = Command::new(&through).stdin(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
    let event = watch.exec(child.id());
    assert_eq!(text(image(&event), field::process::EXE), folder.join("true").to_str().unwrap());
    assert_eq!(path(&event), through);
    assert_eq!(flags(&event) & !upper, process_flag::EXE_FOREIGN);
    watch.end();
}

#[test]
fn a_working_directory_that_is_gone() {
    let Some(mut watch) = Watch::over(&[Kind::Exec]) else { return };
    let (_kept, folder) = folder();
    let gone = folder.join("gone");
    fs::create_dir(&gone).unwrap();
    let mut command = Command::new("/bin/true");
    let (name, own) = (c_path(&gone), gone.clone());
    command.current_dir(&own);
    let remove = move || {
        call!(libc::SYS_unlinkat, libc::AT_FDCWD, name.as_ptr(), libc::AT_REMOVEDIR);
        Ok(())
    };
    // SAFETY: it makes a system call.
    unsafe { command.pre_exec(remove) };
    let mut child = command.spawn().unwrap();
    child.wait().unwrap();
    let event = watch.exec(child.id());
    assert_eq!(text(image(&event), field::process::CWD), gone.to_str().unwrap());
    let flags = number(image(&event), field::process::FLAGS).unwrap() as u32;
    assert_eq!(flags & !process_flag::EXE_UPPER, process_flag::CWD_DELETED);
    watch.end();
}

/// Set for the process that begins a program from a thread of its own.
const BEGINS: &str = "LANNER_TEST_EXEC_BY_A_THREAD";

#[test]
#[ignore = "another test runs it, as a process of its own"]
fn a_thread_that_begins_a_program() {
    if std::env::var_os(BEGINS).is_some() {
        // Tests have threads of their own.
        assert_ne!(call!(libc::SYS_gettid), call!(libc::SYS_getpid));
        let arguments = [c"true".as_ptr(), c"by a thread".as_ptr(), std::ptr::null()];
        call!(libc::SYS_execve, c"/bin/true".as_ptr(), arguments.as_ptr(), &raw const arguments[2]);
        panic!("it was not begun");
    }
}

/// Who it was takes the place of the process's first thread, and its number.
#[test]
fn a_thread_other_than_the_first_begins_a_program() {
    let Some(mut watch) = Watch::over(&[Kind::Fork, Kind::Exec, Kind::Exit]) else { return };
    let mut another = Command::new(std::env::current_exe().unwrap());
    another.args(["--exact", "execs::a_thread_that_begins_a_program", "--ignored", "--nocapture"]).env(BEGINS, "1");
    let mut child = another.stdout(Stdio::null()).spawn().unwrap();
    assert!(child.wait().unwrap().success());
    let forked = watch.fork(child.id());
    let own = watch.exec(child.id());
    let event = watch.exec(child.id());
    assert_eq!(text(image(&event), field::process::ARGV), "true\0by a thread\0");
    assert_eq!((task(&event).pid, task(&event).tid), (child.id(), child.id()));
    let start = number(&forked.payload, field::fork::CHILD_START).unwrap();
    assert_eq!([task(&own).start_boot_ns, task(&event).start_boot_ns], [start; 2], "it is the same process");
    let ended = watch.exit(child.id());
    assert_eq!((task(&ended).tid, task(&ended).start_boot_ns), (child.id(), start));
    watch.end();
}
