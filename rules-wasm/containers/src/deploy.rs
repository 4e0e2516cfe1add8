//! Containers that are started with more of the host than a container should have.

use std::time::Duration;

use common::changes::on_write;
use common::contained::place;
use common::context::{is_ci, is_configuration_management, is_container_runtime};
use common::programs::{is_package_management, is_world_writable};
use lanner_sdk::abi::ContainerMount;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Containers;
use crate::client::{CLIENTS, Call, Tool};

/// Containers that have been told about.
const CONTAINERS: usize = 1024;
/// How long they are remembered.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Folders of the host from which all of it can be reached, where a container has them.
static OPEN_DOORS: TextSet = TextSet::new().equals(&[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/sys/fs/cgroup",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/var",
    "/var/lib",
    "/var/run",
]);
/// Of these, those with programs and nothing else.
static PROGRAMS: TextSet = TextSet::new().equals(&["/bin", "/lib", "/lib64", "/sbin", "/usr", "/usr/bin", "/usr/sbin"]);
/// Files and folders that open other doors.
static KEYS: TextSet = TextSet::new()
    .starts_with(&[
        "/dev/mem",
        "/dev/nvme",
        "/dev/sd",
        "/dev/vd",
        "/dev/xvd",
        "/etc/cron",
        "/etc/kubernetes",
        "/etc/shadow",
        "/etc/ssh/",
        "/etc/sudoers",
        "/etc/systemd",
        "/proc/",
        "/root/",
        "/sys/kernel",
        "/var/lib/containerd",
        "/var/lib/containers",
        "/var/lib/docker",
        "/var/lib/etcd",
        "/var/lib/kubelet",
        "/var/spool/cron",
    ])
    .ends_with(&["/.aws", "/.kube", "/.ssh"]);
/// Sockets by which containers are made.
static SOCKETS: TextSet =
    TextSet::new().ends_with(&["/buildkitd.sock", "/containerd.sock", "/crio.sock", "/docker.sock", "/podman.sock"]);
/// What a container may do with which it is none any more.
static CAPABILITIES: TextSet =
    TextSet::new().equals(&["ALL", "BPF", "DAC_READ_SEARCH", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"]);
/// Namespaces of Kubernetes in which what runs the cluster itself is.
pub(crate) static SYSTEM_NAMESPACES: TextSet = TextSet::new().equals(&["calico-system", "kube-flannel", "kube-system"]);

/// Containers of which it was said that they may do everything.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Privileged {
    told: Recent<Vec<u8>, ()>,
}

impl Default for Privileged {
    fn default() -> Self {
        Self { told: Recent::new(CONTAINERS, KEEP) }
    }
}

impl Privileged {
    /// With the limits of this version.
    pub(crate) fn with_limits(self) -> Self {
        Self { told: self.told.with_limits(CONTAINERS, KEEP) }
    }

    /// Tells of a container, once.
    fn tell(&mut self, e: &ExecEvent<'_>, container: &Container<'_>, what: &str, out: &mut Out<'_>) {
        let id = container.id().as_bytes();
        if self.told.get(e.time(), id).is_some() {
            return;
        }
        self.told.insert(e.time(), id.to_vec(), ());
        let image = e.image();
        let finding = out
            .finding(format!("{} {what}: {}", place(&image), image.command_line()))
            .key(container.id().to_string())
            .field("image", container.image());
        if SYSTEM_NAMESPACES.matches(container.namespace()) {
            finding.severity(Low);
        }
    }
}

/// What systemd makes containers of.
static QUADLETS: TextSet = TextSet::new()
    .starts_with(&["/etc/containers/systemd/", "/usr/share/containers/systemd/"])
    .contains(&["/.config/containers/systemd/"]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/container-with-host-access")
        .summary("A container is started that has the host in its hands: its file system, its devices, its processes")
        .severity(High)
        .attack("T1610")
        .attack("T1611")
        .property("maturity", "stable")
        .property(
            "misses",
            "What is asked of a runtime through its API or in a file: privileged-container sees some of it",
        )
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let Some(call) = Call::of(&e.image()) else { return };
            let reasons = reasons(&call);
            let Some(worst) = reasons.iter().map(|(severity, _)| *severity).max() else { return };
            // Each is wanted at times; together they are a way out.
            let several = reasons.iter().filter(|(severity, _)| *severity >= Medium).count() > 1;
            let severity = if several { High } else { worst };
            let whys: Vec<_> = reasons.into_iter().map(|(_, why)| why).collect();
            out.finding(format!("{} starts a container with {}", e.image().command_line(), whys.join(", ")))
                .field("reasons", whys.join(", "))
                .severity(severity);
        });

    r.rule("privilege-escalation/privileged-container")
        .summary("A container runs that may do all that root may, or has the host's files or its runtime's socket")
        .severity(Medium)
        .attack("T1610")
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Containers that end before their runtime has written down what they may, some 100 ms")
        .only(container::privileged().is(true))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(container) = image.container().filter(|container| container.is_privileged() == Some(true)) else {
                return;
            };
            pack.privileged.tell(e, &container, "is privileged", out);
        })
        .unfiltered()
        // What a runtime has not written down yet is not there, the time of the start neither.
        .only(container::started().between(1..))
        .on_exec(|pack, e, out| {
            let Some(container) = e.image().container() else { return };
            let opens = |mount: &ContainerMount<'_>| {
                let source = mount.source();
                SOCKETS.matches(source) || (mount.is_writable() && OPEN_DOORS.matches(source))
            };
            let Some(door) = container.mounts().into_iter().flatten().find(opens) else { return };
            pack.privileged.tell(e, &container, &format!("has {} of the host", door.source()), out);
        });

    r.rule("execution/container-deployed")
        .summary("A container was started by hand, or by what is not an orchestrator")
        .severity(Low)
        .attack("T1610")
        .property("maturity", "sandbox")
        .property("misses", "Containers that orchestrators start; every ordinary start is a hint and no more")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let is_start = call.is(
                Tool::Engine,
                &["run", "create", "compose up", "kube play", "play kube", "service create", "stack deploy"],
            ) || call.is(Tool::Ctr, &["run"])
                || call.is(Tool::Crictl, &["run", "runp", "create"])
                || call.is(Tool::Lxc, &["launch", "init"]);
            if !is_start || !reasons(&call).is_empty() || is_ci(&image) || is_configuration_management(&image) {
                return;
            }
            let finding = out.finding(format!("{} starts a container", image.command_line()));
            // Somebody else's host, without a login; or a command that brings its own program.
            let is_remote = call.values(&["H", "host", "url"]).any(is_open_api);
            let by_loose = image.parent().is_some_and(|parent| is_world_writable(parent.exe()));
            if is_remote || by_loose || call.operands.iter().skip(1).any(|word| fetches_and_runs(word)) {
                finding.severity(Medium);
            }
        });

    r.rule("persistence/container-service")
        .summary("A container was made a service that comes back after every restart, with the host in its hands")
        .severity(Medium)
        .attack("T1543.005")
        .attack("T1610")
        .property("maturity", "incubating")
        .property("misses", "Compose files and units: what stands in them is not seen")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let restarts =
                call.values(&["restart"]).any(|policy| policy.starts_with(b"always") || policy == b"unless-stopped");
            let is_update = call.is(Tool::Engine, &["update"]) && restarts;
            let is_start = call.is(Tool::Engine, &["run", "create"]) && restarts;
            let is_unit = call.is(Tool::Engine, &["generate systemd"]);
            if !(is_update || is_start || is_unit) || is_configuration_management(&image) {
                return;
            }
            let is_suspicious = is_update
                || reasons(&call).iter().any(|(severity, _)| *severity >= Medium)
                || call.operands.iter().skip(1).any(|word| fetches_and_runs(word))
                || call.runs_shell(1);
            let severity = if is_suspicious { Medium } else { Low };
            out.finding(format!("{} makes a container a service", image.command_line())).severity(severity);
        });

    let rule = r
        .rule("persistence/container-unit-write")
        .summary("A unit was written by which systemd starts a container")
        .severity(Medium)
        .attack("T1543.005")
        .attack("T1543.002")
        .property("maturity", "incubating")
        .property("misses", "Ordinary units that call docker or podman");
    on_write(rule, &QUADLETS, |_, change, out| {
        let process = &change.process;
        let is_routine = is_package_management(process) || is_container_runtime(process);
        let Some(sentence) = change.sentence().filter(|_| !is_routine) else { return };
        let finding = out.finding(sentence).fact("path", change.path).key(change.path.to_string());
        let planned = is_configuration_management(process).then_some(Low);
        if let Some(severity) = planned.or(change.outcome.severity()) {
            finding.severity(severity);
        }
    });
}

/// An API of a runtime that asks nobody who he is.
fn is_open_api(address: &[u8]) -> bool {
    address.starts_with(b"tcp://") || address.starts_with(b"http://")
}

/// A command for a shell that fetches what it runs.
pub(crate) fn fetches_and_runs(word: &[u8]) -> bool {
    static FETCH: TextSet =
        TextSet::new().contains(&["/dev/tcp/", "base64 -d", "curl ", "http://", "https://", "wget "]);
    static RUN: TextSet =
        TextSet::new().contains(&["/dev/tcp/", "chmod ", "chroot ", "nsenter ", "| bash", "| sh", "|bash", "|sh"]);
    FETCH.matches(word) && RUN.matches(word) || word.starts_with(b"chroot ") || word.starts_with(b"nsenter ")
}

/// What of the host a container is given, and how bad that is.
pub(crate) fn reasons(call: &Call<'_>) -> Vec<(Severity, String)> {
    let mut reasons = Vec::new();
    match call.tool {
        Tool::Engine if matches!(call.verb.as_ref(), "run" | "create" | "exec" | "service create") => {
            engine(call, &mut reasons);
        }
        Tool::Ctr if call.verb == "run" || call.verb == "create" => engine(call, &mut reasons),
        Tool::Lxc => lxc(call, &mut reasons),
        _ => {}
    }
    reasons
}

fn engine(call: &Call<'_>, reasons: &mut Vec<(Severity, String)>) {
    if call.has(&["privileged"]) {
        reasons.push((Medium, "all privileges".to_owned()));
    }
    if call.verb == "exec" {
        return;
    }
    for mount in call.values(&["v", "volume", "mount"]) {
        let (source, read_only) = parse_mount(mount);
        let text = Text::new(&source);
        let what = || format!("{text} of the host");
        if read_only && PROGRAMS.matches(text) {
            // The host's programs, to run them.
        } else if OPEN_DOORS.matches(text) {
            reasons.push((if read_only { Medium } else { High }, what()));
        } else if SOCKETS.matches(text) || KEYS.matches(text) {
            reasons.push((Medium, what()));
        }
    }
    for device in call.values(&["device"]) {
        let source = device.split(|byte| *byte == b':').next().unwrap_or_default();
        if source == b"/dev" || KEYS.matches(source) {
            reasons.push((High, format!("the device {}", Text::new(source))));
        }
    }
    for capability in call.values(&["cap-add"]).flat_map(|list| list.split(|byte| *byte == b',')) {
        let upper = capability.to_ascii_uppercase();
        let plain = upper.strip_prefix(b"CAP_").unwrap_or(&upper);
        if CAPABILITIES.matches(plain) {
            reasons.push((Medium, format!("the capability {}", Text::new(plain))));
        }
    }
    for (options, severity, what) in [
        (["pid", "pid"], Medium, "the host's processes"),
        (["userns", "userns"], Low, "the host's users"),
        (["ipc", "ipc"], Low, "the host's shared memory"),
        (["uts", "uts"], Low, "the host's name"),
        (["cgroupns", "cgroupns"], Low, "the host's control groups"),
        (["net", "network"], Low, "the host's network"),
    ] {
        if call.values(&options).any(|value| value == b"host") {
            reasons.push((severity, what.to_owned()));
        }
    }
    if call.values(&["security-opt"]).any(|value| value.ends_with(b"unconfined")) {
        reasons.push((Medium, "nothing that confines it".to_owned()));
    }
    // A folder that the runtime has open itself: its parents are the host's (CVE-2024-21626).
    if call.values(&["w", "workdir", "cwd"]).any(|folder| folder.starts_with(b"/proc/")) {
        reasons.push((High, "a working directory of the runtime's own".to_owned()));
    }
    // Networks and others that are the host's are wanted often; alone they are not worth a line.
    if reasons.iter().all(|(severity, _)| *severity == Low) {
        reasons.clear();
    }
}

/// The source on the host, without what does not change it, and whether it may only be read.
fn parse_mount(mount: &[u8]) -> (Vec<u8>, bool) {
    let (source, options): (&[u8], Vec<&[u8]>) = if mount.contains(&b'=') {
        let parts: Vec<&[u8]> = mount.split(|byte| *byte == b',').collect();
        let value = |part: &&[u8], name: &str| part.strip_prefix(name.as_bytes()).map(<[u8]>::len);
        let source = parts.iter().find_map(|part| {
            let length = value(part, "source=").or_else(|| value(part, "src="))?;
            part.get(part.len() - length..)
        });
        (source.unwrap_or_default(), parts)
    } else {
        let mut parts = mount.split(|byte| *byte == b':');
        let source = parts.next().unwrap_or_default();
        (source, parts.skip(1).flat_map(|part| part.split(|byte| *byte == b',')).collect())
    };
    let read_only = options.iter().any(|option| matches!(*option, b"ro" | b"readonly" | b"readonly=true"));
    (plain(source), read_only)
}

/// A path without `//`, `/./`, `/../` and a `/` at its end.
pub(crate) fn plain(path: &[u8]) -> Vec<u8> {
    if !path.starts_with(b"/") {
        return path.to_vec();
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    [b"/".as_slice(), &parts.join(&b'/')].concat()
}

/// `lxc config device add NAME x disk source=/ path=/mnt`, `lxc launch … -c security.privileged=true`.
fn lxc(call: &Call<'_>, reasons: &mut Vec<(Severity, String)>) {
    let words = call.operands.iter().copied().chain(call.values(&["c", "config", "d", "device"]));
    for word in words {
        if word == b"security.privileged=true" || word == b"security.privileged=1" {
            reasons.push((Medium, "all privileges".to_owned()));
        } else if let Some(source) = word.strip_prefix(b"source=")
            && OPEN_DOORS.matches(plain(source).as_slice())
        {
            reasons.push((High, format!("{} of the host", Text::new(source))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read() {
        assert_eq!(parse_mount(b"/:/host"), (b"/".to_vec(), false));
        assert_eq!(parse_mount(b"/../:/host:rslave,ro"), (b"/".to_vec(), true));
        assert_eq!(parse_mount(b"type=bind,source=/etc//,target=/x,readonly"), (b"/etc".to_vec(), true));
        assert_eq!(parse_mount(b"data:/var/lib/x"), (b"data".to_vec(), false));
    }
}
