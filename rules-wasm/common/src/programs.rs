//! Which programs are which. Trust goes by the whole path, as the kernel resolved it: anybody can call a file `sshd`,
//! but only root can put one into /usr/sbin. Of a script only the path that it was called by is known.

use lanner_sdk::prelude::*;

/// Where installed programs and their scripts lie; only root writes there.
static SYSTEM_FOLDERS: TextSet =
    TextSet::new().starts_with(&["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/snap/"]);
/// What lies in folders in which everybody may create files.
static WORLD_WRITABLE: TextSet = TextSet::new()
    .starts_with(&["/tmp/", "/var/tmp/", "/dev/shm/", "/dev/mqueue/", "/run/lock/", "/var/lock/", "/run/screen/"])
    // The same, as a path has them that goes up to the top.
    .contains(&[
        "/../tmp/",
        "/../var/tmp/",
        "/../dev/shm/",
        "/../dev/mqueue/",
        "/../run/lock/",
        "/../var/lock/",
        "/../run/screen/",
    ]);

static SHELLS: TextSet = TextSet::new()
    .equals(&["sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "pwsh"]);
static INTERPRETERS: TextSet = TextSet::new().equals(&["python", "perl", "ruby", "php", "node", "lua", "tclsh"]);
/// What installs packages and runs their scripts: what it and its children write is the distribution's doing.
static PACKAGE_MANAGERS: TextSet = TextSet::new().equals(&[
    "dpkg",
    "dpkg-deb",
    "rpm",
    "dnf",
    "dnf5",
    "dnf-3",
    "yum",
    "microdnf",
    "tdnf",
    "zypper",
    "pacman",
    "apk",
    "snapd",
    "rpm-ostree",
]);
/// What has them do so, and starts other programs too: what those write is not the distribution's doing.
static FRONT_ENDS: TextSet = TextSet::new().equals(&["apt", "apt-get", "aptitude"]);
/// Programs that start another and add nothing of their own.
static WRAPPERS: TextSet =
    TextSet::new().equals(&["env", "nice", "ionice", "timeout", "setsid", "nohup", "stdbuf", "sudo", "setpriv"]);

/// What a process is called in a message.
pub fn label(process: &Process<'_>) -> String {
    let exe = process.exe();
    let name = if exe.is_empty() { process.name() } else { exe };
    // Interpreters say little: the script is who did it.
    match process.script() {
        script if script.is_empty() => name.to_string(),
        script => format!("{script} ({})", process.name()),
    }
}

/// Whether it is one of these programs, or runs one of these scripts, as installed.
pub fn is_installed(process: &Process<'_>, names: &TextSet) -> bool {
    is_system(process) && (names.matches(process.name()) || runs_installed_script(process, names))
}

fn runs_installed_script(process: &Process<'_>, names: &TextSet) -> bool {
    let script = process.script();
    names.matches(script.file_name()) && is_in_system(script)
}

/// Whether the executable is an installed one.
pub fn is_system(process: &Process<'_>) -> bool {
    process.exe_is_genuine() && is_in_system(process.exe())
}

/// Whether a path lies where only root installs. A script is named as its caller likes, so one that goes up on its way is
/// not believed.
pub fn is_in_system(path: Text<'_>) -> bool {
    !path.contains("/../") && SYSTEM_FOLDERS.matches(path)
}

/// Whether everybody may write into a folder on the way to this path.
pub fn is_world_writable(path: Text<'_>) -> bool {
    WORLD_WRITABLE.matches(path)
}

/// A name without the version at its end: `python3.11` is `python`.
pub(crate) fn unversioned(name: Text<'_>) -> &[u8] {
    let bytes = name.as_bytes();
    let length = bytes.iter().rposition(|byte| !(byte.is_ascii_digit() || *byte == b'.')).map_or(0, |last| last + 1);
    &bytes[..length]
}

/// Whether its name, without a version, is one of these.
pub fn is_named(process: &Process<'_>, names: &TextSet) -> bool {
    let name = unversioned(process.name());
    let name = if name.is_empty() { process.name().as_bytes() } else { name };
    names.matches(name)
}

/// Whether it runs a shell.
pub fn is_shell(process: &Process<'_>) -> bool {
    let name = process.name();
    if name == "busybox" {
        // Which of its programs it is says what it was called as, or the first argument.
        let mut args = process.args().skip_while(|called| called.file_name() == "busybox");
        return args.next().is_some_and(|called| is_shell_name(called.file_name()));
    }
    is_shell_name(name)
}

pub(crate) fn is_shell_name(name: Text<'_>) -> bool {
    // A login shell is called `-bash`.
    let bytes = name.as_bytes();
    SHELLS.matches(bytes.strip_prefix(b"-").unwrap_or(bytes))
}

/// Whether it runs a program for a language that is run from its source, shells not included.
pub fn is_interpreter(process: &Process<'_>) -> bool {
    is_named(process, &INTERPRETERS)
}

/// Whether a package manager did it, or started what did.
pub fn is_package_management(process: &Process<'_>) -> bool {
    is_installed(process, &FRONT_ENDS)
        || std::iter::once(*process).chain(process.ancestors()).any(|p| is_installed(&p, &PACKAGE_MANAGERS))
}

/// Who started it: the nearest ancestor that is not a mere wrapper.
pub fn starter<'a>(process: &Process<'a>) -> Option<Process<'a>> {
    process.ancestors().find(|ancestor| !is_installed(ancestor, &WRAPPERS))
}
