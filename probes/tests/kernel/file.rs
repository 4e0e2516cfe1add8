//! open, openat, openat2, creat.

use std::ffi::CString;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lanner_probes::ProbeKind;
use lanner_probes::event::{FileFacts, Open};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::watch::{Watch, text};

const O_CREAT: u32 = 0o100;
const O_EXCL: u32 = 0o200;
const O_TRUNC: u32 = 0o1000;
const O_WRONLY: u32 = 1;

/// A folder under its real name.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(folder.path()).unwrap();
    (folder, path)
}

fn facts(path: &Path) -> FileFacts {
    let file = fs::metadata(path).unwrap();
    FileFacts {
        inode: file.ino(),
        dev: rustix::fs::major(file.dev()) << 20 | rustix::fs::minor(file.dev()),
        mode: file.mode(),
        uid: file.uid(),
        fs_magic: rustix::fs::statfs(path).unwrap().f_type as u32,
        upper: false,
    }
}

#[test]
fn a_file_that_was_opened_is_resolved() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("new file");
    let new = OFlags::CREATE | OFlags::EXCL | OFlags::TRUNC | OFlags::WRONLY;
    let file = openat(CWD, &path, new, Mode::from(0o640)).unwrap();
    let (event, open) = watch.open("/new file");
    assert_eq!(event.task.pid, std::process::id());
    assert_eq!(open.result, i64::from(file.as_raw_fd()));
    assert_eq!(text(&open.path.bytes), path.to_str().unwrap());
    assert!(open.resolved && open.created && !open.path.truncated && !open.path.deleted);
    assert_eq!(open.flags & (O_CREAT | O_EXCL | O_TRUNC | 3), O_CREAT | O_EXCL | O_TRUNC | O_WRONLY);
    assert_eq!(open.mode, 0o640);
    assert_eq!(FileFacts { upper: false, ..open.file }, facts(&path));

    // Again: there is nothing to create, and a link or a detour does not hide it.
    let link = folder.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    openat(CWD, folder.join("../..").join(&link), OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let (_, open) = watch.open("/new file");
    assert_eq!(text(&open.path.bytes), path.to_str().unwrap());
    assert!(!open.created);
    watch.end();
}

#[test]
fn relative_to_a_descriptor() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    fs::create_dir(folder.join("sub")).unwrap();
    fs::write(folder.join("sub/there"), "").unwrap();
    let directory = fs::File::open(&folder).unwrap();
    openat(&directory, "sub/../sub/there", OFlags::RDONLY, Mode::empty()).unwrap();
    let (_, open) = watch.open("/there");
    assert_eq!(text(&open.path.bytes), folder.join("sub/there").to_str().unwrap());

    openat(&directory, "sub/../sub/not-there", OFlags::RDWR, Mode::empty()).unwrap_err();
    let (_, open) = watch.open("/not-there");
    assert_eq!(text(&open.path.bytes), folder.join("sub/../sub/not-there").to_str().unwrap());
    let expected = Open { result: -2, path: open.path.clone(), flags: 2 | open.flags, ..Open::default() };
    assert_eq!(open, expected);
    watch.end();
}

#[test]
fn what_fails_is_told_with_the_name_that_was_asked_for() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    fs::File::open("/no such folder/file").unwrap_err();
    let (_, open) = watch.open("/no such folder/file");
    assert_eq!(text(&open.path.bytes), "/no such folder/file");
    assert_eq!((open.result, open.resolved, open.created), (-2, false, false));
    assert_eq!(open.file, FileFacts::default());

    // Relative to the working directory, which all threads share and no test changes.
    fs::File::open("no-such-file").unwrap_err();
    let (_, open) = watch.open("/no-such-file");
    assert_eq!(text(&open.path.bytes), std::env::current_dir().unwrap().join("no-such-file").to_str().unwrap());

    // Nothing is known of a descriptor that is not open.
    let name = c"nowhere-at-all";
    // SAFETY: the name is a C string; no memory is written.
    unsafe { libc::openat(999_999, name.as_ptr(), libc::O_RDONLY) };
    let (_, open) = watch.open("nowhere-at-all");
    assert_eq!((text(&open.path.bytes), open.result), ("nowhere-at-all", -i64::from(libc::EBADF)));

    let long = format!("/{}", "n".repeat(5000));
    fs::File::open(&long).unwrap_err();
    let (_, open) = watch.open("nnnn");
    assert_eq!((text(&open.path.bytes), open.path.truncated), (&long[..4095], true));
    assert_eq!(open.result, -i64::from(libc::ENAMETOOLONG));
    watch.end();
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_older_calls() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("by creat");
    let name = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the name is a C string; no memory is written.
    let created = unsafe { libc::syscall(libc::SYS_creat, name.as_ptr(), 0o604) };
    let (_, open) = watch.open("/by creat");
    assert_eq!((open.result, open.created, open.mode), (created, true, 0o604));
    assert_eq!(open.flags & (O_CREAT | O_TRUNC | 3), O_CREAT | O_TRUNC | O_WRONLY);
    // SAFETY: as above.
    let opened = unsafe { libc::syscall(libc::SYS_open, name.as_ptr(), libc::O_RDWR, 0) };
    let (_, open) = watch.open("/by creat");
    assert_eq!((open.result, open.created, open.flags & 3), (opened, false, 2));
    // SAFETY: the two descriptors are this test's.
    unsafe { (libc::close(created as i32), libc::close(opened as i32)) };
    watch.end();
}

#[test]
fn openat2_with_its_struct() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("by openat2");
    let flags = OFlags::CREATE | OFlags::WRONLY;
    openat2(CWD, &path, flags, Mode::from(0o600), ResolveFlags::NO_SYMLINKS).unwrap();
    let (_, open) = watch.open("/by openat2");
    assert_eq!((open.mode, open.created, open.flags & (O_CREAT | 3)), (0o600, true, O_CREAT | O_WRONLY));
    openat2(CWD, folder.join("none"), OFlags::RDWR, Mode::empty(), ResolveFlags::empty()).unwrap_err();
    let (_, open) = watch.open("/none");
    assert_eq!((open.result, open.flags & 3, open.resolved), (-2, 2, false));
    watch.end();
}

#[test]
fn paths_cross_mounts() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let (outer, moved) = (folder.join("outer"), folder.join("moved"));
    fs::create_dir_all(outer.join("inner")).unwrap();
    mount("tmpfs", outer.join("inner"), "tmpfs", MountFlags::empty(), None).unwrap();
    // A second one on the same spot hides the first.
    mount("tmpfs", outer.join("inner"), "tmpfs", MountFlags::empty(), None).unwrap();
    fs::create_dir(outer.join("inner/deep")).unwrap();
    fs::rename(&outer, &moved).unwrap();
    fs::write(moved.join("inner/deep/file"), "x").unwrap();
    let (_, open) = watch.open("/file");
    let facts = facts(&moved.join("inner/deep/file"));
    unmount(moved.join("inner"), UnmountFlags::empty()).unwrap();
    unmount(moved.join("inner"), UnmountFlags::empty()).unwrap();
    assert_eq!(text(&open.path.bytes), moved.join("inner/deep/file").to_str().unwrap());
    assert_eq!(open.file, facts);
    assert_eq!(open.file.fs_magic, 0x0102_1994);

    fs::File::open("/").unwrap();
    let (_, open) = watch.open("/");
    assert_eq!(text(&open.path.bytes), "/");
    watch.end();
}

/// Goes down step by step: no single name may be longer than PATH_MAX.
#[test]
fn a_path_beyond_the_limit_keeps_its_end() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let name = "d".repeat(250);
    let mut at = fs::File::open(&folder).unwrap();
    for _ in 0..20 {
        rustix::fs::mkdirat(&at, name.as_str(), Mode::from(0o700)).unwrap();
        at = openat(&at, name.as_str(), OFlags::DIRECTORY, Mode::empty()).unwrap().into();
    }
    openat(&at, "leaf", OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let (_, open) = watch.open("/leaf");
    assert_eq!(text(&open.path.bytes), format!("{}/leaf", format!("/{name}").repeat(16)));
    assert!(open.path.truncated && open.resolved);

    let mut at = fs::File::open(&folder).unwrap();
    for _ in 0..120 {
        rustix::fs::mkdirat(&at, "s", Mode::from(0o700)).unwrap();
        at = openat(&at, "s", OFlags::DIRECTORY, Mode::empty()).unwrap().into();
    }
    openat(&at, "end", OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let (_, open) = watch.open("/end");
    assert!(open.path.truncated);
    assert_eq!(text(&open.path.bytes), format!("{}/end", "/s".repeat(103)));
    watch.end();
}

#[test]
fn the_upper_layer_of_an_overlay() {
    let Some(mut watch) = Watch::over(&[ProbeKind::Open]) else { return };
    let (_guard, folder) = folder();
    let system = folder.join("system");
    fs::create_dir(&system).unwrap();
    // Of its own: an overlay does not take every file system as its upper layer.
    mount("tmpfs", &system, "tmpfs", MountFlags::empty(), None).unwrap();
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(system.join(name)).unwrap();
    }
    fs::write(system.join("lower/below"), "x").unwrap();
    let options = ["lower", "upper", "work"].map(|name| format!("{name}dir={}", system.join(name).display())).join(",");
    let options = CString::new(options).unwrap();
    let merged = system.join("merged");
    if let Err(errno) = mount("overlay", &merged, "overlay", MountFlags::empty(), Some(options.as_c_str())) {
        unmount(&system, UnmountFlags::empty()).unwrap();
        eprintln!("skipped: no overlay can be mounted: {errno}");
        return;
    }
    fs::read(merged.join("below")).unwrap();
    fs::write(merged.join("above"), "x").unwrap();
    let (_, below) = watch.open("/below");
    let (_, above) = watch.open("/above");
    unmount(&merged, UnmountFlags::empty()).unwrap();
    unmount(&system, UnmountFlags::empty()).unwrap();
    assert_eq!(text(&above.path.bytes), merged.join("above").to_str().unwrap());
    assert_eq!((below.file.upper, above.file.upper), (false, true));
    assert_eq!(above.file.fs_magic, 0x794c_7630);
    watch.end();
}
