//! What opens a Kubernetes cluster: tokens, certificates, manifests, and who asks its API.

use common::contained::{is_contained, is_main, is_setting_up, place};
use common::context::{is_backup, is_configuration_management, is_container_runtime};
use common::files::file;
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, label};
use common::reading::is_on_the_way;
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::tools::{is_brought, is_fetcher, is_reader};

/// Where pods have what they log in to the cluster with.
const TOKENS: &str = "/secrets/kubernetes.io/serviceaccount/";
/// The same of all pods of a node, as it keeps them.
const NODE_TOKENS: &str = "/var/lib/kubelet/pods/";
/// What a node and its cluster log in with, and the cluster's store of everything.
static CREDENTIALS: TextSet = TextSet::new().starts_with(&[
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/bootstrap-kubelet.conf",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/pki/",
    "/etc/kubernetes/scheduler.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/rke2/rke2.yaml",
    "/var/lib/etcd/member/",
    "/var/lib/kubelet/bootstrap-kubeconfig",
    "/var/lib/kubelet/kubeconfig",
    "/var/lib/kubelet/pki/",
    "/var/lib/rancher/k3s/server/cred/",
    "/var/lib/rancher/k3s/server/db/",
    "/var/lib/rancher/k3s/server/node-token",
    "/var/lib/rancher/k3s/server/tls/",
    "/var/lib/rancher/k3s/server/token",
    "/var/snap/microk8s/current/credentials/",
]);
/// Parts of the paths of folders in which there is nothing else.
static OF_CLUSTERS: TextSet = TextSet::new().contains(&["etcd", "k3s", "kube", "microk8s", "rke2"]);
/// Who has business with them.
static OWNERS: TextSet = TextSet::new().equals(&[
    "containerd",
    "crio",
    "etcd",
    "etcdctl",
    "helm",
    "k3s",
    "k3s-server",
    "k9s",
    "kube-apiserver",
    "kube-controller",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
    "kubelet",
    "kubelite",
    "rke2",
    "velero",
]);
/// What a node starts without being asked by anybody.
static MANIFESTS: TextSet = TextSet::new().starts_with(&[
    "/etc/kubelet.d/",
    "/etc/kubernetes/manifests/",
    "/var/lib/rancher/k3s/agent/pod-manifests/",
    "/var/lib/rancher/k3s/server/manifests/",
    "/var/lib/rancher/rke2/server/manifests/",
]);
static MANIFEST_OWNERS: TextSet = TextSet::new().equals(&["k3s", "k3s-server", "kubeadm", "kubelet", "rke2"]);
/// Names by which a cluster calls its own API, and all that it has.
static API_NAMES: TextSet = TextSet::new().starts_with(&["any.any.", "kubernetes.default"]).equals(&["kubernetes"]);
/// Parts of what its API is asked for.
static API_PATHS: TextSet = TextSet::new().contains(&[
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/api/v1/pods",
    "/api/v1/secrets",
    "/apis/authorization",
    "/apis/batch/",
    "/apis/rbac",
    "/runningpods",
    "/v2/keys",
    ":10250/",
    ":10255/",
    ":2379/",
    "KUBERNETES_SERVICE",
    "kubernetes.default",
]);
/// Programs that fetch what an argument names.
static FETCHERS: TextSet = TextSet::new().file_name(&["busybox", "curl", "http", "httpie", "wget", "wget2", "xh"]);
/// Programs that ask name servers.
static ASKERS: TextSet = TextSet::new().equals(&["dig", "dnsrecon", "drill", "getent", "host", "kdig", "nslookup"]);
const S_IFDIR: u32 = 0o040_000;
const S_IFMT: u32 = 0o170_000;
const WRITES: u32 = 0o3;

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("credential-access/service-account-token-read")
        .summary("A pod's token for its cluster was read by a program that shows files, not by the pod's own")
        .severity(Medium)
        .attack("T1552.007")
        .attack("T1528")
        .attack("T1552.001")
        .property("maturity", "stable")
        .property("misses", "Programs of the pod itself, and interpreters that run a file: they log in that way")
        .only(open::file().ends_with(["/token"]))
        .on_open(|_, e, out| {
            let process = e.process();
            let is_token = |path: Text<'_>| {
                let at_its_place =
                    path.starts_with(format!("/run{TOKENS}")) || path.starts_with(format!("/var/run{TOKENS}"));
                // A container may have others' roots below a folder of its own; on hosts such folders are copies.
                let folder = at_its_place
                    || (process.container().is_some() && path.contains(TOKENS))
                    || (path.starts_with(NODE_TOKENS) && path.contains("/kubernetes.io~"));
                folder && path.ends_with("/token")
            };
            let outcome = Outcome::of(e);
            if !e.is_read() || !e.paths().any(is_token) || is_installed(&process, &OWNERS) {
                return;
            }
            let on_host = !is_contained(&process) && e.paths().any(|path| path.starts_with(NODE_TOKENS));
            let odd = is_reader(&process) || is_brought(&process) || on_host;
            if !odd || is_backup(&process) {
                return;
            }
            let Some(verb) = outcome.verb("read", "tried to read") else { return };
            let severity = if is_brought(&process) || on_host { High } else { Medium };
            let finding = out.finding(format!("{} {verb} {}", label(&process), file(e))).fact("path", e.path());
            finding.severity(outcome.severity().unwrap_or(severity));
        });

    r.rule("credential-access/cluster-credential-read")
        .summary("What a node or a cluster logs in with was read by a program that has no business with it")
        .severity(High)
        .attack("T1552.001")
        .attack("T1552.004")
        .attack("T1552.007")
        .property("maturity", "stable")
        .property(
            "misses",
            "Clusters that keep them elsewhere; of backups and copies of whole trees it gives a hint only",
        )
        .only(open::file().matches(&CREDENTIALS))
        .on_open(|_, e, out| {
            let process = e.process();
            let is_folder = e.file_mode().is_some_and(|mode| mode & S_IFMT == S_IFDIR);
            let is_public = e.path().ends_with(".crt") || e.path().ends_with(".pub");
            let own = is_installed(&process, &OWNERS)
                || (OWNERS.matches(process.name()) && !is_brought(&process) && is_main(&process))
                || is_package_management(&process)
                || is_configuration_management(&process)
                || is_backup(&process)
                || is_setting_up(&process);
            let outcome = Outcome::of(e);
            if !e.is_read() || is_folder || is_public || own {
                return;
            }
            let Some(verb) = outcome.verb("read", "tried to read") else { return };
            // A copy of all of /etc has them in it, too: that is something else than a copy of them.
            let by_the_way = e.paths().any(|path| is_on_the_way(&process, path))
                && !process.args().skip(1).any(|arg| OF_CLUSTERS.matches(arg));
            out.finding(format!("{} {verb} {}", label(&process), file(e)))
                .fact("path", e.path())
                .severity(by_the_way.then_some(Low).or(outcome.severity()).unwrap_or(High));
        });

    r.rule("persistence/static-pod-write")
        .summary("A manifest was put where a node starts all that it finds, whatever its cluster says")
        .severity(High)
        .attack("T1543.005")
        .attack("T1610")
        .attack("T1053.007")
        .property("maturity", "stable")
        .property("misses", "Nodes that look for manifests elsewhere")
        .only(open::flags().any(WRITES))
        .only(open::file().matches(&MANIFESTS))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_write() && !places_manifests(&process) {
                let Some(verb) = Outcome::of(e).verb("wrote", "tried to write") else { return };
                let severity = Outcome::of(e).severity().unwrap_or(High);
                out.finding(format!("{} {verb} {}", label(&process), file(e)))
                    .fact("path", e.path())
                    .severity(severity);
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&MANIFESTS))
        .on_rename(|_, e, out| placed(&e.process(), e.new_path(), e.failed(), out))
        .unfiltered()
        .only(link::new_path().matches(&MANIFESTS))
        .on_link(|_, e, out| placed(&e.process(), e.new_path(), e.failed(), out))
        .unfiltered()
        .only(symlink::path().matches(&MANIFESTS))
        .on_symlink(|_, e, out| placed(&e.process(), e.path(), e.failed(), out));

    r.rule("discovery/cluster-api-call")
        .summary("The API of a cluster was asked by a program that fetches whatever it is told")
        .severity(Medium)
        .attack("T1613")
        .attack("T1552.007")
        .property("maturity", "stable")
        .property("misses", "Programs with a library for it, and questions whose address stands in no argument")
        .only(exec::image::exe().matches(&FETCHERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let fetches = is_fetcher(&image) && !common::programs::is_shell(&image);
            let asks = image.args().skip(1).any(|argument| API_PATHS.matches(argument) && !argument.starts_with("@"));
            if fetches && asks && image.id() == e.process().id() {
                let place = if is_contained(&image) { format!(" in {}", place(&image)) } else { String::new() };
                out.finding(format!("{}{place} asks a cluster", image.command_line()));
            }
        });

    r.rule("discovery/cluster-name-lookup")
        .summary("A name of a cluster's own was asked for by hand in a container")
        .severity(Low)
        .attack("T1613")
        .attack("T1046")
        .property("maturity", "incubating")
        .property("misses", "Names that are asked for over TCP, and by the pod's own programs")
        .only(dns::name().starts_with(["kubernetes", "any.any."]))
        .on_dns(|_, e, out| {
            let process = e.process();
            let by_hand = is_fetcher(&process) || ASKERS.matches(process.name()) || is_brought(&process);
            if !e.is_response() && by_hand && API_NAMES.matches(e.name()) {
                // All that there is, in one question.
                let severity = if e.name().starts_with("any.any.") { Medium } else { Low };
                out.finding(format!("{} asked for {}", label(&process), e.name())).severity(severity);
            }
        });
}

fn places_manifests(process: &Process<'_>) -> bool {
    is_installed(process, &MANIFEST_OWNERS)
        || is_container_runtime(process)
        || is_setting_up(process)
        || is_package_management(process)
        || is_configuration_management(process)
}

fn placed(process: &Process<'_>, path: Text<'_>, failed: bool, out: &mut Out<'_>) {
    if !failed && !places_manifests(process) {
        out.finding(format!("{} put a file at {path}", label(process))).fact("path", path);
    }
}
