//! Orders to a runtime past its own client: over its socket, or its port.

use common::contained::{entry, host_path, is_contained, is_main, is_setting_up, place};
use common::context::is_container_runtime;
use common::programs::{is_system, label};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::tools::{is_brought, is_fetcher};

/// Sockets of runtimes.
static SOCKETS: TextSet = TextSet::new().file_name(&[
    "buildkitd.sock",
    "containerd.sock",
    "cri-dockerd.sock",
    "crio.sock",
    "docker.raw.sock",
    "docker.sock",
    "dockershim.sock",
    "podman.sock",
]);
/// Programs that were made to talk to them.
static CLIENTS: TextSet = TextSet::new().equals(&[
    "buildctl",
    "buildkitd",
    "cadvisor",
    "compose",
    "cri-dockerd",
    "crictl",
    "ctop",
    "ctr",
    "docker",
    "docker-buildx",
    "docker-compose",
    "docker-init",
    "docker-proxy",
    "dockerd",
    "falco",
    "gitlab-runner",
    "k3s",
    "kubelet",
    "lanner",
    "lazydocker",
    "nerdctl",
    "podman",
    "portainer",
    "telegraf",
    "traefik",
    "trivy",
    "vector",
    "watchtower",
]);
/// Ports of runtimes' and clusters' own APIs: Docker, kubelet, etcd, the API server.
const DOCKER: [u16; 2] = [2375, 2376];
const PORTS: [u16; 11] = [2375, 2376, 2379, 2380, 4194, 6443, 8001, 10250, 10255, 10257, 10259];
/// What orders look like in a command line, and which techniques they stand for.
static CREATES: TextSet = TextSet::new().contains(&["/containers/create", "/libpod/containers", "/start"]);
static ENTERS: TextSet = TextSet::new().contains(&["/attach", "/exec"]);
static BUILDS: TextSet = TextSet::new().contains(&["/build", "/commit", "/images/load"]);
static ASKS: TextSet = TextSet::new().contains(&[
    "/api/v1",
    "/containers/",
    "/images/",
    "/info",
    "/networks",
    "/pods",
    "/v1.",
    "/version",
    "/volumes",
]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/runtime-socket-in-container")
        .summary("A program in a container talked to the runtime that made it: who may is root on the host")
        .severity(High)
        .attack("T1611")
        .attack("T1610")
        .property("maturity", "stable")
        .property("misses", "Sockets that a container has under another name before its mounts are known")
        .only(container::id().known())
        .only(connect::family().equals(AF_UNIX))
        .on_connect(|_, e, out| {
            let process = e.process();
            let path = e.unix_path();
            let host = host_path(&process, path);
            let is_socket = SOCKETS.matches(path) || host.is_some_and(|host| SOCKETS.matches(host.as_slice()));
            if !is_socket || is_setting_up(&process) || e.result() == ENOENT {
                return;
            }
            // What the image was made for, such as a proxy that looks for containers, does so itself.
            let is_own = is_main(&process) && entry(&process).id() == process.id() && !is_fetcher(&process);
            let severity = match () {
                () if is_own && !is_brought(&process) => Low,
                () if is_fetcher(&process) || is_brought(&process) || process.name() == "docker" => High,
                () => Medium,
            };
            let did = if e.failed() { "tried to talk to" } else { "talked to" };
            let severity = if e.failed() { severity.min(Medium) } else { severity };
            out.finding(format!("{} in {} {did} the runtime by {path}", label(&process), place(&process)))
                .field("command", process.command_line())
                .severity(severity);
        });

    r.rule("execution/container-api-call")
        .summary("The API of a container runtime was used by a program that is not its client")
        .severity(Medium)
        .attack("T1610")
        .attack("T1609")
        .attack("T1613")
        .attack("T1612")
        .property("maturity", "stable")
        .property(
            "misses",
            "Clients that were brought under a client's own path; libraries in programs of their own are Low",
        )
        .only(!container::id().known())
        .only(connect::unix_path().matches(&SOCKETS))
        .on_connect(|_, e, out| {
            let process = e.process();
            let is_client =
                (CLIENTS.matches(process.name()) && !is_brought(&process)) || is_container_runtime(&process);
            if is_client || is_setting_up(&process) || e.result() == ENOENT {
                return;
            }
            let order = process.args().find_map(order);
            let severity = match () {
                () if is_brought(&process) || is_contained(&process) => Medium,
                () if is_fetcher(&process) => order.map_or(Low, |(severity, _)| severity),
                () => Low,
            };
            let what = order.map_or("", |(_, what)| what);
            let did = if e.failed() { "tried to use" } else { "used" };
            out.finding(format!("{} {did} {}{what}", label(&process), e.unix_path()))
                .field("command", process.command_line())
                .severity(severity);
        });

    r.rule("discovery/container-api-port")
        .summary("A program that fetches what it is told connected to the API of a runtime, a node or a cluster")
        .severity(Medium)
        .attack("T1613")
        .attack("T1610")
        .attack("T1552.007")
        .property("maturity", "incubating")
        .property(
            "misses",
            "APIs at other ports; programs that were made for this, and those of languages with a program of their own",
        )
        .only(connect::port().one_of(PORTS.map(i32::from)))
        .on_connect(|_, e, out| {
            let process = e.process();
            let Some(port) = e.port() else { return };
            let odd = is_fetcher(&process) || is_brought(&process);
            if !odd || is_setting_up(&process) || e.address().is_none() || is_installed_client(&process) {
                return;
            }
            let order = process.args().find_map(order);
            let severity = match () {
                () if is_contained(&process) || DOCKER.contains(&port) => Medium,
                () if order.is_some_and(|(severity, _)| severity >= Medium) => Medium,
                () => Low,
            };
            let peer = e.address().map(|address| address.to_string()).unwrap_or_default();
            out.finding(format!("{} connected to {peer}, port {port}", label(&process)))
                .field("command", process.command_line())
                .severity(severity);
        });
}

const AF_UNIX: i32 = 1;
/// No such file.
const ENOENT: i64 = -2;

fn is_installed_client(process: &Process<'_>) -> bool {
    CLIENTS.matches(process.name()) && is_system(process)
}

/// What is asked for by a command line.
fn order(argument: Text<'_>) -> Option<(Severity, &'static str)> {
    if CREATES.matches(argument) {
        Some((Medium, " to start a container"))
    } else if ENTERS.matches(argument) {
        Some((Medium, " to enter a container"))
    } else if BUILDS.matches(argument) {
        Some((Medium, " to make an image"))
    } else if ASKS.matches(argument) {
        Some((Medium, " to ask for what there is"))
    } else {
        None
    }
}
