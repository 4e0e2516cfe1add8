//! Files of the host in the hands of a container, files of containers in the hands of the host, and the runtime itself.

use common::contained::{host_path, is_contained, is_main, is_setting_up, place};
use common::context::{is_backup, is_container_runtime, is_scanner};
use common::files::file;
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::raise::{attempt, told};

/// What the host runs, or who may come in.
static RUN_BY_HOST: TextSet = TextSet::new()
    .starts_with(&[
        "/bin/",
        "/boot/",
        "/etc/cron",
        "/etc/docker/",
        "/etc/init.d/",
        "/etc/kubernetes/manifests/",
        "/etc/ld.so.",
        "/etc/pam.d/",
        "/etc/passwd",
        "/etc/profile",
        "/etc/rc",
        "/etc/shadow",
        "/etc/ssh/",
        "/etc/sudoers",
        "/etc/systemd/",
        "/etc/udev/",
        "/lib/systemd/",
        "/root/.bash",
        "/root/.config/autostart/",
        "/root/.config/systemd/",
        "/root/.profile",
        "/root/.ssh/",
        "/root/.zshrc",
        "/sbin/",
        "/usr/bin/",
        "/usr/lib/systemd/",
        "/usr/local/bin/",
        "/usr/local/sbin/",
        "/usr/sbin/",
        "/var/spool/cron/",
    ])
    .glob(&["/home/*/.{bash_profile,bashrc,profile,zshrc}", "/home/*/.ssh/authorized_keys"]);
/// Secrets of the host.
static SECRETS: TextSet = TextSet::new()
    .equals(&["/etc/gshadow", "/etc/shadow", "/etc/sudoers", "/root/.docker/config.json"])
    .starts_with(&[
        "/etc/kubernetes/",
        "/etc/ssh/ssh_host_",
        "/etc/ssl/private/",
        "/root/.aws/",
        "/root/.gnupg/",
        "/root/.kube/",
        "/root/.ssh/id_",
        "/var/lib/kubelet/p",
    ])
    .glob(&["/home/*/.ssh/id_*", "/home/*/.{aws,kube}/**"]);
/// Both, as the host of the rules can compare them.
static HOST_FILES: TextSet = TextSet::new().starts_with(&[
    "/bin/",
    "/boot/",
    "/etc/",
    "/home/",
    "/lib/",
    "/root/.",
    "/sbin/",
    "/usr/",
    "/var/lib/kubelet/p",
    "/var/spool/cron/",
]);
/// Those of them that a container may have under the host's own path.
static SAME_PATHS: TextSet = TextSet::new().starts_with(&[
    "/boot/",
    "/etc/cron",
    "/etc/kubernetes/",
    "/etc/ld.so.preload",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
    "/etc/systemd/",
    "/root/.aws/",
    "/root/.bash",
    "/root/.config/autostart/",
    "/root/.config/systemd/",
    "/root/.docker/config.json",
    "/root/.gnupg/",
    "/root/.kube/",
    "/root/.profile",
    "/root/.ssh/",
    "/root/.zshrc",
    "/var/lib/kubelet/p",
    "/var/spool/cron/",
]);

/// The runtimes themselves, which run as the host's root.
static RUNTIME_FILES: TextSet = TextSet::new().file_name(&[
    "conmon",
    "containerd-shim",
    "containerd-shim-runc-v2",
    "crun",
    "docker-containerd-shim",
    "docker-init",
    "docker-runc",
    "runc",
]);
/// Where they lie.
static PROGRAM_FOLDERS: TextSet =
    TextSet::new().starts_with(&["/bin/", "/opt/", "/sbin/", "/usr/", "/var/lib/rancher/"]);

/// The layers of images and containers.
static LAYERS: TextSet =
    TextSet::new().starts_with(&["/var/lib/containers/storage/overlay/", "/var/lib/docker/overlay2/"]);
/// What containers have said, as their runtimes keep it.
static LOGS: TextSet =
    TextSet::new().starts_with(&["/var/log/containers/", "/var/log/pods/"]).ends_with(&["-json.log"]);
static ROTATORS: TextSet = TextSet::new().equals(&["dockerd", "filebeat", "fluent-bit", "kubelet", "logrotate"]);

/// How the paths of others begin: with a version, or as a copy in memory.
const OTHER_RUNTIMES: [&str; 8] = [
    "/bin/runc",
    "/memfd:runc_cloned",
    "/sbin/runc",
    "/usr/bin/runc",
    "/usr/local/bin/runc",
    "/usr/local/sbin/runc",
    "/usr/sbin/runc",
    "memfd:runc_cloned",
];

const WRITES: u32 = 0o3;

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/container-touches-host-file")
        .summary("A container wrote what the host runs or trusts, or read the host's secrets, through a mount of it")
        .severity(Critical)
        .attack("T1611")
        .attack("T1005")
        .property("maturity", "stable")
        .property(
            "misses",
            "Folders of the host that are not the usual ones; a move within the first 100 ms of a container",
        )
        .only(container::id().known())
        .only(open::host_path().matches(&HOST_FILES))
        .on_open(|_, e, out| {
            // Where a container's own files lie on the host, the path of the host ends with the container's.
            let own = e.path() != e.host_path() && e.host_path().ends_with(e.path());
            if !own {
                touched(e, e.host_path(), out);
            }
        })
        .unfiltered()
        .only(container::id().known())
        // Where both have the same path, no other is told.
        .only(!open::host_path().known())
        .only(open::path().matches(&SAME_PATHS))
        .on_open(|_, e, out| {
            if let Some(host) = host_path(&e.process(), e.path()) {
                touched(e, Text::new(&host), out);
            }
        })
        .unfiltered()
        .only(container::id().known())
        // Whoever is not root there is none on the host either.
        .only(process::euid().equals(0))
        .on_rename(|_, e, out| named(&e.process(), e.new_path(), e.result(), out))
        .on_link(|_, e, out| named(&e.process(), e.new_path(), e.result(), out))
        .on_symlink(|_, e, out| named(&e.process(), e.path(), e.result(), out))
        .on_chmod(|_, e, out| {
            const S_ISUID: u32 = 0o4000;
            let process = e.process();
            let outcome = Outcome::of_result(e.result());
            if e.mode() & S_ISUID != 0
                && let Some(host) = host_path(&process, e.path())
            {
                let Some(told) = told(&process, outcome, "made setuid:", "tried to make setuid") else { return };
                attempt(out, outcome, High, format!("{told} {} (on the host {})", e.path(), Text::new(&host)));
            }
        });

    r.rule("privilege-escalation/container-link-to-host")
        .summary("A container made a link, in a folder shared with the host, to files that are not its own")
        .severity(Medium)
        .attack("T1611")
        .property("maturity", "incubating")
        .property("misses", "Links of folders whose mounts are not known yet")
        .only(container::id().known())
        .only(
            symlink::target()
                .starts_with(["/etc", "/root", "/proc", "/var/run/docker", "/var/lib/kubelet", "/run/docker"])
                .or(symlink::target().equals(["/"])),
        )
        .on_symlink(|_, e, out| {
            let process = e.process();
            if e.failed() || is_setting_up(&process) {
                return;
            }
            if let Some(host) = host_path(&process, e.path()) {
                let message = format!(
                    "{} in {} made {} (on the host {}) lead to {}",
                    label(&process),
                    place(&process),
                    e.path(),
                    Text::new(&host),
                    e.target()
                );
                out.finding(message);
            }
        });

    r.rule("privilege-escalation/runtime-overwrite")
        .summary(
            "A container's runtime was replaced or opened for writing: it runs as the host's root at the next start",
        )
        .severity(Critical)
        .attack("T1611")
        .attack("T1554")
        .property("maturity", "stable")
        .property("misses", "Runtimes under names of their own, and versions with another name than runc outside of the folders for programs")
        .only(open::flags().any(WRITES))
        .only(open::file().matches(&RUNTIME_FILES))
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            let in_container = is_contained(&process);
            let lies_there = e.paths().any(|path| PROGRAM_FOLDERS.matches(path));
            if !e.is_write() || !lies_there || is_expected_to_change(&process) {
                return;
            }
            // A container may have a runtime of its own.
            let own = in_container && e.is_file_upper() == Some(true);
            if !own && outcome != Outcome::Nothing {
                let verb = outcome.verb("opened for writing:", "tried to write").unwrap_or_default();
                attempt(
                    out,
                    outcome,
                    if in_container { Critical } else { High },
                    format!("{} {verb} {}", label(&process), file(e)),
                );
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&RUNTIME_FILES))
        .on_rename(|_, e, out| {
            let process = e.process();
            if !e.failed()
                && PROGRAM_FOLDERS.matches(e.new_path())
                && process.container().is_none()
                && !is_expected_to_change(&process)
            {
                out.finding(format!("{} replaced {}", label(&process), e.new_path())).severity(High);
            }
        })
        .unfiltered()
        // Who waits for the runtime to come in, to get hold of its file.
        .only(open::asked().starts_with(["/proc/"]))
        .only(open::asked().ends_with(["/exe"]))
        .only(
            open::path()
                .matches(&RUNTIME_FILES)
                .or(open::path().contains(["/runc/"]))
                .or(open::path().starts_with(OTHER_RUNTIMES)),
        )
        .on_open(|_, e, out| {
            let process = e.process();
            // A runtime that was brought along looks at itself.
            let itself = process.exe() == e.path();
            if !e.failed() && !itself && is_contained(&process) && !is_setting_up(&process) {
                out.finding(format!(
                    "{} in {} got hold of its runtime by {}",
                    label(&process),
                    place(&process),
                    e.asked()
                ))
                .severity(High);
            }
        });

    r.rule("persistence/image-layer-write")
        .summary("The files of an image or a container were changed from the host, past the runtime")
        .severity(Medium)
        .attack("T1525")
        .attack("T1565.001")
        .property("maturity", "sandbox")
        .property("misses", "Runtimes that keep their layers elsewhere")
        .only(!container::id().known())
        .only(open::flags().any(WRITES))
        .only(open::path().matches(&LAYERS))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write()
                && !e.failed()
                && !is_contained(&process)
                && !is_setting_up(&process)
                && !is_container_runtime(&process)
                && !is_package_management(&process)
            {
                out.finding(format!("{} wrote {}", label(&process), e.path())).fact("path", e.path());
            }
        });

    r.rule("defense-evasion/container-log-removal")
        .summary("What a container has said was removed or emptied, not by its runtime")
        .severity(Medium)
        .attack("T1070.002")
        .property("maturity", "incubating")
        .property("misses", "Logs that are kept elsewhere; those that are changed in places")
        .only(open::flags().any(0o1000))
        .only(open::file().matches(&LOGS).and(open::file().contains(["/containers/", "/pods/"])))
        .on_open(|_, e, out| log(&e.process(), e.path(), e.failed(), "emptied", out))
        .unfiltered()
        .only(truncate::path().matches(&LOGS))
        .on_truncate(|_, e, out| log(&e.process(), e.path(), e.failed(), "emptied", out))
        .unfiltered()
        .only(unlink::path().matches(&LOGS))
        .on_unlink(|_, e, out| log(&e.process(), e.path(), e.failed(), "removed", out));
}

/// Raises the finding, where the host runs or trusts what was opened for writing, or keeps it secret.
fn touched(e: &OpenEvent<'_>, host: Text<'_>, out: &mut Out<'_>) {
    let process = e.process();
    if is_setting_up(&process) {
        return;
    }
    let outcome = Outcome::of(e);
    if e.is_write() && RUN_BY_HOST.matches(host) {
        let Some(told) = told(&process, outcome, "opened for writing:", "tried to write") else { return };
        attempt(out, outcome, Critical, format!("{told} {} (on the host {host})", e.path()));
    } else if e.is_read() && SECRETS.matches(host) {
        let Some(told) = told(&process, outcome, "read", "tried to read") else { return };
        // A folder of keys that was mounted by its name was given on purpose.
        let mut mounts = process.container().and_then(|container| container.mounts()).into_iter().flatten();
        let given = mounts.any(|mount| mount.source().contains("/.") && host.starts_with(mount.source()));
        attempt(out, outcome, if given { Low } else { High }, format!("{told} {} (on the host {host})", e.path()));
    }
}

/// Runtimes guard themselves by what looks like this; packages bring new ones.
fn is_expected_to_change(process: &Process<'_>) -> bool {
    is_package_management(process) || is_container_runtime(process) || is_setting_up(process)
}

fn log(process: &Process<'_>, path: Text<'_>, failed: bool, did: &str, out: &mut Out<'_>) {
    let is_log = !path.ends_with("-json.log") || path.contains("/containers/");
    let expected = is_container_runtime(process)
        || is_installed(process, &ROTATORS)
        || is_backup(process)
        || is_scanner(process)
        || is_package_management(process);
    if is_log && !failed && !expected {
        out.finding(format!("{} {did} {path}", label(process))).fact("path", path);
    }
}

/// Raises the finding, where a file was given a name that the host runs or trusts.
fn named(process: &Process<'_>, path: Text<'_>, result: i64, out: &mut Out<'_>) {
    let Some(host) = host_path(process, path).filter(|host| RUN_BY_HOST.matches(host.as_slice())) else { return };
    let outcome = Outcome::of_result(result);
    if is_setting_up(process) || (is_main(process) && outcome != Outcome::Done) {
        return;
    }
    let Some(told) = told(process, outcome, "put a file at", "tried to put a file at") else { return };
    attempt(out, outcome, Critical, format!("{told} {path} (on the host {})", Text::new(&host)));
}
