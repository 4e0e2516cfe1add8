//! The host's disks and file systems in the hands of a container.

use common::contained::{has_own_mounts, is_contained, is_main, is_setting_up};
use common::outcome::Outcome;
use common::programs::{is_installed, is_world_writable};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::raise::{attempt, told};

/// Begin the paths of disks.
static DISKS: TextSet = TextSet::new().starts_with(&[
    "/dev/dm-",
    "/dev/hd",
    "/dev/mapper/",
    "/dev/md",
    "/dev/mmcblk",
    "/dev/nvme",
    "/dev/sd",
    "/dev/vd",
    "/dev/xvd",
]);
/// File systems that lie on disks.
static ON_DISK: TextSet = TextSet::new()
    .equals(&["btrfs", "ext2", "ext3", "ext4", "f2fs", "ntfs", "ntfs3", "reiserfs", "vfat", "xfs", "zfs"]);
/// File systems by which the kernel is steered or debugged.
static KERNEL: TextSet = TextSet::new().equals(&["bpf", "debugfs", "devtmpfs", "securityfs", "tracefs"]);
/// What runs whole systems in containers, and mounts what those need.
static INIT_SYSTEMS: TextSet = TextSet::new().equals(&["init", "openrc", "systemd", "systemd-executor"]);
/// Begins the paths of files that are used as disks.
const LOOP: &str = "/dev/loop";

/// The type of a file: a disk has both bits, and nothing else has (stat(2)).
const S_IFBLK: u32 = 0o060_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFMT: u32 = 0o170_000;
const MS_REMOUNT: u64 = 32;
const MS_BIND: u64 = 4096;
const EBUSY: i64 = -16;
const EPERM: u16 = 1;
const EACCES: u16 = 13;
/// The character devices for the machine's memory have this major number, and these minor ones: mem, kmem, port.
const MEMORY_MAJOR: u32 = 1;
const MEMORY_MINORS: [u32; 3] = [1, 2, 4];

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/container-opens-disk")
        .summary("A container opened a disk of the host: all files lie on it, whatever is mounted")
        .severity(High)
        .attack("T1611")
        .attack("T1006")
        .property("maturity", "stable")
        .property(
            "misses",
            "Namespaces that no runtime made are a hint (Low); nodes outside of /dev, unless a usual tool opens them in /tmp, /var/tmp or /mnt: container-device-node sees how they are made",
        )
        .only(common::opens::disks())
        .on_open(|_, e, out| disk(e, out))
        .unfiltered()
        .only(event::result().errno([EPERM, EACCES]))
        .only(open::path().matches(&DISKS))
        .on_open(|_, e, out| disk(e, out));

    r.rule("privilege-escalation/container-device-node")
        .summary("A container made itself a node of a disk or of the machine's memory")
        .severity(High)
        .attack("T1611")
        .attack("T1006")
        .property("maturity", "stable")
        .property("misses", "Nodes that are there already")
        .only(mknod::mode().any(S_IFCHR))
        .on_mknod(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of_result(e.result());
            let is_disk = e.mode() & S_IFMT == S_IFBLK;
            if !(is_disk || is_memory(e)) || !is_contained(&process) || is_setting_up(&process) {
                return;
            }
            let Some(told) = told(&process, outcome, "made", "tried to make") else { return };
            let what = if is_disk { "a disk" } else { "the machine's memory" };
            // Sandboxes in which systems are put together have nodes too.
            let severity = if process.container().is_some() { High } else { Low };
            attempt(out, outcome, severity, format!("{told} a node for {what}: {}", e.path()));
        });

    r.rule("privilege-escalation/container-mount")
        .summary("A container mounted what belongs to the host: a disk, control groups, a way into the kernel")
        .severity(High)
        .attack("T1611")
        .property("maturity", "stable")
        .property(
            "misses",
            "What was mounted before the container's program began: container-with-host-access sees that",
        )
        .on_mount(|_, e, out| {
            let process = e.process();
            // Who has his own mounts alone can have a release agent too.
            let inside = is_contained(&process) || (e.fs_type() == "cgroup" && has_own_mounts(&process));
            if !inside || is_setting_up(&process) {
                return;
            }
            let Some((severity, what)) = mounted(e) else { return };
            // A disk that is in use is there, and was tried.
            let result = if e.result() == EBUSY { i64::from(EPERM).wrapping_neg() } else { e.result() };
            let outcome = Outcome::of_result(result);
            // A file system of another type than the one that is tried: mount(8) tries all.
            let Some(told) = told(&process, outcome, "mounted", "tried to mount") else { return };
            let is_system_container = process.container().is_some()
                && is_installed(&process, &INIT_SYSTEMS)
                && !process.is_upper()
                && is_main(&process);
            let severity = if is_system_container { Low } else { severity };
            attempt(out, outcome, severity, format!("{told} {what} at {}", e.path()));
        });
}

fn disk(e: &OpenEvent<'_>, out: &mut Out<'_>) {
    let process = e.process();
    let outcome = Outcome::of(e);
    if !(e.is_read() || e.is_write()) || !is_contained(&process) || is_setting_up(&process) {
        return;
    }
    let Some(told) = told(&process, outcome, "opened", "tried to open") else { return };
    // Files that are used as disks: whoever makes images does so.
    let severity = if e.path().starts_with(LOOP) || process.container().is_none() { Low } else { High };
    attempt(out, outcome, severity, format!("{told} the disk {}", e.path()));
}

/// Whether a node stands for the machine's memory. In the caller's form: 12 bits of the major number from bit 8 on.
fn is_memory(e: &MknodEvent<'_>) -> bool {
    let dev = e.dev().unwrap_or_default();
    e.mode() & S_IFMT == S_IFCHR && (dev >> 8) & 0xfff == MEMORY_MAJOR && MEMORY_MINORS.contains(&(dev & 0xff))
}

/// What of the host it is, and how bad.
fn mounted(e: &MountEvent<'_>) -> Option<(Severity, String)> {
    let flags = e.flags().unwrap_or_default();
    let (source, fs_type) = (e.source(), e.fs_type());
    if flags & MS_REMOUNT != 0 {
        return None;
    }
    let in_container = e.process().container().is_some();
    if flags & MS_BIND != 0 {
        // The root of the first process, or of another.
        let is_root = source.starts_with("/proc/") && (source.ends_with("/root") || source.contains("/root/"));
        return is_root.then(|| (High, format!("{source}, the files of another process,")));
    }
    if fs_type == "cgroup" {
        // Version 1: a release agent comes with it.
        return Some((High, "control groups".to_owned()));
    }
    let is_loop = source.starts_with(LOOP);
    if !is_loop && (source.starts_with("/dev/") || ON_DISK.matches(fs_type)) && !KERNEL.matches(fs_type) {
        // Where no container is known, it may be an administrator's sandbox; but disks are not mounted in passing.
        let severity = match () {
            () if in_container => High,
            () if is_world_writable(e.path()) => Medium,
            () => Low,
        };
        return Some((severity, format!("the disk {source}")));
    }
    if !in_container {
        return None;
    }
    if is_loop || fs_type == "cgroup2" || fs_type == "overlay" {
        return Some((Low, format!("{source} ({fs_type})")));
    }
    let severity = if fs_type == "devtmpfs" { High } else { Medium };
    KERNEL.matches(fs_type).then(|| (severity, fs_type.to_string()))
}
