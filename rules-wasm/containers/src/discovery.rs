//! Who looks around: which containers there are, and in a container which way leads out.

use std::collections::BTreeSet;
use std::time::Duration;

use common::contained::{is_contained, place};
use common::context::{is_ci, is_configuration_management};
use common::programs::{is_interpreter, is_shell, is_world_writable, label, starter};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Containers;
use crate::client::{CLIENTS, Call, Tool};
use crate::tools::{is_reader, readers};

/// Sessions that are looked at at a time.
const SESSIONS: usize = 512;
/// How long a session's questions count together.
const KEEP: Duration = Duration::from_secs(60);
/// So many different questions are no accident.
const MANY: usize = 3;

/// What a container tells of itself and of its limits.
static TELLTALES: TextSet = TextSet::new()
    .equals(&[
        "/.dockerenv",
        "/proc/1/cgroup",
        "/proc/1/environ",
        "/proc/1/mountinfo",
        "/proc/1/mounts",
        "/proc/1/sched",
        "/proc/1/status",
        "/proc/self/cgroup",
        "/proc/self/mountinfo",
        "/proc/self/status",
        "/proc/self/uid_map",
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/unprivileged_userns_clone",
        "/run/.containerenv",
        "/sys/kernel/security/apparmor/profiles",
    ])
    .ends_with(&["/cgroup.procs", "/release_agent", "/serviceaccount/namespace", "/uevent_helper"]);
/// How the paths of these end once links on the way (`/proc/self`) are followed.
const RESOLVED: [&str; 7] = ["/cgroup", "/environ", "/mountinfo", "/mounts", "/sched", "/status", "/uid_map"];
/// Those that a link may lead to elsewhere.
const ELSEWHERE: [&str; 4] = ["/cgroup.procs", "/namespace", "/release_agent", "/uevent_helper"];
/// Tools that look for ways out of containers.
static FINDERS: TextSet = TextSet::new().file_name(&[
    "amicontained",
    "amicontained-linux-amd64",
    "botb",
    "botb-linux-amd64",
    "cdk",
    "cdk_linux_amd64",
    "cdk_linux_amd64_upx",
    "ctrsploit",
    "ctrsploit_linux_amd64",
    "deepce.sh",
    "kdigger",
    "kdigger-linux-amd64",
    "kube-hunter",
    "kubeletctl",
    "kubeletctl_linux_amd64",
    "kubesploit",
    "linux-amd64-peirates",
    "peirates",
]);

/// Questions that sessions have asked lately, each once.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Queries {
    runtime: Recent<u64, BTreeSet<String>>,
    own: Recent<u64, BTreeSet<Vec<u8>>>,
}

impl Default for Queries {
    fn default() -> Self {
        Self { runtime: Recent::new(SESSIONS, KEEP), own: Recent::new(SESSIONS, KEEP) }
    }
}

impl Queries {
    /// With the limits of this version.
    pub(crate) fn with_limits(self) -> Self {
        Self { runtime: self.runtime.with_limits(SESSIONS, KEEP), own: self.own.with_limits(SESSIONS, KEEP) }
    }
}

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("discovery/containers-listed")
        .summary(
            "Somebody asked which containers, images or pods there are; several different questions are a look around",
        )
        .severity(Low)
        .attack("T1613")
        .property("maturity", "incubating")
        .property("misses", "Questions to the API past its client: container-api-call sees some of it")
        .only(exec::image::exe().matches(&CLIENTS).or(exec::image::script().matches(&CLIENTS)))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(question) = Call::of(&image).and_then(|call| question(&call)) else { return };
            if is_ci(&image) || is_configuration_management(&image) {
                return;
            }
            let session = starter(&image).map_or(0, |starter| starter.id());
            let asked = ask(&mut pack.queries.runtime, e.time(), session, question);
            let everything =
                image.args().any(|argument| matches!(argument.as_bytes(), b"-A" | b"--all-namespaces" | b"can-i"));
            let severity = if asked == MANY || everything { Medium } else { Low };
            if asked <= MANY {
                out.finding(format!("{} looks around", image.command_line())).severity(severity);
            }
        });

    r.rule("discovery/container-looks-at-itself")
        .summary("Somebody looked in a container at what it may do and where it runs")
        .severity(Low)
        .attack("T1613")
        .attack("T1082")
        .property("maturity", "incubating")
        .property("misses", "What needs no file: capabilities that a program asks the kernel for")
        .only(
            open::file().matches(&TELLTALES).or(open::asked().matches(&TELLTALES).and(
                open::path()
                    .starts_with(["/proc/"])
                    .and(open::path().ends_with(RESOLVED))
                    .or(open::path().ends_with(ELSEWHERE)),
            )),
        )
        .only(readers())
        .on_open(|pack, e, out| {
            let process = e.process();
            if !is_contained(&process) || !is_reader(&process) || !e.is_read() {
                return;
            }
            let asked_for = if e.asked().is_known() { e.asked() } else { e.path() };
            // Interpreters look at their own limits whenever they begin.
            if is_interpreter(&process) && asked_for.starts_with("/proc/self/") {
                return;
            }
            let session = starter(&process).map_or(0, |starter| starter.id());
            let asked = ask(&mut pack.queries.own, e.time(), session, asked_for.as_bytes().to_vec());
            if asked <= MANY {
                let severity = if asked == MANY { Medium } else { Low };
                out.finding(format!("{} in {} read {asked_for}", label(&process), place(&process))).severity(severity);
            }
        });

    r.rule("discovery/container-escape-finder")
        .summary("A tool was run that looks for ways out of containers and into clusters")
        .severity(High)
        .attack("T1613")
        .attack("T1611")
        .property("maturity", "incubating")
        .property("misses", "Tools under other names: what they do is seen by other rules")
        .only(exec::image::exe().matches(&FINDERS).or(exec::image::script().matches(&FINDERS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let script = image.script();
            let name = if script.is_empty() { image.name() } else { script.file_name() };
            let is_exact = |name: Text<'_>| name != "cdk" || is_contained(&image);
            let lies_loose =
                is_world_writable(image.exe()) || image.is_upper() || !script.is_empty() || is_contained(&image);
            if FINDERS.matches(name) && is_exact(name) && lies_loose && !(is_shell(&image) && script.is_empty()) {
                out.finding(format!("{} was run", image.command_line()));
            }
        });
}

/// How many different questions a session has asked, this one included; none where it was asked before.
fn ask<Q: Ord + Clone>(asked: &mut Recent<u64, BTreeSet<Q>>, now: u64, session: u64, question: Q) -> usize {
    let questions = match asked.get_mut(now, &session) {
        Some(questions) => questions,
        None => {
            asked.insert(now, session, BTreeSet::from([question]));
            return 1;
        }
    };
    if questions.len() > MANY || !questions.insert(question) {
        return MANY + 1;
    }
    questions.len()
}

/// What is asked for; nothing where it is about a container of one's own.
fn question(call: &Call<'_>) -> Option<String> {
    static QUESTIONS: TextSet = TextSet::new().equals(&[
        "config view",
        "context ls",
        "diff",
        "history",
        "images",
        "info",
        "inspect",
        "list",
        "machine ls",
        "network inspect",
        "network ls",
        "node ls",
        "pod ls",
        "pod ps",
        "pods",
        "port",
        "ps",
        "secret ls",
        "service ls",
        "stats",
        "top",
        "version",
        "volume ls",
    ]);
    static CLUSTER: TextSet =
        TextSet::new().equals(&["api-resources", "api-versions", "auth", "cluster-info", "describe", "get", "top"]);
    match call.tool {
        Tool::Kubectl => {
            let kind = call.operands.first().map(|kind| String::from_utf8_lossy(kind).into_owned()).unwrap_or_default();
            CLUSTER.matches(call.verb.as_ref()).then(|| format!("{} {kind}", call.verb))
        }
        Tool::Runc => None,
        _ => {
            // A format or a filter picks one thing that is known already, and so does its name.
            let is_named = !call.operands.is_empty()
                && matches!(call.verb.as_ref(), "diff" | "history" | "inspect" | "port" | "stats" | "top");
            let picks = is_named || call.values(&["f", "filter", "format"]).next().is_some() && call.verb != "images";
            (QUESTIONS.matches(call.verb.as_ref()) && !picks).then(|| call.verb.clone().into_owned())
        }
    }
}
