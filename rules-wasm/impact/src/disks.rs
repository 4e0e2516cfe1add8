//! Disks that are written past their file systems, and firmware.

use common::command::{Command, Syntax, called, line};
use common::context::{is_container_runtime, is_provisioning};
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::Impact;

/// Disks, partitions and volumes.
static DISKS: TextSet = TextSet::new().starts_with(&[
    "/dev/sd",
    "/dev/hd",
    "/dev/vd",
    "/dev/xvd",
    "/dev/nvme",
    "/dev/mmcblk",
    "/dev/dm-",
    "/dev/mapper/",
    "/dev/md",
    "/dev/loop",
    "/dev/disk/",
    "/dev/nbd",
    "/dev/zd",
    "/dev/ram",
]);
/// What makes file systems.
const MAKERS: [&str; 13] = [
    "mkdosfs",
    "mke2fs",
    "mkfs",
    "mkfs.btrfs",
    "mkfs.cramfs",
    "mkfs.ext2",
    "mkfs.ext3",
    "mkfs.ext4",
    "mkfs.f2fs",
    "mkfs.ntfs",
    "mkfs.vfat",
    "mkfs.xfs",
    "mkntfs",
];
/// What writes them because it is its work.
static FORMATTERS: TextSet = TextSet::new()
    .equals(&[
        "badblocks",
        "blkid",
        "blkzone",
        "blockdev",
        "bcachefs",
        "btrfs",
        "cfdisk",
        "cryptsetup",
        "dmeventd",
        "dmsetup",
        "dumpe2fs",
        "e2fsck",
        "e2image",
        "e2label",
        "eject",
        "fdisk",
        "fsck",
        "fstrim",
        "gdisk",
        "grub-install",
        "grub-probe",
        "growpart",
        "hdparm",
        "kpartx",
        "losetup",
        "lvm",
        "lvmetad",
        "mdadm",
        "mdmon",
        "mke2fs",
        "mkswap",
        "mkdosfs",
        "mount",
        "multipath",
        "multipathd",
        "ntfs-3g",
        "partprobe",
        "parted",
        "partx",
        "qemu-img",
        "qemu-nbd",
        "resize2fs",
        "sfdisk",
        "sgdisk",
        "smartctl",
        "snapd",
        "swapoff",
        "swapon",
        "systemd",
        "systemd-cryptsetup",
        "systemd-repart",
        "systemd-udevd",
        "systemd-fsck",
        "systemd-gpt-auto-generator",
        "tune2fs",
        "udevadm",
        "udevd",
        "udisksd",
        "umount",
        "update-grub",
        "vgchange",
        "wipefs",
        "zpool",
        "zed",
        "zfs",
        "sg_persist",
        "nvme",
        "fsck.ext4",
        "fsfreeze",
        "tgtd",
        "extlinux",
        "syslinux",
        "multipathd",
        "fuse2fs",
        "debugfs",
        "iscsid",
        "lsblk",
        "mkinitramfs",
        "unsquashfs",
        "vgs",
        "pvs",
        "lvs",
        "cgdisk",
        "mtools",
    ])
    .starts_with(&[
        "mkfs",
        "fsck.",
        "xfs_",
        "qemu-system-",
        "btrfs-",
        "lv",
        "pv",
        "vg",
        "thin_",
        "cache_",
        "ntfs",
        "dosfs",
        "fatlabel",
        "dump.exfat",
    ]);
/// Tools that make a disk unreadable at once.
const WIPERS: [&str; 13] = [
    "wipefs",
    "sgdisk",
    "blkdiscard",
    "hdparm",
    "nvme",
    "cryptsetup",
    "badblocks",
    "sfdisk",
    "parted",
    "shred",
    "dd",
    "nwipe",
    "scrub",
];
const S_IFMT: u32 = 0o170_000;
const S_IFBLK: u32 = 0o060_000;

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/disk-written")
        .summary("A disk was written past its file system by a program that does not look after disks")
        .severity(High)
        .attack("T1561.002")
        .attack("T1561.001")
        .attack("T1485")
        .attack("T1542.003")
        .attack("T1006")
        .property("maturity", "stable")
        .property("misses", "programs that look after disks and are told to destroy one: another rule sees some")
        .only(open::file().matches(&DISKS).and(open::flags().any(3_u32)))
        .on_open(|_, e, out| {
            let process = e.process();
            // What is not there is not known to be a disk.
            let is_disk = e.file_mode().map_or(e.failed(), |mode| mode & S_IFMT == S_IFBLK);
            let is_expected = is_installed(&process, &FORMATTERS)
                || is_package_management(&process)
                || is_container_runtime(&process);
            let outcome = Outcome::of(e);
            let Some(verb) = outcome.verb("opened", "tried to open").filter(|_| is_disk && e.is_write()) else {
                return;
            };
            if is_expected {
                return;
            }
            let finding =
                out.finding(format!("{} {verb} {} for writing", label(&process), e.path())).fact("path", e.path());
            // Somebody at a terminal puts an image on a stick.
            let severity = if process.tty().is_some() { Some(Medium) } else { None };
            // Root is denied a disk in a container only, and has no business there.
            let denied = outcome.severity().map(|severity| if process.euid() == 0 { Medium } else { severity });
            if let Some(severity) = denied.or(severity) {
                finding.severity(severity);
            }
        });

    r.rule("impact/disk-wiped")
        .summary("A disk was told to forget what is on it")
        .severity(High)
        .attack("T1561.002")
        .attack("T1561.001")
        .property("maturity", "incubating")
        .property("misses", "programs that write disks by themselves: another rule sees that")
        .only(called(&WIPERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let disk = args.iter().any(|arg| {
                DISKS.matches(*arg) || arg.as_bytes().strip_prefix(b"of=").is_some_and(|path| DISKS.matches(path))
            });
            let call = Command::of(&image).options(&Syntax::new("tno", &[]));
            let wipes = match () {
                () if name == "wipefs" => call.has(&["a", "all"]),
                () if name == "sgdisk" => says(&["-Z", "-z", "--zap-all", "--zap"]),
                () if name == "blkdiscard" => true,
                () if name == "hdparm" => args.iter().any(|arg| {
                    arg.starts_with("--security-erase")
                        || arg.starts_with("--trim-sector")
                        || arg.starts_with("--sanitize")
                }),
                () if name == "nvme" => says(&["format", "sanitize"]),
                () if name == "cryptsetup" => says(&["erase", "luksErase", "luksKillSlot", "reencrypt"]),
                () if name == "badblocks" => call.has(&["w"]),
                () if name == "sfdisk" => says(&["--delete"]),
                () if name == "parted" => says(&["mklabel", "mktable"]),
                () => name.one_of(&["shred", "dd", "nwipe", "scrub"]),
            };
            // Whoever makes images works on loop devices.
            let on_loop = args.iter().any(|arg| arg.contains("/dev/loop")) && !name.one_of(&["dd", "shred"]);
            if wipes && disk && !is_package_management(&image) {
                let finding = out.finding(format!("{} wipes a disk", line(&image)));
                finding.severity(if on_loop || image.tty().is_some() || name == "parted" { Medium } else { High });
            }
        });

    r.rule("impact/disk-formatted")
        .summary("A file system was made on a disk: what was on it is gone")
        .severity(Low)
        .attack("T1561.002")
        .property("maturity", "incubating")
        .property("misses", "file systems that a program makes by itself; most are made on disks that are new")
        .only(called(&MAKERS))
        .on_exec(|_, e, out| {
            // What images are made in, and what is gone with the machine's power anyway.
            const PASSING: [&str; 3] = ["/dev/loop", "/dev/nbd", "/dev/ram"];
            let image = e.image();
            let command = Command::of(&image);
            let is_disk = |arg: &&Text<'_>| DISKS.matches(**arg) && !PASSING.iter().any(|disk| arg.starts_with(disk));
            // `mke2fs -n` says what it would do.
            let is_trial = command.name() != "mkfs.vfat" && command.says(&["-n", "-N"]);
            let disk = command.args().iter().find(is_disk).filter(|_| !is_trial);
            if let Some(disk) = disk.filter(|_| !is_provisioning(&image)) {
                out.finding(format!("{} makes a file system", line(&image))).fact("disk", disk.to_string());
            }
        });
}
