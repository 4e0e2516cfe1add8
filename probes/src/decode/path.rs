//! Paths: from the kernel's walk, leaf first, to how they are written.

use super::text::until_nul;

/// A path longer than this keeps its end (PATH_MAX).
const LIMIT: usize = 4096;

// The status byte that ends a walk, record.h.
/// It was longer than 4,096 bytes or than the walk goes: the end is kept.
pub(super) const TRUNCATED: u8 = 1 << 0;
const PSEUDO: u8 = 1 << 1;
/// The file had been deleted.
pub(super) const DELETED: u8 = 1 << 2;
/// It leads through a mount that belongs to no mount namespace.
pub(super) const UNREACHABLE: u8 = 1 << 3;
/// It is one of another mount namespace.
pub(super) const FOREIGN: u8 = 1 << 4;
/// Something was renamed meanwhile: it may never have been.
pub(super) const MOVED: u8 = 1 << 5;

/// What a path begins with whose beginning is not known. Not with `/`: nobody shall take it for one from the root.
const CUT: &[u8] = b"...";
/// As d_path() of the kernel has it.
const OUTSIDE: &[u8] = b"(unreachable)";

const S_IFMT: u64 = 0o170_000;
const S_IFIFO: u64 = 0o010_000;
const S_IFSOCK: u64 = 0o140_000;

/// A path as the kernel holds it, or another text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResolvedPath {
    /// Begins with `/` where it is known from the root on; files that have no path are called such as `memfd:name`.
    pub(super) bytes: Vec<u8>,
    /// Bits of the status, as above.
    pub(super) status: u8,
}

impl ResolvedPath {
    pub(super) fn is(&self, status: u8) -> bool {
        self.status & status != 0
    }
}

/// A walk's path. Empty where there was none.
pub(super) fn walked(walk: &[u8]) -> ResolvedPath {
    let Some((&status, names)) = walk.split_last() else { return ResolvedPath::default() };
    let mut path = ResolvedPath { bytes: Vec::new(), status: status & !PSEUDO };
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
            path.status |= TRUNCATED;
            break;
        }
        length += 1 + name.len();
        kept.push(name);
    }
    path.bytes.reserve(OUTSIDE.len() + length.max(1));
    if path.is(TRUNCATED) {
        path.bytes.extend_from_slice(CUT);
    } else if path.is(UNREACHABLE) {
        path.bytes.extend_from_slice(OUTSIDE);
    }
    for name in kept.iter().rev() {
        path.bytes.push(b'/');
        path.bytes.extend_from_slice(name);
    }
    if kept.is_empty() && !path.is(TRUNCATED) {
        path.bytes.push(b'/');
    }
    path
}

/// The path of a file of which more is known: what has neither a path nor a label is called as /proc calls it.
pub(super) fn of_file(walk: &[u8], inode: u64, mode: u64) -> ResolvedPath {
    let mut path = walked(walk);
    if path.bytes.is_empty() {
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
    if until_nul(name).is_empty() { walked(walk) } else { named(walk, name) }
}

/// The path that a caller named, seen from `folder`: of a name that begins with `/` the root of the process. Without doubled
/// slashes and steps to where one is (`/./`), which change nothing; what `..` means depends on links, and stays. Relative where
/// the folder is not known, as with a descriptor that is not open.
pub(super) fn named(folder: &[u8], name: &[u8]) -> ResolvedPath {
    if until_nul(name).is_empty() {
        return ResolvedPath::default();
    }
    let mut written = until_nul(name).to_vec();
    clean(&mut written);
    let mut name = written.as_slice();
    while let Some(rest) = name.strip_prefix(b"/proc/self/root").or(name.strip_prefix(b"/proc/thread-self/root"))
        && rest.starts_with(b"/")
    {
        // Where one's own root is, is the root.
        name = rest;
    }
    let mut path = walked(folder);
    if path.bytes == b"/" || folder.is_empty() {
        path.bytes.clear();
    }
    // The folder itself is not what was named.
    path.status &= !DELETED;
    if !name.starts_with(b"/") && !folder.is_empty() {
        path.bytes.push(b'/');
    }
    path.bytes.extend_from_slice(name);
    clean(&mut path.bytes);
    if path.bytes.len() > LIMIT {
        let over = path.bytes.len() - LIMIT;
        let start = path.bytes[over..].iter().position(|byte| *byte == b'/').map_or(over, |at| over + at);
        path.bytes.splice(..start, CUT.iter().copied());
        path.status |= TRUNCATED;
    }
    path
}

/// Takes out what changes nothing: `//` and `/./`.
fn clean(path: &mut Vec<u8>) {
    let mut kept = 0;
    let mut at = 0;
    while at < path.len() {
        if path[at] == b'/' {
            match path.get(at + 1..) {
                Some([b'/', ..]) => {
                    at += 1;
                    continue;
                }
                Some([b'.', b'/', ..] | [b'.']) => {
                    at += 2;
                    continue;
                }
                _ => {}
            }
        }
        path[kept] = path[at];
        kept += 1;
        at += 1;
    }
    path.truncate(kept);
    if path.is_empty() {
        path.push(b'/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(bytes: &[u8], status: u8) -> ResolvedPath {
        ResolvedPath { bytes: bytes.to_vec(), status }
    }

    #[test]
    fn a_walk_is_turned_round() {
        assert_eq!(walked(b"passwd\0etc\0\0"), path(b"/etc/passwd", 0));
        assert_eq!(walked(b"\0"), path(b"/", 0));
        assert_eq!(walked(b"x\0tmp\0\x04"), path(b"/tmp/x", DELETED));
        assert_eq!(walked(b"memfd:x\0\x02"), path(b"memfd:x", 0));
        assert_eq!(walked(b""), ResolvedPath::default());
        assert_eq!(walked(b"x\0etc\0\x10"), path(b"/etc/x", FOREIGN));
    }

    #[test]
    fn a_path_whose_beginning_is_not_known_does_not_begin_with_a_slash() {
        assert_eq!(walked(b"c\0b\0\x01"), path(b".../b/c", TRUNCATED));
        assert_eq!(walked(b"\x01"), path(b"...", TRUNCATED));
        assert_eq!(walked(b"shadow\0\x08"), path(b"(unreachable)/shadow", UNREACHABLE));
        assert_eq!(walked(b"\x08"), path(b"(unreachable)/", UNREACHABLE));
        assert_eq!(named(b"b\0\x01", b"c\0"), path(b".../b/c", TRUNCATED));
        assert_eq!(named(b"\x08", b"c\0"), path(b"(unreachable)/c", UNREACHABLE));
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
        assert!(path.is(TRUNCATED) && path.bytes.len() <= LIMIT + CUT.len() && path.bytes.len() > LIMIT - 251);
        assert!(path.bytes.starts_with(b".../d") && path.bytes.ends_with(b"d/leaf"));
    }

    #[test]
    fn what_has_no_name_is_called_as_proc_calls_it() {
        assert_eq!(of_file(b"\0\x02", 7, S_IFIFO | 0o600).bytes, b"pipe:[7]");
        assert_eq!(of_file(b"memfd:x\0\x02", 7, S_IFIFO | 0o600).bytes, b"memfd:x");
    }

    #[test]
    fn names_are_seen_from_their_folder() {
        assert_eq!(named(b"root\0\0", b"x/y\0"), path(b"/root/x/y", 0));
        assert_eq!(named(b"\0", b"x\0"), path(b"/x", 0));
        assert_eq!(named(b"\0", b"/x\0"), path(b"/x", 0));
        assert_eq!(named(b"", b"/x\0"), path(b"/x", 0));
        assert_eq!(named(b"", b"x\0"), path(b"x", 0));
        assert_eq!(named(b"gone\0\x04", b"x\0"), path(b"/gone/x", 0));
        assert_eq!(named(b"root\0\0", b""), path(b"", 0));
        assert_eq!(seen_from(b"gone\0\x04", b"\0"), path(b"/gone", DELETED));
        let long = named(b"root\0\0", &[b"a/".repeat(2047), vec![b'a', 0]].concat());
        assert!(long.is(TRUNCATED) && long.bytes.len() <= LIMIT + CUT.len() && long.bytes.starts_with(b".../a"));
    }

    #[test]
    fn a_name_from_the_root_is_seen_from_the_root_of_the_process() {
        assert_eq!(named(b"jail\0srv\0\0", b"/etc/shadow\0"), path(b"/srv/jail/etc/shadow", 0));
        assert_eq!(named(b"\0", b"/proc/self/root/etc/shadow\0"), path(b"/etc/shadow", 0));
        assert_eq!(named(b"\0", b"/proc/self/root/proc/self/root/x\0"), path(b"/x", 0));
        assert_eq!(named(b"\0", b"/proc/self/rooted\0"), path(b"/proc/self/rooted", 0));
    }

    #[test]
    fn what_changes_nothing_is_left_out() {
        let cases: [(&[u8], &[u8]); 8] = [
            (b"/etc//shadow", b"/etc/shadow"),
            (b"/etc/./shadow", b"/etc/shadow"),
            (b"./shadow", b"/root/shadow"),
            (b"/.//./etc///./shadow", b"/etc/shadow"),
            (b"/etc/.", b"/etc"),
            (b"/etc/", b"/etc/"),
            (b"/etc/../etc/.shadow", b"/etc/../etc/.shadow"),
            (b"/.", b"/"),
        ];
        assert_eq!(named(b"\0", b"//proc/./self//root/x\0"), path(b"/x", 0));
        for (name, clean) in cases {
            let folder: &[u8] = if name.starts_with(b"/") { b"\0" } else { b"root\0\0" };
            assert_eq!(named(folder, name), path(clean, 0), "{}", name.escape_ascii());
        }
    }
}
