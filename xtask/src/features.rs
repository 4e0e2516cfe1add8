//! Whether all of the workspace is built with the same features: see `xtask/features/Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use crate::root;
use lanner_build::cargo;

/// The crate that has them built alike.
const CRATE: &str = "lanner-features";
/// With the dependencies of tests, and without.
const EDGES: [&str; 2] = ["normal,build,dev", "normal,build"];

/// The features of each crate, by its name and version.
type Features = BTreeMap<String, BTreeSet<String>>;

/// Checks that who depends on the crate is built alike, alone or with all the others.
pub(crate) fn check() -> Result<()> {
    let all = features(&["--workspace", "--edges", EDGES[0]])?;
    let mut missing = BTreeSet::new();
    for member in members()? {
        for edges in EDGES {
            for (dependency, alone) in features(&["--package", &member, "--edges", edges])? {
                let Some(together) = all.get(&dependency) else { continue };
                missing.extend(together.difference(&alone).map(|feature| format!("{dependency}: {feature}")));
            }
        }
    }
    if !missing.is_empty() {
        let missing = missing.into_iter().collect::<Vec<_>>().join("\n  ");
        bail!("xtask/features/Cargo.toml lacks features, so that these would be compiled twice:\n  {missing}");
    }
    Ok(())
}

/// Who depends on the crate.
fn members() -> Result<Vec<String>> {
    let tree = tree(&["--workspace", "--invert", CRATE, "--depth", "1", "--format", "{p}"])?;
    // The first is the crate itself.
    Ok(tree.lines().skip(1).filter_map(|line| line.split(' ').next().map(str::to_owned)).collect())
}

fn features(arguments: &[&str]) -> Result<Features> {
    let mut features = Features::new();
    for line in tree(&[arguments, &["--format", "{p}|{f}"]].concat())?.lines() {
        // What stands there a second time is marked, and a crate may be built both for macros and for the program.
        let line = line.trim_end_matches(" (*)");
        let Some((package, of_it)) = line.split_once('|') else { continue };
        let package = package.trim_end_matches(" (proc-macro)").to_owned();
        let of_it = of_it.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned);
        features.entry(package).or_default().extend(of_it);
    }
    Ok(features)
}

fn tree(arguments: &[&str]) -> Result<String> {
    cargo::read(cargo::native().current_dir(root()).args(["tree", "--locked", "--prefix", "none"]).args(arguments))
}
