//! Shells that come out of programs which are not there to give one.

use common::command::Command;
use common::programs::{is_interpreter, is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::is_expected;
use crate::shells::is_bare;

/// Programs that can be made to start a shell, and are not there for it.
static PROGRAMS: TextSet = TextSet::new().equals(&[
    "ansible-playbook",
    "apt",
    "apt-get",
    "aptitude",
    "at",
    "awk",
    "bpftrace",
    "capsh",
    "cobc",
    "cp",
    "cpan",
    "cpulimit",
    "crash",
    "csvtool",
    "dd",
    "dmesg",
    "dmsetup",
    "dnf",
    "dpkg",
    "dvips",
    "ed",
    "emacs",
    "emacs-gtk",
    "emacs-nox",
    "ex",
    "expect",
    "find",
    "finger",
    "flock",
    "ftp",
    "gawk",
    "gcc",
    "gdb",
    "gem",
    "genie",
    "ghc",
    "ghci",
    "gimp",
    "git",
    "gtester",
    "hping3",
    "iftop",
    "ionice",
    "irb",
    "jjs",
    "joe",
    "journalctl",
    "jrunscript",
    "ksh",
    "latex",
    "less",
    "lftp",
    "logsave",
    "ltrace",
    "mail",
    "make",
    "man",
    "mawk",
    "more",
    "most",
    "mysql",
    "nano",
    "nawk",
    "ncftp",
    "neofetch",
    "nmap",
    "nroff",
    "nvim",
    "octave",
    "openvpn",
    "original-awk",
    "pager",
    "pdftex",
    "pg",
    "pic",
    "pico",
    "pip",
    "pip3",
    "posh",
    "psql",
    "puppet",
    "rake",
    "redis-cli",
    "rlwrap",
    "rpm",
    "rpmquery",
    "rsync",
    "run-parts",
    "rview",
    "rvim",
    "scanmem",
    "scp",
    "script",
    "sed",
    "service",
    "sftp",
    "slsh",
    "socat",
    "split",
    "sqlite3",
    "ss",
    "ssh-keygen",
    "start-stop-daemon",
    "sqlmap",
    "stdbuf",
    "systemctl",
    "tar",
    "taskset",
    "tasksh",
    "tcpdump",
    "tftp",
    "tmate",
    "top",
    "torify",
    "troff",
    "valgrind",
    "vi",
    "view",
    "vim",
    "vim.basic",
    "vim.nox",
    "vim.tiny",
    "vimdiff",
    "wall",
    "wget",
    "wish",
    "xargs",
    "xetex",
    "yum",
    "zip",
    "zypper",
]);

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/shell-from-program")
        .summary("A program that is not there to give a shell started one")
        .severity(Medium)
        .attack("T1059.004")
        .attack("T1202")
        .property("maturity", "incubating")
        .property("misses", "shells with a command on their command line; somebody at a terminal who leaves his editor for one is a hint only")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !is_shell(&image) || !is_bare(&image) || is_package_management(&image) {
                return;
            }
            let Some(by) = starter(e) else { return };
            let listed = PROGRAMS.matches(by.name()) || PROGRAMS.matches(by.script().file_name());
            let by_one_liner = is_interpreter(&by) && by.args().skip(1).any(|word| word.one_of(&["-c", "-e", "-r"]));
            if !(listed || by_one_liner) {
                return;
            }
            let finding = out.finding(format!("{} started {}", label(&by), image.command_line())).field("started by", by.command_line());
            if (image.tty().is_some() && !by_one_liner) || is_expected(&image) {
                finding.severity(Low);
            }
        });

    r.rule("execution/busybox-shell")
        .summary("A shell was started as one of the programs of busybox, past the system's own shells")
        .severity(Medium)
        .attack("T1059.004")
        .property("maturity", "incubating")
        .property("misses", "links that give busybox the name of a shell")
        .only(exec::image::exe().contains(["/busybox", "/toybox"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let called = image.args().next().unwrap_or_default().file_name();
            let name = Command::of(&image).name();
            let explicit = called.starts_with("busybox") || called == "toybox";
            // A runtime that starts a container is seen before the container is known.
            let by_runtime = e.process().exe().starts_with("(unreachable)") || e.process().is_memfd();
            if explicit
                && !by_runtime
                && name.one_of(&["ash", "hush", "sh"])
                && image.container().is_none()
                && !is_package_management(&image)
            {
                let finding = out.finding(format!("{} started {}", label(&e.process()), image.command_line()));
                if is_expected(&image) {
                    finding.severity(Low);
                }
            }
        });
}

/// Who had the shell started: what ran in its place before, or an ancestor; a shell between that did no more than start it
/// is passed over.
fn starter<'a>(e: &ExecEvent<'a>) -> Option<Process<'a>> {
    let before = e.process();
    if !is_shell(&before) && PROGRAMS.matches(before.name()) {
        return Some(before);
    }
    let parents = e.image().ancestors();
    parents.take(3).find(|parent| !is_messenger(parent))
}

/// `sh -c /bin/sh`, which system(3) makes.
fn is_messenger(process: &Process<'_>) -> bool {
    let mut arguments = process.args().skip(1);
    let is_command = arguments.next().is_some_and(|word| word == "-c");
    is_shell(process) && is_command && arguments.next().is_some_and(|command| command.len() < 64)
}
