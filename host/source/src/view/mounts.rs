//! What is mounted where, as the host sees it.

use std::collections::HashMap;

/// The mounts of a mount namespace.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// By device (kernel encoding): which part of its file system is mounted, and where; the larger parts first.
    by_device: HashMap<u32, Vec<Mount>>,
    /// By mount point: the device, and where else the same can be seen, which is where it is known by.
    points: HashMap<Vec<u8>, (u32, Option<Vec<u8>>)>,
    /// Whether anything is seen in two places.
    has_second: bool,
    /// By the mount's id: the device.
    by_id: HashMap<u64, u32>,
}

#[derive(Clone, Debug)]
struct Mount {
    /// A folder or a file of its file system; without a `/` at its end, so that the root is empty.
    root: Vec<u8>,
    /// Likewise.
    point: Vec<u8>,
}

impl Mounts {
    /// From a `/proc/PID/mountinfo` (proc_pid_mountinfo(5)). Lines that are not understood are passed over.
    pub(super) fn parse(mountinfo: &[u8]) -> Self {
        let mut mounts = Self::default();
        let mut seen: Vec<(u32, Mount)> = Vec::new();
        for line in mountinfo.split(|byte| *byte == b'\n') {
            let Some((id, device, mount)) = parse(line) else { continue };
            mounts.by_id.insert(id, device);
            seen.push((device, mount));
        }
        // What is mounted over another still leaves it its name: who covers `/` makes no other files of those below.
        for (device, mount) in &seen {
            mounts.by_device.entry(*device).or_default().push(mount.clone());
        }
        mounts.by_device.values_mut().for_each(|list| list.sort_by_key(|mount| mount.root.len()));
        for (device, mount) in seen {
            let known_by = mounts.by_device.get(&device).and_then(|list| place(list, &mount.root));
            let known_by = known_by.filter(|path| *path != mount.point);
            mounts.has_second |= known_by.is_some();
            // A later one covers it.
            mounts.points.insert(mount.point, (device, known_by));
        }
        mounts
    }

    /// The path of what is called so in the file system of a device.
    pub(super) fn path(&self, device: u32, in_file_system: &[u8]) -> Option<Vec<u8>> {
        let name = in_file_system.strip_suffix(b"/").unwrap_or(in_file_system);
        place(self.by_device.get(&device)?, name).map(rooted)
    }

    /// The path by which a file is known that this one leads to; nothing where it is this one.
    pub(super) fn known_by(&self, device: u32, path: &[u8]) -> Option<Vec<u8>> {
        if !self.has_second || !path.starts_with(b"/") {
            return None;
        }
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let mut end = path.len();
        loop {
            let (point, rest) = path.split_at_checked(end)?;
            if let Some((of, known_by)) = self.points.get(point) {
                let known_by = known_by.as_ref().filter(|_| *of == device)?;
                return Some(rooted([known_by, rest].concat()));
            }
            end = point.iter().rposition(|byte| *byte == b'/')?;
        }
    }

    /// The device of the file system that a mount is of.
    pub(super) fn device(&self, mount_id: u64) -> Option<u32> {
        self.by_id.get(&mount_id).copied()
    }
}

/// Where a name of a file system is seen: through the mount of its largest part, and of these the first.
fn place(mounts: &[Mount], name: &[u8]) -> Option<Vec<u8>> {
    mounts.iter().find_map(|Mount { root, point }| {
        let rest = name.strip_prefix(root.as_slice()).filter(|rest| rest.is_empty() || rest.starts_with(b"/"))?;
        Some([point, rest].concat())
    })
}

fn rooted(path: Vec<u8>) -> Vec<u8> {
    if path.is_empty() { b"/".to_vec() } else { path }
}

/// `ID PARENT MAJOR:MINOR ROOT POINT …`
fn parse(line: &[u8]) -> Option<(u64, u32, Mount)> {
    let mut words = line.split(|byte| *byte == b' ');
    let id = number(words.next()?)?;
    let device = words.nth(1)?;
    let colon = device.iter().position(|byte| *byte == b':')?;
    let (major, minor) = (number(&device[..colon])?, number(&device[colon + 1..])?);
    let device = u32::try_from(major << 20 | minor).ok()?;
    let mut text = || Some(unescaped(words.next()?)).filter(|text| text.starts_with(b"/"));
    let (root, point) = (text()?, text()?);
    // The folder is gone, and the mount shows what nobody can get to by a name of the file system's.
    if root.ends_with(b"//deleted") {
        return None;
    }
    let trimmed = |path: Vec<u8>| path.strip_suffix(b"/").map(<[u8]>::to_vec).unwrap_or(path);
    Some((id, device, Mount { root: trimmed(root), point: trimmed(point) }))
}

fn number(text: &[u8]) -> Option<u64> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// Spaces, tabs, newlines and backslashes are written as three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| byte == b'\\').and_then(|digits| str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = &after[3..];
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: u32 = 8 << 20 | 1;
    const OVERLAY: u32 = 41;
    const MOUNTS: &[u8] = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
        23 22 0:20 / /proc rw - proc proc rw\n\
        not a mount\n\
        24 22 8:1 /etc /srv/a\\040b rw shared:1 - ext4 /dev/sda1 rw\n\
        25 22 8:1 /etc/passwd /srv/users rw - ext4 /dev/sda1 rw\n\
        26 22 8:2 /@/var /var rw - btrfs /dev/sda2 rw\n\
        27 26 0:41 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n\
        28 22 8:1 /gone//deleted /srv/gone rw - ext4 /dev/sda1 rw\n\
        29 22 8:3 / /opt rw - ext4 /dev/sda3 rw\n\
        30 22 0:50 / /opt rw - tmpfs none rw\n";

    fn path(mounts: &Mounts, device: u32, name: &str) -> Option<String> {
        mounts.path(device, name.as_bytes()).map(|path| String::from_utf8(path).unwrap())
    }

    fn known_by(mounts: &Mounts, device: u32, path: &str) -> Option<String> {
        mounts.known_by(device, path.as_bytes()).map(|path| String::from_utf8(path).unwrap())
    }

    #[test]
    fn names_of_file_systems_are_seen_through_the_mount_of_the_largest_part() {
        let mounts = Mounts::parse(MOUNTS);
        assert_eq!(path(&mounts, DISK, "/etc/shadow").unwrap(), "/etc/shadow");
        assert_eq!(path(&mounts, DISK, "/").unwrap(), "/");
        assert_eq!(path(&mounts, DISK + 1, "/@/var/log/x").unwrap(), "/var/log/x");
        assert_eq!(path(&mounts, DISK + 1, "/@/var").unwrap(), "/var");
        assert_eq!(path(&mounts, OVERLAY, "/etc/shadow").unwrap(), "/var/lib/docker/overlay2/x/merged/etc/shadow");
        // What is covered keeps its name.
        assert_eq!(path(&mounts, DISK + 2, "/x").unwrap(), "/opt/x");
        // Of another part of the file system, and of what is not mounted, there is no path.
        assert_eq!(path(&mounts, DISK + 1, "/@/variable/x"), None);
        assert_eq!(path(&mounts, 99, "/x"), None);
    }

    #[test]
    fn what_is_mounted_twice_is_known_by_the_larger_mount() {
        let mounts = Mounts::parse(MOUNTS);
        assert_eq!(known_by(&mounts, DISK, "/srv/a b/shadow").unwrap(), "/etc/shadow");
        assert_eq!(known_by(&mounts, DISK, "/srv/a b").unwrap(), "/etc");
        assert_eq!(known_by(&mounts, DISK, "/srv/users").unwrap(), "/etc/passwd");
        for path in ["/etc/shadow", "/", "/srv", "/srv/a bc", "/srv/a", "relative", "memfd:x", ""] {
            assert_eq!(known_by(&mounts, DISK, path), None, "{path}");
        }
        // Something else is mounted there, or another file system's file has that path by now.
        assert_eq!(known_by(&mounts, OVERLAY, "/var/lib/docker/overlay2/x/merged/etc/x"), None);
        assert_eq!(known_by(&mounts, OVERLAY, "/srv/a b/shadow"), None);
        assert!(!Mounts::parse(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n").has_second);
    }

    #[test]
    fn of_two_alike_the_first_counts() {
        let mounts = Mounts::parse(b"1 0 8:1 / / rw - x x rw\n2 1 8:1 / /mnt rw - x x rw\n");
        assert_eq!(path(&mounts, DISK, "/etc/shadow").unwrap(), "/etc/shadow");
        assert_eq!(known_by(&mounts, DISK, "/mnt/etc/shadow").unwrap(), "/etc/shadow");
        assert_eq!(known_by(&mounts, DISK, "/mnt").unwrap(), "/");
    }

    #[test]
    fn devices_of_mounts() {
        let mounts = Mounts::parse(MOUNTS);
        assert_eq!((mounts.device(26), mounts.device(1)), (Some(DISK + 1), None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>, device: u32, name: Vec<u8>) {
            let mounts = Mounts::parse(&bytes);
            let _ = (mounts.path(device, &name), mounts.known_by(device, &name));
        }

        #[test]
        fn any_mounts_are_read(words in proptest::collection::vec("[0-9:/ \\\\a\n-]{0,12}", 0..24), name in "/[/a]{0,9}") {
            let mounts = Mounts::parse(words.join(" ").as_bytes());
            for device in 0..10 {
                let _ = (mounts.path(device, name.as_bytes()), mounts.known_by(device, name.as_bytes()));
            }
        }
    }
}
