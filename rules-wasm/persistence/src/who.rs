//! Who may change what: how much a change of a file that outlives its author says, by who made it.

use common::changes::Change;
use common::context::{is_backup, is_ci, is_configuration_management, is_container_runtime, is_interactive, lineage};
use common::programs::{is_installed, is_package_management, is_shell, is_system, is_world_writable};
use lanner_sdk::FindingBuilder;
use lanner_sdk::prelude::*;

/// Agents of clouds that set up machines and their users.
static CLOUD_AGENTS: TextSet = TextSet::new().equals(&["cloud-init", "google_guest_agent", "waagent"]);
/// What people edit files with.
static EDITORS: TextSet = TextSet::new().equals(&[
    "code",
    "ed",
    "emacs",
    "emacs-gtk",
    "emacs-nox",
    "joe",
    "kak",
    "mcedit",
    "micro",
    "nano",
    "ne",
    "nvim",
    "vi",
    "vim",
    "vim.basic",
    "vim.gtk3",
    "vim.nox",
    "vim.tiny",
]);
/// Package managers, as they are called in the user namespaces of rootless containers, where nothing vouches for them.
static NAMESPACED: TextSet =
    TextSet::new().equals(&["apk", "apt", "apt-get", "dnf", "dpkg", "microdnf", "pacman", "rpm", "yum", "zypper"]);
/// Package managers that are given files, and what has them do so with what was fetched from a repository.
static OF_FILES: TextSet = TextSet::new().equals(&["dpkg", "rpm"]);
static OF_REPOSITORIES: TextSet = TextSet::new().equals(&[
    "apt",
    "apt-get",
    "aptitude",
    "dnf",
    "dnf-3",
    "dnf5",
    "microdnf",
    "packagekitd",
    "tdnf",
    "unattended-upgrade",
    "yum",
    "zypper",
]);
/// The user namespace of the host (PROC_USER_INIT_INO of include/linux/proc_ns.h).
const FIRST_USER_NAMESPACE: u32 = 0xefff_fffd;

/// The programs that change certain files as their daily work.
pub(crate) struct Habits {
    /// For these it is not worth a finding.
    pub owners: TextSet,
    /// These do nothing but this at somebody's command, and are worth a line, no more.
    pub editors: TextSet,
}

/// Nobody's work.
pub(crate) static NOBODY: Habits = Habits { owners: TextSet::new(), editors: TextSet::new() };

/// Raises the finding about a change, as far as it is worth one.
pub(crate) fn report<'o>(change: &Change<'_>, habits: &Habits, out: &'o mut Out<'_>) -> Option<FindingBuilder<'o>> {
    report_as(change, habits, None, out)
}

/// The same where the clear case has another severity than the rule's.
pub(crate) fn report_as<'o>(
    change: &Change<'_>,
    habits: &Habits,
    clear: Option<Severity>,
    out: &'o mut Out<'_>,
) -> Option<FindingBuilder<'o>> {
    let process = &change.process;
    if is_installed(process, &habits.owners) || is_container_runtime(process) {
        return None;
    }
    let severity = if is_package_management(process) {
        // What a package from anywhere does by its scripts is not the distribution's doing.
        Some(of_local_package(process)?)
    } else if is_habitual(process, habits) {
        Some(Low)
    } else {
        None
    };
    let sentence = change.sentence()?;
    let finding = out.finding(sentence).fact("path", change.path).key(change.path.to_string());
    // The milder of the two.
    Some(match severity.into_iter().chain(change.outcome.severity()).min().or(clear) {
        Some(severity) => finding.severity(severity),
        None => finding,
    })
}

/// How bad it is when a package that was given as a file has a script do it; `None` for what packages hold themselves.
fn of_local_package(process: &Process<'_>) -> Option<Severity> {
    let is_script = process.ancestors().any(|each| is_installed(&each, &OF_FILES)) && !is_installed(process, &OF_FILES);
    (is_script && from_local_package(process)).then_some(Medium)
}

/// Whether it is part of the installation of a package that lies where everybody may write, or in a home.
pub(crate) fn from_local_package(process: &Process<'_>) -> bool {
    let mut is_local = false;
    for each in lineage(process) {
        if is_installed(&each, &OF_REPOSITORIES) {
            return false;
        }
        is_local |=
            is_installed(&each, &OF_FILES) && each.args().skip(1).any(|argument| is_local_file(argument, each.cwd()));
    }
    is_local
}

fn is_local_file(argument: Text<'_>, cwd: Text<'_>) -> bool {
    let is_package = argument.ends_with(".deb") || argument.ends_with(".rpm");
    let folder = if argument.starts_with("/") { argument } else { cwd };
    is_package && !folder.starts_with("/var/cache/")
}

/// Whether it does this for those who look after the machine.
fn is_habitual(process: &Process<'_>, habits: &Habits) -> bool {
    is_part_of_tool(process, &habits.editors)
        || (is_interactive(process) && is_installed(process, &EDITORS))
        || is_administration(process)
}

/// visudo has an editor write a file beside it, and systemctl likewise.
fn is_part_of_tool(process: &Process<'_>, tools: &TextSet) -> bool {
    lineage(process).any(|each| is_installed(&each, tools))
}

/// Whether it is what machines are set up with by plan: configuration management, agents of clouds, jobs of continuous
/// integration, backups that are put back, and package managers in containers of users.
pub(crate) fn is_administration(process: &Process<'_>) -> bool {
    is_configuration_management(process)
        || is_part_of_tool(process, &CLOUD_AGENTS)
        || is_ci(process)
        || is_backup(process)
        || is_namespaced_package_management(process)
}

fn is_namespaced_package_management(process: &Process<'_>) -> bool {
    let is_namespaced = process.user_ns().is_some_and(|namespace| namespace != FIRST_USER_NAMESPACE);
    is_namespaced && lineage(process).any(|each| NAMESPACED.matches(each.name()) && !is_world_writable(each.exe()))
}

/// Raises a finding about what was run, as bad as this where nobody's plan stands behind it.
pub(crate) fn report_exec<'o>(
    e: &ExecEvent<'_>,
    severity: Severity,
    what: &str,
    out: &'o mut Out<'_>,
) -> Option<FindingBuilder<'o>> {
    let image = e.image();
    if is_package_management(&image) && !from_local_package(&image) {
        return None;
    }
    let severity = if is_administration(&image) {
        severity.min(Low)
    } else if image.parent().is_some_and(|by| is_world_writable(by.exe()) || by.is_memfd()) {
        // Administrators have their tools elsewhere.
        severity.max(Medium)
    } else {
        severity
    };
    let by = image.parent().map(|parent| common::programs::label(&parent)).unwrap_or_default();
    let message = format!("{by} {what}: {}", image.command_line());
    Some(out.finding(message.trim_start()).severity(severity))
}

/// Whether it copies what others wrote, whole trees of it: tar, git and the like, or a program for backups.
pub(crate) fn is_copying(process: &Process<'_>) -> bool {
    static COPIERS: TextSet =
        TextSet::new().equals(&["bsdtar", "cpio", "git", "rsync", "scp", "sftp-server", "tar", "unsquashfs", "unzip"]);
    let is_tree = process.name() == "cp" && process.args().skip(1).any(|argument| is_recursive(argument));
    is_tree || (is_system(process) && COPIERS.matches(process.name())) || is_backup(process)
}

fn is_recursive(argument: Text<'_>) -> bool {
    let bytes = argument.as_bytes();
    let is_short = bytes.first() == Some(&b'-') && bytes.get(1) != Some(&b'-');
    argument.one_of(&["--archive", "--recursive"]) || (is_short && bytes.iter().any(|byte| b"aRr".contains(byte)))
}

/// Whether this path is one of a file right in a home folder, or below it: the path without the home.
pub(crate) fn in_home<'a>(path: Text<'a>) -> Option<Text<'a>> {
    let bytes = path.as_bytes();
    if let Some(rest) = bytes.strip_prefix(b"/root/") {
        return Some(Text::new(rest));
    }
    let rest = bytes.strip_prefix(b"/home/")?;
    let end = rest.iter().position(|byte| *byte == b'/')?;
    Some(Text::new(&rest[end + 1..]))
}

/// Whether a shell, or what shells are used for, did it and not a program with a purpose of its own.
pub(crate) fn is_by_hand(process: &Process<'_>) -> bool {
    static BY_HAND: TextSet = TextSet::new().equals(&[
        "awk", "busybox", "cat", "chmod", "cp", "curl", "dd", "echo", "gawk", "install", "ln", "mawk", "mv", "perl",
        "printf", "ruby", "sed", "tee", "touch", "wget",
    ]);
    let one_liner = common::programs::is_interpreter(process)
        && process.args().skip(1).any(|argument| argument.one_of(&["-c", "-e", "-"]));
    is_shell(process) || BY_HAND.matches(process.name()) || one_liner
}
