//! `lanner pack update`: what names lead to now, into the lock file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_artifact::Description;
use lanner_pack::lock::{self, Lock, Pin};
use lanner_pack::obtain::Obtainer;
use lanner_pack::reference::Reference;
use serde::Serialize;
use serde_json::json;

use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs to add or to look at, by tags [default: all that the lock file has]
    #[arg(value_name = "REFERENCE")]
    references: Vec<Reference>,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = lock::FILE)]
    lock: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Take packs though they are older than those accepted before
    #[arg(long)]
    allow_downgrade: bool,
    #[command(flatten)]
    get: Get,
}

/// What is another in the rules of a pack.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Difference {
    added: Vec<String>,
    removed: Vec<String>,
    /// Id, severity before, severity now.
    severity: Vec<(String, String, String)>,
    /// Other rules whose summary or ATT&CK ids are others.
    described: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let path: &Path = &arguments.lock;
    let mut lock = Lock::read(path)?.unwrap_or_default();
    let before = lock.clone();
    let references = match arguments.references.is_empty() {
        true => lock.pins.keys().cloned().collect(),
        false => arguments.references.clone(),
    };
    if references.is_empty() {
        return Err(format!("{} has no packs yet; add one with `lanner pack update oci://…`", path.display()).into());
    }
    let obtainer = arguments.get.obtainer(arguments.allow_downgrade)?;
    let mut accepted = Vec::new();
    for reference in references {
        let obtained = obtainer.obtain(&reference)?;
        let candidate = show::describe(&obtained.component, &reference)?;
        let version = candidate.description().semver();
        let digest = obtained.resolved.digest;
        obtainer.check_accepted(&reference, digest, candidate.description())?;
        let now = candidate.description().for_annotation();
        let old = lock.pins.get(&reference).cloned();
        let known = old.as_ref().map(|old| describe_pinned(&obtainer, &reference, old)).transpose()?;
        say(output, &reference, old.as_ref(), known.as_ref(), digest, &now)?;
        lock.pins.insert(reference.clone(), Pin { digest, name: now.name.clone(), version: version.clone() });
        accepted.push((reference, digest, candidate.description().clone()));
    }
    if arguments.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    if lock != before {
        lock.write(path)?;
    }
    for (reference, digest, description) in accepted {
        obtainer.accept(&reference, digest, &description)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the pack was that is pinned so far; it may have to be fetched, and is not run for longer than that.
fn describe_pinned(obtainer: &Obtainer, reference: &Reference, pin: &Pin) -> Result<Description, Failure> {
    let exact = Reference::of_digest(reference.repository().clone(), pin.digest);
    let obtained = obtainer
        .pull(&exact)
        .map_err(|error| format!("what {reference} was so far cannot be had, to show the difference: {error}"))?;
    Ok(show::describe(&obtained.component, &exact)?.description().for_annotation())
}

fn say(
    output: Format,
    reference: &Reference,
    old: Option<&Pin>,
    known: Option<&Description>,
    digest: lanner_pack::digest::Digest,
    now: &Description,
) -> Result<(), Failure> {
    let difference = known.map(|known| compare(known, now));
    let json = json!({
        "reference": reference,
        "name": now.name,
        "from": old.map(|old| json!({ "digest": old.digest, "version": old.version })),
        "to": { "digest": digest, "version": now.version },
        "rules": difference,
    });
    show::print(output, &json, || match (old, difference) {
        (Some(old), _) if old.digest == digest => format!("{reference}: {} {}, as before", now.name, now.version),
        (Some(old), Some(difference)) => {
            let head = format!("{reference}: {} {} → {} ({digest})", now.name, old.version, now.version);
            std::iter::once(head).chain(difference.lines()).collect::<Vec<_>>().join("\n")
        }
        _ => format!("{reference}: {} {} with {} rules, new ({digest})", now.name, now.version, now.rules.len()),
    })
}

fn compare(old: &Description, new: &Description) -> Difference {
    fn by_id(description: &Description) -> BTreeMap<&str, &lanner_artifact::Rule> {
        description.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect()
    }
    let (before, after) = (by_id(old), by_id(new));
    let mut difference = Difference::default();
    for (id, rule) in &after {
        match before.get(id) {
            None => difference.added.push((*id).to_owned()),
            Some(old) if old.severity != rule.severity => {
                difference.severity.push(((*id).to_owned(), old.severity.clone(), rule.severity.clone()));
            }
            Some(old) if old != rule => difference.described.push((*id).to_owned()),
            Some(_) => {}
        }
    }
    difference.removed = before.keys().filter(|id| !after.contains_key(*id)).map(|&id| id.to_owned()).collect();
    difference
}

impl Difference {
    fn lines(&self) -> impl Iterator<Item = String> {
        let added = self.added.iter().map(|id| format!("  + {id}"));
        let removed = self.removed.iter().map(|id| format!("  - {id}"));
        let severity = self.severity.iter().map(|(id, from, to)| format!("  ~ {id}: {from} → {to}"));
        let described = self.described.iter().map(|id| format!("  ~ {id}: described otherwise"));
        let mut lines: Vec<String> = added.chain(removed).chain(severity).chain(described).collect();
        if lines.is_empty() {
            lines.push("  the rules are described as before".to_owned());
        }
        lines.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(rules: &[(&str, &str)]) -> Description {
        let rule = |&(id, severity): &(&str, &str)| lanner_artifact::Rule {
            id: id.to_owned(),
            summary: String::new(),
            severity: severity.to_owned(),
            attack: Vec::new(),
        };
        let rules = rules.iter().map(rule).collect();
        Description::new("n".to_owned(), "1.0.0".to_owned(), String::new(), rules, Vec::new())
    }

    #[test]
    fn the_difference_in_rules() {
        let old = pack(&[("a/same", "low"), ("a/gone", "low"), ("a/worse", "low")]);
        let new = pack(&[("a/same", "low"), ("a/new", "low"), ("a/worse", "high")]);
        let difference = compare(&old, &new);
        let lines: Vec<String> = difference.lines().collect();
        assert_eq!(lines, ["  + a/new", "  - a/gone", "  ~ a/worse: low → high"]);
        assert_eq!(compare(&old, &old), Difference::default());
    }
}
