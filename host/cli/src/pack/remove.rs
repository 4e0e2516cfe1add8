//! `lanner pack remove`: take packs out of the lock file.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_pack::lock::{self, Lock, Pin};
use lanner_pack::reference::Reference;
use serde_json::json;

use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs, by their names or references
    #[arg(value_name = "NAME", required = true)]
    packs: Vec<String>,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = lock::FILE)]
    lock: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let path = arguments.lock.display();
    let mut lock =
        Lock::read(&arguments.lock)?.ok_or_else(|| format!("there is no lock file {path}; name it with --lock"))?;
    let mut removed = Vec::new();
    for name in &arguments.packs {
        let reference = find(&lock, name).map_err(|why| format!("{path} {why}"))?;
        removed.extend(lock.pins.remove_entry(&reference));
    }
    lock.write(&arguments.lock)?;
    for (reference, Pin { digest, name, version }) in &removed {
        let json =
            json!({ "name": name, "version": version, "reference": reference, "digest": digest, "removed": true });
        show::print(output, &json, || {
            format!(
                "{name} {version} is pinned no more ({reference}); a host that runs it does so until it is started anew"
            )
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is pinned under a name, the pack's own or the one in its registry.
fn find(lock: &Lock, wanted: &str) -> Result<Reference, String> {
    if let Ok(reference) = wanted.parse::<Reference>()
        && lock.pins.contains_key(&reference)
    {
        return Ok(reference);
    }
    let named: Vec<&Reference> = lock.pins.iter().filter(|(_, pin)| pin.name == wanted).map(|(name, _)| name).collect();
    match *named {
        [one] => Ok(one.clone()),
        [] => {
            let nearest = lanner_json::nearest(wanted, lock.pins.values().map(|pin| pin.name.as_str()));
            let meant = nearest.map(|name| format!("; do you mean {name:?}?")).unwrap_or_default();
            Err(format!("pins no pack {wanted:?}{meant}"))
        }
        _ => {
            let named: Vec<String> = named.iter().map(ToString::to_string).collect();
            Err(format!("pins several packs {wanted:?}; say which: {}", named.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use lanner_pack::digest::Digest;

    use super::*;

    #[test]
    fn what_is_pinned_is_found_by_its_name() {
        let pin = |name: &str| Pin {
            digest: Digest::of(b"x"),
            name: name.to_owned(),
            version: "1.0.0".parse().expect("a version"),
        };
        let pins = [("oci://h/a:1", "a"), ("oci://h/b:1", "twice"), ("oci://h/c:1", "twice")];
        let pins = pins.map(|(reference, name)| (reference.parse().expect("a name"), pin(name)));
        let lock = Lock { pins: pins.into() };
        let found = |name: &str| find(&lock, name).map(|reference| reference.to_string());
        assert_eq!(found("a"), Ok("oci://h/a:1".to_owned()));
        assert_eq!(found("oci://h/c:1"), Ok("oci://h/c:1".to_owned()));
        assert_eq!(found("twice"), Err("pins several packs \"twice\"; say which: oci://h/b:1, oci://h/c:1".to_owned()));
        assert_eq!(found("twcie"), Err("pins no pack \"twcie\"; do you mean \"twice\"?".to_owned()));
        assert_eq!(found("oci://h/a:2"), Err("pins no pack \"oci://h/a:2\"".to_owned()));
    }
}
