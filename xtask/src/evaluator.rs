//! `cargo xtask evaluator`: the module that evaluates imported rules, and the check that it is of the sources that are there.
//!
//! Compilers of other versions give other bytes of the same sources, so that it is not the bytes that are compared: beside the module
//! stands a digest of its sources.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use lanner_build::rust::{Options, Toolchain, modules};
use lanner_build::{Keep, replace, strip};
use sha2::{Digest as _, Sha256};

use crate::root;

/// The crate.
const GUEST: &str = "sdk/conditions/guest";
/// What it is made of.
const SOURCES: [&str; 7] = [
    "sdk/abi/src",
    "sdk/conditions/guest/Cargo.lock",
    "sdk/conditions/guest/Cargo.toml",
    "sdk/conditions/guest/src",
    "sdk/conditions/src",
    "sdk/contract/src",
    "sdk/wit/lanner.wit",
];
const MODULE: &str = "host/import/evaluator/evaluator.wasm";
const DIGEST: &str = "host/import/evaluator/sources.sha256";

pub(crate) fn run(check: bool) -> Result<()> {
    let digest = digest()?;
    let path = root().join(DIGEST);
    if check {
        let known = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        if known.trim() != digest {
            bail!("{MODULE} is of other sources: run `cargo xtask evaluator` and commit what it writes");
        }
        println!("{MODULE} is of the sources that are there");
        return Ok(());
    }
    let guest = root().join(GUEST);
    let options = Options {
        target_dir: root().join("target/wasm/evaluator"),
        places: vec![(fs::canonicalize(root())?, "/lanner")],
        debug: false,
    };
    let built = modules(&Toolchain::find(&guest)?, &guest, &options)?;
    let (_, module) = built.first().context("cargo gave no module")?;
    let bytes = fs::read(module).with_context(|| module.display().to_string())?;
    let bytes = strip(&bytes, Keep::Nothing)?;
    let out = root().join(MODULE);
    fs::create_dir_all(out.parent().context("a file has a folder")?)?;
    replace(&out, &bytes)?;
    replace(&path, format!("{digest}\n").as_bytes())?;
    println!("{MODULE} ({} KiB)", bytes.len().div_ceil(1024));
    Ok(())
}

/// Of all sources, with their names.
fn digest() -> Result<String> {
    let mut files = Vec::new();
    SOURCES.iter().try_for_each(|source| collect(&root().join(source), &mut files))?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
        let name = file.strip_prefix(root()).unwrap_or(&file).to_string_lossy().into_owned();
        hash.update(format!("{name}\0{}\0", bytes.len()));
        hash.update(bytes);
    }
    Ok(hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
