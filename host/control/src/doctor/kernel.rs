//! The kernel: its version and how it was built and booted.

use super::{Check, Place};

/// `bpf_task_pt_regs`, which gives a probe the arguments of the system call it sits at the end of, came with 5.15; the
/// ring buffer with 5.8.
const OLDEST: (u32, u32) = (5, 15);

/// The first Linux on which what is done through io_uring is seen.
const IO_URING_SEEN: (u32, u32) = (6, 0);

/// The architectures that probes are built in for.
const ARCHITECTURES: [&str; 1] = ["x86_64"];

pub(super) fn release(place: &Place) -> Check {
    const NAME: &str = "kernel";
    let found = place.release.clone();
    let remedy = "use a distribution with Linux 5.15 or later, such as Debian 12 or Ubuntu 22.04";
    match place.version() {
        Some(version) if version >= OLDEST => Check::ok(NAME, found),
        // Red Hat takes BPF over from later kernels and keeps the number.
        Some(_) if found.contains(".el") => {
            let cost = "the probes need what came with Linux 5.15, and this number does not tell";
            Check::unknown(NAME, found, cost, "look at the probes below: they were loaded, or were not")
        }
        Some(_) => Check::missing(NAME, found, "the probes need Linux 5.15 and do not load on this one", remedy),
        None => Check::unknown(NAME, found, "the probes need Linux 5.15", remedy),
    }
}

pub(super) fn architecture(place: &Place) -> Check {
    const NAME: &str = "architecture";
    let found = place.architecture.clone();
    if ARCHITECTURES.contains(&found.as_str()) {
        return Check::ok(NAME, found);
    }
    let cost = "this lanner has no probes for it: captures can be replayed, and nothing watched";
    Check::missing(NAME, found, cost, "run it on x86_64")
}

pub(super) fn btf(place: &Place) -> Check {
    const NAME: &str = "kernel BTF";
    const FILE: &str = "/sys/kernel/btf/vmlinux";
    match std::fs::metadata(place.path(FILE)) {
        Ok(file) if file.len() > 0 => Check::ok(NAME, format!("{FILE}, {} KiB", file.len() >> 10)),
        other => {
            let found = other.map_or_else(|error| format!("{FILE}: {error}"), |_| format!("{FILE} is empty"));
            let cost = "probes find the kernel's structures through it and do not load without it";
            Check::missing(NAME, found, cost, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions' are")
        }
    }
}

pub(super) fn jit(place: &Place) -> Check {
    const NAME: &str = "BPF JIT";
    match place.text("/proc/sys/net/core/bpf_jit_enable").as_deref() {
        Ok("1") => Check::ok(NAME, "on"),
        Ok("2") => Check::degraded(
            NAME,
            "on, with debug output (net.core.bpf_jit_enable is 2)",
            "the kernel logs the code of each probe",
            "sysctl -w net.core.bpf_jit_enable=1",
        ),
        Ok(other) => Check::degraded(
            NAME,
            format!("off (net.core.bpf_jit_enable is {other})"),
            "probes are interpreted, which makes each watched system call several times dearer",
            "sysctl -w net.core.bpf_jit_enable=1",
        ),
        Err(error) => Check::unknown(
            NAME,
            format!("net.core.bpf_jit_enable: {error}"),
            "without it probes are interpreted, several times slower",
            "run in the host's network namespace, on a kernel built with CONFIG_BPF_JIT=y",
        ),
    }
}

pub(super) fn lockdown(place: &Place, securityfs: bool) -> Check {
    const NAME: &str = "lockdown";
    let cost = "in confidentiality mode the kernel lets no probe read its memory";
    match place.text("/sys/kernel/security/lockdown") {
        // The mode in force stands in brackets: `none [integrity] confidentiality`.
        Ok(modes) if modes.contains("[confidentiality]") => {
            Check::missing(NAME, "confidentiality", cost, "boot with lockdown=integrity, or without lockdown")
        }
        Ok(modes) => {
            let mode = modes.split(['[', ']']).nth(1).unwrap_or(&modes);
            Check::ok(NAME, mode)
        }
        Err(error) if securityfs && error.kind() == std::io::ErrorKind::NotFound => {
            Check::ok(NAME, "not in this kernel")
        }
        Err(error) if securityfs => {
            Check::unknown(NAME, format!("/sys/kernel/security/lockdown: {error}"), cost, "run as root")
        }
        Err(_) => Check::unknown(NAME, "securityfs is not mounted", cost, MOUNT_SECURITYFS),
    }
}

const MOUNT_SECURITYFS: &str = "mount -t securityfs securityfs /sys/kernel/security";

pub(super) fn lsm(place: &Place, securityfs: bool) -> Check {
    const NAME: &str = "BPF LSM";
    let cost = "a later lanner could not block anything here; what it sees is the same";
    match place.text("/sys/kernel/security/lsm") {
        Ok(list) if list.split(',').any(|lsm| lsm == "bpf") => Check::ok(NAME, list),
        Ok(list) => {
            let remedy = format!("boot with lsm={list}{}bpf", if list.is_empty() { "" } else { "," });
            Check::degraded(NAME, format!("not among {list}"), cost, &remedy)
        }
        Err(error) if securityfs => {
            Check::unknown(NAME, format!("/sys/kernel/security/lsm: {error}"), cost, "run as root")
        }
        Err(_) => Check::unknown(NAME, "securityfs is not mounted", cost, MOUNT_SECURITYFS),
    }
}

pub(super) fn io_uring(place: &Place) -> Check {
    const NAME: &str = "io_uring";
    // Since then the kernel's tracepoints tell what is submitted.
    if place.version().is_some_and(|version| version >= IO_URING_SEEN) {
        return Check::ok(NAME, "files opened, connections made and names changed through it are seen");
    }
    let cost = "files opened and connections made through it are not seen";
    let remedy = "where nothing needs it: sysctl -w kernel.io_uring_disabled=2";
    match place.text("/proc/sys/kernel/io_uring_disabled").as_deref() {
        Ok("2") => Check::ok(NAME, "off"),
        Ok("1") => {
            let found = "for the privileged and kernel.io_uring_group only (kernel.io_uring_disabled is 1)";
            Check::degraded(NAME, found, cost, remedy)
        }
        Ok(other) => Check::degraded(NAME, format!("on (kernel.io_uring_disabled is {other})"), cost, remedy),
        Err(error) if !place.has_no_setting(error) => {
            let found = format!("/proc/sys/kernel/io_uring_disabled: {error}");
            Check::unknown(NAME, found, cost, "mount -t proc proc /proc")
        }
        Err(_) => Check::degraded(
            NAME,
            "no switch for it: taken as on",
            cost,
            "use Linux 6.0 or later, where it is seen, or forbid it with seccomp",
        ),
    }
}
