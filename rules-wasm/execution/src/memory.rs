//! Code that comes to run past the ordinary ways: what interpreters and programs of somebody's own do to memory.

use common::programs::{is_interpreter, is_package_management, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::is_expected;

const WRITE: u32 = 2;
const EXECUTE: u32 = 4;

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/code-in-interpreter-memory")
        .summary("An interpreter that compiles nothing made memory that is written and run: code of a machine, past the language")
        .severity(Medium)
        .attack("T1106")
        .attack("T1620")
        .property("maturity", "incubating")
        .property("misses", "interpreters that compile, such as those of JavaScript, Lua and Java; memory that is first written and then made executable")
        .only(process::exe().contains(["/perl", "/python", "/ruby"]))
        .only(mmap::protection().all(WRITE | EXECUTE))
        .only(!mmap::path().known())
        .on_mmap(|_, e, out| {
            let process = e.process();
            if is_interpreter(&process) && !e.failed() && !is_expected(&process) && !is_package_management(&process) {
                let bytes = e.length();
                out.finding(format!("{} made {bytes} bytes of memory that can be written and run", label(&process)));
            }
        })
        .unfiltered()
        .only(process::exe().contains(["/perl", "/python", "/ruby"]))
        .only(mprotect::protection().all(WRITE | EXECUTE))
        .on_mprotect(|_, e, out| {
            let process = e.process();
            if is_interpreter(&process) && !e.failed() && !is_expected(&process) && !is_package_management(&process) {
                let bytes = e.length();
                out.finding(format!("{} made {bytes} bytes of memory that can be written and run", label(&process)));
            }
        });

    r.rule("execution/code-in-program-memory")
        .summary("A program from where everybody may write made memory that is written and run: it unpacks itself, or runs what it was sent")
        .severity(Medium)
        .attack("T1106")
        .attack("T1027.002")
        .property("maturity", "incubating")
        .property("misses", "programs elsewhere, and memory that is first written and then made executable")
        .only(process::exe().starts_with(["/dev/shm/", "/tmp/", "/var/tmp/", "memfd:", "/memfd:"]))
        .only(mmap::protection().all(WRITE | EXECUTE))
        .only(!mmap::path().known())
        .on_mmap(|_, e, out| {
            let process = e.process();
            if (is_world_writable(process.exe()) || process.is_memfd()) && !e.failed() {
                let bytes = e.length();
                let finding = out.finding(format!("{} made {bytes} bytes of memory that can be written and run", label(&process)));
                if is_expected(&process) {
                    finding.severity(Low);
                }
            }
        });
}
