//! What the dependencies are allowed to be: see `deny.toml`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::{features, root, stages};
use lanner_build::cargo;
use lanner_build::metadata::{self, Package};

/// The workspaces of this tree.
pub(crate) const WORKSPACES: [&str; 4] = [".", "rules-wasm", "sdk/conditions/guest", "tests/packs"];

/// What of `deny.toml` is checked here, where cargo-deny may be missing.
#[derive(Deserialize)]
struct Policy {
    graph: Graph,
    licenses: Licences,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

/// Checks each dependency's licence and source, that each Cargo.lock is up to date, and that no dependency is compiled
/// twice for its features, and that no stage of the host knows a later one.
pub(crate) fn run() -> Result<()> {
    let path = root().join("deny.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let policy: Policy = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let mut offences = Vec::new();
    for workspace in WORKSPACES {
        check(&root().join(workspace), &policy, &mut offences).with_context(|| format!("the workspace {workspace}"))?;
    }
    offences.sort();
    offences.dedup();
    if !offences.is_empty() {
        bail!("deny.toml does not allow this:\n  {}", offences.join("\n  "));
    }
    stages::check()?;
    features::check()
}

fn check(workspace: &Path, policy: &Policy, offences: &mut Vec<String>) -> Result<()> {
    let mut command = cargo::native();
    command.current_dir(workspace).args(["metadata", "--locked"]);
    for target in &policy.graph.targets {
        command.args(["--filter-platform", target]);
    }
    let packages = metadata::read(&mut command)?.packages;
    eprintln!("{}: {} crates", workspace.display(), packages.len());
    offences.extend(packages.iter().filter_map(|package| offence(package, &policy.licenses.allow)));
    Ok(())
}

fn offence(package: &Package, allowed: &[String]) -> Option<String> {
    let Package { name, version, license, source, .. } = package;
    if source.as_ref().is_some_and(|source| !source.starts_with("registry+") && !source.starts_with("sparse+")) {
        return Some(format!("{name} {version} does not come from a registry"));
    }
    let Some(licence) = license else { return Some(format!("{name} {version} names no licence")) };
    match Expression::new(licence).allowed(&|licence| allowed.iter().any(|allowed| allowed == licence)) {
        Some(true) => None,
        Some(false) => Some(format!("{name} {version} is under {licence}")),
        None => Some(format!("{name} {version} has a licence that cannot be read: {licence}")),
    }
}

/// A licence expression of SPDX, also in cargo's old way of writing `/` for OR.
struct Expression(std::iter::Peekable<std::vec::IntoIter<String>>);

impl Expression {
    fn new(text: &str) -> Self {
        let spaced = text.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
        Self(spaced.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter().peekable())
    }

    /// Whether one can choose allowed licences so that it holds; nothing where it is no expression.
    fn allowed(mut self, allows: &impl Fn(&str) -> bool) -> Option<bool> {
        let holds = self.any(allows)?;
        self.0.next().is_none().then_some(holds)
    }

    fn any(&mut self, allows: &impl Fn(&str) -> bool) -> Option<bool> {
        let mut holds = self.all(allows)?;
        while self.0.next_if(|word| word == "OR").is_some() {
            holds |= self.all(allows)?;
        }
        Some(holds)
    }

    fn all(&mut self, allows: &impl Fn(&str) -> bool) -> Option<bool> {
        let mut holds = self.one(allows)?;
        while self.0.next_if(|word| word == "AND").is_some() {
            holds &= self.one(allows)?;
        }
        Some(holds)
    }

    fn one(&mut self, allows: &impl Fn(&str) -> bool) -> Option<bool> {
        let mut licence = self.0.next()?;
        match licence.as_str() {
            "(" => {
                let holds = self.any(allows)?;
                return self.0.next_if(|word| word == ")").map(|_| holds);
            }
            ")" | "AND" | "OR" | "WITH" => return None,
            _ => {}
        }
        if self.0.next_if(|word| word == "WITH").is_some() {
            licence = format!("{licence} WITH {}", self.0.next()?);
        }
        Some(allows(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::Expression;

    #[test]
    fn expressions() {
        let allowed = |text| {
            let licences = ["MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"];
            Expression::new(text).allowed(&|licence| licences.contains(&licence))
        };
        assert_eq!(allowed("MIT"), Some(true));
        assert_eq!(allowed("GPL-2.0-only"), Some(false));
        assert_eq!(allowed("GPL-2.0-only/MIT"), Some(true));
        assert_eq!(allowed("Apache-2.0"), Some(false));
        assert_eq!(allowed("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(allowed("(GPL-2.0-only OR MIT) AND BSD-3-Clause"), Some(true));
        assert_eq!(allowed("GPL-2.0-only OR MIT AND ISC"), Some(false));
        assert_eq!(allowed("MIT AND (ISC OR BSD-3-Clause)"), Some(true));
        for nonsense in ["", "MIT MIT", "(MIT", "MIT OR", "WITH MIT"] {
            assert_eq!(allowed(nonsense), None, "{nonsense}");
        }
    }
}
