//! File systems that the probes and the enrichment need.

use std::path::{Path, PathBuf};

use super::{Check, Place};

/// Where nothing is known of mounts.
const UNREADABLE: &str = "/proc/self/mountinfo cannot be read";
const MOUNT_PROC: &str = "mount -t proc proc /proc";

/// What is mounted where, from /proc/self/mountinfo.
pub(super) struct Mounts {
    /// Type and mount point; `None` where it could not be read.
    list: Option<Vec<(String, PathBuf)>>,
}

impl Mounts {
    pub(super) fn read(place: &Place) -> Self {
        // There is no process without a mount.
        let text = place.text("/proc/self/mountinfo").ok().filter(|text| !text.is_empty());
        Self { list: text.map(|text| text.lines().filter_map(parse).collect()) }
    }

    fn of_type<'a>(&'a self, fs_type: &'a str) -> impl Iterator<Item = &'a Path> {
        self.list.iter().flatten().filter(move |(t, _)| t == fs_type).map(|(_, point)| point.as_path())
    }

    pub(super) fn has_securityfs(&self) -> bool {
        self.of_type("securityfs").next().is_some()
    }

    pub(super) fn bpffs(&self) -> Check {
        const NAME: &str = "bpffs";
        if self.list.is_none() {
            return Check::unknown(NAME, UNREADABLE, "none yet: nothing needs it", MOUNT_PROC);
        }
        match self.of_type("bpf").next() {
            Some(point) => Check::ok(NAME, point.display().to_string()),
            None => Check::ok(NAME, "not mounted, and nothing needs it yet"),
        }
    }

    pub(super) fn cgroups(&self) -> Check {
        const NAME: &str = "cgroups";
        let remedy = "boot with systemd.unified_cgroup_hierarchy=1";
        if self.list.is_none() {
            return Check::unknown(NAME, UNREADABLE, "containers may not be told from the host", MOUNT_PROC);
        }
        let old = self.of_type("cgroup").next().is_some();
        match self.of_type("cgroup2").next() {
            Some(point) if !old => Check::ok(NAME, format!("version 2 at {}", point.display())),
            Some(point) => Check::degraded(
                NAME,
                format!("versions 1 and 2 (hybrid), 2 at {}", point.display()),
                "a container is told from the host only where its runtime uses version 2 as well",
                remedy,
            ),
            None => {
                let found = if old { "version 1" } else { "not mounted" };
                Check::degraded(NAME, found, "containers may not be told from the host", remedy)
            }
        }
    }
}

/// Type and mount point of a line, see proc_pid_mountinfo(5): `… root POINT options … - TYPE source options`.
fn parse(line: &str) -> Option<(String, PathBuf)> {
    let (mount, file_system) = line.split_once(" - ")?;
    let point = mount.split(' ').nth(4)?;
    let fs_type = file_system.split(' ').next()?;
    Some((fs_type.to_owned(), PathBuf::from(unescape(point))))
}

/// Blanks and backslashes are written as three octal digits.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .into_iter()
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_lines_are_read() {
        let line = r"36 35 98:0 /mnt1 /a\040b\134040 rw,noatime master:1 shared:2 - tracefs tracefs rw";
        assert_eq!(parse(line), Some(("tracefs".into(), PathBuf::from(r"/a b\040"))));
        for broken in ["", "-", " - ", "1 2 3 - tracefs", "a b c d"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }
}
