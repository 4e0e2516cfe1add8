//! Programs of the system that were replaced, or that others now come before.

use common::changes::on_write;
use common::context::{is_build, is_in_container};
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, is_by_hand, report};

/// Where programs of the system lie.
static PROGRAMS: TextSet = TextSet::new().starts_with(&[
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/games/",
    "/usr/lib/git-core/",
    "/usr/lib/openssh/",
    "/usr/lib/systemd/systemd",
    "/usr/libexec/",
    "/usr/sbin/",
]);
/// Folders that come before these on most machines.
static EARLIER: TextSet =
    TextSet::new().starts_with(&["/home/", "/root/.local/bin/", "/root/bin/", "/usr/local/bin/", "/usr/local/sbin/"]);
/// What everybody calls without a path.
static CALLED: TextSet = TextSet::new().file_name(&[
    "apt",
    "apt-get",
    "awk",
    "bash",
    "cat",
    "chmod",
    "chown",
    "cp",
    "cron",
    "curl",
    "cut",
    "date",
    "df",
    "dig",
    "dmesg",
    "du",
    "echo",
    "env",
    "find",
    "free",
    "gawk",
    "grep",
    "gzip",
    "hostname",
    "id",
    "ifconfig",
    "ip",
    "iptables",
    "journalctl",
    "kill",
    "kubectl",
    "last",
    "ldd",
    "less",
    "ln",
    "login",
    "ls",
    "lsmod",
    "lsof",
    "mkdir",
    "mount",
    "mv",
    "mysql",
    "nc",
    "netstat",
    "passwd",
    "ping",
    "pkill",
    "ps",
    "pstree",
    "rm",
    "rsync",
    "scp",
    "sed",
    "service",
    "sh",
    "sleep",
    "ss",
    "ssh",
    "sshd",
    "stat",
    "su",
    "sudo",
    "systemctl",
    "tail",
    "tar",
    "tcpdump",
    "top",
    "touch",
    "uname",
    "uptime",
    "vi",
    "w",
    "wget",
    "which",
    "who",
    "whoami",
]);

static PROGRAM_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["dpkg-divert", "systemd-sysext", "update-alternatives", "update-initramfs"]),
    editors: TextSet::new().equals(&["make"]),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/system-program-write")
        .summary(
            "A program was written into a folder of the system's own, or replaced there, and no package brought it",
        )
        .severity(High)
        .attack("T1554")
        .attack("T1036.005")
        .property("maturity", "stable")
        .property("misses", "programs outside of the system's folders; what a package from anywhere brings")
        .property("cost", "opens for writing in folders of programs, of package managers most of them");
    on_write(rule, &PROGRAMS, |_, change, out| {
        let process = &change.process;
        let Some(finding) = report(change, &PROGRAM_HABITS, out) else { return };
        if is_build(process) || is_language_tool(process) {
            finding.severity(Low);
        } else if change.is_new && !is_known(change.path) || is_in_container(process) {
            // Nothing was replaced.
            finding.severity(Medium);
        }
    });

    let rule = r
        .rule("persistence/program-shadowed")
        .summary("A program was laid where it is found before one of the system's of the same name")
        .severity(High)
        .attack("T1574.007")
        .attack("T1554")
        .property("maturity", "stable")
        .property("misses", "names that few call, and a PATH that was changed to begin elsewhere");
    on_write(rule, &EARLIER, |_, change, out| {
        let folder = change.path.directory();
        let is_earlier = folder.one_of(&["/usr/local/bin", "/usr/local/sbin"]) || is_own_folder(folder);
        if is_earlier && is_known(change.path) && !is_language_tool(&change.process) {
            let finding = report(change, &PROGRAM_HABITS, out);
            let is_meant = is_build(&change.process) || !is_by_hand(&change.process);
            if let Some(finding) = finding.filter(|_| is_meant) {
                finding.severity(Low);
            }
        }
    });

    r.rule("persistence/path-hijacked")
        .summary("A command that everybody calls without a path was found where everybody may write, before the system's own")
        .severity(High)
        .attack("T1574.007")
        .attack("T1036.005")
        .property("maturity", "incubating")
        .property("misses", "folders of users on the path, and commands that few call")
        .only(exec::image::exe().starts_with(WRITABLE).or(exec::image::script().starts_with(WRITABLE)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let by_script = image.script().is_known() && !image.script().is_empty();
            let found = if by_script { image.script() } else { image.exe() };
            // Whoever names the path means it; of a script the kernel has put its path there.
            let searched = by_script || image.args().next().is_some_and(|called| !called.contains("/"));
            let is_work = is_build(&image) || is_language_tool(&image) || image.exe().contains("busybox");
            let lies_there = common::programs::is_world_writable(found) && !common::roots::is_in_root_of_own(e);
            if searched && lies_there && is_known(found) && !is_work && !common::programs::is_package_management(&image) {
                let message = format!("{} ran {found}", common::programs::label(&e.process()));
                out.finding(message).fact("program", found).severity(if by_script { Medium } else { High });
            }
        });
}

const WRITABLE: [&str; 3] = ["/dev/shm/", "/tmp/", "/var/tmp/"];

fn is_known(path: Text<'_>) -> bool {
    CALLED.matches(path)
}

fn is_own_folder(folder: Text<'_>) -> bool {
    crate::who::in_home(folder).is_some_and(|rest| rest.one_of(&[".bin", ".local/bin", "bin"]))
}
