//! `lanner list push`: put entries of a list into a registry.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use lanner_contract::ListType;
use lanner_lists::{Form, MAX_BYTES};
use lanner_pack::artifact::{self, Artifact, MANIFEST_MEDIA_TYPE};
use lanner_pack::reference::Reference;
use lanner_pack::remote::Remote;

use super::check::known;
use super::{Failure, print};
use crate::pack::{Signing, push_signature};
use crate::registries::Reach;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The entries: one a line, .csv or .json
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to: oci://host[:port]/name[:tag]
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// What they hold: text, path, image, domain, cidr or number; what does not is not pushed
    #[arg(long = "type", value_name = "TYPE", value_parser = known)]
    holds: ListType,
    /// The column of a table, or the field of objects, that has the entries [default: the name of the file, or `value`]
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// Sign it with the private key in this file before the tag leads to it
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { file, reference, holds, column, .. } = arguments;
    let repository = reference.repository();
    let tag = reference.tag().ok_or_else(|| {
        format!("{reference} names a list by its digest, which follows from what is pushed; name a tag")
    })?;
    let key = arguments.sign.as_deref().map(Signing::open).transpose()?;
    let path = file.display();
    let size = std::fs::metadata(file).map_err(|error| format!("{path} cannot be read: {error}"))?.len();
    if size > MAX_BYTES {
        return Err(format!("{path} has {size} bytes; {MAX_BYTES} are allowed").into());
    }
    let bytes = std::fs::read(file).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let form = Form::of(&file.to_string_lossy());
    let members = form.read(&bytes, holds, &name, column.as_deref()).map_err(|wrong| format!("{path}: {wrong}"))?;
    let created = artifact::source_date()?.unwrap_or_else(Timestamp::now);
    let artifact = Artifact::of_list(&bytes, form, &name, created)?;
    let digest = artifact.digest();
    let remote = Remote::new(repository.registry(), &arguments.reach.access())?;
    remote.push_blob(repository, &bytes)?;
    remote.push_blob(repository, &artifact.config)?;
    if let Some(key) = &key {
        // The tag leads only to what is signed already.
        remote.push_manifest(repository, &digest.to_string(), MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
        push_signature(&remote, repository, &artifact.manifest, key)?;
    }
    remote.push_manifest(repository, tag, MANIFEST_MEDIA_TYPE, &artifact.manifest)?;
    let signed = key.as_ref().map(|key| format!(", signed by key {}", key.id())).unwrap_or_default();
    let immutable = Reference::of_digest(repository.clone(), digest);
    print("outcome", &format!("pushed {} entries{signed} as {tag}\n{immutable}\n", members.len()))?;
    Ok(ExitCode::SUCCESS)
}
