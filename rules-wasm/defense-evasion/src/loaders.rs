//! Code that runs from memory, without a file that holds it.

use common::context::{is_build, is_provisioning};
use common::programs::{is_interpreter, is_shell, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

const READ: u32 = 1;
const WRITE: u32 = 2;
const EXECUTE: u32 = 4;
/// Programs that were dropped, or that lie in memory themselves.
static DROPPED: TextSet = TextSet::new().starts_with(&["/dev/shm/", "/memfd:", "/tmp/", "/var/tmp/"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/file-in-memory")
        .summary("A script, or a program that lies around, made a file in memory: a program can be run from it that no disk has")
        .severity(Medium)
        .attack("T1620")
        .attack("T1027.011")
        .property("maturity", "incubating")
        .property("misses", "Installed programs, many of which have such files for data")
        .only(process::exe().matches(&DROPPED).or(process::exe().contains(["/lua", "/perl", "/php", "/python", "/ruby"])))
        .on_memfd(|_, e, out| {
            let process = e.process();
            // What an installed script does is somebody's program; what stands on a command line, or is piped in, is not.
            let loose = !is_interpreter(&process) || is_inline(&process) || is_world_writable(process.script()) || given_writable(&process);
            if loose && !e.failed() && !is_provisioning(&process) {
                let finding = out.finding(format!("{} made the file {:?} in memory", label(&process), e.name()));
                if is_build(&process) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("defense-evasion/writable-code")
        .summary("A script given on a command line, or a program that lies around, has memory that it writes and runs")
        .severity(Medium)
        .attack("T1620")
        .attack("T1055")
        .attack("T1027.013")
        .property("maturity", "sandbox")
        .property("misses", "Memory that is written first, and may be run only then, of installed programs")
        .property("cost", "Few processes map such memory; the host tells them by where they lie")
        .only(mmap::protection().all(READ | WRITE | EXECUTE))
        .only(process::exe().matches(&DROPPED).or(process::exe().contains(["/perl", "/python", "/ruby"])))
        .on_mmap(|_, e, out| {
            if !e.failed() && e.path().is_empty() {
                writable_code(&e.process(), out);
            }
        })
        .unfiltered()
        .only(mprotect::protection().all(WRITE | EXECUTE))
        .only(process::exe().matches(&DROPPED).or(process::exe().contains(["/perl", "/python", "/ruby"])))
        .on_mprotect(|_, e, out| {
            if !e.failed() {
                writable_code(&e.process(), out);
            }
        });
}

fn writable_code(process: &Process<'_>, out: &mut Out<'_>) {
    let loose = match is_interpreter(process) {
        true => is_inline(process) || given_writable(process),
        false => is_world_writable(process.exe()) || process.is_memfd(),
    };
    if loose && !is_build(process) && !is_provisioning(process) {
        out.finding(format!("{} has memory that it writes and runs", label(process)))
            .field("command", process.command_line())
            .key(process.image().to_string());
    }
}

/// Whether an interpreter has its program from the command line, or from standard input.
fn is_inline(process: &Process<'_>) -> bool {
    let mut args = process.args().skip(1);
    args.clone().any(|arg| arg.one_of(&["-", "-c", "-e", "-r"])) || args.next().is_none()
}

/// Whether its program is a file that lies around.
fn given_writable(process: &Process<'_>) -> bool {
    let given = process.args().skip(1).find(|arg| !arg.starts_with("-"));
    !is_shell(process) && given.is_some_and(is_world_writable)
}
