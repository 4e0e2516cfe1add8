//! Trees of a system of their own below a folder, as of images that are built and of systems that are mended: programs in them
//! have the folder in their paths.

use lanner_sdk::prelude::*;

use crate::programs::{is_in_system, is_world_writable};

/// Whether it runs in the tree of a system that lies there, as of an image that is built: chroot began it, or a program of
/// the same tree.
pub fn is_in_root_of_own(e: &ExecEvent<'_>) -> bool {
    static ENTERED_BY: TextSet = TextSet::new().equals(&["bwrap", "chroot", "systemd-nspawn", "unshare"]);
    let root = |path: Text<'_>| {
        let bytes = path.as_bytes();
        let at = ["/bin/", "/lib/", "/sbin/", "/usr/"]
            .iter()
            .filter_map(|folder| bytes.windows(folder.len()).position(|window| window == folder.as_bytes()))
            .min()?;
        (at > 4).then(|| bytes[..at].to_vec())
    };
    let own = root(e.image().exe());
    let by = [Some(e.process()), e.image().parent()];
    own.is_some()
        && by.into_iter().flatten().any(|by| {
            (is_in_system(by.exe()) && ENTERED_BY.matches(by.name()))
                || (is_world_writable(by.exe()) && root(by.exe()) == own)
        })
}
