//! From crates to core modules.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::rustc;
use super::toolchain::{TARGET, Toolchain};
use crate::metadata::{self, Metadata, Package};
use crate::{cargo, root};

/// Builds the packs of a folder: name and module of each.
pub(super) fn modules(toolchain: &Toolchain, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let metadata = metadata::read(toolchain.cargo(folder).args(["metadata", "--no-deps"]))?;
    let packs = packs(&metadata, folder)?;
    let mut command = toolchain.cargo(&metadata.workspace_root);
    command.args(["build", "--release", "--lib", "--message-format=json-render-diagnostics"]);
    // One for all packs, so that the standard library and the SDK are built once.
    command.arg("--target-dir").arg(root().join("target/wasm"));
    for pack in &packs {
        command.args(["-p", &pack.name]);
    }
    toolchain.aim(&mut command);
    make_reproducible(&mut command, toolchain, &metadata.workspace_root)?;
    let mut built = artifacts(&mut command)?;
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
fn make_reproducible(command: &mut Command, toolchain: &Toolchain, workspace: &Path) -> Result<()> {
    let cargo_home = match env::var_os("CARGO_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cargo"),
    };
    // Where two match, the later one holds.
    let places = [
        (workspace.to_owned(), "/pack"),
        (fs::canonicalize(root())?, "/lanner"),
        (cargo_home.join("registry/src"), "/crates"),
        (toolchain.sources(), "/rust"),
    ];
    let mut flags = Vec::new();
    for (place, name) in &places {
        let place = place.to_str().with_context(|| format!("{} is not UTF-8", place.display()))?;
        flags.push(format!("--remap-path-prefix={place}={name}"));
    }
    // As a setting, it adds to the flags of the pack's own .cargo/config.toml. An array in JSON is one in TOML.
    let flags = serde_json::to_string(&flags)?;
    command.arg("--config").arg(format!("target.{TARGET}.rustflags={flags}"));
    rustc::stand_in(command, &places.map(|(place, _)| place)[..2])
}

/// Has cargo build, and collects the modules by the manifests of their crates.
fn artifacts(command: &mut Command) -> Result<BTreeMap<PathBuf, PathBuf>> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        manifest_path: PathBuf,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }

    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cargo cannot be started")?;
    let stdout = child.stdout.take().context("cargo's output")?;
    let mut modules = BTreeMap::new();
    for line in BufReader::new(stdout).lines() {
        let message: Message = serde_json::from_str(&line?).context("what cargo build wrote")?;
        let module = message.filenames.into_iter().find(|path| path.extension().is_some_and(|end| end == "wasm"));
        if let Some(module) = module.filter(|_| message.reason == "compiler-artifact") {
            modules.insert(message.manifest_path, module);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", cargo::shown(command));
    }
    Ok(modules)
}
