//! Files that packs name, by what they are.

use std::collections::{BTreeSet, HashMap};
use std::os::fd::OwnedFd;

use lanner_probes::host;
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, StatxFlags, openat2, statx};

use super::mounts::Mounts;

/// The root of the host's first process, whose view is the host's; where ours is another.
const ROOT: &str = "/proc/1/root";

/// The name of each, by its device (kernel encoding) and inode number.
pub(super) type Files = HashMap<(u32, u64), Vec<u8>>;

/// Looks where they are now. What is not there is left out.
pub(super) fn find(names: &BTreeSet<Vec<u8>>, mounts: &Mounts) -> Files {
    let mut files = Files::new();
    let root = if matches!(host::is_our_view(), Ok(true)) { "/" } else { ROOT };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(root) = rustix::fs::open(root, flags, Mode::empty()) else { return files };
    for name in names {
        if let Some(id) = identify(&root, name, mounts) {
            files.entry(id).or_insert_with(|| name.clone());
        }
    }
    files
}

/// Links lead to where they lead on the host.
fn identify(root: &OwnedFd, name: &[u8], mounts: &Mounts) -> Option<(u32, u64)> {
    let file = openat2(root, name, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::IN_ROOT).ok()?;
    let facts = statx(&file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::MNT_ID).ok()?;
    // Some file systems (btrfs) tell other devices than the kernel has for itself.
    let device = mounts.device(facts.stx_mnt_id).unwrap_or(facts.stx_dev_major << 20 | facts.stx_dev_minor);
    Some((device, facts.stx_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two, link] = ["one", "two", "link"].map(|name| folder.path().join(name));
        std::fs::write(&one, "").unwrap();
        std::fs::hard_link(&one, &two).unwrap();
        std::os::unix::fs::symlink(&one, &link).unwrap();
        let name = |path: &std::path::Path| path.to_str().unwrap().as_bytes().to_vec();
        let mounts = Mounts::parse(&std::fs::read("/proc/1/mountinfo").unwrap());
        let find = |names: &[&std::path::Path]| find(&names.iter().map(|path| name(path)).collect(), &mounts);
        let only = |path| find(&[path]).into_iter().next();
        let (id, found) = only(&one).unwrap();
        assert_eq!(found, name(&one));
        assert_eq!((only(&two).unwrap().0, only(&link).unwrap().0), (id, id));
        assert_eq!(only(&folder.path().join("none")), None);
        use std::os::unix::fs::MetadataExt;
        assert_eq!(id.1, std::fs::metadata(&one).unwrap().ino());
    }
}
