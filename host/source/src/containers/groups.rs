//! The control groups that are there.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Control groups that are looked at; those beyond it, on a machine that has more, are known by the processes in them only.
const MAX_GROUPS: usize = 65_536;

/// All of them, each with its id (the inode number of its folder) and its path from the root of the hierarchy; none where there
/// is no cgroup v2.
pub(crate) fn groups() -> Vec<(u64, Vec<u8>)> {
    root().map(|root| below(&root)).unwrap_or_default()
}

/// Where cgroup v2 is mounted, by itself or beside v1.
fn root() -> Option<PathBuf> {
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    String::from_utf8_lossy(&mounts).lines().find_map(mount_point)
}

/// Of a line such as `36 25 0:31 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw`.
fn mount_point(line: &str) -> Option<PathBuf> {
    let (place, what) = line.split_once(" - ")?;
    if what.split(' ').next() != Some("cgroup2") {
        return None;
    }
    let mut fields = place.split(' ').skip(3);
    // The whole of it, not a part that was bound somewhere.
    (fields.next() == Some("/")).then(|| fields.next().map(PathBuf::from))?
}

fn below(root: &Path) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop()
        && found.len() < MAX_GROUPS
    {
        // One that has gone meanwhile is gone.
        let Ok(facts) = fs::symlink_metadata(&folder) else { continue };
        let path = folder.strip_prefix(root).unwrap_or(&folder);
        found.push((facts.ino(), [b"/", path.as_os_str().as_bytes()].concat()));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        open.extend(
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_is_found() {
        let of = |line: &str| mount_point(line);
        let unified = "36 25 0:31 / /sys/fs/cgroup/unified rw shared:4 - cgroup2 cgroup2 rw";
        assert_eq!(of(unified), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(of(&unified.replace(" - cgroup2", " - cgroup")), None);
        assert_eq!(of(&unified.replace(" / /sys", " /docker/1 /sys")), None);
        assert_eq!(of("36 25 0:31 / - cgroup2"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn every_folder_is_a_group() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("a/b")).expect("folders");
        fs::write(folder.path().join("a/cgroup.procs"), "1").expect("a file");
        let mut found = below(folder.path());
        found.sort_by(|(_, one), (_, other)| one.cmp(other));
        let inode = fs::metadata(folder.path().join("a/b")).expect("there").ino();
        let paths: Vec<&[u8]> = found.iter().map(|(_, path)| path.as_slice()).collect();
        assert_eq!(paths, [&b"/"[..], b"/a", b"/a/b"]);
        assert_eq!(found.last().map(|(id, _)| *id), Some(inode));
    }
}
