//! Programs that run as their owner, or with capabilities of their own.

use common::command::{Command, called, is_installed_tool};
use common::contained::is_contained;
use common::context::{is_build, is_configuration_management, is_container_runtime, is_scanner, is_scheduled};
use common::outcome::Outcome;
use common::programs::{
    is_in_system, is_installed, is_interpreter, is_named, is_package_management, is_shell, is_world_writable, label,
};
use lanner_sdk::abi::process_flag;
use lanner_sdk::prelude::*;

use crate::PrivilegeEscalation;

const S_ISUID: u32 = 0o4000;
const S_ISGID: u32 = 0o2000;
/// A program that was made setuid by its creator's own umask cannot be told from one that lies there so.
const SETUID_OR_SETGID: u32 = S_ISUID | S_ISGID;

/// What puts files back as they were somewhere else, with all their permissions.
static COPIERS: TextSet = TextSet::new().equals(&[
    "bsdtar",
    "buildah",
    "buildkitd",
    "containerd",
    "cp",
    "cpio",
    "crio",
    "debootstrap",
    "docker",
    "dockerd",
    "mmdebstrap",
    "mv",
    "podman",
    "rsync",
    "skopeo",
    "systemd-tmpfiles",
    "tar",
    "unsquashfs",
]);
/// What makes folders setgid as its daily work.
static FOLDER_KEEPERS: TextSet = TextSet::new().equals(&["git", "mkdir", "systemd-journald", "useradd", "usermod"]);
/// Programs that distributions install setuid or setgid.
static SETUID_PROGRAMS: TextSet = TextSet::new()
    .equals(&[
        "Xorg.wrap",
        "abrt-action-install-debuginfo-to-abrt-cache",
        "at",
        "batch",
        "bwrap",
        "chage",
        "chfn",
        "chrome-sandbox",
        "chsh",
        "crontab",
        "dbus-daemon-launch-helper",
        "doas",
        "dotlockfile",
        "exim4",
        "expiry",
        "firejail",
        "fusermount",
        "fusermount3",
        "gpasswd",
        "grub2-set-bootflag",
        "incus",
        "kismet_capture",
        "ksu",
        "lockdev",
        "lppasswd",
        "mail-lock",
        "mail-touchlock",
        "mail-unlock",
        "mlocate",
        "mount",
        "mount.cifs",
        "mount.ecryptfs_private",
        "mount.fuse3",
        "mount.nfs",
        "newgidmap",
        "newgrp",
        "newuidmap",
        "ntfs-3g",
        "pam_extrausers_chkpwd",
        "pam_timestamp_check",
        "passwd",
        "ping",
        "ping4",
        "ping6",
        "pkexec",
        "plocate",
        "polkit-agent-helper-1",
        "postdrop",
        "postqueue",
        "pppd",
        "procmail",
        "sendmail",
        "sg",
        "snap-confine",
        "spice-client-glib-usb-acl-helper",
        "ssh-agent",
        "ssh-keysign",
        "staprun",
        "su",
        "sudo",
        "sudo-rs",
        "sudoedit",
        "suexec",
        "traceroute6.iputils",
        "umount",
        "umount.nfs",
        "unix_chkpwd",
        "unix_update",
        "usbmuxd",
        "userhelper",
        "usernetctl",
        "utempter",
        "vmware-user-suid-wrapper",
        "wall",
        "write",
        "write.ul",
        "xtables-legacy-multi",
    ])
    .starts_with(&["VBox", "pt_chown", "sudo"]);
/// Where programs lie that were installed without a package manager, and only by root.
static PROGRAM_FOLDERS: TextSet =
    TextSet::new().starts_with(&["/gnu/store/", "/nix/store/", "/opt/", "/run/wrappers/"]);
/// Programs that give whoever runs them as root all that root has.
static TOO_MUCH: TextSet = TextSet::new().equals(&[
    "awk",
    "base64",
    "busybox",
    "cat",
    "chmod",
    "chown",
    "cp",
    "curl",
    "dd",
    "docker",
    "ed",
    "emacs",
    "env",
    "find",
    "flock",
    "gawk",
    "gdb",
    "head",
    "install",
    "less",
    "make",
    "mawk",
    "more",
    "mv",
    "nano",
    "nice",
    "nmap",
    "openssl",
    "rsync",
    "sed",
    "socat",
    "strace",
    "systemctl",
    "tar",
    "taskset",
    "tee",
    "time",
    "timeout",
    "unshare",
    "vi",
    "vim",
    "vim.basic",
    "vim.tiny",
    "wget",
    "xargs",
    "xxd",
    "zip",
]);
/// Capabilities that are as good as root.
static ROOT_LIKE: TextSet = TextSet::new().contains(&[
    "cap_bpf",
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_setfcap",
    "cap_setgid",
    "cap_setuid",
    "cap_sys_admin",
    "cap_sys_module",
    "cap_sys_ptrace",
    "cap_sys_rawio",
    "all+",
    "all=",
]);

static SETCAP: TextSet = TextSet::new().equals(&["setcap"]);

pub(crate) fn add(r: &mut Rules<PrivilegeEscalation>) {
    r.rule("privilege-escalation/setuid-bit")
        .summary("A file was made setuid or setgid: whoever runs it is its owner then")
        .severity(High)
        .attack("T1548.001")
        .property("maturity", "stable")
        .property("misses", "What tar, rsync or cp put back with its permissions; a file system that is mounted with setuid files on it; a file below /run that is setuid from the beginning")
        .only(chmod::mode().any(SETUID_OR_SETGID))
        .on_chmod(|_, e, out| made_setuid(&e.process(), e.path(), e.mode(), Outcome::of_result(e.result()), out))
        .unfiltered()
        .only(open::mode().any(S_ISUID).and(open::created().is(true)))
        .only(!open::path().starts_with(["/proc/", "/run/", "/sys/"]))
        .on_open(|_, e, out| made_setuid(&e.process(), e.path(), e.mode(), Outcome::of(e), out));

    r.rule("privilege-escalation/file-capabilities")
        .summary("A program was given capabilities of its own: whoever runs it has them")
        .severity(High)
        .attack("T1548.001")
        .property("maturity", "stable")
        .property(
            "misses",
            "Capabilities that tar or rsync put back; which they are is known only where setcap was told",
        )
        .only(xattr::name().equals(["security.capability"]).and(xattr::removed().is(false)))
        .on_xattr(|_, e, out| {
            let process = e.process();
            if is_installed(&process, &COPIERS) || is_package_management(&process) || is_container_runtime(&process) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("gave", "tried to give") else { return };
            let command = Command::of(&process);
            let harmless = is_installed_tool(&process, &SETCAP) && !command.args().iter().any(|arg| is_root_like(*arg));
            let milder = harmless || is_configuration_management(&process);
            let finding = out
                .finding(format!("{} {verb} {} capabilities: {}", label(&process), e.path(), process.command_line()))
                .fact("path", e.path())
                .key(e.path().to_string());
            if let Some(severity) = milder.then_some(Low).or(outcome.severity()) {
                finding.severity(severity);
            }
        });

    r.rule("privilege-escalation/setuid-program-run")
        .summary("A setuid program was run that no distribution installs")
        .severity(High)
        .attack("T1548.001")
        .property("maturity", "stable")
        .property("misses", "Setuid programs of the distribution that have a hole")
        .only(exec::image::flags().any(process_flag::EXE_SETUID))
        .on_exec(|_, e, out| {
            let image = e.image();
            let setuid = image.exe_mode().is_none_or(|mode| mode & S_ISUID != 0);
            let own = image.exe_uid().is_some_and(|owner| owner == e.process().uid() && owner != 0);
            let severity = if is_package_management(&image) || own || PROGRAM_FOLDERS.matches(image.exe()) {
                return;
            } else if !is_in_system(image.exe()) {
                if setuid { High } else { Medium }
            } else if is_shell(&image) || is_interpreter(&image) || is_named(&image, &TOO_MUCH) {
                High
            } else if SETUID_PROGRAMS.matches(image.name()) {
                return;
            } else {
                Low
            };
            let owner = image.exe_uid().map_or_else(|| "its owner".to_owned(), |uid| format!("uid {uid}"));
            let kind = if setuid { "setuid" } else { "setgid" };
            out.finding(format!("{} ran {}, which is {kind} and acts as {owner}", label(&e.process()), image.exe()))
                .fact("path", image.exe())
                .key(image.exe().to_string())
                .severity(severity);
        });

    r.rule("privilege-escalation/setuid-shell")
        .summary("A shell runs as root for a user who is not: a setuid program started it, or it is one")
        .severity(High)
        .attack("T1548.001")
        .attack("T1068")
        .property("maturity", "stable")
        .property("misses", "Programs that become root altogether (setuid(0)) before they start the shell")
        .only(exec::image::euid().equals(0).and(!exec::image::uid().equals(0)))
        .on_exec(|_, e, out| {
            let image = e.image();
            // A shell that lies there setuid is the rule's above.
            if is_shell(&image) && !image.is_setuid() && !is_in_system(image.script()) {
                let uid = image.uid();
                out.finding(format!("{} started {} as root for uid {uid}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("privilege-escalation/setuid-search")
        .summary("The machine was searched for setuid programs, or for programs with capabilities")
        .severity(Medium)
        .attack("T1548.001")
        .attack("T1083")
        .property("maturity", "stable")
        .property("misses", "Searches by a program's own code, which stat every file and have no arguments")
        .only(called(&["find", "getcap"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let searches = (command.name() == "find" && seeks_setuid(&command))
                || (command.name() == "getcap" && command.has('r', "recursive"));
            if !searches || is_scanner(&image) || is_package_management(&image) {
                return;
            }
            let finding = out.finding(format!("{} searches: {}", label(&e.process()), image.command_line()));
            // Root has what such programs give, and looks whether there are too many.
            if is_scheduled(&image) || (image.euid() == 0 && !is_contained(&image)) {
                finding.severity(Low);
            }
        });
}

/// Raises the finding, where these permissions make the file setuid or setgid.
fn made_setuid(process: &Process<'_>, path: Text<'_>, mode: u32, outcome: Outcome, out: &mut Out<'_>) {
    if is_package_management(process) || is_container_runtime(process) || is_installed(process, &COPIERS) {
        return;
    }
    let setuid = mode & S_ISUID != 0;
    let hidden_away = is_world_writable(path) && (setuid || asks_for_setgid(process, mode));
    // Folders are setgid so that a group can share them; of what kind a file is nobody says here.
    let severity = match (setuid, hidden_away) {
        (false, _) if is_installed(process, &FOLDER_KEEPERS) => return,
        (false, false) => Some(Low),
        (false, true) => Some(Medium),
        (true, false) if is_build(process) || is_configuration_management(process) => Some(Low),
        (true, _) => None,
    };
    let Some(verb) = outcome.verb("made", "tried to make") else { return };
    let kind = if setuid { "setuid" } else { "setgid" };
    let finding = out
        .finding(format!("{} {verb} {path} {kind} (mode {mode:04o})", label(process)))
        .fact("path", path)
        .key(path.to_string());
    if let Some(severity) = outcome.severity().or(severity) {
        finding.severity(severity);
    }
}

/// Whether it was told to set the bit, rather than to keep it, and not so that a group can share a folder.
fn asks_for_setgid(process: &Process<'_>, mode: u32) -> bool {
    const GROUP_WRITES: u32 = 0o020;
    let command = Command::of(process);
    let asks = |word: Text<'_>| match word.to_str().and_then(|word| u32::from_str_radix(word, 8).ok()) {
        Some(mode) => mode & S_ISGID != 0,
        None => word.contains("+") || word.contains("="),
    };
    mode & GROUP_WRITES == 0 && (command.name() != "chmod" || command.words().next().is_some_and(asks))
}

fn is_root_like(arg: Text<'_>) -> bool {
    let lower = arg.as_bytes().to_ascii_lowercase();
    // `=ep` and `+ep` alone are all of them; `-` has them read.
    ROOT_LIKE.matches(lower.as_slice()) || arg.starts_with("=") || arg.starts_with("+") || arg == "-"
}

/// Whether find was told to look for the bits: `-perm -4000`, `/6000`, `-u=s`, `-g+s` …
fn seeks_setuid(find: &Command<'_>) -> bool {
    let permissions = find.args().windows(2).filter(|pair| pair.first().is_some_and(|arg| *arg == "-perm"));
    let mut wanted = permissions.filter_map(|pair| pair.get(1).copied());
    wanted.any(|mode| {
        let bytes = mode.as_bytes();
        let digits =
            bytes.strip_prefix(b"-").or(bytes.strip_prefix(b"/")).or(bytes.strip_prefix(b"+")).unwrap_or(bytes);
        match std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok()) {
            Some(mode) => mode & SETUID_OR_SETGID != 0,
            None => digits.contains(&b's'),
        }
    })
}
