//! What brings code or questions into the kernel: modules, another kernel, BPF, perf, io_uring.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use lanner_abi::{Kind, OwnedRecord, event_flag, field};

use crate::child::{call, in_memory};
use crate::watch::{Watch, folder, number, of};

const SHARED: u16 = event_flag::SHARED;
const PARTIAL: u16 = event_flag::PARTIAL;

const EFAULT: i64 = -14;

// === modules ===

/// Nothing that the kernel takes for a module, so that it refuses it, as does one without modules.
#[test]
fn modules_that_are_not_loaded() {
    let Some(mut watch) = Watch::over(&[Kind::ModuleLoad]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("none.ko");
    fs::write(&path, "no module").unwrap();
    let file = fs::File::open(&path).unwrap();
    let facts = file.metadata().unwrap();
    let load = |parameters: &str| of(Kind::ModuleLoad).with(field::module_load::PARAMETERS, parameters);

    let result = call!(libc::SYS_init_module, in_memory(c"nonsense"), 8_u64, in_memory(c"debug=1 x"));
    assert!(result < 0);
    watch.tells(result, 0, &load("debug=1 x"));
    let result = call!(libc::SYS_finit_module, file.as_raw_fd(), in_memory(c""), 0);
    assert!(result < 0);
    let expected = load("")
        .with(field::module_load::PATH, path.to_str().unwrap())
        .with(field::module_load::INODE, facts.ino())
        .with(field::module_load::FILE_MODE, facts.mode());
    watch.tells(result, SHARED, &expected);
    let result = call!(libc::SYS_finit_module, 999_999, in_memory(c"x"), 0);
    assert!(result < 0);
    watch.tells(result, 0, &load("x"));
    // What cannot be read is not there.
    let result = call!(libc::SYS_init_module, in_memory(c"nonsense"), 8_u64, 1);
    watch.tells(result, PARTIAL, &of(Kind::ModuleLoad));
    watch.end();
}

#[test]
fn a_module_that_is_not_unloaded() {
    let Some(mut watch) = Watch::over(&[Kind::ModuleUnload]) else { return };
    let result = call!(libc::SYS_delete_module, in_memory(c"lanner_none"), libc::O_NONBLOCK);
    assert!(result < 0);
    let flags = libc::O_NONBLOCK.unsigned_abs();
    let expected = of(Kind::ModuleUnload).with(field::module_unload::FLAGS, flags);
    watch.tells(result, 0, &expected.with(field::module_unload::NAME, "lanner_none"));
    watch.end();
}

// === kexec ===

/// With flags that no kernel knows: it is refused before anything is looked at.
#[test]
fn a_kernel_that_is_not_loaded() {
    const UNKNOWN: u64 = 0x4000;
    let Some(mut watch) = Watch::over(&[Kind::Kexec]) else { return };
    let (_kept, folder) = folder();
    let path = folder.join("vmlinuz");
    fs::write(&path, "no kernel").unwrap();
    let file = fs::File::open(&path).unwrap();
    let facts = file.metadata().unwrap();
    let kexec = || of(Kind::Kexec).with(field::kexec::FLAGS, UNKNOWN);

    let result = call!(libc::SYS_kexec_load, 0_u64, 0_u64, 0, UNKNOWN);
    assert!(result < 0);
    watch.tells(result, 0, &kexec());
    #[cfg(target_arch = "x86_64")]
    {
        let line = c"root=/dev/x quiet";
        let length = line.count_bytes() as u64 + 1;
        let result = call!(libc::SYS_kexec_file_load, file.as_raw_fd(), -1, length, in_memory(line), UNKNOWN);
        assert!(result < 0);
        let expected = kexec()
            .with(field::kexec::PATH, path.to_str().unwrap())
            .with(field::kexec::INODE, facts.ino())
            .with(field::kexec::FILE_MODE, facts.mode())
            .with(field::kexec::COMMAND_LINE, "root=/dev/x quiet");
        watch.tells(result, SHARED, &expected);
        let result = call!(libc::SYS_kexec_file_load, 999_999, -1, 0_u64, 0, UNKNOWN);
        watch.tells(result, 0, &kexec());
    }
    watch.end();
}

// === bpf ===

/// The beginning of a union bpf_attr, as words, with a name at one of them.
fn attributes(words: &[u32], name: &str, at: usize) -> [u8; 128] {
    let mut attributes = [0; 128];
    for (place, word) in attributes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_ne_bytes());
    }
    attributes[at..at + name.len()].copy_from_slice(name.as_bytes());
    attributes
}

#[test]
fn maps_and_programs_of_bpf() {
    const CREATE: u32 = 0;
    const LOOK_UP: u32 = 1;
    const LOAD: u32 = 5;
    const GET: u32 = 7;
    let Some(mut watch) = Watch::over(&[Kind::Bpf]) else { return };
    let told = |command: u32| of(Kind::Bpf).with(field::bpf::COMMAND, command);
    let bpf =
        |command: u32, attributes: &[u8; 128]| call!(libc::SYS_bpf, command, attributes.as_ptr(), attributes.len());
    // An array of one u32; it is looked into, which is not told.
    let fd = bpf(CREATE, &attributes(&[2, 4, 4, 1], "lanner_test", 28));
    assert!(fd >= 0, "{fd}");
    let named = |command: u32, object_type: u32, name: &str| {
        told(command).with(field::bpf::OBJECT_TYPE, object_type).with(field::bpf::NAME, name)
    };
    watch.tells(fd, 0, &named(CREATE, 2, "lanner_test"));
    let (key, value) = (0_u32, 0_u32);
    let mut look = [0_u64; 16];
    (look[0], look[1], look[2]) = (fd as u64, &raw const key as u64, &raw const value as u64);
    assert_eq!(call!(libc::SYS_bpf, LOOK_UP, look.as_ptr(), 128), 0);
    assert_eq!(call!(libc::SYS_close, fd), 0);

    // An array without room, a program without instructions, and a place where nothing is pinned.
    let result = bpf(CREATE, &attributes(&[2, 4, 4, 0], "lanner_empty", 28));
    assert!(result < 0);
    watch.tells(result, 0, &named(CREATE, 2, "lanner_empty"));
    let result = bpf(LOAD, &attributes(&[1, 0], "lanner_nothing", 48));
    assert!(result < 0);
    watch.tells(result, 0, &named(LOAD, 1, "lanner_nothing"));
    let result = bpf(GET, &attributes(&[], "", 0));
    assert!(result < 0);
    watch.tells(result, 0, &told(GET));
    // As who knows of no names.
    let result = call!(libc::SYS_bpf, CREATE, attributes(&[2, 4, 4, 0], "", 0).as_ptr(), 20);
    watch.tells(result, 0, &told(CREATE).with(field::bpf::OBJECT_TYPE, 2_u32));
    watch.end();
}

// === perf ===

/// The beginning of a struct perf_event_attr of the first version.
fn counter(event_type: u32, config: u64) -> [u64; 8] {
    let mut attributes = [0; 8];
    attributes[0] = u64::from(event_type) | 64 << 32;
    attributes[1] = config;
    attributes
}

fn opened(event_type: u32, config: u64, target: i32, cpu: i32) -> OwnedRecord {
    of(Kind::PerfEvent)
        .with(field::perf_event::EVENT_TYPE, event_type)
        .with(field::perf_event::CONFIG, config)
        .with(field::perf_event::TARGET_NS_PID, target)
        .with(field::perf_event::CPU, cpu)
}

#[test]
fn counters_that_are_opened() {
    const SOFTWARE: u32 = 1;
    const CPU_CLOCK: u64 = 0;
    let Some(mut watch) = Watch::over(&[Kind::PerfEvent]) else { return };
    let open = |attributes: &[u64; 8], target: i32, cpu: i32| {
        call!(libc::SYS_perf_event_open, attributes.as_ptr(), target, cpu, -1, 0_u64)
    };
    let fd = open(&counter(SOFTWARE, CPU_CLOCK), 0, -1);
    watch.tells(fd, 0, &opened(SOFTWARE, CPU_CLOCK, 0, -1));
    if fd >= 0 {
        assert_eq!(call!(libc::SYS_close, fd), 0);
    } else {
        eprintln!("skipped: no counter can be opened: {fd}");
    }
    let result = open(&counter(0x7fff_fff0, 7), -1, 0);
    assert!(result < 0);
    watch.tells(result, 0, &opened(0x7fff_fff0, 7, -1, 0));
    let result = call!(libc::SYS_perf_event_open, 1, 0, -1, -1, 0_u64);
    assert!(result < 0);
    let unknown = of(Kind::PerfEvent).with(field::perf_event::TARGET_NS_PID, 0).with(field::perf_event::CPU, -1);
    watch.tells(result, 0, &unknown);
    watch.end();
}

// === io_uring ===

#[test]
fn instances_of_io_uring() {
    let Some(mut watch) = Watch::over(&[Kind::IoUring]) else { return };
    let made = |entries: u32| of(Kind::IoUring).with(field::io_uring::ENTRIES, entries);
    let mut parameters = [0_u32; 30];
    let fd = call!(libc::SYS_io_uring_setup, 2, parameters.as_mut_ptr());
    watch.tells(fd, 0, &made(2).with(field::io_uring::FLAGS, 0_u32));
    if fd >= 0 {
        assert_eq!(call!(libc::SYS_close, fd), 0);
    } else {
        eprintln!("skipped: no io_uring can be made: {fd}");
    }
    let mut parameters = [0_u32; 30];
    parameters[2] = 1 << 31;
    let result = call!(libc::SYS_io_uring_setup, 4096, parameters.as_mut_ptr());
    assert!(result < 0);
    watch.tells(result, 0, &made(4096).with(field::io_uring::FLAGS, 1_u32 << 31));
    let result = call!(libc::SYS_io_uring_setup, 1, 1);
    assert!(result == EFAULT || fd < 0, "{result}");
    let event = watch.next(Kind::IoUring);
    assert_eq!((event.result, &event.payload), (Some(result), &made(1)));
    assert_eq!(number(&event.payload, field::io_uring::FLAGS), None);
    watch.end();
}
