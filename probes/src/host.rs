//! Whose view of files is the host's: that of its first process.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

/// Whether we see files as the host does. Who may not look into the first process can still compare: no two mounts have the same
/// number.
///
/// # Errors
/// Nothing can be read of the first process.
pub fn is_our_view() -> io::Result<bool> {
    let mounts_of = |process: &str| fs::read(format!("/proc/{process}/mountinfo"));
    let number = |process: &str| fs::metadata(format!("/proc/{process}/ns/mnt")).map(|namespace| namespace.ino());
    match number("1") {
        Ok(first) => Ok(first == number("self")?),
        Err(_) => Ok(first_mount(&mounts_of("1")?) == first_mount(&mounts_of("self")?)),
    }
}

fn first_mount(mountinfo: &[u8]) -> Option<&[u8]> {
    mountinfo.split(|byte| *byte == b' ').next().filter(|number| !number.is_empty())
}

/// The inode number of the mount namespace that is the host's view; 0 where that is not told, and then no path is known to be
/// the host's.
pub(crate) fn mount_namespace() -> u32 {
    let of = match is_our_view() {
        Ok(true) => "self",
        _ => "1",
    };
    let number = fs::metadata(format!("/proc/{of}/ns/mnt")).map(|namespace| namespace.ino());
    number.ok().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}
