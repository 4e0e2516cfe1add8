//! Names that come and go: unlink, rename, link, symlink, mkdir, mknod, by each call of theirs.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use lanner_probes::RawEvent;
use rustix::fs::CWD;

use crate::child::{c_path, call};
use crate::watch::{Watch, folder, is_ours, of};

const EEXIST: i64 = -17;
const ENOENT: i64 = -2;
const EBADF: i64 = -9;

// === rename ===

fn renamed(old: &str, new: &str, flags: u32) -> OwnedRecord {
    OwnedRecord::new(Kind::Rename.record())
        .with(field::rename::OLD_PATH, old)
        .with(field::rename::NEW_PATH, new)
        .with(field::rename::FLAGS, flags)
}

/// The rename of this thread that comes next.
fn next_rename(watch: &mut Watch) -> RawEvent {
    let event = watch.find("rename", |event| is_ours(event, Kind::Rename));
    assert_eq!(event.flags, event_flag::UNRESOLVED);
    event
}

#[test]
fn renames_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Rename]) else { return };
    let (_kept, folder) = folder();
    let [a, b] = ["a", "b"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    fs::write(&a, "").unwrap();
    fs::rename(&a, &b).unwrap();
    let event = next_rename(&mut watch);
    assert_eq!((event.result, event.payload), (Some(0), renamed(&a, &b, 0)));

    // By a name that is seen from a folder.
    let directory = fs::File::open(&folder).unwrap();
    rustix::fs::renameat(&directory, "b", CWD, &a).unwrap();
    let event = next_rename(&mut watch);
    assert_eq!((event.result, event.payload), (Some(0), renamed(&b, &a, 0)));

    fs::write(&b, "").unwrap();
    rustix::fs::renameat_with(&directory, "a", &directory, "b", rustix::fs::RenameFlags::EXCHANGE).unwrap();
    let event = next_rename(&mut watch);
    assert_eq!((event.result, event.payload), (Some(0), renamed(&a, &b, 2)));

    let gone = folder.join("gone").to_str().unwrap().to_owned();
    fs::rename(&gone, &b).unwrap_err();
    let event = next_rename(&mut watch);
    assert_eq!((event.result, event.payload), (Some(-2), renamed(&gone, &b, 0)));
    watch.end();
}

// === unlink ===

#[test]
fn removals_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Unlink]) else { return };
    let mut next = |path: &Path, directory: bool, result: i64| {
        let event = watch.find("unlink", |event| is_ours(event, Kind::Unlink));
        let payload = OwnedRecord::new(Kind::Unlink.record()).with(field::unlink::PATH, path.to_str().unwrap());
        assert_eq!(event.payload, payload.with(field::unlink::DIRECTORY, directory));
        assert_eq!((event.result, event.flags), (Some(result), event_flag::UNRESOLVED));
    };
    let (_kept, folder) = folder();
    let (file, inside) = (folder.join("file"), folder.join("inside"));
    fs::write(&file, "").unwrap();
    fs::remove_file(&file).unwrap();
    next(&file, false, 0);
    fs::create_dir(&inside).unwrap();
    fs::remove_dir(&inside).unwrap();
    next(&inside, true, 0);

    let directory = fs::File::open(&folder).unwrap();
    for (name, flags, is_directory) in
        [("file", rustix::fs::AtFlags::empty(), false), ("inside", rustix::fs::AtFlags::REMOVEDIR, true)]
    {
        match is_directory {
            true => fs::create_dir(folder.join(name)).unwrap(),
            false => fs::write(folder.join(name), "").unwrap(),
        }
        rustix::fs::unlinkat(&directory, name, flags).unwrap();
        next(&folder.join(name), is_directory, 0);
        rustix::fs::unlinkat(&directory, name, flags).unwrap_err();
        next(&folder.join(name), is_directory, -2);
    }
    watch.end();
}

// === link ===

fn linked(old: &str, new: &str, flags: u32) -> OwnedRecord {
    of(Kind::Link).with(field::link::OLD_PATH, old).with(field::link::NEW_PATH, new).with(field::link::FLAGS, flags)
}

#[test]
fn links_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Link]) else { return };
    let (_kept, folder) = folder();
    let [a, b, c] = ["a", "b", "c"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    fs::write(&a, "").unwrap();
    let directory = fs::File::open(&folder).unwrap();
    let from = directory.as_raw_fd();
    let [c_a, c_b, c_c] = [&a, &b, &c].map(c_path);
    let unresolved = event_flag::UNRESOLVED;

    let flags = libc::AT_SYMLINK_FOLLOW;
    assert_eq!(call!(libc::SYS_linkat, from, c"a".as_ptr(), libc::AT_FDCWD, c_b.as_ptr(), flags), 0);
    watch.tells(0, unresolved, &linked(&a, &b, 0x400));
    assert_eq!(call!(libc::SYS_linkat, libc::AT_FDCWD, c_a.as_ptr(), from, c"b".as_ptr(), 0), EEXIST);
    watch.tells(EEXIST, unresolved, &linked(&a, &b, 0));
    // Nothing is known of a folder that is not open.
    assert_eq!(call!(libc::SYS_linkat, 999_999, c"a".as_ptr(), from, c"c".as_ptr(), 0), EBADF);
    watch.tells(EBADF, unresolved, &linked("a", &c, 0));
    #[cfg(target_arch = "x86_64")]
    {
        assert_eq!(call!(libc::SYS_link, c_a.as_ptr(), c_c.as_ptr()), 0);
        watch.tells(0, unresolved, &linked(&a, &c, 0));
        assert_eq!(call!(libc::SYS_link, c_a.as_ptr(), c_c.as_ptr()), EEXIST);
        watch.tells(EEXIST, unresolved, &linked(&a, &c, 0));
    }
    watch.end();
}

// === symlink ===

#[test]
fn symbolic_links_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Symlink]) else { return };
    let (_kept, folder) = folder();
    let [a, b] = ["a", "b"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    let directory = fs::File::open(&folder).unwrap();
    let linked = |target: &str, path: &str| {
        // What it leads to is not a path that anybody has followed.
        of(Kind::Symlink).with(field::symlink::TARGET, target).with(field::symlink::PATH, path)
    };
    let (target, unresolved) = (c"../no//such/./target", event_flag::UNRESOLVED);
    let told = linked("../no//such/./target", &a);
    let from = directory.as_raw_fd();
    assert_eq!(call!(libc::SYS_symlinkat, target.as_ptr(), from, c"a".as_ptr()), 0);
    watch.tells(0, unresolved, &told);
    assert_eq!(call!(libc::SYS_symlinkat, target.as_ptr(), from, c"./a".as_ptr()), EEXIST);
    watch.tells(EEXIST, unresolved, &told);
    assert_eq!(call!(libc::SYS_symlinkat, c"".as_ptr(), from, c"b".as_ptr()), ENOENT);
    watch.tells(ENOENT, unresolved, &linked("", &b));
    #[cfg(target_arch = "x86_64")]
    {
        assert_eq!(call!(libc::SYS_symlink, target.as_ptr(), c_path(&b).as_ptr()), 0);
        watch.tells(0, unresolved, &linked("../no//such/./target", &b));
        assert_eq!(call!(libc::SYS_symlink, c"/".as_ptr(), c_path(&b).as_ptr()), EEXIST);
        watch.tells(EEXIST, unresolved, &linked("/", &b));
    }
    watch.end();
}

// === mkdir ===

#[test]
fn folders_by_each_call_arrive() {
    let (_kept, folder) = folder();
    let Some(mut watch) = Watch::over(&[Kind::Mkdir]) else { return };
    let made = |path: &Path, mode: u32| {
        of(Kind::Mkdir).with(field::mkdir::PATH, path.to_str().unwrap()).with(field::mkdir::MODE, mode)
    };
    let directory = fs::File::open(&folder).unwrap();
    let (from, unresolved) = (directory.as_raw_fd(), event_flag::UNRESOLVED);
    for result in [0, EEXIST] {
        assert_eq!(call!(libc::SYS_mkdirat, from, c"a".as_ptr(), 0o1710), result);
        watch.tells(result, unresolved, &made(&folder.join("a"), 0o1710));
    }
    assert_eq!(call!(libc::SYS_mkdirat, from, c"none/a".as_ptr(), 0o700), ENOENT);
    watch.tells(ENOENT, unresolved, &made(&folder.join("none/a"), 0o700));
    #[cfg(target_arch = "x86_64")]
    for result in [0, EEXIST] {
        assert_eq!(call!(libc::SYS_mkdir, c_path(folder.join("b")).as_ptr(), 0o755), result);
        watch.tells(result, unresolved, &made(&folder.join("b"), 0o755));
    }
    watch.end();
}

// === mknod ===

#[test]
fn nodes_by_each_call_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Mknod]) else { return };
    let (_kept, folder) = folder();
    let made = |path: &Path, mode: u32| {
        of(Kind::Mknod).with(field::mknod::PATH, path.to_str().unwrap()).with(field::mknod::MODE, mode)
    };
    let directory = fs::File::open(&folder).unwrap();
    let (from, unresolved) = (directory.as_raw_fd(), event_flag::UNRESOLVED);
    // The device that /dev/null is: major 1, minor 3.
    let (null, device, pipe) = (0x103_u32, libc::S_IFCHR | 0o600, libc::S_IFIFO | 0o640);
    for result in [0, EEXIST] {
        assert_eq!(call!(libc::SYS_mknodat, from, c"device".as_ptr(), device, null), result);
        watch.tells(result, unresolved, &made(&folder.join("device"), device).with(field::mknod::DEV, null));
    }
    // What is no node has no device, whatever is said.
    for result in [0, EEXIST] {
        assert_eq!(call!(libc::SYS_mknodat, from, c"pipe".as_ptr(), pipe, null), result);
        watch.tells(result, unresolved, &made(&folder.join("pipe"), pipe));
    }
    assert_eq!(call!(libc::SYS_mknodat, from, c"file".as_ptr(), 0o600, 0), 0);
    watch.tells(0, unresolved, &made(&folder.join("file"), 0o600));
    #[cfg(target_arch = "x86_64")]
    for result in [0, EEXIST] {
        let block = libc::S_IFBLK | 0o600;
        assert_eq!(call!(libc::SYS_mknod, c_path(folder.join("block")).as_ptr(), block, 0x700), result);
        watch.tells(result, unresolved, &made(&folder.join("block"), block).with(field::mknod::DEV, 0x700_u32));
    }
    watch.end();
}
