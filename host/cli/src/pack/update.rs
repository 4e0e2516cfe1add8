//! `lanner pack update`: what names lead to now, into the lock file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_artifact::Description;
use lanner_pack::lock::{self, Lock, Pin};
use lanner_pack::obtain::Obtainer;
use lanner_pack::reference::Reference;
use serde_json::json;

use super::difference::compare;
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
