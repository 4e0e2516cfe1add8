//! Passwords in memory: of other processes, of the kernel.

use common::command::Command;
use common::context::{is_container_runtime, is_debugging};
use common::programs::{is_installed, is_interpreter, is_package_management, is_system, label};
use lanner_sdk::prelude::*;

use crate::CredentialAccess;
use crate::read::{read, read_as};

/// Programs in whose memory passwords are.
static KEEPERS: TextSet = TextSet::new().equals(&[
    "agetty",
    "gdm-session-worker",
    "gnome-keyring-daemon",
    "gpg-agent",
    "kwalletd5",
    "lightdm",
    "login",
    "passwd",
    "polkit-agent-helper-1",
    "ssh",
    "ssh-agent",
    "sshd",
    "sshd-auth",
    "sshd-session",
    "su",
    "sudo",
    "unix_chkpwd",
    "vsftpd",
]);
/// What looks at environments of others because it shows them.
static SHOWERS: TextSet = TextSet::new().equals(&[
    "apport",
    "checkrestart",
    "htop",
    "lsof",
    "needrestart",
    "pgrep",
    "pkill",
    "polkitd",
    "ps",
    "pstree",
    "systemd",
    "systemd-coredump",
    "systemd-executor",
    "systemd-journald",
    "systemd-logind",
    "systemd-oomd",
    "systemd-udevd",
    "top",
    "udevadm",
]);
const ATTACH: u32 = 16;
const SEIZE: u32 = 0x4206;

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/process-memory-read")
        .summary("The memory of another process was opened by a program that is no debugger")
        .severity(High)
        .attack("T1003.007")
        .property("maturity", "stable")
        .property("misses", "what a debugger does that is installed")
        .only(open::path().starts_with(["/proc/"]).and(open::path().ends_with(["/mem"])))
        .on_open(|_, e, out| {
            let process = e.process();
            if is_own(e) || is_package_management(&process) || is_container_runtime(&process) {
                return;
            }
            read_as(e, is_debugging(&process).then_some(Low), out);
        })
        .unfiltered()
        .on_process_memory(|_, e, out| {
            let process = e.process();
            if e.is_written() || e.failed() || is_debugging(&process) {
                return;
            }
            // Some programs share memory so with their own children.
            let stranger = is_interpreter(&process) || !is_system(&process);
            let Some(target) = e.target_row().and_then(|row| e.named_process(row)) else { return };
            if target.id() != process.id() && !target.ancestors().any(|it| it.id() == process.id()) {
                out.finding(format!("{} read the memory of {}", label(&process), label(&target)))
                    .severity(if stranger || KEEPERS.matches(target.name()) { High } else { Low });
            }
        });

    r.rule("credential-access/process-trace")
        .summary("A program was traced that is given passwords: what is typed can be read so")
        .severity(High)
        .attack("T1003.007")
        .attack("T1056.001")
        .attack("T1056")
        .property("maturity", "incubating")
        .property("misses", "programs that are given passwords and are not known for it")
        .only(ptrace::request().one_of([ATTACH, SEIZE]))
        .on_ptrace(|_, e, out| {
            let Some(target) = e.target_row().and_then(|row| e.named_process(row)) else { return };
            if !e.failed() && KEEPERS.matches(target.name()) && target.ancestors().all(|it| it.id() != e.process().id())
            {
                out.finding(format!("{} traces {}", label(&e.process()), label(&target)))
                    .fact("target", label(&target));
            }
        });

    r.rule("credential-access/memory-dump")
        .summary("The memory of a process that runs was written into a file")
        .severity(Medium)
        .attack("T1003.007")
        .property("maturity", "incubating")
        .property("misses", "dumps by a program of one's own")
        .only(exec::image::exe().matches(&DUMPERS).or(exec::image::script().matches(&DUMPERS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let dumps = match command.name().as_bytes() {
                b"gcore" | b"procdump" | b"memdump" | b"avml" | b"criu" => !command.args().is_empty(),
                _ => {
                    command.mentions("generate-core-file")
                        || command.mentions("gcore")
                        || command.mentions("dump memory")
                        || command.mentions("dump binary memory")
                }
            };
            if dumps {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("credential-access/process-environment-read")
        .summary(
            "The environment of other processes was read by a tool for files: passwords and tokens are handed over so",
        )
        .severity(Medium)
        .attack("T1552.007")
        .attack("T1552.001")
        .attack("T1003.007")
        .property("maturity", "incubating")
        .property("misses", "programs that show processes, such as ps")
        .only(open::path().starts_with(["/proc/"]).and(open::path().ends_with(["/environ"])))
        .on_open(|_, e, out| {
            let process = e.process();
            let shows = is_installed(&process, &SHOWERS) || is_debugging(&process) || is_container_runtime(&process);
            if !is_own(e) && !shows && common::reading::is_general_tool(&process) && !is_package_management(&process) {
                read(e, out);
            }
        });

    r.rule("credential-access/kernel-memory-read")
        .summary("The memory of the machine was opened as a file")
        .severity(High)
        .attack("T1003.007")
        .attack("T1006")
        .property("maturity", "incubating")
        .property("misses", "kernel modules that read memory")
        .only(open::file().equals(["/dev/fmem", "/dev/kmem", "/dev/mem", "/dev/port", "/proc/kcore"]))
        .on_open(|_, e, out| {
            static OWN: TextSet = TextSet::new().equals(&[
                "Xorg",
                "biosdecode",
                "crash",
                "dmidecode",
                "drgn",
                "flashrom",
                "kdump",
                "lshw",
                "makedumpfile",
                "perf",
                "vpddecode",
            ]);
            let process = e.process();
            if !is_installed(&process, &OWN) && !is_debugging(&process) && !e.is_write() {
                read(e, out);
            }
        });
}

/// What writes memory into files.
static DUMPERS: TextSet = TextSet::new().file_name(&["avml", "gcore", "gdb", "memdump", "procdump"]);

/// Whether what was opened is about the process itself.
fn is_own(e: &OpenEvent<'_>) -> bool {
    let process = e.process();
    let Some(rest) = e.path().as_bytes().strip_prefix(b"/proc/") else { return false };
    let pid = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    if matches!(pid, b"self" | b"thread-self") {
        return true;
    }
    let pid: Option<u32> = std::str::from_utf8(pid).ok().and_then(|digits| digits.parse().ok());
    pid.is_some() && (pid == Some(process.pid()) || pid == process.ns_pid())
}
