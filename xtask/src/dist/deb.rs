//! Packages of Debian, by its own dpkg-deb.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::contents::{Package, script};
use super::tree::Tree;
use super::{Release, said};

/// Scripts that dpkg runs.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];
/// Who answers for the packages.
const MAINTAINER: &str = "Lanner maintainers <maintainers@lanner.invalid>";

/// Writes a package.
pub(super) fn write(release: &Release, package: &Package) -> Result<PathBuf> {
    let (name, version) = (package.name, version(&release.version));
    let folder = release.work.join(format!("{name}.deb"));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    let mut tree = package.tree.clone();
    tree.compressed(&format!("usr/share/doc/{name}/changelog"), changelog(name, &version, release.time)?.as_bytes())?;
    tree.write(&folder)?;
    control(package, &tree, &version, &folder).with_context(|| format!("the package {name}"))?;
    let file = release.out.join(format!("{name}_{version}_{}.deb", architecture()));
    let level = if release.quick { "-z0" } else { "-z9" };
    let mut build = Command::new("dpkg-deb");
    // Times later than that are made that; with one thread, the same bytes come out everywhere.
    build.env("SOURCE_DATE_EPOCH", release.time.to_string());
    build.args(["--root-owner-group", "--threads-max=1", "-Zxz", level, "--build"]);
    said(build.arg(&folder).arg(&file))?;
    fs::remove_dir_all(&folder)?;
    Ok(file)
}

/// What dpkg is told of it.
fn control(package: &Package, tree: &Tree, version: &str, folder: &Path) -> Result<()> {
    let debian = folder.join("DEBIAN");
    fs::create_dir(&debian)?;
    let depends = package.needs.of_debian()?.join(", ");
    // Each file takes whole KiB, and a folder one, as dpkg-gencontrol counts.
    let mut kib = 0;
    for (path, entry) in tree.entries() {
        kib += if entry.is_folder() { 1 } else { fs::metadata(folder.join(path))?.len().div_ceil(1024) };
    }
    let mut text = format!(
        "Package: {}\nVersion: {version}\nArchitecture: {}\nMaintainer: {MAINTAINER}\nInstalled-Size: {kib}\n\
         Depends: {depends}, init-system-helpers (>= 1.51)\nRecommends: ca-certificates\nSection: admin\nPriority: optional\n\
         Description: {}\n",
        package.name,
        architecture(),
        package.summary
    );
    for line in package.description.lines() {
        writeln!(text, " {line}")?;
    }
    let put = |name: &str, text: &str, mode: u32| -> Result<()> {
        fs::write(debian.join(name), text)?;
        Ok(fs::set_permissions(debian.join(name), fs::Permissions::from_mode(mode))?)
    };
    put("control", &text, 0o644)?;
    let files: Vec<&str> = tree.entries().filter(|(_, entry)| !entry.is_folder()).map(|(path, _)| path).collect();
    put("md5sums", &said(Command::new("md5sum").current_dir(folder).arg("--").args(&files))?, 0o644)?;
    let configs = tree.entries().filter(|(_, entry)| entry.is_config);
    put("conffiles", &configs.map(|(path, _)| format!("/{path}\n")).collect::<String>(), 0o644)?;
    for when in SCRIPTS {
        if let Some(text) = script("debian", package.name, when)? {
            put(when, &text, 0o755)?;
        }
    }
    Ok(())
}

/// A version as Debian has it: what comes before a release sorts before it.
pub(super) fn version(version: &semver::Version) -> String {
    version.to_string().replacen('-', "~", 1)
}

/// What Debian calls this machine's processors.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn changelog(name: &str, version: &str, time: u32) -> Result<String> {
    let date =
        said(Command::new("date").env("LC_ALL", "C").args(["--utc", "--rfc-email", "--date", &format!("@{time}")]))?;
    Ok(format!(
        "{name} ({version}) stable; urgency=medium\n\n  * What changed stands in the history of the sources.\n\n -- {MAINTAINER}  {}\n",
        date.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_before_a_release_sort_before_it() {
        let of = |text: &str| version(&text.parse().expect("a version"));
        assert_eq!(of("1.2.3"), "1.2.3");
        assert_eq!(of("1.2.3-rc.1"), "1.2.3~rc.1");
        assert_eq!(of("1.2.3+build.4"), "1.2.3+build.4");
    }
}
