//! What runs and changes in containers that their images did not have.

use common::contained::{entry, is_contained, is_main, is_setting_up, place};
use std::time::Duration;

use common::context::{is_build, is_ci};
use common::families;
use common::outcome::Outcome;
use common::programs::{is_in_system, is_package_management, is_shell, is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Containers;

/// What installs software.
static INSTALLERS: TextSet = TextSet::new().file_name(families::PACKAGE_TOOLS);
/// Arguments by which they do, rather than say something.
static INSTALLS: TextSet = TextSet::new().equals(&[
    "--install",
    "-S",
    "-U",
    "-Uvh",
    "-i",
    "-ivh",
    "add",
    "install",
    "localinstall",
    "update",
    "upgrade",
]);
/// Tools to look into networks, and to reach through them.
static NETWORK_TOOLS: TextSet = TextSet::new().file_name(&[
    "arp-scan",
    "bettercap",
    "chisel",
    "ettercap",
    "frpc",
    "gost",
    "hping3",
    "ligolo-agent",
    "masscan",
    "nmap",
    "pnscan",
    "rustscan",
    "tcpdump",
    "tshark",
    "zgrab",
    "zmap",
]);
/// Tools that join a connection to whatever stands at their other end.
static RELAYS: TextSet = TextSet::new().file_name(families::RELAYS);
static FETCHERS: TextSet = TextSet::new().file_name(families::FETCHERS);
static COMPILERS: TextSet =
    TextSet::new().file_name(&["as", "c++", "cc", "cc1", "clang", "g++", "gcc", "go", "ld", "rustc", "tcc"]);
/// Where programs lie that are found by their names alone.
static PROGRAMS: TextSet =
    TextSet::new().starts_with(&["/bin/", "/sbin/", "/usr/bin/", "/usr/local/bin/", "/usr/local/sbin/", "/usr/sbin/"]);
/// What logs in, starts and trusts in a container as anywhere.
static SETTINGS: TextSet = TextSet::new().starts_with(&[
    "/etc/cron",
    "/etc/group",
    "/etc/gshadow",
    "/etc/init.d/",
    "/etc/ld.so.conf",
    "/etc/ld.so.preload",
    "/etc/pam.d/",
    "/etc/passwd",
    "/etc/profile",
    "/etc/security/",
    "/etc/shadow",
    "/etc/ssh/",
    "/etc/sudoers",
    "/etc/systemd/",
    "/var/spool/cron/",
]);
/// What changes them because it is its work.
static KEEPERS: TextSet = TextSet::new().equals(&[
    "addgroup",
    "adduser",
    "chpasswd",
    "crontab",
    "groupadd",
    "groupmod",
    "ldconfig",
    "nscd",
    "passwd",
    "ssh-keygen",
    "update-ca-certificates",
    "useradd",
    "usermod",
]);

/// What writes programs when they are built.
const LINKERS: [&str; 7] = ["-ld.bfd", "-ld.gold", "/ld", "/ld.bfd", "/ld.lld", "/link", "/mold"];
/// Programs that were built lately, so many and so long.
const BUILT: usize = 1024;
const KEEP: Duration = Duration::from_secs(60 * 60);

const WRITES: u32 = 0o3;
/// Read-only file system.
const EROFS: u16 = 30;

/// Programs that were built in containers lately, by device and inode.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Built {
    files: Recent<(u32, u64), ()>,
}

impl Default for Built {
    fn default() -> Self {
        Self { files: Recent::new(BUILT, KEEP) }
    }
}

impl Built {
    /// With the limits of this version.
    pub(crate) fn with_limits(self) -> Self {
        Self { files: self.files.with_limits(BUILT, KEEP) }
    }
}

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("execution/container-drift")
        .summary("A program was run in a container that its image did not have")
        .severity(Medium)
        .attack("T1105")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property(
            "misses",
            "Scripts, whose interpreter the image has; programs on volumes; images whose layers are not an overlay's",
        )
        .only(container::id().known())
        .only(open::flags().any(WRITES))
        .only(process::exe().ends_with(LINKERS))
        .on_open(|pack, e, _| {
            if let Some(file) = e.dev().zip(e.inode()).filter(|_| e.is_write()) {
                pack.built.files.insert(e.time(), file, ());
            }
        })
        .unfiltered()
        // On the upper layer of an overlay.
        .only(exec::image::flags().any(lanner_sdk::abi::process_flag::EXE_UPPER))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let by_packages = image.parent().is_some_and(|parent| is_package_management(&parent));
            if !is_contained(&image) || is_setting_up(&image) || by_packages {
                return;
            }
            let loose = !is_in_system(image.exe());
            // Images are made by the same means, and containers that test programs make them first.
            if is_build(&image) || (is_ci(&image) && !loose) {
                return;
            }
            let main = is_main(&image);
            let file = image.exe_dev().zip(image.exe_inode());
            let was_built = file.is_some_and(|file| pack.built.files.get(e.time(), &file).is_some());
            let severity = match () {
                () if was_built && main => Low,
                () if is_world_writable(image.exe()) => Medium,
                () if main && !is_server(&entry(&image)) => Low,
                () => Medium,
            };
            out.finding(format!(
                "{} in {} ran {}, which its image did not have",
                label(&e.process()),
                place(&image),
                image.exe()
            ))
            .field("command", image.command_line())
            .severity(severity);
        });

    r.rule("execution/package-install-in-container")
        .summary("Software was installed in a container that runs already")
        .severity(Medium)
        .attack("T1105")
        .attack("T1609")
        .property("maturity", "stable")
        .property("misses", "What a container's own first command installs is a hint (Low): images are made so")
        .only(container::id().known())
        .only(exec::image::exe().matches(&INSTALLERS).or(exec::image::script().matches(&INSTALLERS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let installs = image.args().skip(1).take(6).any(|argument| INSTALLS.matches(argument));
            let nested = is_package_management(&e.process());
            if !installs || nested || is_ci(&image) {
                return;
            }
            let severity = if is_main(&image) && !is_server(&entry(&image)) { Low } else { Medium };
            out.finding(format!("{} in {}", image.command_line(), place(&image))).severity(severity);
        });

    r.rule("discovery/network-tool-in-container")
        .summary("A tool was run in a container that looks into networks or reaches through them")
        .severity(Low)
        .attack("T1046")
        .attack("T1105")
        .attack("T1095")
        .property("maturity", "incubating")
        .property("misses", "Tools under other names; curl and wget of a container's own command")
        .only(container::id().known())
        .only(
            exec::image::exe()
                .matches(&NETWORK_TOOLS)
                .or(exec::image::exe().matches(&RELAYS))
                .or(exec::image::exe().matches(&FETCHERS))
                .or(exec::image::exe().matches(&COMPILERS))
                .or(exec::image::exe().ends_with(["/busybox"])),
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = match image.name() {
                name if name == "busybox" => image.args().next().unwrap_or_default().file_name(),
                name => name,
            };
            let entered = !is_main(&image) || is_server(&entry(&image));
            let severity = match () {
                () if NETWORK_TOOLS.matches(name) => Medium,
                () if RELAYS.matches(name) && runs_program(&image) => High,
                () if RELAYS.matches(name) || (FETCHERS.matches(name) && entered) => Low,
                () if COMPILERS.matches(name) && entered && !is_build(&e.process()) => Low,
                () => return,
            };
            out.finding(format!("{} in {}", image.command_line(), place(&image))).severity(severity);
        });

    r.rule("persistence/container-program-write")
        .summary("A program was put, in a container that runs already, where programs are found by their names")
        .severity(Medium)
        .attack("T1554")
        .attack("T1036.005")
        .attack("T1105")
        .property("maturity", "incubating")
        .property("misses", "What a container's own first command does, as images are made so; programs elsewhere")
        .only(container::id().known())
        .only(open::flags().any(WRITES))
        .only(open::path().matches(&PROGRAMS))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write() && changes_later(&process) {
                let Some(verb) = Outcome::of(e).verb("wrote", "tried to write") else { return };
                let severity = if Outcome::of(e) == Outcome::Done { Medium } else { Low };
                out.finding(format!("{} in {} {verb} {}", label(&process), place(&process), e.path()))
                    .fact("path", e.path())
                    .severity(severity);
            }
        })
        .unfiltered()
        .only(container::id().known())
        .only(rename::new_path().matches(&PROGRAMS))
        .on_rename(|_, e, out| {
            let process = e.process();
            if !e.failed() && changes_later(&process) {
                out.finding(format!("{} in {} put a program at {}", label(&process), place(&process), e.new_path()));
            }
        });

    r.rule("persistence/container-settings-write")
        .summary("Users, jobs or settings were changed in a container that runs already")
        .severity(Medium)
        .attack("T1543")
        .attack("T1098")
        .attack("T1053.003")
        .property("maturity", "incubating")
        .property("misses", "What a container's own first command does; settings of the container's own service")
        .only(container::id().known())
        .only(open::flags().any(WRITES))
        .only(open::path().matches(&SETTINGS))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write() && changes_later(&process) && !e.path().ends_with(".cache") {
                let Some(verb) = Outcome::of(e).verb("wrote", "tried to write") else { return };
                let milder = KEEPERS.matches(process.name()) || Outcome::of(e) != Outcome::Done;
                let severity = if milder { Low } else { Medium };
                out.finding(format!("{} in {} {verb} {}", label(&process), place(&process), e.path()))
                    .fact("path", e.path())
                    .severity(severity);
            }
        });

    r.rule("defense-evasion/container-read-only-write")
        .summary("Somebody tried to change the system of a container that may only be read")
        .severity(Low)
        .attack("T1565.001")
        .property("maturity", "sandbox")
        .property("misses", "Containers that may be written")
        .only(container::id().known())
        .only(event::result().errno([EROFS]))
        .only(open::flags().any(WRITES).and(open::created().is(false)))
        .only(open::path().starts_with(["/bin/", "/etc/", "/lib", "/root/", "/sbin/", "/usr/"]))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write() && !is_setting_up(&process) && changes_later(&process) {
                out.finding(format!("{} in {} tried to write {}", label(&process), place(&process), e.path()));
            }
        });
}

/// Whether somebody came later and does it, or a server in the container: not the command that it was made for.
fn changes_later(process: &Process<'_>) -> bool {
    let later = !is_main(process) || is_server(&entry(process));
    later && !is_setting_up(process) && !is_package_management(process) && !is_build(process) && !is_ci(process)
}

/// Whether what a container was made for serves others: it is no shell and no script that does one thing after another.
fn is_server(entry: &Process<'_>) -> bool {
    static RUN_ALL: TextSet = TextSet::new().equals(&[
        "catatonit",
        "docker-init",
        "dumb-init",
        "env",
        "runsv",
        "s6-svscan",
        "supervisord",
        "tini",
    ]);
    !is_shell(entry) && entry.script().is_empty() && !RUN_ALL.matches(entry.name())
}

/// Whether a relay is to have a program at its other end.
fn runs_program(image: &Process<'_>) -> bool {
    let mut arguments = image.args().skip(1);
    arguments.any(|argument| {
        matches!(argument.as_bytes(), b"-e" | b"-c" | b"--exec" | b"--sh-exec")
            || argument.starts_with("exec:")
            || argument.starts_with("EXEC:")
            || argument.starts_with("SYSTEM:")
            || argument.starts_with("system:")
    })
}
