//! Ways out of a container through the kernel: what it runs as the host's root, and what it can be told by a container
//! that may.

use common::contained::{is_contained, is_setting_up, place};
use common::outcome::Outcome;
use common::programs::{is_interpreter, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::raise::{attempt, told};

/// Where the kernel is told which program to run on the host when something happens.
static HELPERS: TextSet = TextSet::new().ends_with(&[
    "/binfmt_misc/register",
    "/kernel/uevent_helper",
    "/release_agent",
    "/sys/kernel/core_pattern",
    "/sys/kernel/hotplug",
    "/sys/kernel/modprobe",
    "/sys/kernel/poweroff_cmd",
]);
/// What a control group says of devices, and of its end.
static CONTROL_GROUPS: TextSet = TextSet::new().ends_with(&["/devices.allow", "/notify_on_release"]);
/// What the kernel does at once.
static TRIGGERS: TextSet = TextSet::new().equals(&["/proc/sysrq-trigger"]).ends_with(&["/proc/sysrq-trigger"]);
/// The machine's memory, and ways into the kernel's.
static MEMORY: TextSet = TextSet::new().ends_with(&["/dev/kmem", "/dev/mem", "/dev/port", "/proc/kcore"]);
/// What the kernel shows of itself to those who debug it.
static DEBUG: TextSet = TextSet::new().starts_with(&["/sys/kernel/debug/", "/sys/kernel/security/"]);
/// Programs made to load BPF programs by hand.
static BPF_TOOLS: TextSet = TextSet::new().equals(&["bpftool", "bpftrace", "perf", "tc"]);

const BPF_PROG_LOAD: u32 = 5;
const WRITES: u32 = 0o3;
const S_IFMT: u32 = 0o170_000;
const S_IFCHR: u32 = 0o020_000;

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/container-kernel-helper-write")
        .summary("The kernel was told to run a program on the host: the shortest way out of a container")
        .severity(Critical)
        .attack("T1611")
        .attack("T1068")
        .property("maturity", "stable")
        .property("misses", "What is written is not seen: a file that is opened in vain looks the same")
        .only(open::flags().any(WRITES))
        .only(open::file().matches(&HELPERS))
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            if !e.is_write() || is_setting_up(&process) {
                return;
            }
            if is_contained(&process) {
                let Some(told) = told(&process, outcome, "opened for writing", "tried to write") else { return };
                let severity = if e.path().ends_with("/binfmt_misc/register") { High } else { Critical };
                attempt(out, outcome, severity, format!("{told} {}", e.path()));
            }
        });

    r.rule("privilege-escalation/container-cgroup-write")
        .summary("A container changed what its control group may do, or has the kernel act when it ends")
        .severity(High)
        .attack("T1611")
        .property("maturity", "incubating")
        .property("misses", "Control groups of version 2 have no such files")
        .only(open::flags().any(WRITES))
        .only(open::file().matches(&CONTROL_GROUPS))
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            if e.is_write() && is_contained(&process) && !is_setting_up(&process) {
                let Some(told) = told(&process, outcome, "opened for writing", "tried to write") else { return };
                attempt(out, outcome, High, format!("{told} {}", e.path()));
            }
        });

    r.rule("impact/container-sysrq")
        .summary("A container gave the kernel an order that restarts, halts or crashes the host")
        .severity(Critical)
        .attack("T1529")
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Which order it is")
        .only(open::flags().any(WRITES))
        .only(open::file().matches(&TRIGGERS))
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            if e.is_write() && is_contained(&process) && !is_setting_up(&process) {
                let Some(told) = told(&process, outcome, "opened for writing", "tried to write") else { return };
                attempt(out, outcome, Critical, format!("{told} {}", e.path()));
            }
        });

    r.rule("privilege-escalation/container-reads-kernel")
        .summary("A container looked into the memory of the machine or the kernel")
        .severity(High)
        .attack("T1611")
        .attack("T1082")
        .property("maturity", "incubating")
        .property("misses", "Memory that is mapped by a device node of another name: container-device-node sees that")
        .only(open::file().matches(&MEMORY).or(open::file().matches(&DEBUG)))
        .on_open(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of(e);
            if process.container().is_none() || is_setting_up(&process) {
                return;
            }
            // Docker puts /dev/null in its place.
            let kind = e.file_mode().map(|mode| mode & S_IFMT);
            let is_kcore = e.path().ends_with("/proc/kcore");
            let is_masked = is_kcore && kind == Some(S_IFCHR);
            // Of a file that is only called so nothing can be read.
            if MEMORY.matches(e.path()) && !is_kcore && kind.is_some_and(|kind| kind != S_IFCHR) {
                return;
            }
            let Some(told) = told(&process, outcome, "opened", "tried to open") else { return };
            let severity = match () {
                () if is_masked || DEBUG.matches(e.path()) => Low,
                () => High,
            };
            attempt(out, outcome, severity, format!("{told} {}", e.path()));
        });

    r.rule("privilege-escalation/container-module-load")
        .summary("A container loaded a module into the host's kernel, or tried to")
        .severity(Critical)
        .attack("T1611")
        .attack("T1547.006")
        .property("maturity", "stable")
        .property("misses", "Modules that the kernel loads by itself for what a container asks of it")
        .on_module_load(|_, e, out| {
            let process = e.process();
            if !is_contained(&process) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let what = match e.path() {
                path if !path.is_empty() => path.to_string(),
                _ if e.name().is_empty() => "without a file".to_owned(),
                _ => e.name().to_string(),
            };
            // A module that does not fit is an attempt too.
            let verb = if outcome == Outcome::Done { "loaded" } else { "tried to load" };
            let message = format!("{} in {} {verb} the kernel module {what}", label(&process), place(&process));
            let severity = if outcome == Outcome::Done { Critical } else { Medium };
            out.finding(message).severity(severity);
        });

    r.rule("privilege-escalation/container-kexec")
        .summary("A container loaded another kernel for the host to boot, or tried to")
        .severity(Critical)
        .attack("T1611")
        .attack("T1542")
        .property("maturity", "stable")
        .property("misses", "Nothing that is known")
        .on_kexec(|_, e, out| {
            let process = e.process();
            if is_contained(&process) {
                let outcome = Outcome::of_result(e.result());
                let verb = if outcome == Outcome::Done { "loaded" } else { "tried to load" };
                let message = format!("{} in {} {verb} another kernel {}", label(&process), place(&process), e.path());
                attempt(out, outcome, Critical, message);
            }
        });

    r.rule("privilege-escalation/container-bpf-load")
        .summary("A container loaded a BPF program, which sees and changes what the whole host does")
        .severity(Medium)
        .attack("T1611")
        .attack("T1014")
        .property("maturity", "incubating")
        .property(
            "misses",
            "Networks and monitors of clusters load programs too: Low where they are their container's own",
        )
        .only(container::id().known())
        .only(bpf::command().equals(i128::from(BPF_PROG_LOAD)))
        .on_bpf(|_, e, out| {
            let process = e.process();
            if is_setting_up(&process) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(told) = told(&process, outcome, "loaded", "tried to load") else { return };
            let is_by_hand = is_interpreter(&process)
                || process.is_upper()
                || BPF_TOOLS.matches(process.name())
                || is_world_writable(process.exe())
                || !common::contained::is_main(&process);
            let severity = match outcome {
                Outcome::Done if is_by_hand => High,
                Outcome::Done => Low,
                _ if is_by_hand => Medium,
                _ => Low,
            };
            out.finding(format!("{told} the BPF program {:?}", e.name())).severity(severity);
        });
}
