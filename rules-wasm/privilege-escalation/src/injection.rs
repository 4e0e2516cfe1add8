//! Code and data put into other processes.

use common::command::called;
use common::context::is_debugging;
use common::outcome::Outcome;
use common::programs::{is_installed, is_interpreter, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::PrivilegeEscalation;

/// PTRACE_POKETEXT, PTRACE_POKEDATA, PTRACE_SETREGS, PTRACE_SETFPREGS, PTRACE_SETREGSET: they change who is traced.
const CHANGES: [u32; 5] = [4, 5, 13, 15, 0x4205];
/// PTRACE_ATTACH, PTRACE_SEIZE.
const BEGINS: [u32; 2] = [16, 0x4206];
/// Programs that trace others as part of what they are for, beside debuggers.
static TRACERS: TextSet = TextSet::new().equals(&[
    "chrome_crashpad_handler",
    "crashpad_handler",
    "criu",
    "fakeroot",
    "proot",
    "runsc",
    "systemd",
    "systemd-coredump",
    "wine-preloader",
    "wine64-preloader",
    "wineserver",
]);
static DEBUGGERS: TextSet = TextSet::new().equals(&["gdb", "lldb"]);
/// Functions that a debugger has no reason to call in somebody's program, but to load or to start something.
const INJECTING: [&str; 12] = [
    "__libc_dlopen",
    "chmod(",
    "connect(",
    "dlopen",
    "dup2",
    "execl",
    "execv",
    "fork(",
    "mprotect",
    "popen",
    "setuid(",
    "system(",
];

pub(crate) fn add(r: &mut Rules<PrivilegeEscalation>) {
    r.rule("privilege-escalation/ptrace-injection")
        .summary("A program that is no debugger took hold of another process, or wrote into its memory or registers")
        .severity(High)
        .attack("T1055.008")
        .property("maturity", "stable")
        .property("misses", "Debuggers that are told to inject: the rule on what they are told sees that")
        .only(ptrace::request().one_of(CHANGES.into_iter().chain(BEGINS)))
        .on_ptrace(|_, e, out| {
            let process = e.process();
            if is_debugging(&process) || is_installed(&process, &TRACERS) {
                return;
            }
            let target = e.target_row().and_then(|row| e.named_process(row));
            let related = target.is_some_and(|target| is_relative(&process, &target));
            // A sanitizer looks at the threads of its own program.
            if related && target.is_some_and(|target| target.exe() == process.exe()) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let changes = CHANGES.contains(&e.request());
            let (did, tried) = match changes {
                true => ("wrote into", "tried to write into"),
                false => ("took hold of", "tried to take hold of"),
            };
            let Some(verb) = outcome.verb(did, tried) else { return };
            let whom = target.map_or_else(|| format!("process {}", e.target_ns_pid()), |target| label(&target));
            let odd = is_interpreter(&process) || is_world_writable(process.exe()) || process.is_memfd();
            let severity = match (changes, related && !odd) {
                (_, true) => Some(Low),
                (true, false) => None,
                (false, false) => Some(Medium),
            };
            let finding = out.finding(format!("{} {verb} {whom}", label(&process))).key(process.id().to_string());
            if let Some(severity) = outcome.severity().or(severity) {
                finding.severity(severity);
            }
        });

    r.rule("privilege-escalation/memory-write")
        .summary("A program that is no debugger wrote into the memory of another process")
        .severity(High)
        .attack("T1055")
        .attack("T1055.009")
        .property("maturity", "stable")
        .property("misses", "Memory that both share")
        .only(process_memory::written().is(true))
        .on_process_memory(|_, e, out| {
            let process = e.process();
            let target = e.target_row().and_then(|row| e.named_process(row));
            let own = target.is_some_and(|target| target.id() == process.id());
            if own || is_debugging(&process) || is_installed(&process, &TRACERS) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("wrote into", "tried to write into") else { return };
            let whom = target.map_or_else(|| format!("process {}", e.target_ns_pid()), |target| label(&target));
            let finding = out.finding(format!("{} {verb} the memory of {whom}", label(&process)));
            if let Some(severity) = outcome.severity() {
                finding.severity(severity);
            }
        });

    r.rule("privilege-escalation/memory-file-write")
        .summary("A program that is no debugger opened the memory of a process for writing")
        .severity(High)
        .attack("T1055.009")
        .attack("T1068")
        .property("maturity", "stable")
        .property("misses", "Descriptors that were handed over by another program")
        .only(open::path().starts_with(["/proc/"]).and(open::path().ends_with(["/mem"])))
        .on_open(|_, e, out| {
            let process = e.process();
            if !e.is_write() || is_debugging(&process) || is_installed(&process, &TRACERS) {
                return;
            }
            let outcome = Outcome::of(e);
            let Some(verb) = outcome.verb("opened", "tried to open") else { return };
            let finding =
                out.finding(format!("{} {verb} {} for writing", label(&process), e.path())).fact("path", e.path());
            if let Some(severity) = outcome.severity() {
                finding.severity(severity);
            } else if is_own(&process, e.path()) && !is_world_writable(process.exe()) && !is_interpreter(&process) {
                // It may write there anyway, but for what it has only to read: so files were overwritten once.
                finding.severity(Medium);
            }
        });

    r.rule("privilege-escalation/debugger-injection")
        .summary("A debugger was told to call functions in a running program that load or start something")
        .severity(High)
        .attack("T1055.008")
        .attack("T1218")
        .property("maturity", "stable")
        .property("misses", "What is typed, or stands in a file of commands")
        .only(called(&["gdb", "lldb"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !DEBUGGERS.matches(image.name()) || !attaches(&image) {
                return;
            }
            let told = |arg: &Text<'_>| INJECTING.iter().any(|function| arg.contains(function));
            let calls = |arg: &Text<'_>| arg.starts_with("call ") || arg.starts_with("compile ");
            if let Some(arg) = image.args().skip(1).find(|arg| told(arg) || calls(arg)) {
                let finding = out
                    .finding(format!("{} has {} do: {arg}", label(&e.process()), label(&image)))
                    .field("command", image.command_line());
                if !told(&arg) {
                    finding.severity(Medium);
                }
            }
        });
}

/// Whether one is an ancestor of the other.
fn is_relative(one: &Process<'_>, other: &Process<'_>) -> bool {
    let within = |child: &Process<'_>, parent: &Process<'_>| child.ancestors().any(|each| each.id() == parent.id());
    one.id() == other.id() || within(one, other) || within(other, one)
}

/// Whether this is the file of its own memory: by its number on the host or in its namespace, or as itself.
fn is_own(process: &Process<'_>, path: Text<'_>) -> bool {
    let numbers = [Some(process.pid()), process.ns_pid()];
    let names = numbers.into_iter().flatten().map(|pid| format!("/proc/{pid}/"));
    names.chain(["/proc/self/".to_owned(), "/proc/thread-self/".to_owned()]).any(|own| path.starts_with(own))
}

/// Whether a debugger is given a running process: by an option, or as the number after the program.
fn attaches(debugger: &Process<'_>) -> bool {
    let args: Vec<Text<'_>> = debugger.args().skip(1).collect();
    let numbers = |arg: &Text<'_>| !arg.is_empty() && arg.as_bytes().iter().all(u8::is_ascii_digit);
    let option = |arg: &Text<'_>| {
        arg.one_of(&["-p", "--pid", "-pid", "--attach-pid"]) || arg.starts_with("--pid=") || arg.starts_with("attach ")
    };
    args.iter()
        .any(|arg| option(arg) || numbers(arg) || (arg.starts_with("-p") && numbers(&Text::new(&arg.as_bytes()[2..]))))
}
