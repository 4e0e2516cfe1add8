//! Debian's kernels: which ones apt offers, and their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::folder;
use lanner_build::cargo;

const PACKAGE: &str = "linux-image-";
/// The smallest of Debian's kernels for x86-64; what an emulated machine needs is compiled in.
const FLAVOUR: &str = "-cloud-amd64";

/// A kernel whose package lies unpacked here.
pub(super) struct Kernel {
    /// What `uname -r` says in it.
    pub(super) release: String,
    /// The version of its package; it begins with the version of Linux.
    pub(super) version: String,
    files: PathBuf,
}

/// The newest kernel of each series that apt offers, the oldest series first. Gets what is not here yet.
pub(super) fn newest_kernels() -> Result<Vec<Kernel>> {
    let pattern = format!("^{PACKAGE}.*{FLAVOUR}$");
    let offered = cargo::read(Command::new("apt-cache").args(["search", "--names-only", &pattern]))?;
    let releases = newest_of_each_series(offered.lines().filter_map(release));
    ensure!(!releases.is_empty(), "apt offers no {PACKAGE}…{FLAVOUR}: on Debian, `apt-get update` lets it know them");
    releases.into_iter().map(Kernel::get).collect()
}

/// The release in a line of `apt-cache search`: the name of a package, and what it is.
fn release(line: &str) -> Option<&str> {
    line.split_whitespace().next()?.strip_prefix(PACKAGE)
}

fn newest_of_each_series<'a>(releases: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let ordered: BTreeSet<_> = releases.map(|release| (numbers(release), release)).collect();
    let mut newest = BTreeMap::new();
    for (numbers, release) in ordered {
        // With only two it is no kernel, but the package that depends on the newest.
        if let [major, minor, _, ..] = numbers[..] {
            newest.insert((major, minor), release);
        }
    }
    newest.into_values().collect()
}

/// The numbers in a release, by which releases are ordered: 6, 1, 0 and 56 in `6.1.0-56-cloud-amd64`.
fn numbers(release: &str) -> Vec<u32> {
    let release = release.strip_suffix(FLAVOUR).unwrap_or(release);
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

// === impl Kernel ===

impl Kernel {
    fn get(release: &str) -> Result<Self> {
        let package = format!("{PACKAGE}{release}");
        let version = offered_version(&package)?;
        let files = folder().join(format!("{package}_{version}"));
        if !files.exists() {
            eprintln!("downloading {package} {version}");
            download(&package, &version, &files)?;
        }
        Ok(Self { release: release.to_owned(), version, files })
    }

    /// What a boot loader starts.
    pub(super) fn image(&self) -> PathBuf {
        self.files.join(format!("boot/vmlinuz-{}", self.release))
    }

    /// The module for overlay file systems, which may be compressed.
    pub(super) fn overlay_module(&self) -> Result<PathBuf> {
        let modules = format!("lib/modules/{}/kernel/fs/overlayfs", self.release);
        // Newer packages have everything below usr.
        let places = ["", "usr"].map(|top| self.files.join(top).join(&modules));
        let files = places.iter().flat_map(|place| ["overlay.ko", "overlay.ko.xz"].map(|name| place.join(name)));
        let module = files.into_iter().find(|file| file.exists());
        module.with_context(|| format!("no {modules}/overlay.ko in {}", self.files.display()))
    }
}

/// The version that apt would install.
fn offered_version(package: &str) -> Result<String> {
    let about = cargo::read(Command::new("apt-cache").args(["show", "--no-all-versions", package]))?;
    let version = about.lines().find_map(|line| line.strip_prefix("Version: "));
    Ok(version.with_context(|| format!("apt names no version of {package}"))?.to_owned())
}

/// Downloads a package and unpacks it without installing it. The folder appears when it is complete.
fn download(package: &str, version: &str, files: &Path) -> Result<()> {
    let aside = folder().join("download");
    // Of a run that was cut short.
    if aside.exists() {
        fs::remove_dir_all(&aside).with_context(|| aside.display().to_string())?;
    }
    fs::create_dir(&aside).with_context(|| aside.display().to_string())?;
    let wanted = format!("{package}={version}");
    cargo::read(Command::new("apt-get").current_dir(&aside).args(["download", &wanted]))
        .context("where apt's lists are old, `apt-get update` helps")?;
    let unpacked = aside.join("unpacked");
    cargo::run(Command::new("dpkg").arg("-x").arg(archive_in(&aside)?).arg(&unpacked))?;
    fs::rename(&unpacked, files).with_context(|| files.display().to_string())?;
    fs::remove_dir_all(&aside).with_context(|| aside.display().to_string())
}

fn archive_in(folder: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "deb") {
            return Ok(path);
        }
    }
    bail!("apt-get downloaded nothing into {}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::{newest_of_each_series, release};

    #[test]
    fn one_kernel_of_each_series_is_chosen_by_number() {
        let offered = "linux-image-6.12-cloud-amd64 - Linux for x86-64 cloud (meta-package)
linux-image-6.12.100+deb12-cloud-amd64 - Linux 6.12 for x86-64 cloud (signed)
linux-image-6.12.99+deb12-cloud-amd64 - Linux 6.12 for x86-64 cloud (signed)
linux-image-cloud-amd64 - Linux for x86-64 cloud (meta-package)
linux-image-6.1.0-9-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)
linux-image-6.1.0-10-cloud-amd64 - Linux 6.1 for x86-64 cloud (signed)
linux-image-5.10.0-30-cloud-amd64 - Linux 5.10 for x86-64 cloud (signed)";
        assert_eq!(
            newest_of_each_series(offered.lines().filter_map(release)),
            ["5.10.0-30-cloud-amd64", "6.1.0-10-cloud-amd64", "6.12.100+deb12-cloud-amd64"]
        );
    }
}
