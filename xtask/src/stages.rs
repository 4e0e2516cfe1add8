//! Whether the crates of the host stand in one direction: no stage knows one that comes after it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use crate::root;
use lanner_build::cargo;
use lanner_build::metadata::{self, Package};

/// The stages of an event's way through the host, in its order.
const STAGES: [&str; 8] = [
    "lanner-source",
    "lanner-enrich",
    "lanner-frame",
    "lanner-engine",
    "lanner-finding",
    "lanner-tuning",
    "lanner-sink",
    "lanner-store",
];
/// What stages stand on, in the order in which it does; it knows no stage.
const BENEATH: [&str; 3] = ["lanner-watch", "lanner-lists", "lanner-spool"];
/// What stands beside the way and puts it to use: no stage knows it.
const BESIDE: [&str; 9] = [
    "lanner-config",
    "lanner-pipeline",
    "lanner-captures",
    "lanner-import",
    "lanner-pack",
    "lanner-control",
    "lanner-console",
    "lanner-author",
    "lanner",
];

/// Checks the crates below `host/`, those that only their tests depend on too.
pub(crate) fn check() -> Result<()> {
    let metadata = metadata::read(cargo::native().current_dir(root()).args(["metadata", "--no-deps", "--locked"]))?;
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (&*package.name, package)).collect();
    let mut wrong = Vec::new();
    let all: Vec<&str> = BENEATH.iter().chain(&STAGES).copied().collect();
    for (place, stage) in all.iter().enumerate() {
        let package = packages.get(stage).with_context(|| format!("there is no crate {stage}"))?;
        let later = all[place + 1..].iter().chain(&BESIDE);
        let known = later.filter(|later| package.dependencies.iter().any(|dependency| dependency.name == **later));
        wrong.extend(known.map(|later| format!("{stage} knows {later}, which comes after it")));
    }
    let host = root().join("host");
    let mut others = packages.values().filter(|package| package.manifest_path.starts_with(&host));
    if let Some(other) = others.find(|package| !all.iter().chain(&BESIDE).any(|known| *known == package.name)) {
        wrong.push(format!("{} is a crate of the host and has no place in xtask/src/stages.rs", other.name));
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => bail!("events go one way:\n  {}", wrong.join("\n  ")),
    }
}
