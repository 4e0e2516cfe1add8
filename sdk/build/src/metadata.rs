//! What `cargo metadata` says of crates, as far as it is needed here.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::cargo;

/// Of a workspace.
#[derive(Deserialize)]
pub struct Metadata {
    /// Its crates, and where they are asked for those that they depend on.
    pub packages: Vec<Package>,
    /// Where it lies.
    pub workspace_root: PathBuf,
}

/// A crate.
#[derive(Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its Cargo.toml.
    pub manifest_path: PathBuf,
    /// What is built of it.
    pub targets: Vec<Target>,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    /// Its licence, as an expression of SPDX.
    pub license: Option<String>,
    /// Where it comes from; nothing for a crate that lies in a folder.
    pub source: Option<String>,
}

/// What a crate depends on.
#[derive(Deserialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
}

/// What is built of a crate.
#[derive(Deserialize)]
pub struct Target {
    /// In which forms.
    pub crate_types: Vec<String>,
}

impl Package {
    /// Whether it gives a module.
    pub fn is_cdylib(&self) -> bool {
        self.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))
    }
}

/// Reads what `cargo metadata`, given with its other arguments, says.
///
/// # Errors
/// Cargo fails.
pub fn read(cargo_metadata: &mut Command) -> Result<Metadata> {
    let text = cargo::read(cargo_metadata.args(["--format-version", "1"]))?;
    serde_json::from_str(&text).context("what cargo metadata wrote")
}
