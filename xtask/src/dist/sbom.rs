//! Bills of materials: which crates a program is made of, in CycloneDX 1.5.
//!
//! From `cargo metadata` and `Cargo.lock` alone: what is linked into the program, and what ran to build it (`excluded`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Release, hex};
use crate::root;
use lanner_build::cargo;

/// What cargo says of all crates.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Crate {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
    repository: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// Nothing for what is linked.
    kind: Option<String>,
}

/// What `Cargo.lock` says.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// Writes the bill of a program, `<name>_<version>.cdx.json`.
pub(super) fn write(release: &Release, name: &str) -> Result<PathBuf> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut command = cargo::native();
    command.current_dir(root()).args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &target]);
    let metadata: Metadata = serde_json::from_str(&cargo::read(&mut command)?).context("what cargo metadata wrote")?;
    let lock: Lock = toml::from_str(&fs::read_to_string(root().join("Cargo.lock"))?).context("Cargo.lock")?;
    let bill = bill(release, name, &metadata, &lock)?;
    let file = release.out.join(format!("{name}_{}.cdx.json", release.version));
    fs::write(&file, serde_json::to_string_pretty(&bill)? + "\n").with_context(|| file.display().to_string())?;
    Ok(file)
}

fn bill(release: &Release, name: &str, metadata: &Metadata, lock: &Lock) -> Result<Value> {
    let crates: BTreeMap<&str, &Crate> = metadata.packages.iter().map(|one| (one.id.as_str(), one)).collect();
    let nodes: BTreeMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let sums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|one| Some(((one.name.as_str(), one.version.as_str()), one.checksum.as_deref()?)))
        .collect();
    let program = crates.values().find(|one| one.name == name && one.source.is_none());
    let program = program.with_context(|| format!("there is no crate {name}"))?;
    let linked = reached(&nodes, &program.id, &[None]);
    let all = reached(&nodes, &program.id, &[None, Some("build")]);
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for id in &all {
        let one = crates.get(id).with_context(|| format!("cargo says nothing of {id}"))?;
        let edges = nodes.get(id).map(|node| edges(node, &[None, Some("build")])).unwrap_or_default();
        let on: BTreeSet<String> = edges.filter_map(|id| Some(purl(crates.get(id)?))).collect();
        dependencies.push(json!({ "ref": purl(one), "dependsOn": on }));
        if *id != program.id {
            let scope = if linked.contains(id) { "required" } else { "excluded" };
            components.push(component(one, "library", scope, sums.get(&(one.name.as_str(), one.version.as_str()))));
        }
    }
    let by_ref = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    components.sort_by_key(|one| by_ref(one, "bom-ref"));
    dependencies.sort_by_key(|one| by_ref(one, "ref"));
    let content = json!({
        "metadata": {
            "timestamp": timestamp(release.time)?,
            "tools": { "components": [{ "type": "application", "name": "xtask dist", "version": super::VERSION }] },
            "component": component(program, "application", "required", None),
        },
        "components": components,
        "dependencies": dependencies,
    });
    // A number of its own for each content, and the same for the same.
    let digest = hex(&Sha256::digest(content.to_string()));
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default().to_owned();
    // As RFC 9562 has it for numbers of one's own making (version 8).
    let number =
        format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30));
    let mut bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": number,
        "version": 1,
    });
    if let (Some(bill), Value::Object(content)) = (bill.as_object_mut(), content) {
        bill.extend(content);
    }
    Ok(bill)
}

/// All crates that a crate leads to by dependencies of these kinds, itself among them.
fn reached<'m>(nodes: &BTreeMap<&str, &'m Node>, from: &'m str, kinds: &[Option<&str>]) -> BTreeSet<&'m str> {
    let mut reached = BTreeSet::from([from]);
    let mut next = vec![from];
    while let Some(id) = next.pop() {
        for id in nodes.get(id).into_iter().flat_map(|node| edges(node, kinds)) {
            if reached.insert(id) {
                next.push(id);
            }
        }
    }
    reached
}

fn edges<'m>(node: &'m Node, kinds: &[Option<&str>]) -> std::vec::IntoIter<&'m str> {
    let is_wanted =
        |dependency: &&Dependency| dependency.dep_kinds.iter().any(|kind| kinds.contains(&kind.kind.as_deref()));
    node.deps.iter().filter(is_wanted).map(|dependency| dependency.pkg.as_str()).collect::<Vec<_>>().into_iter()
}

fn component(one: &Crate, kind: &str, scope: &str, sum: Option<&&str>) -> Value {
    let mut said = json!({
        "type": kind,
        "bom-ref": purl(one),
        "name": one.name,
        "version": one.version,
        "scope": scope,
        "purl": purl(one),
    });
    let more = [
        (
            "description",
            one.description.as_ref().map(|text| json!(text.split_whitespace().collect::<Vec<_>>().join(" "))),
        ),
        // Cargo's old way to write OR.
        ("licenses", one.license.as_ref().map(|text| json!([{ "expression": text.replace('/', " OR ") }]))),
        ("hashes", sum.map(|sum| json!([{ "alg": "SHA-256", "content": sum }]))),
        ("externalReferences", one.repository.as_ref().map(|url| json!([{ "type": "vcs", "url": url }]))),
    ];
    if let Some(said) = said.as_object_mut() {
        said.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    said
}

/// A crate's package URL.
fn purl(one: &Crate) -> String {
    format!("pkg:cargo/{}@{}", one.name, one.version.replace('+', "%2B"))
}

/// In RFC 3339, of UTC.
fn timestamp(time: u32) -> Result<String> {
    let mut date = std::process::Command::new("date");
    let text = super::said(date.args(["--utc", "--date", &format!("@{time}"), "+%Y-%m-%dT%H:%M:%SZ"]))?;
    Ok(text.trim().to_owned())
}
