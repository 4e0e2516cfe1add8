//! mount, umount, chroot, pivot_root, and what opens see of them.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use lanner_probes::RawEvent;
use rustix::mount::{UnmountFlags, unmount};

use crate::child::{c_path, call, in_a_child};
use crate::watch::{Watch, bytes, folder, in_file_system, of};

const UNRESOLVED: u16 = event_flag::UNRESOLVED;

const ENOENT: i64 = -2;
const ENODEV: i64 = -19;
const EINVAL: i64 = -22;
const MS_BIND: u64 = libc::MS_BIND;
const MS_REMOUNT: u64 = libc::MS_REMOUNT;
const MS_NOSUID: u64 = libc::MS_NOSUID;
pub(crate) const MS_PRIVATE: u64 = libc::MS_PRIVATE | libc::MS_REC;
const OPEN_TREE_CLONE: u32 = 1;
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;

fn mounted(source: Option<&str>, path: &Path, fs_type: Option<&str>, flags: Option<u64>) -> OwnedRecord {
    let mut mount = of(Kind::Mount).with(field::mount::PATH, path.to_str().unwrap());
    if let Some(source) = source {
        mount = mount.with(field::mount::SOURCE, source);
    }
    if let Some(fs_type) = fs_type {
        mount = mount.with(field::mount::FS_TYPE, fs_type);
    }
    match flags {
        Some(flags) => mount.with(field::mount::FLAGS, flags),
        None => mount,
    }
}

#[test]
fn what_is_mounted_bound_and_unmounted() {
    let Some(mut watch) = Watch::over(&[Kind::Mount, Kind::Umount]) else { return };
    let (_kept, folder) = folder();
    let [one, two, gone] = ["one", "two", "gone"].map(|name| folder.join(name));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let [c_one, c_two, c_gone] = [&one, &two, &gone].map(c_path);
    let (source, tmpfs) = (c"lanner test".as_ptr(), c"tmpfs".as_ptr());

    assert_eq!(call!(libc::SYS_mount, source, c_one.as_ptr(), tmpfs, MS_NOSUID, 0), 0);
    watch.tells(0, UNRESOLVED, &mounted(Some("lanner test"), &one, Some("tmpfs"), Some(MS_NOSUID)));
    let again = MS_REMOUNT | MS_NOSUID;
    assert_eq!(call!(libc::SYS_mount, 0, c_one.as_ptr(), 0, again, 0), 0);
    watch.tells(0, UNRESOLVED, &mounted(None, &one, None, Some(again)));
    assert_eq!(call!(libc::SYS_mount, c_one.as_ptr(), c_two.as_ptr(), 0, MS_BIND, 0), 0);
    watch.tells(0, UNRESOLVED, &mounted(Some(one.to_str().unwrap()), &two, None, Some(MS_BIND)));
    let (no_such, bad) = (c"no such file system".as_ptr(), mounted(Some("lanner test"), &one, None, Some(0)));
    assert_eq!(call!(libc::SYS_mount, source, c_one.as_ptr(), no_such, 0_u64, 0), ENODEV);
    watch.tells(ENODEV, UNRESOLVED, &bad.with(field::mount::FS_TYPE, "no such file system"));
    assert_eq!(call!(libc::SYS_mount, source, c_gone.as_ptr(), tmpfs, 0_u64, 0), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &mounted(Some("lanner test"), &gone, Some("tmpfs"), Some(0)));

    let unmounted = |path: &Path, flags: i32| {
        let umount = of(Kind::Umount).with(field::umount::PATH, path.to_str().unwrap());
        umount.with(field::umount::FLAGS, flags.unsigned_abs())
    };
    for (path, c_path, flags) in [(&two, &c_two, libc::MNT_DETACH), (&one, &c_one, 0)] {
        assert_eq!(call!(libc::SYS_umount2, c_path.as_ptr(), flags), 0);
        watch.tells(0, UNRESOLVED, &unmounted(path, flags));
    }
    assert_eq!(call!(libc::SYS_umount2, c_one.as_ptr(), libc::UMOUNT_NOFOLLOW), EINVAL);
    watch.tells(EINVAL, UNRESOLVED, &unmounted(&one, libc::UMOUNT_NOFOLLOW));
    assert_eq!(call!(libc::SYS_umount2, c_gone.as_ptr(), 0), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &unmounted(&gone, 0));
    watch.end();
}

/// In a namespace of its own, where what it does is not passed on: what is shared cannot be moved.
#[test]
fn what_is_moved_there() {
    let Some(mut watch) = Watch::over(&[Kind::Mount]) else { return };
    let (_kept, folder) = folder();
    let [one, two] = ["one", "two"].map(|name| folder.join(name));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let [c_one, c_two] = [&one, &two].map(c_path);
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWNS));
        let root = c"/".as_ptr();
        notes.add(call!(libc::SYS_mount, 0, root, 0, MS_PRIVATE, 0));
        let tree = call!(libc::SYS_open_tree, libc::AT_FDCWD, c_one.as_ptr(), OPEN_TREE_CLONE);
        notes.add(tree);
        let (here, empty) = (libc::AT_FDCWD, c"".as_ptr());
        notes.add(call!(libc::SYS_move_mount, tree as i32, empty, here, c_two.as_ptr(), MOVE_MOUNT_F_EMPTY_PATH));
        notes.add(call!(libc::SYS_move_mount, here, c_two.as_ptr(), here, c_one.as_ptr(), 0));
        notes.add(call!(libc::SYS_move_mount, here, c_two.as_ptr(), here, c_one.as_ptr(), 0));
    });
    watch.tells_of(child.pid, 0, UNRESOLVED, &mounted(None, Path::new("/"), None, Some(MS_PRIVATE)));
    let (results, moved) = (&child.notes[3..], child.notes[2]);
    // By its descriptor it has no name; then by a path, and then there is nothing to be moved there any more.
    assert_eq!((results, moved >= 0), (&[0, 0, EINVAL][..], true));
    watch.tells_of(child.pid, 0, UNRESOLVED, &mounted(Some(""), &two, None, None));
    for result in [0, EINVAL] {
        watch.tells_of(child.pid, result, UNRESOLVED, &mounted(Some(two.to_str().unwrap()), &one, None, None));
    }
    watch.end();
}

/// What an open says of a file whose path may not be the host's, which the loader looks up among the host's mounts.
#[test]
fn what_a_file_is_called_in_its_file_system() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let [one, two] = ["one", "two"].map(|name| folder.join(name));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let [c_one, c_two] = [&one, &two].map(c_path);
    let name_of = |open: &RawEvent| bytes(&open.payload, field::open::HOST_PATH).map(<[u8]>::to_vec);
    let act = |open: &dyn Fn(&std::ffi::CStr, i32)| {
        let (deep, seen) = (c_path(one.join("deep")), c_path(two.join("file")));
        assert_eq!(call!(libc::SYS_mount, c"t".as_ptr(), c_one.as_ptr(), c"tmpfs".as_ptr(), 0, 0), 0);
        assert_eq!(call!(libc::SYS_mkdir, deep.as_ptr(), 0o700), 0);
        open(&c_path(one.join("deep/file")), libc::O_CREAT | libc::O_RDWR);
        assert_eq!(call!(libc::SYS_mount, deep.as_ptr(), c_two.as_ptr(), 0, MS_BIND, 0), 0);
        open(&seen, libc::O_RDONLY);
        assert_eq!(call!(libc::SYS_umount2, c_two.as_ptr(), libc::MNT_DETACH), 0);
        assert_eq!(call!(libc::SYS_umount2, c_one.as_ptr(), libc::MNT_DETACH), 0);
    };
    let opened = |path: &std::ffi::CStr, flags: i32| {
        let fd = call!(libc::SYS_open, path.as_ptr(), flags, 0o600);
        assert!(fd >= 0);
        call!(libc::SYS_close, fd);
    };

    // Here: only a part of a file system that is mounted by itself is called otherwise, where this is the host's namespace.
    act(&opened);
    let [whole, part] = ["one/deep/file", "two/file"].map(|end| name_of(&watch.open(end)));
    let is_hosts = lanner_probes::host::is_our_view().unwrap();
    assert_eq!(whole, (!is_hosts).then(|| b"/deep/file".to_vec()));
    assert_eq!(part.as_deref(), Some(&b"/deep/file"[..]));

    // In another namespace all are.
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWNS));
        notes.add(call!(libc::SYS_mount, 0, c"/".as_ptr(), 0, MS_PRIVATE, 0));
        act(&opened);
    });
    assert_eq!(child.notes, [0, 0]);
    for _ in 0..2 {
        let open = watch.next_of(child.pid, Kind::Open);
        assert_eq!(name_of(&open).as_deref(), Some(&b"/deep/file"[..]), "{open:?}");
    }

    // From a mount that is nowhere.
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWNS));
        notes.add(call!(libc::SYS_mount, 0, c"/".as_ptr(), 0, MS_PRIVATE, 0));
        notes.add(call!(libc::SYS_mount, c"t".as_ptr(), c_one.as_ptr(), c"tmpfs".as_ptr(), 0, 0));
        let tree = call!(libc::SYS_open_tree, libc::AT_FDCWD, c_one.as_ptr(), OPEN_TREE_CLONE);
        let fd = call!(libc::SYS_openat, tree as i32, c"new".as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600);
        notes.add((fd < 0).into());
    });
    assert_eq!(child.notes, [0, 0, 0, 0]);
    let open = watch.next_of(child.pid, Kind::Open);
    assert_eq!(bytes(&open.payload, field::open::PATH), Some(&b"(unreachable)/new"[..]));
    assert_eq!(name_of(&open).as_deref(), Some(&b"/new"[..]));
    watch.end();
}

// === chroot and pivot_root ===

fn root(path: &Path) -> OwnedRecord {
    of(Kind::Chroot).with(field::chroot::PATH, path.to_str().unwrap())
}

#[test]
fn a_root_that_is_changed() {
    let Some(mut watch) = Watch::over(&[Kind::Chroot, Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let jail = folder.join("jail");
    fs::create_dir_all(jail.join("inner")).unwrap();
    fs::write(jail.join("there"), "").unwrap();
    let [c_jail, c_gone] = [&jail, &folder.join("gone")].map(c_path);
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_chroot, c_gone.as_ptr()));
        notes.add(call!(libc::SYS_chroot, c_jail.as_ptr()));
        // Seen from the new root; of what fails the name is all that is known.
        notes.add(call!(libc::SYS_openat, libc::AT_FDCWD, c"/x".as_ptr(), libc::O_RDONLY, 0));
        notes.add(call!(libc::SYS_openat, libc::AT_FDCWD, c"/there".as_ptr(), libc::O_RDONLY, 0));
        notes.add(call!(libc::SYS_chroot, c"//none".as_ptr()));
        notes.add(call!(libc::SYS_chroot, c"/inner".as_ptr()));
    });
    assert_eq!(child.notes[..3], [ENOENT, 0, ENOENT]);
    assert_eq!(child.notes[4..], [ENOENT, 0]);
    watch.tells_of(child.pid, ENOENT, UNRESOLVED, &root(&folder.join("gone")));
    watch.tells_of(child.pid, 0, 0, &root(&jail));
    watch.tells_of(child.pid, ENOENT, UNRESOLVED, &root(&jail.join("none")));
    watch.tells_of(child.pid, 0, 0, &root(&jail.join("inner")));

    let event = watch.next_of(child.pid, Kind::Open);
    assert_eq!((event.result, event.flags), (Some(ENOENT), UNRESOLVED));
    assert_eq!(event.payload, crate::file::asked(&event, jail.join("x").to_str().unwrap(), 0));
    let event = watch.next_of(child.pid, Kind::Open);
    assert_eq!((event.result, event.flags), (Some(child.notes[3]), 0));
    assert_eq!(event.payload, crate::file::opened(&event, &jail.join("there"), 0, false));
    watch.end();
}

#[test]
fn a_mount_namespace_with_another_root() {
    let Some(mut watch) = Watch::over(&[Kind::PivotRoot, Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let new = folder.join("new");
    fs::create_dir(&new).unwrap();
    let [c_new, c_old, c_gone] = [new.clone(), new.join("old"), folder.join("gone")].map(c_path);
    let child = in_a_child(|notes| {
        notes.add(call!(libc::SYS_unshare, libc::CLONE_NEWNS));
        notes.add(call!(libc::SYS_mount, 0, c"/".as_ptr(), 0, MS_PRIVATE, 0));
        notes.add(call!(libc::SYS_mount, c"x".as_ptr(), c_new.as_ptr(), c"tmpfs".as_ptr(), 0_u64, 0));
        notes.add(call!(libc::SYS_mkdirat, libc::AT_FDCWD, c_old.as_ptr(), 0o700));
        notes.add(call!(libc::SYS_pivot_root, c_gone.as_ptr(), c_old.as_ptr()));
        notes.add(call!(libc::SYS_pivot_root, c_new.as_ptr(), c_old.as_ptr()));
        // What was the root is a folder now.
        notes.add(call!(libc::SYS_openat, libc::AT_FDCWD, c"/old/dev/null".as_ptr(), libc::O_RDONLY, 0));
    });
    assert_eq!(child.notes[..5], [0, 0, 0, 0, ENOENT]);
    let pivot = |new: &Path| {
        of(Kind::PivotRoot)
            .with(field::pivot_root::NEW_ROOT, new.to_str().unwrap())
            .with(field::pivot_root::PUT_OLD, folder.join("new/old").to_str().unwrap())
    };
    watch.tells_of(child.pid, ENOENT, UNRESOLVED, &pivot(&folder.join("gone")));
    watch.tells_of(child.pid, child.notes[5], UNRESOLVED, &pivot(&new));
    if child.notes[5] < 0 {
        // As that of a guest whose file system is in memory.
        eprintln!("skipped: the root here cannot be changed: {}", child.notes[5]);
        return;
    }
    assert!(child.notes[6] >= 0);
    let event = watch.next_of(child.pid, Kind::Open);
    assert_eq!((crate::file::path(&event), event.flags), ("/old/dev/null", 0));
    watch.end();
}

/// Whoever was in the mount keeps what is in it: nobody comes to it by a path.
#[test]
fn a_file_in_what_was_unmounted() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let at = folder.join("mounted");
    fs::create_dir(&at).unwrap();
    rustix::mount::mount("tmpfs", &at, "tmpfs", rustix::mount::MountFlags::empty(), None).unwrap();
    fs::create_dir(at.join("inner")).unwrap();
    fs::write(at.join("inner/lost"), "x").unwrap();
    let (inner, file) = (fs::File::open(at.join("inner")).unwrap(), fs::metadata(at.join("inner/lost")).unwrap());
    let _ = watch.open("/inner/lost");
    unmount(&at, UnmountFlags::DETACH).unwrap();
    let fd = call!(libc::SYS_openat, inner.as_raw_fd(), c"lost".as_ptr(), libc::O_RDONLY, 0);
    let event = watch.open("/lost");
    let expected = crate::file::of_file(crate::file::asked(&event, "(unreachable)/inner/lost", 0), &file);
    let expected = expected.with(field::open::ASKED, "(unreachable)/inner/lost");
    let expected = expected.with(field::open::HOST_PATH, "/inner/lost");
    assert_eq!((event.result, event.flags), (Some(fd), event_flag::UNREACHABLE | event_flag::SHARED));
    assert_eq!(event.payload, expected);
    assert_eq!(call!(libc::SYS_close, fd), 0);
    watch.end();
}

/// A copy of a folder's mount that is mounted nowhere: it leads to the same files under no path at all.
#[test]
fn a_file_in_what_was_never_mounted() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    fs::write(folder.join("x"), "x").unwrap();
    let file = fs::metadata(folder.join("x")).unwrap();
    let c_folder = c_path(&folder);
    let tree = call!(libc::SYS_open_tree, libc::AT_FDCWD, c_folder.as_ptr(), OPEN_TREE_CLONE);
    assert!(tree >= 0, "{tree}");
    let _ = watch.open("/x");
    let fd = call!(libc::SYS_openat, tree as i32, c"x".as_ptr(), libc::O_RDONLY, 0);
    let event = watch.open("/x");
    let path = "(unreachable)/x";
    let expected = crate::file::of_file(crate::file::asked(&event, path, 0), &file).with(field::open::ASKED, path);
    let expected = expected.with(field::open::HOST_PATH, in_file_system(&folder.join("x")).to_str().unwrap());
    assert_eq!((event.result, event.flags), (Some(fd), event_flag::UNREACHABLE | event_flag::SHARED));
    assert_eq!(event.payload, expected);
    for fd in [fd, tree] {
        assert_eq!(call!(libc::SYS_close, fd), 0);
    }
    watch.end();
}

/// A process that lives in mounts of its own, and is looked into by its root.
#[test]
fn a_file_of_another_mount_namespace() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_kept, folder) = folder();
    let (c_folder, c_file) = (c_path(&folder), c_path(folder.join("only there")));
    let other = crate::child::Waiting::after(|| {
        assert_eq!(call!(libc::SYS_unshare, libc::CLONE_NEWNS), 0);
        assert_eq!(call!(libc::SYS_mount, 0, c"/".as_ptr(), 0, MS_PRIVATE, 0), 0);
        assert_eq!(call!(libc::SYS_mount, c"x".as_ptr(), c_folder.as_ptr(), c"tmpfs".as_ptr(), 0_u64, 0), 0);
        let new = libc::O_CREAT | libc::O_WRONLY;
        assert!(call!(libc::SYS_openat, libc::AT_FDCWD, c_file.as_ptr(), new, 0o600) >= 0);
    });
    let path = folder.join("only there");
    // For the one who lives there it is nothing special.
    let own = watch.next_of(other.pid, Kind::Open);
    assert_eq!((crate::file::path(&own), own.flags), (path.to_str().unwrap(), 0));

    let through = format!("/proc/{}/root{}", other.pid, path.display());
    let open = fs::File::open(&through).unwrap();
    let event = watch.open("/only there");
    let expected =
        crate::file::of_file(crate::file::asked(&event, path.to_str().unwrap(), 0), &open.metadata().unwrap());
    assert_eq!((event.result, event.flags), (Some(open.as_raw_fd().into()), event_flag::FOREIGN | event_flag::SHARED));
    let expected = expected.with(field::open::ASKED, through.as_str());
    assert_eq!(event.payload, expected.with(field::open::HOST_PATH, "/only there"));
    assert!(!path.exists());
    watch.end();
}
