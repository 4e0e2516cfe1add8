//! The file system that lists tracepoints.

use std::io;
use std::path::Path;

use rustix::mount::{MountFlags, mount};

use crate::ProbeError;

/// Where tracefs is on every kernel of ours.
pub(crate) const TRACEFS: &str = "/sys/kernel/tracing";
/// Where it also is while debugfs is mounted.
const WITHIN_DEBUGFS: &str = "/sys/kernel/debug/tracing";

/// The folder of a tracepoint, such as `syscalls/sys_exit_openat`, where this kernel has it.
pub(crate) fn has_tracepoint(name: &str) -> bool {
    [TRACEFS, WITHIN_DEBUGFS].iter().any(|root| Path::new(root).join("events").join(name).exists())
}

/// Mounts tracefs where it is missing, as systemd does at boot. Tells whether it had to.
///
/// # Errors
/// [`ProbeError::Tracefs`]: it is missing and could not be mounted.
pub fn ensure_tracefs() -> Result<bool, ProbeError> {
    if [TRACEFS, WITHIN_DEBUGFS].iter().any(|root| Path::new(root).join("events").is_dir()) {
        return Ok(false);
    }
    // Mounted, and only root may look: mounting it again would not help.
    let denied = |root: &&&str| {
        Path::new(root).join("events").metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    if let Some(root) = [TRACEFS, WITHIN_DEBUGFS].iter().find(denied) {
        return Err(ProbeError::Unreadable { path: root });
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tracefs", TRACEFS, "tracefs", flags, None)
        .map_err(|errno| ProbeError::Tracefs { source: io::Error::from(errno) })?;
    Ok(true)
}
