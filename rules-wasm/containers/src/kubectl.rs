//! Orders to a Kubernetes cluster, as kubectl is given them.

use common::context::{is_ci, is_configuration_management};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::client::{CLIENTS, Call, Tool};

/// What a pod may ask for with which it is not confined any more.
static UNCONFINED: TextSet = TextSet::new().contains(&[
    "\"hostIPC\": true",
    "\"hostIPC\":true",
    "\"hostNetwork\": true",
    "\"hostNetwork\":true",
    "\"hostPID\": true",
    "\"hostPID\":true",
    "\"hostPath\"",
    "\"privileged\": true",
    "\"privileged\":true",
    "nsenter",
]);
/// Kinds of what runs again and again.
static JOBS: TextSet = TextSet::new().equals(&["cj", "cronjob", "cronjob.batch", "cronjobs", "job", "jobs"]);
/// Kinds of what keeps pods running.
static SERVICES: TextSet =
    TextSet::new().equals(&["daemonset", "deploy", "deployment", "ds", "replicaset", "statefulset"]);
/// Roles with which a cluster is one's own.
static MIGHTY: TextSet = TextSet::new().ends_with(&["=admin", "=cluster-admin", "=edit"]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("execution/pod-deployed")
        .summary("Somebody had a Kubernetes cluster run a pod")
        .severity(Low)
        .attack("T1610")
        .property("maturity", "incubating")
        .property("misses", "What stands in manifests, and orders that reach the cluster without kubectl")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = kubectl(&image) else { return };
            let kind = call.operands.first().copied().unwrap_or_default();
            let is_run = call.verb == "run"
                || (matches!(call.verb.as_ref(), "create" | "apply" | "replace")
                    && (call.values(&["f", "filename", "k", "kustomize"]).next().is_some() || SERVICES.matches(kind)));
            if !is_run {
                return;
            }
            let unconfined =
                call.values(&["overrides"]).any(|text| UNCONFINED.matches(text)) || call.has(&["privileged"]);
            let finding = out.finding(format!("{} has a pod run", image.command_line()));
            if unconfined {
                finding.severity(High);
            } else if call.values(&["f", "filename"]).any(is_remote) {
                finding.severity(Medium);
            } else if call.verb == "run" && !is_routine(&image) {
                // Pods that belong to nothing are made by hand.
                finding.severity(Medium);
            }
        });

    r.rule("persistence/cluster-job")
        .summary("A job that comes again by the clock was given to a Kubernetes cluster")
        .severity(Medium)
        .attack("T1053.007")
        .property("maturity", "incubating")
        .property("misses", "Jobs in manifests whose names do not say so")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = kubectl(&image) else { return };
            let kind = call.operands.first().copied().unwrap_or_default();
            let kind = kind.split(|byte| *byte == b'/').next().unwrap_or_default();
            let is_named_so = |file: &[u8]| {
                let name = Text::new(file).file_name();
                name.as_bytes().to_ascii_lowercase().windows(4).any(|part| part == b"cron")
            };
            let makes = matches!(call.verb.as_ref(), "create" | "apply" | "replace" | "patch" | "edit");
            if makes && (JOBS.matches(kind) || call.values(&["f", "filename"]).any(is_named_so)) {
                let finding = out.finding(format!("{} gives a cluster a job", image.command_line()));
                if is_routine(&image) {
                    finding.severity(Low);
                }
            } else if call.verb == "get" && JOBS.matches(kind) {
                out.finding(format!("{} looks for a cluster's jobs", image.command_line())).severity(Low);
            }
        });

    r.rule("persistence/cluster-role-given")
        .summary("Somebody was given power over a Kubernetes cluster")
        .severity(Medium)
        .attack("T1098.006")
        .property("maturity", "incubating")
        .property("misses", "Roles in manifests")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = kubectl(&image) else { return };
            let kind = call.operands.first().copied().unwrap_or_default();
            let is_binding = matches!(kind, b"clusterrolebinding" | b"rolebinding" | b"clusterrole" | b"role");
            let is_added = call.operands.iter().any(|word| word.starts_with(b"add-cluster-role-to-"));
            if (matches!(call.verb.as_ref(), "create" | "edit" | "patch" | "set") && is_binding) || is_added {
                let mighty = image.args().any(|argument| MIGHTY.matches(argument))
                    || call.values(&["clusterrole"]).any(|role| role == b"cluster-admin")
                    || call.values(&["verb", "resource"]).any(|what| what == b"*");
                let severity = if mighty && kind.starts_with(b"cluster") { High } else { Medium };
                out.finding(format!("{} gives power over a cluster", image.command_line())).severity(severity);
            }
        });

    r.rule("credential-access/cluster-secrets-listed")
        .summary("Somebody asked a Kubernetes cluster for its secrets, or for tokens")
        .severity(Medium)
        .attack("T1552.007")
        .attack("T1528")
        .property("maturity", "stable")
        .property("misses", "Secrets that are asked for without kubectl: cluster-api-call sees some of it")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = kubectl(&image) else { return };
            let is_secret = |what: &[u8]| {
                what.split(|byte| matches!(*byte, b',' | b'/')).any(|kind| matches!(kind, b"secret" | b"secrets"))
            };
            let gets =
                matches!(call.verb.as_ref(), "get" | "describe") && call.operands.iter().any(|what| is_secret(what));
            let raw = call.values(&["raw"]).any(|path| Text::new(path).contains("/secrets"));
            let token = call.verb == "create" && call.operands.first().is_some_and(|kind| *kind == b"token");
            let view = call.verb == "config" && call.has(&["raw"]);
            if gets || raw || token || view {
                let finding = out.finding(format!("{} asks a cluster for secrets", image.command_line()));
                if is_routine(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("command-and-control/cluster-tunnel")
        .summary("kubectl opened a way into a cluster for others")
        .severity(Low)
        .attack("T1090.001")
        .attack("T1572")
        .property("maturity", "sandbox")
        .property("misses", "Other tunnels")
        .only(exec::image::exe().matches(&CLIENTS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = kubectl(&image) else { return };
            if matches!(call.verb.as_ref(), "proxy" | "port-forward") {
                let open = call.values(&["address"]).any(|address| address == b"0.0.0.0" || address == b"::");
                let severity = if open { Medium } else { Low };
                out.finding(format!("{} opens a way into a cluster", image.command_line())).severity(severity);
            }
        });

    r.rule("impact/containers-removed")
        .summary("Many containers, or all of a kind, were stopped or removed at once")
        .severity(Low)
        .attack("T1489")
        .attack("T1485")
        .property("maturity", "sandbox")
        .property("misses", "Containers that are removed one by one")
        .only(exec::image::exe().matches(&CLIENTS))
        .on_exec(|_, e, out| {
            const MANY: usize = 5;
            let image = e.image();
            let Some(call) = Call::of(&image) else { return };
            let many =
                call.is(Tool::Engine, &["kill", "rm", "stop", "rmi", "volume rm"]) && call.operands.len() >= MANY;
            let all = call.is(Tool::Kubectl, &["delete"]) && call.has(&["all"]);
            let prune = call.is(Tool::Engine, &["system prune", "volume prune"]) && call.has(&["a", "all", "volumes"]);
            if many || all || prune {
                let severity = if prune || is_routine(&image) { Low } else { Medium };
                out.finding(format!("{} removes much at once", image.command_line())).severity(severity);
            }
        });
}

fn kubectl<'a>(image: &Process<'a>) -> Option<Call<'a>> {
    Call::of(image).filter(|call| call.tool == Tool::Kubectl)
}

fn is_remote(file: &[u8]) -> bool {
    file.starts_with(b"http://") || file.starts_with(b"https://")
}

fn is_routine(image: &Process<'_>) -> bool {
    is_ci(image) || is_configuration_management(image)
}
