//! Programs that are made for something else and start a shell: the way around whoever allows, or watches, only shells.

use lanner_sdk::prelude::*;

use crate::command::{commands, shell_text};
use crate::programs::{is_named, is_shell};

/// Programs that can be talked into starting a shell, without versions.
static HOSTS: TextSet = TextSet::new().equals(&[
    "ansible-playbook",
    "apt",
    "apt-get",
    "aptitude",
    "ash-static",
    "at",
    "awk",
    "aws",
    "busctl",
    "byebug",
    "check_by_ssh",
    "cpan",
    "cpulimit",
    "crash",
    "dmsetup",
    "dpkg",
    "easy_install",
    "ed",
    "emacs",
    "ex",
    "expect",
    "find",
    "ftp",
    "gawk",
    "gcc",
    "gdb",
    "ghci",
    "gimp",
    "git",
    "hping",
    "iftop",
    "irb",
    "journalctl",
    "jrunscript",
    "jshell",
    "less",
    "logsave",
    "ltrace",
    "lua",
    "mail",
    "make",
    "man",
    "mawk",
    "more",
    "mysql",
    "nano",
    "nawk",
    "ncftp",
    "nmap",
    "nvim",
    "openvpn",
    "original-awk",
    "pdb",
    "perl",
    "pg",
    "php",
    "pic",
    "pico",
    "pip",
    "psql",
    "python",
    "rake",
    "red",
    "rlwrap",
    "rpm",
    "rsync",
    "ruby",
    "rvim",
    "scp",
    "script",
    "sed",
    "sftp",
    "slsh",
    "socat",
    "split",
    "sqlite",
    "ssh",
    "start-stop-daemon",
    "strace",
    "systemctl",
    "tar",
    "tclsh",
    "tcpdump",
    "telnet",
    "tmate",
    "top",
    "unzip",
    "valgrind",
    "vi",
    "view",
    "vim",
    "vim.basic",
    "vim.nox",
    "vim.tiny",
    "vimdiff",
    "wget",
    "wish",
    "xargs",
    "yum",
    "zip",
]);
/// Programs that are there to start others; to start a shell by them is nothing much, but where only they are allowed.
static STARTERS: TextSet = TextSet::new().equals(&[
    "busybox",
    "capsh",
    "chrt",
    "choom",
    "env",
    "fakeroot",
    "flock",
    "ionice",
    "linux",
    "linux64",
    "nice",
    "nohup",
    "prlimit",
    "setarch",
    "setlock",
    "setsid",
    "softlimit",
    "stdbuf",
    "taskset",
    "time",
    "timeout",
    "unbuffer",
    "watch",
    "x86_64",
    "xdotool",
]);
/// What lets people act as others.
static GRANTERS: TextSet = TextSet::new().equals(&["doas", "pkexec", "sudo", "sudo-rs"]);
/// How far up sudo is looked for.
const GENERATIONS: usize = 4;

/// Who started a shell that waits for commands, where that is a program that is made for something else.
pub fn shell_host<'a>(e: &ExecEvent<'a>) -> Option<Process<'a>> {
    let host = e.process();
    (is_bare_shell(&e.image()) && is_named(&host, &HOSTS)).then_some(host)
}

/// The same for sudo and the like: whoever may run such a program by it is root. Programs that are there to start others
/// count too.
pub fn granted_shell_host<'a>(e: &ExecEvent<'a>) -> Option<Process<'a>> {
    let host = e.process();
    let through = || is_named(&host, &HOSTS) || is_named(&host, &STARTERS);
    let granted = || host.ancestors().take(GENERATIONS).any(|ancestor| GRANTERS.matches(ancestor.name()));
    // sudo may run the program in its own place.
    let in_place = || host.parent().is_some_and(|parent| GRANTERS.matches(parent.name()));
    (is_bare_shell(&e.image()) && through() && (granted() || in_place())).then_some(host)
}

/// Whether it is a shell that was not told what to run: it takes commands from whoever is there.
pub fn is_bare_shell(image: &Process<'_>) -> bool {
    if !is_shell(image) {
        return false;
    }
    let waits = |arg: &[u8]| matches!(arg, b"-i" | b"-p" | b"-ip" | b"-pi" | b"--norc" | b"--noprofile" | b"--posix");
    if let Some(text) = shell_text(image) {
        // `-c /bin/sh`, as system(3) has it.
        let commands = commands(text);
        let [command] = commands.as_slice() else { return false };
        let mut words = command.iter().map(Vec::as_slice).skip_while(|word| *word == b"exec");
        let is_shell = words.next().is_some_and(|word| crate::programs::is_shell_name(Text::new(word).file_name()));
        return is_shell && words.all(|word| waits(word) || word.contains(&b'<') || word.contains(&b'>'));
    }
    let is_busybox = image.name() == "busybox";
    let mut args = image.args().skip(1).skip_while(|arg| is_busybox && arg.one_of(&["sh", "ash"]));
    args.all(|arg| waits(arg.as_bytes()))
}
