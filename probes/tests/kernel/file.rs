//! open, openat, openat2, creat.

use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};
use lanner_probes::RawEvent;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::watch::{OnOneProcessor, Watch, folder, is_ours, number, task, text};

const O_CREAT: u64 = 0o100;
const O_EXCL: u64 = 0o200;
const O_TRUNC: u64 = 0o1000;
const O_WRONLY: u64 = 1;

pub(crate) fn path(event: &RawEvent) -> &str {
    text(&event.payload, field::open::PATH)
}

pub(crate) fn flags(event: &RawEvent) -> u64 {
    number(&event.payload, field::open::FLAGS).unwrap()
}

fn mode(event: &RawEvent) -> Option<u64> {
    number(&event.payload, field::open::MODE)
}

fn is_created(event: &RawEvent) -> bool {
    number(&event.payload, field::open::CREATED) == Some(1)
}

/// What is known of an open that failed: what its caller said, and nothing of a file.
pub(crate) fn asked(event: &RawEvent, path: &str, mode: u32) -> OwnedRecord {
    OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, path)
        .with(field::open::FLAGS, flags(event))
        .with(field::open::MODE, mode)
        .with(field::open::CREATED, false)
}

/// As the kernel has it.
pub(crate) fn dev_of(file: &fs::Metadata) -> u32 {
    rustix::fs::major(file.dev()) << 20 | rustix::fs::minor(file.dev())
}

/// What is known of one that opened this file by its path, which does not lie on an overlay.
pub(crate) fn opened(event: &RawEvent, path: &Path, mode: u32, created: bool) -> OwnedRecord {
    opened_as(event, path, path, mode, created)
}

/// Likewise by another path.
pub(crate) fn opened_as(event: &RawEvent, by: &Path, path: &Path, mode: u32, created: bool) -> OwnedRecord {
    let file = fs::metadata(path).unwrap();
    of_file(asked(event, path.to_str().unwrap(), mode), &file)
        .with(field::open::CREATED, created)
        .with(field::open::ASKED, by.to_str().unwrap())
}

/// With what a file says of itself.
pub(crate) fn of_file(open: OwnedRecord, file: &fs::Metadata) -> OwnedRecord {
    open.with(field::open::INODE, file.ino())
        .with(field::open::DEV, dev_of(file))
        .with(field::open::FILE_MODE, file.mode())
        .with(field::open::FILE_UPPER, false)
        .with(field::open::DELETED, file.nlink() == 0)
        .with(field::open::OWNER, file.uid())
        .with(field::open::LINKS, file.nlink() as u32)
}

#[test]
fn a_file_that_was_opened_is_resolved() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("new file");
    let new = OFlags::CREATE | OFlags::EXCL | OFlags::TRUNC | OFlags::WRONLY;
    let file = openat(CWD, &path, new, Mode::from(0o640)).unwrap();
    let open = watch.open("/new file");
    assert_eq!(task(&open).pid, std::process::id());
    assert_eq!((open.result, open.flags), (Some(file.as_raw_fd().into()), event_flag::SHARED));
    assert_eq!(flags(&open) & (O_CREAT | O_EXCL | O_TRUNC | 3), O_CREAT | O_EXCL | O_TRUNC | O_WRONLY);
    assert_eq!(open.payload, opened(&open, &path, 0o640, true));

    // Again: there is nothing to create, and a link or a detour does not hide it.
    let link = folder.join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let detour = folder.join("..").join(folder.file_name().unwrap()).join("link");
    openat(CWD, &detour, OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let open = watch.open("/new file");
    assert_eq!(open.payload, opened_as(&open, &detour, &path, 0o600, false));
    watch.end();
}

#[test]
fn relative_to_a_descriptor() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    fs::create_dir(folder.join("sub")).unwrap();
    fs::write(folder.join("sub/there"), "").unwrap();
    let directory = fs::File::open(&folder).unwrap();
    assert!(is_created(&watch.open("/there")));
    openat(&directory, "sub/../sub/there", OFlags::RDONLY, Mode::empty()).unwrap();
    let open = watch.open("/there");
    let detour = folder.join("sub/../sub/there");
    assert_eq!(open.payload, opened_as(&open, &detour, &folder.join("sub/there"), 0, false));

    openat(&directory, "sub/../sub/not-there", OFlags::RDWR, Mode::empty()).unwrap_err();
    let open = watch.open("/not-there");
    assert_eq!((open.result, open.flags), (Some(-2), event_flag::UNRESOLVED));
    assert_eq!(open.payload, asked(&open, folder.join("sub/../sub/not-there").to_str().unwrap(), 0));
    assert_eq!(flags(&open) & 3, 2);
    watch.end();
}

#[test]
fn what_fails_is_told_with_the_name_that_was_asked_for() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    fs::File::open("/no such folder/file").unwrap_err();
    let open = watch.open("/no such folder/file");
    assert_eq!((open.result, open.flags), (Some(-2), event_flag::UNRESOLVED));
    assert_eq!(open.payload, asked(&open, "/no such folder/file", 0));

    // Relative to the working directory, which all threads share and no test changes.
    fs::File::open("no-such-file").unwrap_err();
    let open = watch.open("/no-such-file");
    assert_eq!(path(&open), std::env::current_dir().unwrap().join("no-such-file").to_str().unwrap());

    // Nothing is known of a descriptor that is not open.
    let name = c"nowhere-at-all";
    // SAFETY: the name is a C string; no memory is written.
    unsafe { libc::openat(999_999, name.as_ptr(), libc::O_RDONLY) };
    let open = watch.open("nowhere-at-all");
    assert_eq!((path(&open), open.result), ("nowhere-at-all", Some((-libc::EBADF).into())));

    let long = format!("/{}", "n".repeat(5000));
    fs::File::open(&long).unwrap_err();
    let open = watch.open("nnnn");
    assert_eq!((path(&open), open.flags), (&long[..4095], event_flag::UNRESOLVED | event_flag::TRUNCATED));
    assert_eq!(open.result, Some((-libc::ENAMETOOLONG).into()));
    watch.end();
}

/// Of a name that can be read in part the folder is known that it is seen from, which is not what was to be opened.
#[test]
fn a_name_that_cannot_be_read_is_not_there() {
    const PAGES: usize = 1 << 16;
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    // What lies beyond the end of the file is mapped, and can not be read.
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[b'x'; PAGES]).unwrap();
    let fault = Some((-libc::EFAULT).into());
    // SAFETY: the mapping is this test's, and read by the kernel only, which fails where there is nothing.
    unsafe {
        let (access, descriptor) = (libc::PROT_READ, file.as_raw_fd());
        let pages = libc::mmap(std::ptr::null_mut(), 2 * PAGES, access, libc::MAP_PRIVATE, descriptor, 0);
        assert_ne!(pages, libc::MAP_FAILED);
        for name in [pages.cast::<libc::c_char>().add(PAGES - 1), std::ptr::without_provenance_mut(1)] {
            libc::openat(libc::AT_FDCWD, name, libc::O_RDWR);
        }
        libc::munmap(pages, 2 * PAGES);
    }
    for _ in 0..2 {
        let open = watch.find("open", |event| is_ours(event, Kind::Open) && event.result == fault);
        assert_eq!(open.flags, event_flag::UNRESOLVED | event_flag::PARTIAL);
        let mut expected = asked(&open, "", 0);
        expected.set(field::open::PATH, None).unwrap();
        assert_eq!(open.payload, expected);
    }
    watch.end();
}

/// Of a long one that succeeded, and then of a short one that did not.
#[test]
fn nothing_of_a_longer_record_is_left_in_a_shorter_one() {
    let Some(mut watch) = Watch::over(&[Kind::Open, Kind::Connect]) else { return };
    let _here = OnOneProcessor::begin();
    let (_guard, folder) = folder();
    let name = "n".repeat(200);
    let path = folder.join(&name);
    fs::write(&path, "").unwrap();
    let open = watch.open(&name);
    assert_eq!(open.payload, opened(&open, &path, 0o666, true));

    fs::File::open("/x").unwrap_err();
    let open = watch.open("/x");
    assert_eq!(open.payload, asked(&open, "/x", 0));
    let connect = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::connect(&connect, &rustix::net::SocketAddrUnix::new("/x").unwrap()).unwrap_err();
    // The watch looks at each byte.
    let event = watch.connect();
    assert_eq!(text(&event.payload, field::connect::UNIX_PATH), "/x");
    assert!(!event.payload.get().has(field::connect::ADDRESS));
    watch.end();
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_older_calls() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("by creat");
    let name = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the name is a C string; no memory is written.
    let created = unsafe { libc::syscall(libc::SYS_creat, name.as_ptr(), 0o604) };
    let open = watch.open("/by creat");
    assert_eq!((open.result, is_created(&open), mode(&open)), (Some(created), true, Some(0o604)));
    assert_eq!(flags(&open) & (O_CREAT | O_TRUNC | 3), O_CREAT | O_TRUNC | O_WRONLY);
    // SAFETY: as above.
    let opened = unsafe { libc::syscall(libc::SYS_open, name.as_ptr(), libc::O_RDWR, 0) };
    let open = watch.open("/by creat");
    assert_eq!((open.result, is_created(&open), flags(&open) & 3), (Some(opened), false, 2));
    // SAFETY: the two descriptors are this test's.
    unsafe { (libc::close(created as i32), libc::close(opened as i32)) };
    watch.end();
}

#[test]
fn openat2_with_its_struct() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    let path = folder.join("by openat2");
    let new = OFlags::CREATE | OFlags::WRONLY;
    openat2(CWD, &path, new, Mode::from(0o600), ResolveFlags::NO_SYMLINKS).unwrap();
    let open = watch.open("/by openat2");
    assert_eq!((mode(&open), is_created(&open), open.flags), (Some(0o600), true, event_flag::SHARED));
    assert_eq!(flags(&open) & (O_CREAT | 3), O_CREAT | O_WRONLY);
    openat2(CWD, folder.join("none"), OFlags::RDWR, Mode::empty(), ResolveFlags::empty()).unwrap_err();
    let open = watch.open("/none");
    assert_eq!((open.result, flags(&open) & 3, open.flags), (Some(-2), 2, event_flag::UNRESOLVED));
    // With the folder as the root, also of what begins with a slash; and without a mode, where nothing may be created.
    let directory = fs::File::open(&folder).unwrap();
    watch.open(folder.to_str().unwrap());
    for name in ["/missing", "missing"] {
        openat2(&directory, name, OFlags::RDONLY, Mode::empty(), ResolveFlags::IN_ROOT).unwrap_err();
        let open = watch.open("/missing");
        assert_eq!((self::path(&open), mode(&open)), (folder.join("missing").to_str().unwrap(), Some(0)));
    }
    let name = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the name lives until the call has returned; the fourth argument means nothing without O_CREAT.
    let file = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, name.as_ptr(), libc::O_RDONLY, 0o7777) };
    assert!(file >= 0);
    assert_eq!(mode(&watch.open("/by openat2")), Some(0));
    watch.end();
}

#[test]
fn paths_cross_mounts() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    let (outer, moved) = (folder.join("outer"), folder.join("moved"));
    fs::create_dir_all(outer.join("inner")).unwrap();
    mount("tmpfs", outer.join("inner"), "tmpfs", MountFlags::empty(), None).unwrap();
    // A second one on the same spot hides the first.
    mount("tmpfs", outer.join("inner"), "tmpfs", MountFlags::empty(), None).unwrap();
    fs::create_dir(outer.join("inner/deep")).unwrap();
    fs::rename(&outer, &moved).unwrap();
    fs::write(moved.join("inner/deep/file"), "x").unwrap();
    let open = watch.open("/file");
    let expected = opened(&open, &moved.join("inner/deep/file"), 0o666, true);
    unmount(moved.join("inner"), UnmountFlags::empty()).unwrap();
    unmount(moved.join("inner"), UnmountFlags::empty()).unwrap();
    assert_eq!((&open.payload, open.flags), (&expected, event_flag::SHARED));

    fs::File::open("/").unwrap();
    let open = watch.open("/");
    assert_eq!(path(&open), "/");
    watch.end();
}

/// Goes down step by step: no single name may be longer than PATH_MAX.
#[test]
fn a_path_beyond_the_limit_keeps_its_end() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
    let (_guard, folder) = folder();
    let name = "d".repeat(250);
    let mut at = fs::File::open(&folder).unwrap();
    for _ in 0..20 {
        rustix::fs::mkdirat(&at, name.as_str(), Mode::from(0o700)).unwrap();
        at = openat(&at, name.as_str(), OFlags::DIRECTORY, Mode::empty()).unwrap().into();
    }
    openat(&at, "leaf", OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let open = watch.open("/leaf");
    assert_eq!(path(&open), format!("...{}/leaf", format!("/{name}").repeat(16)));
    assert_eq!(open.flags, event_flag::TRUNCATED | event_flag::SHARED);

    let mut at = fs::File::open(&folder).unwrap();
    for _ in 0..120 {
        rustix::fs::mkdirat(&at, "s", Mode::from(0o700)).unwrap();
        at = openat(&at, "s", OFlags::DIRECTORY, Mode::empty()).unwrap().into();
    }
    openat(&at, "end", OFlags::CREATE | OFlags::RDWR, Mode::from(0o600)).unwrap();
    let open = watch.open("/end");
    assert_eq!(open.flags, event_flag::TRUNCATED | event_flag::SHARED);
    assert_eq!(path(&open), format!("...{}/end", "/s".repeat(103)));
    watch.end();
}

#[test]
fn the_upper_layer_of_an_overlay() {
    let Some(mut watch) = Watch::over(&[Kind::Open]) else { return };
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
    let below = watch.open("/below");
    let above = watch.open("/above");
    unmount(&merged, UnmountFlags::empty()).unwrap();
    unmount(&system, UnmountFlags::empty()).unwrap();
    assert_eq!(path(&above), merged.join("above").to_str().unwrap());
    let is_upper = |open: &RawEvent| number(&open.payload, field::open::FILE_UPPER);
    assert_eq!((is_upper(&below), is_upper(&above)), (Some(0), Some(1)));
    watch.end();
}
