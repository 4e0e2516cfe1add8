//! Whatever a file is called by, an open tells which one it was.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lanner_abi::{Kind, event_flag, field};
use lanner_probes::RawEvent;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, unmount};

use crate::child::{c_path, call, in_a_child};
use crate::file::{asked, flags, of_file, opened, opened_as, path};
use crate::watch::{Watch, folder, in_file_system, is_ours, number, task};

const SHARED: u16 = event_flag::SHARED;

const ENOENT: i64 = -2;

/// A folder, and a file in it.
fn file(name: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let (kept, folder) = folder();
    let path = folder.join(name);
    fs::write(&path, "x").unwrap();
    (kept, folder, path)
}

#[track_caller]
fn assert_opened(event: &RawEvent, by: &Path, path: &Path) {
    assert_eq!(event.payload, opened_as(event, by, path, 0, false));
    assert_eq!(event.flags, SHARED);
}

/// It is the same file: by either name it has its inode, and says that there are two.
#[test]
fn a_file_with_two_names() {
    let (_kept, folder, first) = file("first");
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let second = folder.join("second");
    fs::hard_link(&first, &second).unwrap();
    let inode = fs::metadata(&first).unwrap().ino();
    for path in [&first, &second] {
        drop(File::open(path).unwrap());
        let event = watch.next(Kind::Open);
        assert_opened(&event, path, path);
        assert_eq!(number(&event.payload, field::open::LINKS), Some(2));
        assert_eq!(number(&event.payload, field::open::INODE), Some(inode));
    }
    watch.end();
}

/// It is called by where it was reached, and its inode says which one it is.
#[test]
fn a_folder_that_is_mounted_elsewhere() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let (there, here) = (folder.join("there"), folder.join("here"));
    fs::create_dir_all(there.join("inner")).unwrap();
    fs::create_dir(&here).unwrap();
    fs::write(there.join("inner/bound"), "x").unwrap();
    let _ = watch.open("/inner/bound");
    mount_bind(&there, &here).unwrap();
    drop(File::open(here.join("inner/bound")));
    let event = watch.open("/bound");
    let name = in_file_system(&there.join("inner/bound"));
    let expected =
        opened(&event, &here.join("inner/bound"), 0, false).with(field::open::HOST_PATH, name.to_str().unwrap());
    unmount(&here, UnmountFlags::empty()).unwrap();
    assert_eq!((&event.payload, event.flags), (&expected, SHARED));
    assert_eq!(
        number(&event.payload, field::open::INODE),
        Some(fs::metadata(there.join("inner/bound")).unwrap().ino())
    );
    watch.end();
}

#[test]
fn a_folder_that_is_taken_for_the_root() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder, path) = file("inside");
    let _ = watch.open("/inside");
    std::os::unix::fs::symlink("/../inside", folder.join("link")).unwrap();
    let directory = File::open(&folder).unwrap();
    for name in ["/inside", "../../inside", "link"] {
        if openat2(&directory, name, OFlags::RDONLY, Mode::empty(), ResolveFlags::IN_ROOT).is_err() {
            eprintln!("skipped: there is no openat2 here");
            return;
        }
        let event = watch.open("/inside");
        let asked = event.payload.get().bytes(field::open::ASKED).unwrap().to_vec();
        let asked = PathBuf::from(String::from_utf8(asked).unwrap());
        assert_opened(&event, &asked, &path);
    }
    watch.end();
}

/// What was only found at first is opened by its descriptor's name.
#[test]
fn a_file_by_the_name_of_a_descriptor() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, _folder, target) = file("found");
    let _ = watch.open("/found");
    let found = openat(CWD, &target, OFlags::PATH, Mode::empty()).unwrap();
    let event = watch.open("/found");
    assert_opened(&event, &target, &target);
    assert_ne!(flags(&event) & u64::from(OFlags::PATH.bits()), 0);
    let name = PathBuf::from(format!("/proc/self/fd/{}", found.as_raw_fd()));
    drop(fs::OpenOptions::new().read(true).write(true).open(&name).unwrap());
    let event = watch.open("/found");
    assert_opened(&event, &name, &target);
    assert_eq!(flags(&event) & 3, 2);

    // Also where it has no name any more.
    let kept = File::open(&target).unwrap();
    let _ = watch.open("/found");
    fs::remove_file(&target).unwrap();
    let name = format!("/proc/self/fd/{}", kept.as_raw_fd());
    let again = File::open(&name).unwrap();
    let event = watch.open("/found");
    let expected = of_file(asked(&event, target.to_str().unwrap(), 0), &again.metadata().unwrap());
    assert_eq!(event.payload, expected.with(field::open::ASKED, name.as_str()));
    assert_eq!(number(&event.payload, field::open::DELETED), Some(1));
    watch.end();
}

#[test]
fn a_file_that_never_had_a_name() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let nameless = match openat(CWD, &folder, OFlags::TMPFILE | OFlags::RDWR, Mode::from(0o600)) {
        Ok(file) => File::from(file),
        Err(errno) => {
            eprintln!("skipped: the file system makes no such files: {errno}");
            return;
        }
    };
    let event =
        watch.find("open", |event| is_ours(event, Kind::Open) && number(&event.payload, field::open::LINKS) == Some(0));
    let facts = nameless.metadata().unwrap();
    // The kernel calls it so, in the folder that it was made in.
    let path = folder.join(format!("#{}", facts.ino()));
    let expected = of_file(asked(&event, path.to_str().unwrap(), 0o600), &facts);
    let created = number(&event.payload, field::open::CREATED) == Some(1);
    let expected = expected.with(field::open::CREATED, created).with(field::open::ASKED, folder.to_str().unwrap());
    assert_eq!((&event.payload, event.flags), (&expected, SHARED));
    assert_eq!(number(&event.payload, field::open::DELETED), Some(1));
    watch.end();
}

/// A struct file_handle.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    content: [u8; 128],
}

/// Who has one needs no path, and no permission to the folders above.
#[test]
fn a_file_by_its_handle() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let at = folder.join("mounted");
    fs::create_dir(&at).unwrap();
    // Of a file system that gives handles.
    mount("tmpfs", &at, "tmpfs", MountFlags::empty(), None).unwrap();
    let path = at.join("by handle");
    fs::write(&path, "x").unwrap();
    let _ = watch.open("/by handle");
    let mut handle = Handle { bytes: 128, kind: 0, content: [0; 128] };
    let (mut mount_id, name) = (0_i32, c_path(&path));
    let result =
        call!(libc::SYS_name_to_handle_at, libc::AT_FDCWD, name.as_ptr(), &raw mut handle, &raw mut mount_id, 0);
    let directory = File::open(&at).unwrap();
    let _ = watch.open("/mounted");
    let by_handle = |handle: &Handle| {
        call!(libc::SYS_open_by_handle_at, directory.as_raw_fd(), std::ptr::from_ref(handle), libc::O_RDONLY)
    };
    let fd = if result == 0 { by_handle(&handle) } else { result };
    let event = (result == 0).then(|| watch.next(Kind::Open));
    let expected = event.as_ref().map(|event| opened(event, &path, 0, false));
    // One of a file that there is not.
    handle.content[..8].fill(0xee);
    let stale = by_handle(&handle);
    let of_stale = watch.next(Kind::Open);
    if fd >= 0 {
        assert_eq!(call!(libc::SYS_close, fd), 0);
    }
    drop(directory);
    unmount(&at, UnmountFlags::empty()).unwrap();

    assert!(stale < 0);
    let mut nothing = asked(&of_stale, "", 0);
    nothing.set(field::open::PATH, None).unwrap();
    assert_eq!((of_stale.result, of_stale.flags, of_stale.payload), (Some(stale), 0, nothing));
    if fd < 0 {
        eprintln!("skipped: no file can be opened by a handle here: {fd}");
        return;
    }
    let (event, mut expected) = (event.unwrap(), expected.unwrap());
    // There was no name.
    expected.set(field::open::ASKED, None).unwrap();
    assert_eq!((event.result, event.flags, event.payload), (Some(fd), SHARED, expected));
    watch.end();
}

// === names that differ, and mean the same ===

#[test]
fn names_that_mean_the_same_are_told_alike() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    fs::create_dir(folder.join("inner")).unwrap();
    let inner = folder.join("inner");
    let prefix = inner.to_str().unwrap();
    let names = [
        format!("{prefix}//missing"),
        format!("{prefix}/./missing"),
        format!("/{prefix}///.//./missing"),
        "./missing".into(),
        "missing".into(),
        ".//missing".into(),
        format!("/proc/self/root{prefix}/missing"),
    ]
    .map(c_path);
    let c_inner = c_path(&inner);
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_chdir, c_inner.as_ptr()));
        for name in &names {
            notes.add(call!(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), libc::O_RDONLY, 0));
        }
        // As one's own folder it is seen from the descriptor.
        let folder = call!(libc::SYS_openat, libc::AT_FDCWD, c".".as_ptr(), libc::O_PATH, 0);
        notes.add(call!(libc::SYS_openat, folder as i32, c"./missing".as_ptr(), libc::O_RDONLY, 0));
    });
    let missing = folder.join("inner/missing");
    assert_eq!(child.notes[0], 0);
    for result in &child.notes[1..] {
        assert_eq!(*result, ENOENT);
        let event = watch.find("open", |event| {
            event.kind == Kind::Open && task(event).pid == child.pid && event.result == Some(ENOENT)
        });
        assert_eq!(event.flags, event_flag::UNRESOLVED);
        assert_eq!(event.payload, asked(&event, missing.to_str().unwrap(), 0));
    }
    watch.end();
}

// === whose descriptors they are ===

#[test]
fn a_process_that_shares_its_descriptors_with_nobody() {
    let Some(mut watch) = Watch::over(&[Kind::Open, Kind::Connect, Kind::Listen]) else { return };
    let (_kept, _folder, target) = file("opened");
    let name = c_path(&target);
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), libc::O_RDONLY, 0));
        let socket = call!(libc::SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0) as i32;
        call!(libc::SYS_listen, socket, 1);
        let mut address = [0_u32; 4];
        let mut length = 16_u32;
        call!(libc::SYS_getsockname, socket, address.as_mut_ptr(), &raw mut length);
        let second = call!(libc::SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0) as i32;
        notes.add(call!(libc::SYS_connect, second, address.as_ptr(), 16));
    });
    assert!(child.notes[0] >= 0 && child.notes[1] == 0, "{:?}", child.notes);
    let event = watch.next_of(child.pid, Kind::Open);
    assert_eq!((path(&event), event.flags), (target.to_str().unwrap(), 0));
    for kind in [Kind::Listen, Kind::Connect] {
        assert_eq!((watch.next_of(child.pid, kind).flags, kind), (0, kind));
    }
    watch.end();
}

/// Not a thread, but a process that has the same descriptors.
#[test]
fn a_process_that_shares_its_descriptors_with_another() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, _folder, target) = file("opened");
    let name = c_path(&target);
    let child = in_a_child(|notes| {
        let inner = call!(libc::SYS_clone, libc::CLONE_FILES | libc::SIGCHLD, 0, 0, 0, 0);
        if inner == 0 {
            call!(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), libc::O_RDONLY, 0);
            call!(libc::SYS_exit_group, 0);
        }
        notes.add(inner);
        call!(libc::SYS_wait4, inner as i32, 0, 0, 0);
    });
    let event = watch.next_of(child.notes[0] as u32, Kind::Open);
    assert_eq!((path(&event), event.flags), (target.to_str().unwrap(), SHARED));
    watch.end();
}
