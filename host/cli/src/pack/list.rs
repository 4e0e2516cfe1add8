//! `lanner pack list`: what the local store has, or the tags of a repository.

use std::process::ExitCode;

use lanner_pack::artifact::{MAX_DOCUMENT, Manifest};
use lanner_pack::digest::Digest;
use lanner_pack::reference::Repository;
use lanner_pack::remote::Remote;
use serde_json::json;

use super::registries::{Keep, Reach};
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A repository: oci://host[:port]/name [default: the local store]
    #[arg(value_name = "REPOSITORY")]
    repository: Option<Repository>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    keep: Keep,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    match &arguments.repository {
        Some(repository) => tags(arguments, repository, output)?,
        None => kept(arguments, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn tags(arguments: &Arguments, repository: &Repository, output: Format) -> Result<(), Failure> {
    let tags = Remote::new(repository.registry(), &arguments.reach.access())?.tags(repository)?;
    // What clients keep there about signatures is no pack.
    let tags: Vec<String> = tags.into_iter().filter(|tag| !is_account(tag)).collect();
    for tag in &tags {
        show::print(output, &json!({ "reference": format!("{repository}:{tag}"), "tag": tag }), || tag.clone())?;
    }
    Ok(())
}

fn is_account(tag: &str) -> bool {
    let tag = tag.split('.').next().unwrap_or(tag);
    tag.strip_prefix("sha256-").is_some_and(|hex| format!("sha256:{hex}").parse::<Digest>().is_ok())
}

fn kept(arguments: &Arguments, output: Format) -> Result<(), Failure> {
    let store = arguments.keep.open()?;
    let index = store.index()?;
    let mut rows = Vec::new();
    for (key, entry) in &index.packs {
        let Ok(digest) = key.parse::<Digest>() else { continue };
        let manifest = store.read(digest, MAX_DOCUMENT)?.and_then(|bytes| Manifest::of_pack(&bytes).ok());
        let described = manifest.as_ref().and_then(Manifest::description);
        let (name, version) =
            described.map(|pack| (show::printable(&pack.name), show::printable(&pack.version))).unwrap_or_default();
        let names: Vec<&String> =
            index.references.iter().filter(|(_, known)| known.digest == digest).map(|(name, _)| name).collect();
        let json = json!({
            "digest": digest,
            "name": name,
            "version": version,
            "size": entry.size,
            "signatures": entry.signatures.len(),
            "used": entry.used,
            "references": names,
        });
        if output == Format::Json {
            show::print(output, &json, String::new)?;
        }
        let names = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
        let used = entry.used.strftime("%Y-%m-%d %H:%M").to_string();
        rows.push(vec![name, version, show::size(entry.size), used, key[..19.min(key.len())].to_owned(), names]);
    }
    if output == Format::Text {
        let empty = format!("nothing in {}", store.folder().display());
        let text = match rows.is_empty() {
            true => empty,
            false => show::table(&["NAME", "VERSION", "SIZE", "USED (UTC)", "DIGEST", "REFERENCES"], &rows),
        };
        show::print(output, &(), || text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_referrers_are_no_packs() {
        let tag = Digest::of(b"x").referrers_tag();
        assert!(is_account(&tag) && is_account(&format!("{tag}.sig")));
        assert!(!is_account("sha256-1") && !is_account("1.2"));
    }
}
