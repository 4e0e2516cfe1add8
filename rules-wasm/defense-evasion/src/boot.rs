//! What the machine starts from, and disks below their file systems.

use common::context::{is_container_runtime, is_provisioning};
use common::outcome::Outcome;
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// What reads and writes disks as a whole: file systems, volumes, and what makes and mends them.
static DISK_PROGRAMS: TextSet = TextSet::new()
    .equals(&[
        "badblocks",
        "blkdiscard",
        "blkid",
        "blockdev",
        "btrfs",
        "ceph-osd",
        "cfdisk",
        "cloud-init",
        "containerd",
        "cryptsetup",
        "dmeventd",
        "dmsetup",
        "dockerd",
        "dumpe2fs",
        "e2fsck",
        "e2label",
        "efibootmgr",
        "eject",
        "fdisk",
        "findmnt",
        "fstrim",
        "gdisk",
        "growpart",
        "hdparm",
        "iscsid",
        "kpartx",
        "kubelet",
        "losetup",
        "lsblk",
        "lvm",
        "mdadm",
        "mke2fs",
        "mkswap",
        "mount",
        "multipathd",
        "nvme",
        "os-prober",
        "parted",
        "partprobe",
        "partx",
        "podman",
        "qemu-img",
        "qemu-nbd",
        "resize2fs",
        "sfdisk",
        "sgdisk",
        "smartctl",
        "smartd",
        "snapd",
        "swapon",
        "tune2fs",
        "udevadm",
        "udisksd",
        "umount",
        "veritysetup",
        "virtqemud",
        "wipefs",
        "zdb",
        "zed",
        "zfs",
        "zpool",
    ])
    .starts_with(&["fsck", "grub", "lv", "mkfs", "ntfs", "pv", "qemu-system", "systemd", "vg", "xfs_"]);
/// Devices of files and of memory: who has one has the file.
static OWN_DEVICES: TextSet = TextSet::new().starts_with(&["/dev/loop", "/dev/nbd", "/dev/ram", "/dev/zram"]);
const S_IFBLK: u32 = 0o060_000;

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/raw-disk")
        .summary(
            "A disk was opened below its file system: so files are read and written past their permissions, and unseen",
        )
        .severity(Medium)
        .attack("T1006")
        .attack("T1561.002")
        .property("maturity", "incubating")
        .property("misses", "Disks that are reached through a device of one's own (loop, device mapper); nodes outside of /dev, unless a usual tool opens them in /tmp, /var/tmp or /mnt")
        .only(common::opens::disks())
        .on_open(|_, e, out| disk(e, out))
        .unfiltered()
        .only(open::path().starts_with([
            "/dev/sd",
            "/dev/vd",
            "/dev/nvme",
            "/dev/xvd",
            "/dev/mapper/",
            "/dev/dm-",
            "/dev/md",
            "/dev/mmcblk",
            "/dev/hd",
        ]))
        .only(open::file_mode().all(S_IFBLK).or(event::result().failed()))
        .on_open(|_, e, out| {
            if e.failed() {
                disk(e, out);
            }
        });
}

fn disk(e: &OpenEvent<'_>, out: &mut Out<'_>) {
    let process = e.process();
    // What is written to the nodes that everybody knows is impact/disk-written's.
    let is_others = e.is_write() && e.path().starts_with("/dev/");
    if is_others
        || !(e.is_read() || e.is_write())
        || is_installed(&process, &DISK_PROGRAMS)
        || is_provisioning(&process)
        || is_container_runtime(&process)
    {
        return;
    }
    let outcome = Outcome::of(e);
    let Some(verb) = outcome.verb("opened", "tried to open") else { return };
    let how = if e.is_write() { "writing" } else { "reading" };
    let finding = out
        .finding(format!("{} {verb} {} for {how}", label(&process), e.path()))
        .fact("path", e.path())
        .key(e.path().to_string());
    let own = OWN_DEVICES.matches(e.path());
    // Root is denied a disk in a container only, and has no business there.
    let denied = outcome.severity().map(|severity| if process.euid() == 0 { Medium } else { severity });
    let severity = if own { Some(Low) } else { denied.or(e.is_write().then_some(High)) };
    if let Some(severity) = severity {
        finding.severity(severity);
    }
}
