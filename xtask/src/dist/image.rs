//! What a container image is built of: `docker build target/dist/image`.
//!
//! It has both programs and what they need, and nothing else: no shell, no package manager, no other base that would have to be
//! fetched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::contents::{LOCK_IN_USE, packaging};
use super::packs::Signed;
use super::program::Program;
use super::{Release, contents, empty, said};

/// Where Debian and its children keep the authorities that TLS trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Writes the folder.
pub(super) fn write(release: &Release, signed: &Signed, programs: [&Program; 2]) -> Result<()> {
    let folder = release.out.join("image");
    empty(&folder)?;
    let mut tree = contents::default_rules(signed)?;
    tree.copy(LOCK_IN_USE, &signed.lock);
    tree.file("etc/lanner/lanner.toml", packaging("container.toml")?);
    tree.folder("etc/lanner/conf.d", 0o755);
    for file in ["registry.toml", "sinks.toml"] {
        tree.file(&format!("usr/share/lanner/compose/{file}"), packaging(&format!("compose/{file}"))?);
    }
    for state in ["var/lib/lanner", "var/cache/lanner", "run/lanner"] {
        tree.folder(state, 0o700);
    }
    tree.folder("tmp", 0o1777);
    for program in programs {
        tree.program(&format!("usr/bin/{}", program.name), &program.file);
        for (path, library) in libraries(&program.file)? {
            tree.program(path.trim_start_matches('/'), &library);
        }
    }
    if Path::new(AUTHORITIES).exists() {
        tree.copy(AUTHORITIES.trim_start_matches('/'), &fs::canonicalize(AUTHORITIES)?);
    }
    let files = folder.join("rootfs");
    fs::create_dir(&files)?;
    for open in [&folder, &files] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o755))?;
    }
    tree.write(&files)?;
    let recipe = packaging("Containerfile")?.replace("@VERSION@", &release.version.to_string());
    // Docker looks for the one, podman for either.
    fs::write(folder.join("Dockerfile"), recipe)?;
    fs::write(folder.join("compose.yaml"), packaging("compose.yaml")?)?;
    age(&folder, release.time)
}

/// The shared libraries of a program, the loader among them, by the paths under which it looks for them.
fn libraries(program: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut libraries = BTreeMap::new();
    for line in said(Command::new("ldd").env("LC_ALL", "C").arg(program))?.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let path = match *words {
            [name, "=>", "not", ..] => bail!("{} needs {name}, which this machine does not have", program.display()),
            [_, "=>", path, _] | [path, _] if path.starts_with('/') => path,
            // What the kernel itself brings.
            _ => continue,
        };
        let file = fs::canonicalize(path).with_context(|| path.to_owned())?;
        libraries.insert(path.to_owned(), file);
    }
    Ok(libraries)
}

/// Gives all files the release's time: what is copied into a layer keeps it.
fn age(folder: &Path, time: u32) -> Result<()> {
    let mut find = Command::new("find");
    find.arg(folder).args(["-exec", "touch", "--no-dereference", "--date", &format!("@{time}"), "{}", "+"]);
    said(&mut find).map(drop)
}
