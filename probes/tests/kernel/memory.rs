//! Memory that becomes code: memfd_create, mmap, mprotect, userfaultfd.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};

use crate::child::call;
use crate::file::dev_of;
use crate::watch::{Watch, folder, of};

const SHARED: u16 = event_flag::SHARED;

const EBADF: i64 = -9;
const ENOMEM: i64 = -12;
const EACCES: i64 = -13;
const EFAULT: i64 = -14;
const EINVAL: i64 = -22;

const PAGE: u64 = 4096;
const READ: i32 = libc::PROT_READ;
const WRITE: i32 = libc::PROT_WRITE;
const EXEC: i32 = libc::PROT_EXEC;
const NEW: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;

// === memfd_create ===

#[test]
fn files_in_memory_arrive() {
    let Some(mut watch) = Watch::over(&[Kind::Memfd]) else { return };
    let made = |flags: u32| of(Kind::Memfd).with(field::memfd::FLAGS, flags);
    let close = libc::MFD_CLOEXEC;
    let fd = call!(libc::SYS_memfd_create, c"stage two".as_ptr(), close);
    watch.tells(fd, 0, &made(close).with(field::memfd::NAME, "stage two"));
    assert_eq!(call!(libc::SYS_close, fd), 0);
    let fd = call!(libc::SYS_memfd_create, c"".as_ptr(), 0);
    watch.tells(fd, 0, &made(0).with(field::memfd::NAME, ""));
    assert_eq!(call!(libc::SYS_close, fd), 0);
    assert_eq!(call!(libc::SYS_memfd_create, c"x".as_ptr(), 0x8000_0000_u32), EINVAL);
    watch.tells(EINVAL, 0, &made(0x8000_0000).with(field::memfd::NAME, "x"));
    assert_eq!(call!(libc::SYS_memfd_create, 1, 0), EFAULT);
    watch.tells(EFAULT, event_flag::PARTIAL, &made(0));
    watch.end();
}

// === mmap ===

fn mapped(address: i64, length: u64, protection: i32, flags: i32) -> OwnedRecord {
    let mmap = of(Kind::Mmap)
        .with(field::mmap::LENGTH, length)
        .with(field::mmap::PROTECTION, protection.unsigned_abs())
        .with(field::mmap::FLAGS, flags.unsigned_abs());
    if address > 0 { mmap.with(field::mmap::ADDRESS, address as u64) } else { mmap }
}

#[test]
fn memory_that_can_be_executed() {
    let Some(mut watch) = Watch::over(&[Kind::Mmap]) else { return };
    // What cannot be executed is not told: the events are those of what can.
    let data = call!(libc::SYS_mmap, 0, PAGE, READ | WRITE, NEW, -1, 0_u64);
    assert_eq!(call!(libc::SYS_munmap, data, PAGE), 0);
    for protection in [EXEC, READ | WRITE | EXEC] {
        let address = call!(libc::SYS_mmap, 0, 2 * PAGE, protection, NEW, -1, 0_u64);
        watch.tells(address, 0, &mapped(address, 2 * PAGE, protection, NEW));
        assert_eq!(call!(libc::SYS_munmap, address, 2 * PAGE), 0);
    }
    let all = READ | WRITE | EXEC;
    assert_eq!(call!(libc::SYS_mmap, 0, 0_u64, all, NEW, -1, 0_u64), EINVAL);
    watch.tells(EINVAL, 0, &mapped(0, 0, all, NEW));
    assert_eq!(call!(libc::SYS_mmap, 0, 1_u64 << 62, EXEC, NEW, -1, 0_u64), ENOMEM);
    watch.tells(ENOMEM, 0, &mapped(0, 1 << 62, EXEC, NEW));
    watch.end();
}

#[test]
fn files_that_are_mapped_to_be_written_and_executed() {
    let Some(mut watch) = Watch::over(&[Kind::Mmap]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("code");
    fs::write(&path, [0xc3; 4096]).unwrap();
    let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let facts = file.metadata().unwrap();
    let of_file = |mmap: OwnedRecord| {
        mmap.with(field::mmap::PATH, path.to_str().unwrap())
            .with(field::mmap::INODE, facts.ino())
            .with(field::mmap::DEV, dev_of(&facts))
            .with(field::mmap::FILE_MODE, facts.mode())
    };
    let (fd, all) = (file.as_raw_fd(), READ | WRITE | EXEC);
    // As a program's code is mapped, which is not told.
    let code = call!(libc::SYS_mmap, 0, PAGE, READ | EXEC, libc::MAP_PRIVATE, fd, 0_u64);
    assert_eq!(call!(libc::SYS_munmap, code, PAGE), 0);
    for flags in [libc::MAP_SHARED, libc::MAP_PRIVATE] {
        let address = call!(libc::SYS_mmap, 0, PAGE, all, flags, fd, 0_u64);
        watch.tells(address, SHARED, &of_file(mapped(address, PAGE, all, flags)));
        assert_eq!(call!(libc::SYS_munmap, address, PAGE), 0);
    }
    let only_read = fs::File::open(&path).unwrap();
    let result = call!(libc::SYS_mmap, 0, PAGE, all, libc::MAP_SHARED, only_read.as_raw_fd(), 0_u64);
    assert_eq!(result, EACCES);
    watch.tells(EACCES, SHARED, &of_file(mapped(0, PAGE, all, libc::MAP_SHARED)));
    assert_eq!(call!(libc::SYS_mmap, 0, PAGE, all, libc::MAP_PRIVATE, 999_999, 0_u64), EBADF);
    watch.tells(EBADF, 0, &mapped(0, PAGE, all, libc::MAP_PRIVATE));

    // What is in no folder has a name all the same.
    let memory = rustix::fs::memfd_create("code", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
    let memory = fs::File::from(memory);
    memory.set_len(PAGE).unwrap();
    let address = call!(libc::SYS_mmap, 0, PAGE, all, libc::MAP_SHARED, memory.as_raw_fd(), 0_u64);
    let facts = memory.metadata().unwrap();
    let expected = mapped(address, PAGE, all, libc::MAP_SHARED)
        .with(field::mmap::PATH, "memfd:code")
        .with(field::mmap::INODE, facts.ino())
        .with(field::mmap::DEV, dev_of(&facts))
        .with(field::mmap::FILE_MODE, facts.mode());
    watch.tells(address, SHARED, &expected);
    assert_eq!(call!(libc::SYS_munmap, address, PAGE), 0);
    watch.end();
}

// === mprotect ===

#[test]
fn memory_that_becomes_executable() {
    let Some(mut watch) = Watch::over(&[Kind::Mprotect]) else { return };
    let changed = |address: i64, protection: i32| {
        of(Kind::Mprotect)
            .with(field::mprotect::ADDRESS, address as u64)
            .with(field::mprotect::LENGTH, PAGE)
            .with(field::mprotect::PROTECTION, protection.unsigned_abs())
    };
    let page = call!(libc::SYS_mmap, 0, PAGE, READ | WRITE, NEW, -1, 0_u64);
    // Neither does this make code of it.
    assert_eq!(call!(libc::SYS_mprotect, page, PAGE, READ), 0);
    assert_eq!(call!(libc::SYS_mprotect, page, PAGE, READ | EXEC), 0);
    watch.tells(0, 0, &changed(page, READ | EXEC));
    // Without a key it is the same.
    let result = call!(libc::SYS_pkey_mprotect, page, PAGE, READ | WRITE | EXEC, -1);
    watch.tells(result, 0, &changed(page, READ | WRITE | EXEC));
    assert_eq!(call!(libc::SYS_mprotect, page + 1, PAGE, EXEC), EINVAL);
    watch.tells(EINVAL, 0, &changed(page + 1, EXEC));
    assert_eq!(call!(libc::SYS_munmap, page, PAGE), 0);
    // Where nothing can be mapped.
    assert_eq!(call!(libc::SYS_mprotect, 0_u64, PAGE, EXEC), ENOMEM);
    watch.tells(ENOMEM, 0, &changed(0, EXEC));
    watch.end();
}

// === userfaultfd ===

#[test]
fn who_asks_to_handle_page_faults() {
    let Some(mut watch) = Watch::over(&[Kind::Userfaultfd]) else { return };
    let asked = |flags: i32| of(Kind::Userfaultfd).with(field::userfaultfd::FLAGS, flags.unsigned_abs());
    let fd = call!(libc::SYS_userfaultfd, libc::O_CLOEXEC);
    watch.tells(fd, 0, &asked(libc::O_CLOEXEC));
    if fd >= 0 {
        assert_eq!(call!(libc::SYS_close, fd), 0);
    } else {
        eprintln!("skipped: no userfaultfd can be made: {fd}");
    }
    let result = call!(libc::SYS_userfaultfd, 0x4000_0000);
    assert!(result < 0);
    watch.tells(result, 0, &asked(0x4000_0000));
    watch.end();
}
