//! What `cargo metadata` says of crates, as far as it is needed here.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::cargo;

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_root: PathBuf,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) targets: Vec<Target>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) license: Option<String>,
    /// Where it comes from; nothing for a crate that lies in a folder.
    pub(crate) source: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) crate_types: Vec<String>,
}

impl Package {
    /// Whether it gives a module.
    pub(crate) fn is_cdylib(&self) -> bool {
        self.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    }
}

/// Reads what `cargo metadata`, given with its other arguments, says.
pub(crate) fn read(cargo_metadata: &mut Command) -> Result<Metadata> {
    let text = cargo::read(cargo_metadata.args(["--format-version", "1"]))?;
    serde_json::from_str(&text).context("what cargo metadata wrote")
}
