//! Who looks around: what belongs to one session, and when it is part of ordinary work.

use common::command::inline_source;
use common::context::{
    is_backup, is_build, is_ci, is_configuration_management, is_container_runtime, is_debugging, is_in_container,
    is_part_of, is_scanner, is_scheduled, is_user_management, lineage,
};
use common::families;
use common::programs::{
    is_in_system, is_installed, is_interpreter, is_named, is_package_management, is_shell, is_world_writable,
};
use lanner_sdk::prelude::*;

use crate::act::{NOTABLE, ROUTINE};

/// Programs that start another and add nothing of their own.
static WRAPPERS: TextSet = TextSet::new().equals(&[
    "chrt", "doas", "env", "ionice", "nice", "nohup", "setpriv", "setsid", "stdbuf", "su", "sudo", "time", "timeout",
    "xargs", "find", "parallel", "script", "runuser", "unbuffer",
]);
/// What watches machines, and tells those who log in how they are.
static MONITORS: TextSet = TextSet::new().equals(&[
    "apport",
    "apt-check",
    "check-new-release",
    "check_mk_agent",
    "cloud-init",
    "collectd",
    "dhclient-script",
    "datadog-agent",
    "fwupd",
    "glances",
    "ifup",
    "landscape-sysinfo",
    "lesspipe",
    "munin-node",
    "needrestart",
    "netdata",
    "networkd-dispatcher",
    "node_exporter",
    "nrpe",
    "osqueryd",
    "reportbug",
    "snmpd",
    "sosreport",
    "telegraf",
    "tuned",
    "udisksd",
    "unattended-upgrade",
    "wazuh-agentd",
    "zabbix_agent2",
    "zabbix_agentd",
]);
/// What serves the network and has no reason to look around.
static SERVERS: TextSet = TextSet::new().equals(families::SERVERS);

/// What an act is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circumstance {
    /// Nothing that is known.
    Ordinary,
    /// Making programs, which looks first where it is.
    Build,
    /// A script that administrators have put beside the system's own.
    Installed,
    /// What is done by the clock, by what sets up machines, or by what watches them.
    Routine,
    /// A server of the network that was made to run programs.
    Served,
}

impl Circumstance {
    /// Whether an act of this weight is nothing at all.
    pub(crate) fn excuses(self, weight: u32) -> bool {
        match self {
            Self::Ordinary | Self::Served => false,
            Self::Build | Self::Installed => weight <= ROUTINE,
            Self::Routine => weight <= NOTABLE,
        }
    }
}

/// Scripts that came with the system: what they look at is their own affair. Not what lies beside them to be looked at.
static OWN_SCRIPTS: TextSet = TextSet::new().starts_with(&[
    "/bin/",
    "/etc/init.d/",
    "/lib/",
    "/sbin/",
    "/usr/bin/",
    "/usr/lib/",
    "/usr/libexec/",
    "/usr/sbin/",
]);

/// Where administrators put scripts of theirs.
static LOCAL_SCRIPTS: TextSet = TextSet::new().starts_with(&["/usr/local/bin/", "/usr/local/lib/", "/usr/local/sbin/"]);

/// What an act is part of that a process did; `began`: that it began is the act, and who it is says nothing about why.
pub(crate) fn circumstance_of(process: &Process<'_>, began: bool) -> Circumstance {
    match process.parent() {
        Some(parent) if began => circumstance(&parent),
        _ => circumstance(process),
    }
}

/// What an act of this process is part of.
pub(crate) fn circumstance(process: &Process<'_>) -> Circumstance {
    let own_script = |it: Process<'_>| !it.script().contains("/../") && OWN_SCRIPTS.matches(it.script());
    let makes_containers = || !is_in_container(process) && lineage(process).any(|it| is_container_runtime(&it));
    if lineage(process).take(3).any(own_script) || makes_containers() {
        return Circumstance::Routine;
    }
    if is_package_management(process)
        || is_configuration_management(process)
        || is_user_management(process)
        || is_scanner(process)
        || is_backup(process)
        || is_scheduled(process)
        || is_part_of(process, &MONITORS)
    {
        return Circumstance::Routine;
    }
    if is_build(process) || is_ci(process) || is_debugging(process) {
        return Circumstance::Build;
    }
    if lineage(process).take(3).any(|it| is_named(&it, &SERVERS)) {
        return Circumstance::Served;
    }
    let local_script = |it: Process<'_>| is_in_system(it.script()) && LOCAL_SCRIPTS.matches(it.script());
    if lineage(process).take(2).any(local_script) {
        return Circumstance::Installed;
    }
    Circumstance::Ordinary
}

/// Whether a program had it run that was put where everybody may write, or leaves no file behind. Scripts do not count: those
/// of administrators lie there too.
pub(crate) fn is_implant(process: &Process<'_>) -> bool {
    process.ancestors().take(3).any(|each| each.is_memfd() || is_world_writable(each.exe()))
}

/// Whose session it is: the script, the shell or the program that has the commands run. What only starts another is passed
/// over, and so is what a shell forks for a part of its script. `began`: the act is that the process began.
pub(crate) fn actor<'a>(process: &Process<'a>, began: bool) -> Process<'a> {
    // A shell that reads by itself is the session.
    if !began && (is_shell(process) || is_interpreter(process)) && !is_fork(process) && !is_inline_program(process) {
        return *process;
    }
    let mut chain = process.ancestors().filter(|each| !is_fork(each) && !is_installed(each, &WRAPPERS));
    let Some(first) = chain.next() else { return *process };
    // What a server, or a program that was given on the command line, has shells run one by one belongs together.
    let is_call = is_shell(&first) && !inline_source(&first).is_empty();
    match chain.next() {
        Some(above) if is_call && (is_named(&above, &SERVERS) || is_inline_program(&above)) => above,
        _ => first,
    }
}

/// Whose scan it is: a shell that is told a single attempt belongs to who told it.
pub(crate) fn scanner<'a>(process: &Process<'a>) -> Process<'a> {
    let session = actor(process, false);
    if !is_shell(&session) || inline_source(&session).is_empty() {
        return session;
    }
    session.ancestors().find(|it| !is_fork(it) && !is_installed(it, &WRAPPERS)).unwrap_or(session)
}

/// Whether it is a program that was given on the command line; shells are told single commands so.
fn is_inline_program(process: &Process<'_>) -> bool {
    is_interpreter(process) && !inline_source(process).is_empty()
}

/// Whether it runs what its parent ran, and has not begun anything itself.
fn is_fork(process: &Process<'_>) -> bool {
    process.image_start() <= process.start() && process.parent().is_some_and(|parent| parent.exe() == process.exe())
}
