//! Paths: from the kernel's walk, leaf first, to how they are written.

use super::text::until_nul;

/// A path longer than this keeps its end (PATH_MAX).
const LIMIT: usize = 4096;

// The status byte that ends a walk, record.h.
const TRUNCATED: u8 = 1 << 0;
const PSEUDO: u8 = 1 << 1;
const DELETED: u8 = 1 << 2;

const S_IFMT: u64 = 0o170_000;
const S_IFIFO: u64 = 0o010_000;
const S_IFSOCK: u64 = 0o140_000;

/// A path as the kernel holds it, or another text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResolvedPath {
    /// Begins with `/`, but for files that have no path, such as `memfd:name`.
    pub(super) bytes: Vec<u8>,
    /// It was longer than 4,096 bytes or than the walk goes; the end is kept, and begins with `/`.
    pub(super) truncated: bool,
    /// The file had been deleted.
    pub(super) deleted: bool,
}

/// A walk's path. Empty where there was none.
pub(super) fn walked(walk: &[u8]) -> ResolvedPath {
    let Some((&status, names)) = walk.split_last() else { return ResolvedPath::default() };
    let mut path =
        ResolvedPath { bytes: Vec::new(), truncated: status & TRUNCATED != 0, deleted: status & DELETED != 0 };
    let names = names.strip_suffix(&[0]).unwrap_or(names);
    if status & PSEUDO != 0 {
        path.bytes = names.to_vec();
        return path;
    }
    // Even the root's name is not empty, so no names are no bytes.
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut length = 0;
    for name in names.split(|byte| *byte == 0).filter(|_| !names.is_empty()) {
        if length + 1 + name.len() > LIMIT {
            path.truncated = true;
            break;
        }
        length += 1 + name.len();
        kept.push(name);
    }
    path.bytes.reserve(length.max(1));
    for name in kept.iter().rev() {
        path.bytes.push(b'/');
        path.bytes.extend_from_slice(name);
    }
    if path.bytes.is_empty() && !path.truncated {
        path.bytes.push(b'/');
    }
    path
}

/// The path of a file of which more is known: what has neither a path nor a label is called as /proc calls it.
pub(super) fn of_file(walk: &[u8], inode: u64, mode: u64) -> ResolvedPath {
    let mut path = walked(walk);
    if path.bytes.is_empty() && !path.truncated {
        let label = match mode & S_IFMT {
            S_IFIFO => "pipe",
            S_IFSOCK => "socket",
            _ => return path,
        };
        path.bytes = format!("{label}:[{inode}]").into_bytes();
    }
    path
}

/// A walk's path, or what a caller named, seen from there.
pub(super) fn seen_from(walk: &[u8], name: &[u8]) -> ResolvedPath {
    if name.is_empty() { walked(walk) } else { named(walk, name) }
}

/// The path that a caller named, seen from `folder`. Not normalised: what `..` means depends on links. Stays relative
/// where the folder is not known, as with a descriptor that is not open.
pub(super) fn named(folder: &[u8], name: &[u8]) -> ResolvedPath {
    let name = until_nul(name);
    if name.is_empty() || name.starts_with(b"/") || folder.is_empty() {
        return ResolvedPath { bytes: name.to_vec(), truncated: false, deleted: false };
    }
    let mut path = ResolvedPath { deleted: false, ..walked(folder) };
    if !path.bytes.ends_with(b"/") {
        path.bytes.push(b'/');
    }
    path.bytes.extend_from_slice(name);
    if path.bytes.len() > LIMIT {
        let over = path.bytes.len() - LIMIT;
        let start = path.bytes[over..].iter().position(|byte| *byte == b'/').map_or(over, |at| over + at);
        path.bytes.drain(..start);
        path.truncated = true;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(bytes: &[u8], truncated: bool, deleted: bool) -> ResolvedPath {
        ResolvedPath { bytes: bytes.to_vec(), truncated, deleted }
    }

    #[test]
    fn a_walk_is_turned_round() {
        assert_eq!(walked(b"passwd\0etc\0\0"), path(b"/etc/passwd", false, false));
        assert_eq!(walked(b"\0"), path(b"/", false, false));
        assert_eq!(walked(b"c\0b\0\x01"), path(b"/b/c", true, false));
        assert_eq!(walked(b"x\0tmp\0\x04"), path(b"/tmp/x", false, true));
        assert_eq!(walked(b"memfd:x\0\x02"), path(b"memfd:x", false, false));
        assert_eq!(walked(b""), ResolvedPath::default());
        assert_eq!(walked(b"\x01"), path(b"", true, false));
    }

    #[test]
    fn a_long_walk_keeps_its_end() {
        let mut walk = b"leaf\0".to_vec();
        for _ in 0..17 {
            walk.extend_from_slice(&[b'd'; 250]);
            walk.push(0);
        }
        walk.push(0);
        let path = walked(&walk);
        assert!(path.truncated && path.bytes.len() <= LIMIT && path.bytes.len() > LIMIT - 251);
        assert!(path.bytes.starts_with(b"/d") && path.bytes.ends_with(b"d/leaf"));
    }

    #[test]
    fn what_has_no_name_is_called_as_proc_calls_it() {
        assert_eq!(of_file(b"\0\x02", 7, S_IFIFO | 0o600).bytes, b"pipe:[7]");
        assert_eq!(of_file(b"memfd:x\0\x02", 7, S_IFIFO | 0o600).bytes, b"memfd:x");
    }

    #[test]
    fn names_are_seen_from_their_folder() {
        assert_eq!(named(b"root\0\0", b"x/y\0"), path(b"/root/x/y", false, false));
        assert_eq!(named(b"\0", b"x\0"), path(b"/x", false, false));
        assert_eq!(named(b"root\0\0", b"/x\0"), path(b"/x", false, false));
        assert_eq!(named(b"", b"x\0"), path(b"x", false, false));
        assert_eq!(named(b"gone\0\x04", b"x\0"), path(b"/gone/x", false, false));
        assert_eq!(named(b"root\0\0", b""), path(b"", false, false));
        let long = named(b"root\0\0", &[b"a/".repeat(2047), vec![b'a', 0]].concat());
        assert!(long.truncated && long.bytes.len() <= LIMIT && long.bytes.starts_with(b"/"));
    }
}
