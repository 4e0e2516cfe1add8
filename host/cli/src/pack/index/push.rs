//! `lanner pack index push`: put packs of registries into an index, sign it and push it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use lanner_engine::Description;
use lanner_pack::artifact::{self, Artifact, MANIFEST_MEDIA_TYPE, Manifest};
use lanner_pack::digest::Digest;
use lanner_pack::index::{Listed, ListedRule, PackIndex, Publisher, PublisherIdentity, Release};
use lanner_pack::reference::{Reference, Repository};
use lanner_pack::remote::{Access, Remote};
use lanner_trust::PublicKey;
use serde_json::json;

use super::registries::Reach;
use super::sign::{self, Signing};
use super::{Failure, Format, show};

/// What a pack's rules may be called, the furthest last.
const MATURITIES: [&str; 3] = ["sandbox", "incubating", "stable"];
/// Between two of an index at least: a time is what says which is newer.
const STEP: SignedDuration = SignedDuration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The index: oci://host[:port]/name[:tag]
    #[arg(value_name = "INDEX")]
    index: Reference,
    /// Packs to list in it, or newer versions of them: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "PACK")]
    packs: Vec<Reference>,
    /// The private key to sign the index with
    #[arg(long, value_name = "KEY")]
    sign: PathBuf,
    /// What a new index is called [default: the component before the last of its repository's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Who publishes these packs
    #[arg(long, value_name = "NAME", required_unless_present = "delist")]
    publisher: Option<String>,
    /// A public key that these packs are signed with [default: that of --sign]; may be given several times
    #[arg(long = "publisher-key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// To whom the certificate is issued that these packs are signed with, instead of a key
    #[arg(long, value_name = "SUBJECT", requires = "publisher_issuer", conflicts_with = "keys")]
    publisher_identity: Option<String>,
    /// By whom it is issued
    #[arg(long, value_name = "ISSUER", requires = "publisher_identity")]
    publisher_issuer: Option<String>,
    /// The licence of these packs, as SPDX writes it
    #[arg(long, value_name = "SPDX", default_value = "")]
    licence: String,
    /// How far these packs are [default: what most of their rules say]
    #[arg(long, value_name = "WORD", value_parser = MATURITIES)]
    maturity: Option<String>,
    /// Take a pack out of the index; may be given several times
    #[arg(long, value_name = "NAME")]
    delist: Vec<String>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Arguments { index: reference, packs, .. } = arguments;
    let Some(tag) = reference.tag() else {
        return Err(
            format!("{reference} names an index by its digest, which follows from what it says; name a tag").into()
        );
    };
    let key = Signing::open(&arguments.sign)?;
    let access = arguments.reach.access();
    let repository = reference.repository();
    let remote = Remote::new(repository.registry(), &access)?;
    let before = published(&remote, reference, &key)?;
    let mut index = match &before {
        Some((_, index)) => index.clone(),
        None => PackIndex::new(&arguments.name.clone().unwrap_or_else(|| name_of(repository)), Timestamp::UNIX_EPOCH),
    };
    if let Some(name) = &arguments.name {
        index.name.clone_from(name);
    }
    for name in &arguments.delist {
        index.delist(name)?;
    }
    let publisher = arguments.publisher(&key)?;
    let mut remotes = BTreeMap::new();
    for pack in packs {
        let listed = arguments.listed(pack, &publisher, &access, &mut remotes)?;
        index.list(listed).map_err(|error| format!("{pack} is not listed: {error}"))?;
    }
    let changed = before.as_ref().is_none_or(|(_, before)| *before != index);
    let digest = match &before {
        Some((digest, _)) if !changed => *digest,
        _ => {
            let now = artifact::source_date()?.unwrap_or_else(Timestamp::now);
            let after = before.as_ref().map(|(_, before)| before.published + STEP);
            index.published = after.map_or(now, |after| now.max(after));
            index.check()?;
            push(&remote, repository, tag, &index, &key)?
        }
    };
    let json = json!({
        "reference": reference,
        "digest": digest,
        "name": index.name,
        "published": index.published,
        "packs": index.packs.len(),
        "changed": changed,
        "signed_by": key.id(),
    });
    show::print(output, &json, || {
        let (name, packs, key) = (&index.name, show::packs(index.packs.len()), key.id());
        match changed {
            true => format!("pushed index {name} with {packs} to {reference}, signed by key {key}\n{digest}"),
            false => format!("index {name} at {reference} says all this already\n{digest}"),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The index that is there now; only our own is gone on with.
fn published(remote: &Remote, reference: &Reference, key: &Signing) -> Result<Option<(Digest, PackIndex)>, Failure> {
    let repository = reference.repository();
    let digest = match remote.resolve(reference, None) {
        Err(error) if error.is_missing() => return Ok(None),
        resolved => resolved?.digest,
    };
    let named = |why: String| format!("what is at {reference} cannot be gone on with: {why}");
    let manifest = remote.manifest(repository, digest)?;
    let manifest = Manifest::of_index(&manifest).map_err(|error| named(error.to_string()))?;
    if !remote.is_signed_by(repository, digest, &[key.public().clone()])? {
        return Err(named(format!(
            "it is not signed by key {}; sign with the key that it was signed with, or begin another index",
            key.id()
        ))
        .into());
    }
    let mut document = Vec::new();
    remote.blob(repository, manifest.document(), &mut document)?;
    let index = PackIndex::read(&document).map_err(|error| named(error.to_string()))?;
    Ok(Some((digest, index)))
}

/// Pushes it so that its tag leads to it only when its signature is there.
fn push(
    remote: &Remote,
    repository: &Repository,
    tag: &str,
    index: &PackIndex,
    key: &Signing,
) -> Result<Digest, Failure> {
    let document = index.to_json();
    let artifact = Artifact::of_index(&document, index.published)?;
    let digest = artifact.digest();
    remote.push_blob(repository, &document)?;
    remote.push_blob(repository, &artifact.config)?;
    remote.push_manifest(repository, &digest.to_string(), MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
    sign::push_signature(remote, repository, &artifact.manifest, key)?;
    remote.push_manifest(repository, tag, MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
    Ok(digest)
}

/// `team` of `team/index`.
fn name_of(repository: &Repository) -> String {
    let name = repository.name();
    name.rsplit('/').nth(1).unwrap_or(name).to_owned()
}

impl Arguments {
    fn publisher(&self, key: &Signing) -> Result<Publisher, Failure> {
        let name = self.publisher.clone().unwrap_or_default();
        if let (Some(subject), Some(issuer)) = (&self.publisher_identity, &self.publisher_issuer) {
            let identities = vec![PublisherIdentity { issuer: issuer.clone(), subject: subject.clone() }];
            return Ok(Publisher { name, keys: Vec::new(), identities });
        }
        let keys = match self.keys.is_empty() {
            true => vec![key.public().to_pem()],
            false => self.keys.iter().map(|path| public_key(path)).collect::<Result<_, _>>()?,
        };
        Ok(Publisher { name, keys, identities: Vec::new() })
    }

    /// A pack as the index is to have it.
    fn listed(
        &self,
        reference: &Reference,
        publisher: &Publisher,
        access: &Access,
        remotes: &mut BTreeMap<String, Remote>,
    ) -> Result<Listed, Failure> {
        let repository = reference.repository();
        let remote = match remotes.entry(repository.registry().to_owned()) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(new) => new.insert(Remote::new(repository.registry(), access)?),
        };
        let digest = remote.resolve(reference, None)?.digest;
        let manifest = remote.manifest(repository, digest)?;
        let manifest = Manifest::of_pack(&manifest).map_err(|error| format!("{reference} is not listed: {error}"))?;
        let keys = publisher.public_keys();
        if !keys.is_empty() && !remote.is_signed_by(repository, digest, &keys)? {
            return Err(format!(
                "{reference} is not listed: it is not signed by key {}, and nobody who trusts its publisher could install it; \
                 sign it with `lanner pack sign`, or name its key with --publisher-key",
                publisher.key_ids().join(" or ")
            )
            .into());
        }
        let mut component = Vec::new();
        remote.blob(repository, manifest.component(), &mut component)?;
        // The component has the last word on what it is, not what is written beside it.
        let candidate = show::describe(&component, reference)?;
        Ok(self.entry(repository, digest, candidate.description(), publisher))
    }

    fn entry(&self, repository: &Repository, digest: Digest, pack: &Description, publisher: &Publisher) -> Listed {
        let described = pack.for_annotation();
        let maturities: Vec<String> = pack.rules.iter().map(|rule| property(rule, "maturity")).collect();
        let rules = described.rules.into_iter().zip(&maturities).map(|(rule, maturity)| {
            let lanner_artifact::Rule { id, summary, severity, attack } = rule;
            ListedRule { id, summary, severity, attack, maturity: maturity.clone() }
        });
        let rules: Vec<ListedRule> = rules.collect();
        let release = Release { version: pack.semver(), digest, rules: rules.len() };
        Listed {
            name: described.name,
            repository: repository.clone(),
            publisher: publisher.clone(),
            summary: described.summary,
            licence: self.licence.clone(),
            maturity: self.maturity.clone().unwrap_or_else(|| usual(&maturities)),
            events: described.events,
            rules,
            versions: vec![release],
        }
    }
}

fn public_key(path: &Path) -> Result<String, Failure> {
    let named = |why: String| format!("public key {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| named(format!("cannot be read: {error}")))?;
    Ok(PublicKey::from_pem(&text).map_err(|error| named(error.to_string()))?.to_pem())
}

fn property(rule: &lanner_engine::Rule, name: &str) -> String {
    rule.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// How far most of the rules are; of as many, what is less far. Empty where none says it.
fn usual(maturities: &[String]) -> String {
    let count = |word: &str| maturities.iter().filter(|maturity| *maturity == word).count();
    let counted = MATURITIES.iter().rev().map(|word| (count(word), *word)).filter(|(count, _)| *count > 0);
    counted.max_by_key(|(count, _)| *count).map(|(_, word)| word.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_as_far_as_most_of_its_rules() {
        let usual = |words: &[&str]| usual(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        assert_eq!(usual(&[]), "");
        assert_eq!(usual(&["", "other"]), "");
        assert_eq!(usual(&["stable", "stable", "sandbox"]), "stable");
        assert_eq!(usual(&["stable", "incubating"]), "incubating");
        assert_eq!(usual(&["sandbox", "stable", "incubating"]), "sandbox");
    }

    #[test]
    fn an_index_is_called_as_the_team() {
        let name = |text: &str| name_of(&text.parse().expect("a repository"));
        assert_eq!(name("oci://h.example/team/index"), "team");
        assert_eq!(name("oci://h.example/index"), "index");
    }
}
