//! Which opens to ask for, so that the kernel side can leave out the others: it knows of an open its path, its flags and the
//! program, and nothing else. A filter that tests none of these wants every open of the machine.

use lanner_sdk::filter::{Only, scope};
use lanner_sdk::prelude::*;

/// Folders that nearly every program reads from as it begins, and in which neither people nor services keep files.
const QUIET: [&str; 8] =
    ["/lib/", "/lib64/", "/proc/", "/sys/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/share/"];
/// Where whoever makes himself the node of a disk puts it. Everywhere would be every file that these tools read.
const NODES: [&str; 3] = ["/mnt/", "/tmp/", "/var/tmp/"];
/// Devices that are opened all day and are no disks.
const NO_DISKS: [&str; 7] =
    ["/dev/full", "/dev/null", "/dev/ptmx", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];
/// What reads and writes a disk, by hand or in a script.
static DISK_TOOLS: TextSet = TextSet::new().file_name(&[
    "base64",
    "busybox",
    "cat",
    "cp",
    "coreutils",
    "dd",
    "ddrescue",
    "debugfs",
    "dump",
    "dumpe2fs",
    "e2image",
    "fdisk",
    "fsck",
    "grep",
    "head",
    "hexdump",
    "less",
    "mke2fs",
    "mkfs",
    "mount",
    "nc",
    "od",
    "parted",
    "pv",
    "sfdisk",
    "shred",
    "socat",
    "strings",
    "tail",
    "tee",
    "toybox",
    "wipefs",
    "xxd",
]);
const S_IFBLK: u32 = 0o060_000;

/// Whether a file lies elsewhere than the system's own data; one that is known by another path as well always does.
pub fn elsewhere() -> Only<scope::Open> {
    (!open::path().starts_with(QUIET)).or(open::host_path().known())
}

/// Disks: below a folder for devices, by whom it may be; a node in a folder for whatever,
/// by tools that read and write anything.
pub fn disks() -> Only<scope::Open> {
    let by_tool = process::exe().matches(&DISK_TOOLS).and(open::path().starts_with(NODES));
    open::file_mode()
        .all(S_IFBLK)
        // No open makes a node.
        .and(open::created().is(false))
        .and(!open::path().equals(NO_DISKS))
        .and(open::file().contains(["/dev/"]).or(by_tool))
}
