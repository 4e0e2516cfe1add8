//! The file system that the guests have in memory.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::debian::Kernel;
use super::programs::Programs;
use super::{folder, installed};
use crate::root;
use lanner_build::cargo;

/// The first process of a guest.
pub(super) const INIT: &str = include_str!("init.sh");

/// Makes the archive that a kernel unpacks, the same for all kernels: what `init.sh` looks for, in the places where it
/// does.
pub(super) fn make(programs: &Programs, kernels: &[Kernel]) -> Result<PathBuf> {
    let tree = folder().join("initramfs");
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| tree.display().to_string())?;
    }
    copy(&installed("busybox").context("busybox is not installed")?, &tree.join("bin/busybox"))?;
    copy(&programs.lanner, &tree.join("bin/lanner"))?;
    copy(&programs.probe_tests, &tree.join("bin/probe-tests"))?;
    for library in &programs.libraries {
        copy(library, &tree.join(library.strip_prefix("/").unwrap_or(library)))?;
    }
    // Those that the self-test needs: where processors are emulated, all would take minutes to compile.
    for name in ["credential-access.wasm", "execution.wasm"] {
        copy(&root().join("target/packs").join(name), &tree.join("packs").join(name))?;
    }
    for kernel in kernels {
        let module = kernel.overlay_module()?;
        let name = module.file_name().unwrap_or_default();
        copy(&module, &tree.join("lib/modules").join(&kernel.release).join(name))?;
    }
    let init = tree.join("init");
    fs::write(&init, INIT).with_context(|| init.display().to_string())?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755)).with_context(|| init.display().to_string())?;

    let archive = folder().join("initramfs.cpio");
    pack(&tree, &archive)?;
    Ok(archive)
}

/// Copies a file with its mode, and makes the folders above it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let folders = to.parent().map_or(Ok(()), fs::create_dir_all);
    folders.and_then(|()| fs::copy(from, to)).with_context(|| format!("{} to {}", from.display(), to.display()))?;
    Ok(())
}

/// Archives a folder in the format of initramfs, everything owned by root.
fn pack(tree: &Path, archive: &Path) -> Result<()> {
    let names = cargo::read(Command::new("find").arg(".").current_dir(tree))?;
    let output = File::create(archive).with_context(|| archive.display().to_string())?;
    let mut command = Command::new("cpio");
    command.args(["--create", "--format=newc", "--owner=+0:+0", "--quiet"]).current_dir(tree);
    let mut cpio = command.stdin(Stdio::piped()).stdout(output).spawn().context("cpio cannot be started")?;
    let mut input = cpio.stdin.take().context("cpio's input")?;
    input.write_all(names.as_bytes()).context("cpio's input")?;
    drop(input);
    let status = cpio.wait()?;
    ensure!(status.success(), "{} failed ({status})", cargo::shown(&command));
    Ok(())
}
