//! What a test does in a process of its own: one with a single thread, whose descriptors nobody shares and which may change
//! itself. And system calls without a library between.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// A system call, and what it returned: a negative errno where it failed.
macro_rules! call {
    ($number:expr $(, $argument:expr)* $(,)?) => {{
        // SAFETY: what the arguments point at is the caller's, and of the size that the call expects.
        let result = unsafe { libc::syscall($number $(, $argument)*) };
        crate::child::outcome(result)
    }};
}
pub(crate) use call;

/// As the kernel returned it.
pub(crate) fn outcome(result: libc::c_long) -> i64 {
    if result == -1 { -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap()) } else { result }
}

/// A path for a call.
pub(crate) fn c_path(path: impl AsRef<Path>) -> CString {
    CString::new(path.as_ref().as_os_str().as_bytes()).unwrap()
}

/// A string for a call that may fail before the kernel comes to read it: only what is in memory by then can be told.
pub(crate) fn in_memory(string: &CStr) -> *const libc::c_char {
    for byte in string.to_bytes_with_nul() {
        std::hint::black_box(*byte);
    }
    string.as_ptr()
}

/// Memory that both processes see.
pub(crate) struct Notes {
    count: usize,
    values: [i64; 250],
}

impl Notes {
    pub(crate) fn add(&mut self, value: i64) {
        self.values[self.count] = value;
        self.count += 1;
    }
}

/// A child that has ended.
pub(crate) struct Done {
    pub(crate) pid: u32,
    pub(crate) status: ExitStatus,
    pub(crate) notes: Vec<i64>,
}

/// Runs this in a copy of this process, until the copy ends. There are no other threads in it: it shall do little more than
/// system calls.
pub(crate) fn try_in_a_child(act: impl FnOnce(&mut Notes)) -> Done {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, all zero, which is a `Notes` without any.
    let notes = unsafe {
        let place = libc::mmap(std::ptr::null_mut(), size_of::<Notes>(), access, flags, -1, 0);
        assert_ne!(place, libc::MAP_FAILED);
        &mut *place.cast::<Notes>()
    };
    let pid = fork(|| act(notes));
    let mut status = 0;
    // SAFETY: the status is this function's; nobody else waits for that child.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    let done = Done {
        pid: pid.unsigned_abs(),
        status: ExitStatus::from_raw(status),
        notes: notes.values[..notes.count].to_vec(),
    };
    // SAFETY: it is no longer used.
    unsafe { libc::munmap(std::ptr::from_mut(notes).cast(), size_of::<Notes>()) };
    done
}

/// Likewise, of what ends well.
#[track_caller]
pub(crate) fn in_a_child(act: impl FnOnce(&mut Notes)) -> Done {
    let done = try_in_a_child(act);
    assert!(done.status.success(), "{:?}, after {:?}", done.status, done.notes);
    done
}

fn fork(act: impl FnOnce()) -> i32 {
    // SAFETY: the child does what it is given and ends, without coming back to what the other threads were about.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        // SAFETY: it ends here.
        unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) };
    }
    pid
}

/// Copies a program that is to be run. Another process does: a descriptor to write it that were this one's would be handed
/// to children of tests on other threads, and until those are gone the kernel refuses to run it (ETXTBSY).
pub(crate) fn copy_program(from: &str, to: impl AsRef<Path>) {
    let copied = Command::new("/bin/cp").arg(from).arg(to.as_ref()).status().unwrap();
    assert!(copied.success(), "{} cannot be made", to.as_ref().display());
}

/// Likewise, of what a program consists of.
pub(crate) fn write_program(to: impl AsRef<Path>, content: &str) {
    let mut draft = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut draft, content.as_bytes()).unwrap();
    copy_program(draft.path().to_str().unwrap(), to);
}

/// A child that has done something and waits from then on, until it is killed or this is dropped.
pub(crate) struct Waiting {
    pub(crate) pid: u32,
}

impl Waiting {
    pub(crate) fn after(act: impl FnOnce()) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let pid = fork(|| {
            // It does not outlive the test.
            // SAFETY: it takes two numbers.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            act();
            // What the other end waits for.
            drop(std::io::Write::write(&mut &writer, b"x"));
            loop {
                // SAFETY: it takes nothing.
                unsafe { libc::pause() };
            }
        });
        drop(writer);
        let waiting = Self { pid: pid.unsigned_abs() };
        assert_eq!(std::io::Read::read(&mut &reader, &mut [0]).unwrap(), 1, "the child has not come so far");
        waiting
    }

    pub(crate) fn id(&self) -> i32 {
        self.pid.cast_signed()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // SAFETY: nobody else waits for that child.
        unsafe {
            libc::kill(self.id(), libc::SIGKILL);
            libc::waitpid(self.id(), std::ptr::null_mut(), 0);
        }
    }
}
