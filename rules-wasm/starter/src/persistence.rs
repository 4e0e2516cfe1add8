//! Writing what is run later, or as somebody else.

use lanner_sdk::prelude::*;

use crate::Starter;
use crate::files::file;
use crate::outcome::Outcome;
use crate::programs::{is_installed, is_package_management, is_world_writable, label};

/// Begin paths of what cron runs.
static CRON: TextSet = TextSet::new().starts_with(&[
    "/etc/crontab",
    "/etc/anacrontab",
    "/etc/cron.d/",
    "/etc/cron.hourly/",
    "/etc/cron.daily/",
    "/etc/cron.weekly/",
    "/etc/cron.monthly/",
    "/etc/cron.yearly/",
    "/var/spool/cron/",
]);
/// Parts of the paths of what systemd runs. `/run/systemd/transient` and the generators' folders are its own.
static SYSTEMD: TextSet = TextSet::new().contains(&[
    "/etc/systemd/system/",
    "/etc/systemd/user/",
    "/usr/lib/systemd/system/",
    "/usr/lib/systemd/user/",
    "/run/systemd/system/",
    "/.config/systemd/user/",
    "/.local/share/systemd/user/",
    "/usr/local/lib/systemd/",
    "/etc/systemd/system.control/",
    "/systemd/system-generators/",
]);
/// What every dynamically linked program loads.
const PRELOAD: &str = "/etc/ld.so.preload";

/// Variables that name libraries which a program loads before its own.
const LOADED_FIRST: [&str; 2] = ["LD_PRELOAD", "LD_AUDIT"];

/// What people change jobs of cron, units and the list of sudoers with.
static CRON_EDITORS: TextSet = TextSet::new().equals(&["crontab"]);
static UNIT_EDITORS: TextSet = TextSet::new().equals(&["systemctl"]);
static SUDOERS_EDITORS: TextSet = TextSet::new().equals(&["visudo"]);
static NONE: TextSet = TextSet::new();

/// What keeps the jobs of cron.
static CRON_OWNERS: TextSet = TextSet::new().equals(&["cron", "crond", "anacron"]);
/// What writes units by itself; `generate` is netplan's.
static UNIT_OWNERS: TextSet =
    TextSet::new().equals(&["cloud-init", "generate", "netplan", "systemd", "systemd-executor"]);
/// Agents of clouds that set up machines and their users.
static CLOUD_AGENTS: TextSet = TextSet::new().equals(&["cloud-init", "google_guest_agent", "waagent"]);

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("persistence/cron-write")
        .summary("A job for cron was written")
        .severity(High)
        .attack("T1053.003")
        .only(open::file().matches(&CRON))
        .on_open(|_, e, out| written(e, &CRON_EDITORS, &CRON_OWNERS, out));

    r.rule("persistence/systemd-unit-write")
        .summary("A unit of systemd was written: it can run anything at the next start, or on a timer")
        .severity(High)
        .attack("T1543.002")
        .attack("T1053.006")
        .only(open::file().matches(&SYSTEMD))
        .on_open(|_, e, out| written(e, &UNIT_EDITORS, &UNIT_OWNERS, out));

    r.rule("persistence/ld-preload-write")
        .summary(
            "The list of libraries that every program loads first was written: the way of most rootkits in user space",
        )
        .severity(Critical)
        .attack("T1574.006")
        .only(open::file().equals([PRELOAD]))
        .on_open(|_, e, out| written(e, &NONE, &NONE, out));

    r.rule("persistence/ld-preload-environment")
        .summary("A program was made to load a library first that lies where everybody may write")
        .severity(High)
        .attack("T1574.006")
        .only(exec::image::environment().contains(LOADED_FIRST.map(|name| format!("{name}="))))
        .on_exec(|_, e, out| {
            let image = e.image();
            for name in LOADED_FIRST {
                // The dynamic linker takes the last of several.
                let parts =
                    image.envs(name).flat_map(|value| value.as_bytes().split(|byte| matches!(byte, b':' | b' ')));
                if let Some(library) = parts.map(Text::new).find(|library| is_writable_library(*library, image.cwd())) {
                    out.finding(format!("{} was started with {name}={library}", label(&image)));
                }
            }
        });

    r.rule("persistence/authorized-keys-write")
        .summary("The list of keys that may log in was written")
        .severity(Medium)
        .attack("T1098.004")
        .only(open::file().ends_with(["/.ssh/authorized_keys", "/.ssh/authorized_keys2"]))
        .on_open(|_, e, out| written(e, &NONE, &CLOUD_AGENTS, out));

    r.rule("privilege-escalation/sudoers-write")
        .summary("Who may become root was changed")
        .severity(Critical)
        .attack("T1548.003")
        .only(open::file().starts_with(["/etc/sudoers"]))
        .on_open(|_, e, out| written(e, &SUDOERS_EDITORS, &CLOUD_AGENTS, out));
}

/// Whether a library that is named so lies where everybody may write. What is no path is looked for among the system's own.
fn is_writable_library(library: Text<'_>, cwd: Text<'_>) -> bool {
    let library = library.as_bytes();
    let own = library.strip_prefix(b"/proc/self/cwd/".as_slice());
    let path = match own.unwrap_or(library) {
        relative if own.is_some() || !relative.starts_with(b"/") => [cwd.as_bytes(), b"/", relative].concat(),
        path => path.to_vec(),
    };
    let mut plain = Vec::with_capacity(path.len());
    for byte in path {
        if !(byte == b'/' && plain.last() == Some(&b'/')) {
            plain.push(byte);
        }
    }
    library.contains(&b'/') && is_world_writable(Text::new(&plain))
}

/// Raises the finding, where the file was opened for writing, or would have been. `editors` do nothing but this, and are
/// worth a line, no more; for `owners` it is daily work.
fn written(e: &OpenEvent<'_>, editors: &TextSet, owners: &TextSet, out: &mut Out<'_>) {
    let process = e.process();
    if !e.is_write() || is_installed(&process, owners) || is_package_management(&process) {
        return;
    }
    let outcome = Outcome::of(e);
    let did = if e.is_created() { "created" } else { "opened for writing" };
    let Some(verb) = outcome.verb(did, "tried to write") else { return };
    let finding = out.finding(format!("{} {verb}: {}", label(&process), file(e)));
    // visudo has an editor write a file beside it.
    let edited = || process.ancestors().any(|ancestor| is_installed(&ancestor, editors));
    let by_an_editor = is_installed(&process, editors) || edited();
    if let Some(severity) = by_an_editor.then_some(Low).or(outcome.severity()) {
        finding.severity(severity);
    }
}
