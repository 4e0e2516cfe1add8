//! What is said of files: chmod, chown, truncate, utimes, xattr, by each call of theirs.

use std::ffi::CString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};

use crate::child::{c_path, call, in_a_child, in_memory};
use crate::watch::{Watch, folder, of};

const SHARED: u16 = event_flag::SHARED;
const UNRESOLVED: u16 = event_flag::UNRESOLVED;
const PARTIAL: u16 = event_flag::PARTIAL;

const ENOENT: i64 = -2;
const EBADF: i64 = -9;
const EINVAL: i64 = -22;
const ENODATA: i64 = -61;
const EOPNOTSUPP: i64 = -95;

const AT_FDCWD: i32 = libc::AT_FDCWD;

// Newer than the library. Of all architectures.
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_REMOVEXATTRAT: libc::c_long = 466;

/// A file, and one that is not there; each as a path and as a call is given it.
struct Files {
    _kept: tempfile::TempDir,
    directory: File,
    file: File,
    path: String,
    gone: String,
    c_path: CString,
    c_gone: CString,
}

fn files() -> Files {
    let (kept, folder) = folder();
    let [path, gone] = ["file", "gone"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    let file = File::create_new(&path).unwrap();
    let [c_path, c_gone] = [&path, &gone].map(c_path);
    Files { _kept: kept, directory: File::open(&folder).unwrap(), file, path, gone, c_path, c_gone }
}

// === chmod ===

#[test]
fn permissions_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Chmod]) else { return };
    let files = files();
    let mode = |mode: u32| of(Kind::Chmod).with(field::chmod::MODE, mode);
    let named = |path: &str, bits: u32| mode(bits).with(field::chmod::PATH, path);
    let (folder, fd) = (files.directory.as_raw_fd(), files.file.as_raw_fd());

    assert_eq!(call!(libc::SYS_fchmodat, folder, c"file".as_ptr(), 0o4751), 0);
    watch.tells(0, UNRESOLVED, &named(&files.path, 0o4751));
    assert_eq!(call!(libc::SYS_fchmodat, AT_FDCWD, files.c_gone.as_ptr(), 0o600), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, 0o600));
    // The kernel knows no more of it than these bits.
    assert_eq!(call!(libc::SYS_fchmod, fd, 0o100_700), 0);
    watch.tells(0, SHARED, &named(&files.path, 0o700).with(field::chmod::FD, fd));
    assert_eq!(call!(libc::SYS_fchmod, 999_999, 0o700), EBADF);
    watch.tells(EBADF, PARTIAL, &mode(0o700).with(field::chmod::FD, 999_999));
    let result = call!(SYS_FCHMODAT2, folder, in_memory(c"./file"), 0o604, libc::AT_SYMLINK_NOFOLLOW);
    watch.tells(result, UNRESOLVED, &named(&files.path, 0o604));
    let result = call!(SYS_FCHMODAT2, AT_FDCWD, files.c_gone.as_ptr(), 0o604, 0);
    watch.tells(result, UNRESOLVED, &named(&files.gone, 0o604));
    #[cfg(target_arch = "x86_64")]
    {
        assert_eq!(call!(libc::SYS_chmod, files.c_path.as_ptr(), 0o640), 0);
        watch.tells(0, UNRESOLVED, &named(&files.path, 0o640));
        assert_eq!(call!(libc::SYS_chmod, files.c_gone.as_ptr(), 0o640), ENOENT);
        watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, 0o640));
    }
    watch.end();
}

/// What a process with one thread does by a descriptor is certain.
#[test]
fn descriptors_that_nobody_shares() {
    let Some(mut watch) = Watch::over(&[Kind::Chmod]) else { return };
    let files = files();
    let fd = files.file.as_raw_fd();
    let child = in_a_child(|_| assert_eq!(call!(libc::SYS_fchmod, fd, 0o711), 0));
    let expected = of(Kind::Chmod).with(field::chmod::PATH, files.path.as_str()).with(field::chmod::FD, fd);
    watch.tells_of(child.pid, 0, 0, &expected.with(field::chmod::MODE, 0o711_u32));
    watch.end();
}

// === chown ===

#[test]
fn owners_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Chown]) else { return };
    let files = files();
    let stays = u32::MAX;
    let named = |path: &str, owner: u32, group: u32| {
        let mut chown = of(Kind::Chown).with(field::chown::PATH, path);
        if owner != stays {
            chown = chown.with(field::chown::OWNER, owner);
        }
        if group != stays {
            chown = chown.with(field::chown::GROUP, group);
        }
        chown
    };
    let (folder, fd) = (files.directory.as_raw_fd(), files.file.as_raw_fd());

    assert_eq!(call!(libc::SYS_fchownat, folder, c"file".as_ptr(), 7, 8, libc::AT_SYMLINK_NOFOLLOW), 0);
    watch.tells(0, UNRESOLVED, &named(&files.path, 7, 8));
    assert_eq!(call!(libc::SYS_fchownat, folder, c"gone".as_ptr(), stays, 8, 0), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, stays, 8));
    assert_eq!(call!(libc::SYS_fchown, fd, 9, stays), 0);
    watch.tells(0, SHARED, &named(&files.path, 9, stays).with(field::chown::FD, fd));
    assert_eq!(call!(libc::SYS_fchown, 999_999, stays, stays), EBADF);
    watch.tells(EBADF, PARTIAL, &of(Kind::Chown).with(field::chown::FD, 999_999));
    #[cfg(target_arch = "x86_64")]
    for number in [libc::SYS_chown, libc::SYS_lchown] {
        assert_eq!(call!(number, files.c_path.as_ptr(), 0, 65_535), 0);
        watch.tells(0, UNRESOLVED, &named(&files.path, 0, 65_535));
        assert_eq!(call!(number, files.c_gone.as_ptr(), 1, 2), ENOENT);
        watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, 1, 2));
    }
    watch.end();
}

// === truncate ===

#[test]
fn lengths_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Truncate]) else { return };
    let files = files();
    let cut = |size: i64| of(Kind::Truncate).with(field::truncate::SIZE, size);
    let named = |path: &str, size: i64| cut(size).with(field::truncate::PATH, path);
    let fd = files.file.as_raw_fd();
    assert_eq!(call!(libc::SYS_truncate, files.c_path.as_ptr(), 5_i64 << 32), 0);
    watch.tells(0, UNRESOLVED, &named(&files.path, 5 << 32));
    assert_eq!(call!(libc::SYS_truncate, files.c_gone.as_ptr(), 1_i64), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, 1));
    assert_eq!(call!(libc::SYS_ftruncate, fd, 7_i64), 0);
    watch.tells(0, SHARED, &named(&files.path, 7).with(field::truncate::FD, fd));
    assert_eq!(call!(libc::SYS_ftruncate, fd, -1_i64), EINVAL);
    watch.tells(EINVAL, SHARED, &named(&files.path, -1).with(field::truncate::FD, fd));
    assert_eq!(call!(libc::SYS_ftruncate, 999_999, 0_i64), EBADF);
    watch.tells(EBADF, PARTIAL, &cut(0).with(field::truncate::FD, 999_999));
    watch.end();
}

// === utimes ===

#[test]
fn times_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Utimes]) else { return };
    let files = files();
    let named = |path: &str, mtime: Option<i64>| {
        let utimes = of(Kind::Utimes).with(field::utimes::PATH, path);
        if let Some(mtime) = mtime { utimes.with(field::utimes::MTIME, mtime) } else { utimes }
    };
    let (folder, fd) = (files.directory.as_raw_fd(), files.file.as_raw_fd());
    let long_ago: [i64; 4] = [1, 2, 86_400, 5];
    let before_1970: [i64; 4] = [1, 2, -86_400, 5];
    let now: [i64; 4] = [1, 2, 86_400, libc::UTIME_NOW];
    let stays: [i64; 4] = [1, 2, 86_400, libc::UTIME_OMIT];

    for (times, mtime) in [(&long_ago, Some(86_400)), (&before_1970, Some(-86_400)), (&now, None), (&stays, None)] {
        assert_eq!(call!(libc::SYS_utimensat, folder, c"file".as_ptr(), times.as_ptr(), 0), 0);
        watch.tells(0, UNRESOLVED, &named(&files.path, mtime));
    }
    assert_eq!(call!(libc::SYS_utimensat, folder, c"gone".as_ptr(), 0, 0), ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, None));
    // By a descriptor alone.
    assert_eq!(call!(libc::SYS_utimensat, fd, 0, long_ago.as_ptr(), 0), 0);
    watch.tells(0, SHARED, &named(&files.path, Some(86_400)).with(field::utimes::FD, fd));
    assert_eq!(call!(libc::SYS_utimensat, 999_999, 0, 0, 0), EBADF);
    watch.tells(EBADF, PARTIAL, &of(Kind::Utimes).with(field::utimes::FD, 999_999));
    #[cfg(target_arch = "x86_64")]
    {
        // With seconds only, and with microseconds.
        let seconds: [i64; 2] = [1, 86_401];
        for (path, told, result) in [(&files.c_path, &files.path, 0), (&files.c_gone, &files.gone, ENOENT)] {
            assert_eq!(call!(libc::SYS_utime, path.as_ptr(), seconds.as_ptr()), result);
            watch.tells(result, UNRESOLVED, &named(told, Some(86_401)));
            assert_eq!(call!(libc::SYS_utimes, path.as_ptr(), long_ago.as_ptr()), result);
            watch.tells(result, UNRESOLVED, &named(told, Some(86_400)));
            assert_eq!(call!(libc::SYS_futimesat, AT_FDCWD, path.as_ptr(), 0), result);
            watch.tells(result, UNRESOLVED, &named(told, None));
        }
        assert_eq!(call!(libc::SYS_futimesat, fd, 0, long_ago.as_ptr()), 0);
        watch.tells(0, SHARED, &named(&files.path, Some(86_400)).with(field::utimes::FD, fd));
    }
    watch.end();
}

// === xattr ===

const NAME: &std::ffi::CStr = c"trusted.lanner";

fn attribute(removed: bool) -> OwnedRecord {
    of(Kind::Xattr).with(field::xattr::NAME, NAME.to_str().unwrap()).with(field::xattr::REMOVED, removed)
}

#[test]
fn attributes_by_each_call() {
    let Some(mut watch) = Watch::over(&[Kind::Xattr]) else { return };
    let files = files();
    let fd = files.file.as_raw_fd();
    let named = |path: &str, removed: bool| attribute(removed).with(field::xattr::PATH, path);
    let by_descriptor = |removed: bool| named(&files.path, removed).with(field::xattr::FD, fd);
    let (name, value) = (NAME.as_ptr(), c"x".as_ptr());
    for (set, remove) in [(libc::SYS_setxattr, libc::SYS_removexattr), (libc::SYS_lsetxattr, libc::SYS_lremovexattr)] {
        let result = call!(set, files.c_path.as_ptr(), name, value, 1_u64, 0);
        watch.tells(result, UNRESOLVED, &named(&files.path, false));
        let removed = call!(remove, files.c_path.as_ptr(), name);
        watch.tells(removed, UNRESOLVED, &named(&files.path, true));
        // Not on every file system.
        assert!([result, removed] == [0, 0] || [result, removed] == [EOPNOTSUPP; 2], "{result} {removed}");
        let removed = call!(remove, files.c_path.as_ptr(), name);
        watch.tells(removed, UNRESOLVED, &named(&files.path, true));
        assert!(removed == ENODATA || removed == EOPNOTSUPP);
        assert_eq!(call!(set, files.c_gone.as_ptr(), name, value, 1_u64, 0), ENOENT);
        watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, false));
    }
    let result = call!(libc::SYS_fsetxattr, fd, name, value, 1_u64, 0);
    watch.tells(result, SHARED, &by_descriptor(false));
    let result = call!(libc::SYS_fremovexattr, fd, name);
    watch.tells(result, SHARED, &by_descriptor(true));
    assert_eq!(call!(libc::SYS_fsetxattr, 999_999, name, value, 1_u64, 0), EBADF);
    watch.tells(EBADF, PARTIAL, &attribute(false).with(field::xattr::FD, 999_999));
    assert_eq!(call!(libc::SYS_fremovexattr, 999_999, name), EBADF);
    watch.tells(EBADF, PARTIAL, &attribute(true).with(field::xattr::FD, 999_999));
    watch.end();
}

/// On kernels that have not got them the calls fail, which is told as well.
#[test]
fn attributes_by_the_newest_calls() {
    let Some(mut watch) = Watch::over(&[Kind::Xattr]) else { return };
    let files = files();
    let folder = files.directory.as_raw_fd();
    let named = |path: &str, removed: bool| attribute(removed).with(field::xattr::PATH, path);
    let name = in_memory(NAME);
    let value = (c"x".as_ptr(), 1_u32, 0_u32);
    let result = call!(SYS_SETXATTRAT, folder, in_memory(c"file"), 0, name, &raw const value, size_of_val(&value));
    watch.tells(result, UNRESOLVED, &named(&files.path, false));
    if result == -i64::from(libc::ENOSYS) {
        eprintln!("skipped: there is no setxattrat here");
        return;
    }
    let result = call!(SYS_REMOVEXATTRAT, folder, in_memory(c"file"), 0, name);
    watch.tells(result, UNRESOLVED, &named(&files.path, true));
    let result = call!(SYS_REMOVEXATTRAT, folder, in_memory(c"gone"), 0, name);
    assert_eq!(result, ENOENT);
    watch.tells(ENOENT, UNRESOLVED, &named(&files.gone, true));
    assert_eq!(fs::metadata(&files.path).unwrap().len(), 0);
    watch.end();
}
