//! Code in the kernel, and ways into its memory.

use std::time::Duration;

use common::context::{is_debugging, is_provisioning};
use common::outcome::Outcome;
use common::programs::{is_in_system, is_installed, is_interpreter, is_shell, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

/// Installed programs that load programs into the kernel as part of what they are for.
static BPF_LOADERS: TextSet = TextSet::new()
    .equals(&[
        "bombini",
        "bpftool",
        "bpftrace",
        "buildah",
        "buildkitd",
        "cilium-agent",
        "conmon",
        "containerd",
        "containerd-shim",
        "containerd-shim-runc-v2",
        "crio",
        "crun",
        "dockerd",
        "falco",
        "firewalld",
        "ip",
        "kubelet",
        "kunai",
        "lanner",
        "libvirtd",
        "lxc-start",
        "lxd",
        "netavark",
        "perf",
        "podman",
        "runc",
        "sshd",
        "sysdig",
        "tc",
        "tetragon",
        "tracee",
        "udevd",
        "virtqemud",
        "wpa_supplicant",
        "youki",
    ])
    .starts_with(&["scx_", "systemd"]);
const BPF_PROG_LOAD: u32 = 5;
/// Programs that have loaded some lately.
const LOADERS: usize = 256;
const KEEP: Duration = Duration::from_secs(10 * 60);

/// Images that were reported to load programs.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Loaders(Recent<u64, ()>);

impl Default for Loaders {
    fn default() -> Self {
        Self(Recent::new(LOADERS, KEEP))
    }
}

impl Loaders {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self(self.0.with_limits(LOADERS, KEEP))
    }
}

/// Socket filters, and what sorts packets of one's own: with less than root, too.
const SOCKET_FILTER: u32 = 1;
static KERNEL_MEMORY: TextSet = TextSet::new().equals(&["/dev/kmem", "/dev/mem", "/dev/port", "/proc/kcore"]);
static MEMORY_READERS: TextSet = TextSet::new().equals(&[
    "acpidump",
    "biosdecode",
    "crash",
    "dmidecode",
    "drgn",
    "flashrom",
    "gdb",
    "makedumpfile",
    "ownership",
    "perf",
    "systemd",
    "systemd-executor",
    "vpddecode",
    "Xorg",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/security-module-unload")
        .summary("A module of the kernel that watches the machine was unloaded, or was to be")
        .severity(High)
        .attack("T1562.001")
        .property("maturity", "incubating")
        .property("misses", "Modules under names of their own")
        .only(module_unload::name().starts_with(["falco", "falcon", "kprotect", "lkrg", "p_lkrg", "scap", "sysdig"]))
        .on_module_unload(|_, e, out| {
            if !is_provisioning(&e.process()) {
                let done = if e.failed() { "tried to unload" } else { "unloaded" };
                out.finding(format!("{} {done} the module {}", label(&e.process()), e.name()));
            }
        });

    r.rule("defense-evasion/bpf-program-load")
        .summary("A program that is not known for it loaded code into the kernel: so files, processes and connections are hidden")
        .severity(Medium)
        .attack("T1014")
        .attack("T1562.006")
        .attack("T1205.002")
        .property("maturity", "incubating")
        .property("misses", "Installed tools that are told what to load")
        .only(bpf::command().equals(BPF_PROG_LOAD))
        .on_bpf(|pack, e, out| {
            let process = e.process();
            let roots_own = process.name() == "lanner" && process.exe_uid() == Some(0) && !is_world_writable(process.exe());
            if is_installed(&process, &BPF_LOADERS) || roots_own {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("loaded", "tried to load") else { return };
            // A tool loads dozens: the first says it.
            if pack.loaders.0.insert(e.time(), process.image(), ()).is_some() {
                return;
            }
            let name = if e.name().is_empty() { String::new() } else { format!(" {}", e.name()) };
            let kind = e.object_type().unwrap_or_default();
            let finding = out
                .finding(format!("{} {verb} the BPF program{name} (type {kind})", label(&process)))
                .key(process.image().to_string());
            let installed = is_system(&process) && (!is_interpreter(&process) || is_in_system(process.script()));
            // An interpreter has no business there, nor what lies around; that the kernel does not let it is no excuse.
            let odd = !installed
                && !is_debugging(&process)
                && (is_interpreter(&process)
                    || is_shell(&process)
                    || is_world_writable(process.exe())
                    || process.is_memfd());
            let severity = match kind {
                _ if installed => Some(Low),
                _ if odd && outcome != Outcome::Done => Some(Medium),
                _ if odd => Some(High),
                SOCKET_FILTER => Some(Low),
                _ => outcome.severity(),
            };
            if let Some(severity) = severity {
                finding.severity(severity);
            }
        });

    r.rule("defense-evasion/io-uring-by-odd-program")
        .summary("A program that lies around does its work through io_uring, past what most tools look at")
        .severity(Medium)
        .attack("T1562.006")
        .attack("T1562.001")
        .property("maturity", "sandbox")
        .property("misses", "Installed programs, many of which do so")
        .only(
            process::exe()
                .starts_with(["/dev/shm/", "/tmp/", "/var/tmp/", "/memfd:"])
                .or(process::exe().contains(["/perl", "/python"])),
        )
        .on_io_uring(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of_result(e.result());
            if let Some(verb) = outcome.verb("made", "tried to make") {
                let finding = out.finding(format!("{} {verb} an io_uring", label(&process)));
                let severity = common::context::is_build(&process).then_some(Low);
                if let Some(severity) = outcome.severity().or(severity) {
                    finding.severity(severity);
                }
            }
        });

    r.rule("defense-evasion/kernel-memory")
        .summary("A program opened the memory of the machine or of the kernel for writing")
        .severity(High)
        .attack("T1014")
        .attack("T1068")
        .property("maturity", "incubating")
        .property("misses", "Code in the kernel, which needs no file for it")
        .only(open::file().matches(&KERNEL_MEMORY).and(open::flags().any(3_u32)))
        .on_open(|_, e, out| {
            let process = e.process();
            // Who only reads looks for secrets: credential-access/kernel-memory-read.
            if is_installed(&process, &MEMORY_READERS) || !e.is_write() {
                return;
            }
            let outcome = Outcome::of(e);
            let Some(verb) = outcome.verb("opened", "tried to open") else { return };
            let finding =
                out.finding(format!("{} {verb} {} for writing", label(&process), e.path())).fact("path", e.path());
            if let Some(severity) = outcome.severity() {
                finding.severity(severity);
            }
        });
}
