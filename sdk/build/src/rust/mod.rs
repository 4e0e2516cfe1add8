//! Packs in Rust: from crates to core modules.

mod rustc;
mod toolchain;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cargo::{self, Artifact};
use crate::metadata::{self, Metadata, Package};
pub use rustc::become_rustc_if_asked;
pub use toolchain::{TARGET, Toolchain};

/// How crates are built.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where cargo keeps what it makes: one folder for all, so that the standard library and the SDK are built once.
    pub target_dir: PathBuf,
    /// Folders outside of the workspace of which it must not matter where they lie, and what they are called instead.
    pub places: Vec<(PathBuf, &'static str)>,
    /// With what says in which function and line something happens, and without what takes long to optimise.
    pub debug: bool,
}

/// Builds the packs of a folder: name and module of each.
///
/// # Errors
/// They do not build, or there are none; what the compiler says has gone to stderr.
pub fn modules(toolchain: &Toolchain, folder: &Path, options: &Options) -> Result<Vec<(String, PathBuf)>> {
    let metadata = metadata::read(toolchain.cargo(folder).args(["metadata", "--no-deps"]))?;
    let packs = packs(&metadata, folder)?;
    let mut command = toolchain.cargo(&metadata.workspace_root);
    command.args(["build", "--lib"]);
    if !options.debug {
        command.arg("--release");
    }
    command.arg("--target-dir").arg(&options.target_dir);
    for pack in &packs {
        command.args(["-p", &pack.name]);
    }
    toolchain.aim(&mut command);
    make_reproducible(&mut command, toolchain, &metadata.workspace_root, options)?;
    let mut built = built_modules(&mut command)?;
    let module = |pack: &&Package| {
        let module = built.remove(&pack.manifest_path);
        module
            .map(|module| (pack.name.clone(), module))
            .with_context(|| format!("cargo gave no module of {}", pack.name))
    };
    packs.iter().map(module).collect()
}

/// The packs that a folder stands for.
fn packs<'a>(metadata: &'a Metadata, folder: &Path) -> Result<Vec<&'a Package>> {
    let manifest = folder.join("Cargo.toml");
    if let Some(pack) = metadata.packages.iter().find(|package| package.manifest_path == manifest) {
        if !pack.is_cdylib() {
            bail!("{}: a pack needs `crate-type = [\"cdylib\"]` in [lib]", manifest.display());
        }
        return Ok(vec![pack]);
    }
    let packs: Vec<_> = metadata.packages.iter().filter(|package| package.is_cdylib()).collect();
    if packs.is_empty() {
        bail!("{}: no member of the workspace has `crate-type = [\"cdylib\"]` in [lib]", manifest.display());
    }
    Ok(packs)
}

/// Keeps out of the module where its sources lie, so that anyone who builds them gets the same bytes.
fn make_reproducible(command: &mut Command, toolchain: &Toolchain, workspace: &Path, options: &Options) -> Result<()> {
    let cargo_home = match env::var_os("CARGO_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    // Where two match, the later one holds.
    let own = [(workspace.to_owned(), "/pack")].into_iter().chain(options.places.iter().cloned());
    let own: Vec<(PathBuf, &str)> = own.collect();
    let others = [(cargo_home.join("registry/src"), "/crates"), (toolchain.sources(), "/rust")];
    let mut flags = Vec::new();
    for (place, name) in own.iter().chain(&others) {
        let place = place.to_str().with_context(|| format!("{} is not UTF-8", place.display()))?;
        flags.push(format!("--remap-path-prefix={place}={name}"));
    }
    // As a setting, it adds to the flags of the pack's own .cargo/config.toml. An array in JSON is one in TOML.
    let flags = serde_json::to_string(&flags)?;
    command.arg("--config").arg(format!("target.{TARGET}.rustflags={flags}"));
    let folders: Vec<PathBuf> = own.into_iter().map(|(place, _)| place).collect();
    rustc::stand_in(command, &folders)
}

/// Has cargo build, and collects the modules by the manifests of their crates.
fn built_modules(command: &mut Command) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let module = |artifact: Artifact| {
        let module = artifact.filenames.into_iter().find(|path| path.extension().is_some_and(|end| end == "wasm"));
        Some((artifact.manifest_path, module?))
    };
    Ok(cargo::artifacts(command)?.into_iter().filter_map(module).collect())
}
