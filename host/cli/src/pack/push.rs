//! `lanner pack push`: put a pack into a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_engine::PackError;
use lanner_pack::artifact::{self, Artifact, MANIFEST_MEDIA_TYPE};
use lanner_pack::read;
use lanner_pack::reference::Reference;
use lanner_pack::remote::Remote;
use serde_json::json;

use super::registries::Reach;
use super::sign::{self, Signing};
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The pack, a component
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to: oci://host[:port]/name[:tag]
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// More tags; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Sign it with the private key in this file before any tag leads to it
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// Refuse where the tag of REFERENCE leads to another pack already, as a version is to stay what it is
    #[arg(long)]
    immutable: bool,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Arguments { file, reference, .. } = arguments;
    let repository = reference.repository();
    let Some(tag) = reference.tag() else {
        return Err(
            format!("{reference} names a pack by its digest, which follows from what is pushed; name a tag").into()
        );
    };
    let mut tags = vec![tag.to_owned()];
    for tag in &arguments.tags {
        Reference::of_tag(repository.clone(), tag)?;
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    let key = arguments.sign.as_deref().map(Signing::open).transpose()?;
    let component = read(file).map_err(|refusal| PackError { path: file.clone(), refusal })?;
    let candidate = show::describe(&component, file.display())?;
    let description = candidate.description();
    let artifact = Artifact::new(&component, description, candidate.interfaces().clone(), artifact::source_date()?)?;
    let digest = artifact.digest();
    let remote = Remote::new(repository.registry(), &arguments.reach.access())?;
    if arguments.immutable {
        match remote.resolve(reference, None) {
            Err(error) if error.is_missing() => {}
            resolved => {
                let there = resolved?.digest;
                if there != digest {
                    return Err(format!(
                        "{reference} is {there} already, and what is to be pushed is {digest}: whoever pinned that version has the \
                         one that is there; give the pack another version"
                    )
                    .into());
                }
            }
        }
    }
    remote.push_blob(repository, &component)?;
    remote.push_blob(repository, &artifact.config)?;
    let signer = match &key {
        None => None,
        Some(key) => {
            // A tag leads only to what is signed already: who pulls by it meanwhile is not refused.
            let by_digest = digest.to_string();
            remote.push_manifest(repository, &by_digest, MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
            sign::push_signature(&remote, repository, &artifact.manifest, key)?;
            Some(key.id())
        }
    };
    for tag in &tags {
        remote.push_manifest(repository, tag, MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
    }
    let immutable = Reference::of_digest(repository.clone(), digest);
    let size = component.len() as u64;
    let json = json!({
        "reference": immutable,
        "digest": digest,
        "size": size,
        "tags": tags,
        "name": description.name,
        "version": description.version,
        "signed_by": signer,
    });
    show::print(output, &json, || {
        let signed = signer.as_ref().map(|id| format!(", signed by key {id}")).unwrap_or_default();
        let (name, version, size) = (&description.name, &description.version, show::size(size));
        format!("pushed {name} {version} ({size}{signed}) as {}\n{immutable}", tags.join(", "))
    })?;
    Ok(ExitCode::SUCCESS)
}
