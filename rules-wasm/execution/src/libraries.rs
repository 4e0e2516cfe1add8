//! Libraries that programs load while they run.

use common::programs::{is_interpreter, is_package_management, is_system, label};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::{is_expected, is_hidden};

/// How libraries are opened to be loaded: for reading, and closed at an exec. What copies or shows a file opens it otherwise.
const O_CLOEXEC: u32 = 0o2_000_000;
const O_ACCMODE: u32 = 0o3;
const O_PATH: u32 = 0o10_000_000;
/// What reads libraries without loading them, and opens them likewise.
static READERS: TextSet = TextSet::new().equals(&[
    "ar", "as", "clamscan", "collect2", "cp", "dpkg", "file", "find", "gdb", "git", "ld", "ld.bfd", "ldconfig", "ldd",
    "nm", "objcopy", "objdump", "readelf", "rsync", "strings", "strip", "tar",
]);

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/library-from-world-writable")
        .summary("An installed program loaded a library that lies where everybody may write")
        .severity(Medium)
        .attack("T1129")
        .attack("T1574.006")
        .property("maturity", "incubating")
        .property("misses", "libraries of other names or places; programs that open them in another way")
        .only(open::path().starts_with(["/dev/shm/", "/tmp/", "/var/tmp/"]))
        .only(open::path().ends_with([".so"]).or(open::path().contains([".so."])))
        .on_open(|_, e, out| {
            let process = e.process();
            let flags = e.flags();
            let as_loaded = flags & O_ACCMODE == 0 && flags & O_CLOEXEC != 0 && flags & O_PATH == 0 && !e.failed();
            if !as_loaded || !is_system(&process) || READERS.matches(process.name()) || is_package_management(&process)
            {
                return;
            }
            // Modules of languages lie in environments of somebody's own, below a folder or two.
            let depth = e.path().as_bytes().iter().filter(|byte| **byte == b'/').count();
            let finding = out.finding(format!("{} loaded {}", label(&process), e.path())).fact("library", e.path());
            let of_language = is_interpreter(&process) && depth > 3 && !is_hidden(e.path());
            if is_expected(&process) || of_language {
                finding.severity(Low);
            }
        });
}
