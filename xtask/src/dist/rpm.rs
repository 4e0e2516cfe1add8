//! Packages of Fedora, Red Hat, SUSE and their children, by rpmbuild, which finds out itself which libraries a program needs.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::contents::{LOCK_FROM, LOCK_IN_USE, Package, script};
use super::tree::Tree;
use super::{Release, said};

/// Scripts that rpm runs.
const SCRIPTS: [&str; 3] = ["post", "preun", "postun"];
/// The one that was made of a version.
const RELEASE: u32 = 1;

/// Writes a package.
pub(super) fn write(release: &Release, package: &Package) -> Result<PathBuf> {
    let (name, version) = (package.name, version(&release.version));
    let folder = release.work.join(format!("{name}.rpm"));
    let root = folder.join("root");
    fs::create_dir_all(&root)?;
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
    let tree = tree(package);
    tree.write(&root)?;
    let spec = folder.join("package.spec");
    fs::write(&spec, recipe(package, &tree, &version)?)?;
    let level = if release.quick { "w1.zstdio" } else { "w19.zstdio" };
    let mut build = Command::new("rpmbuild");
    build.env("SOURCE_DATE_EPOCH", release.time.to_string()).env("LC_ALL", "C");
    for (macro_name, value) in [
        ("_topdir", path(&folder.join("top"))?),
        ("_rpmdir", path(&folder)?),
        ("_rpmfilename", "made.rpm"),
        ("_binary_payload", level),
        // The same bytes whoever builds it, and whenever.
        ("_buildhost", "localhost"),
        ("use_source_date_epoch_as_buildtime", "1"),
        ("clamp_mtime_to_source_date_epoch", "1"),
        // Programs are stripped already, and manual pages compressed.
        ("__os_install_post", "%{nil}"),
        ("_build_id_links", "none"),
        ("debug_package", "%{nil}"),
        ("_unitdir", "/usr/lib/systemd/system"),
    ] {
        build.arg("--define").arg(format!("{macro_name} {value}"));
    }
    build.args(["-bb", "--noclean", "--nodeps", "--buildroot"]).arg(&root).arg(&spec);
    said(&mut build).with_context(|| format!("the package {name} (rpmbuild comes with Debian's package rpm)"))?;
    let file = release.out.join(format!("{name}-{version}-{RELEASE}.{}.rpm", std::env::consts::ARCH));
    fs::rename(folder.join("made.rpm"), &file).with_context(|| file.display().to_string())?;
    fs::remove_dir_all(&folder)?;
    Ok(file)
}

/// The files, where these systems have them.
fn tree(package: &Package) -> Tree {
    let mut tree = package.tree.clone();
    tree.rename("usr/share/zsh/vendor-completions/", "usr/share/zsh/site-functions/");
    // Rpm itself replaces a lock file that nobody has changed, and keeps any other.
    if let Some(lock) = tree.entry(LOCK_FROM) {
        let lock = lock.clone().into_config();
        tree.insert(LOCK_IN_USE, lock);
    }
    tree
}

/// What rpmbuild is told.
fn recipe(package: &Package, tree: &Tree, version: &str) -> Result<String> {
    let Package { name, summary, description, .. } = package;
    let mut text = format!(
        "Name: {name}\nVersion: {version}\nRelease: {RELEASE}\nSummary: {summary}\nLicense: Apache-2.0\n\
         %description\n{description}\n%files\n"
    );
    for (path, entry) in tree.entries() {
        let kind = match (entry.is_folder(), entry.is_config) {
            (true, _) => "%dir ",
            (_, true) => "%config(noreplace) ",
            _ => "",
        };
        writeln!(text, "{kind}%attr({:04o}, root, root) \"/{path}\"", entry.mode)?;
    }
    for when in SCRIPTS {
        if let Some(script) = script("rpm", name, when)? {
            writeln!(text, "%{when}\n{}", script.replace('%', "%%"))?;
        }
    }
    Ok(text)
}

/// A version as rpm has it: what comes before a release sorts before it.
fn version(version: &semver::Version) -> String {
    super::deb::version(version)
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
