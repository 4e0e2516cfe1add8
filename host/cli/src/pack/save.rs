//! `lanner pack save` and `lanner pack load`: packs in a file, for machines without a network.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use lanner_pack::layout::Archive;
use lanner_pack::reference::Reference;
use lanner_pack::remote::Remote;
use lanner_pack::transfer;
use serde_json::json;

use super::registries::{Keep, Reach};
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct SaveArguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…]; may be several
    #[arg(value_name = "REFERENCE", required = true)]
    references: Vec<Reference>,
    /// The file to write: an OCI image layout, as a tar archive
    #[arg(short = 'o', long = "to", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, clap::Args)]
pub(super) struct LoadArguments {
    /// The file that `save` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Push it there instead of keeping it in the local store: oci://host[:port]/name[:tag]
    #[arg(value_name = "REFERENCE")]
    reference: Option<Reference>,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    keep: Keep,
}

pub(super) fn save(arguments: &SaveArguments, output: Format) -> Result<ExitCode, Failure> {
    let mut archive = Archive::default();
    for reference in &arguments.references {
        let remote = Remote::new(reference.repository().registry(), &arguments.reach.access())?;
        let taken = transfer::take(&remote, reference)?;
        archive.packs.extend(taken.packs);
        archive.blobs.extend(taken.blobs);
    }
    let path = &arguments.file;
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(".".as_ref());
    // Whole or not at all.
    let file = tempfile::NamedTempFile::with_prefix_in(".save-", folder).map_err(failed)?;
    let mut out = BufWriter::new(file);
    archive.write(&mut out)?;
    out.flush().map_err(failed)?;
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    for pack in &archive.packs {
        let (reference, digest, count) = (&pack.reference, pack.digest, pack.signatures.len());
        let json = json!({ "file": path, "reference": reference, "digest": digest, "signatures": count });
        show::print(output, &json, || {
            format!("saved {reference} ({digest}) with {count} signatures to {}", path.display())
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn load(arguments: &LoadArguments, output: Format) -> Result<ExitCode, Failure> {
    let path = arguments.file.display();
    let file = File::open(&arguments.file).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let archive = Archive::read(BufReader::new(file)).map_err(|error| format!("{path}: {error}"))?;
    match &arguments.reference {
        None => {
            let store = arguments.keep.open()?;
            for pack in &archive.packs {
                transfer::keep(&archive, pack, &store)?;
                let (reference, digest, count) = (&pack.reference, pack.digest, pack.signatures.len());
                let json = json!({ "reference": reference, "digest": digest, "signatures": count });
                show::print(output, &json, || format!("loaded {reference} ({digest}) with {count} signatures"))?;
            }
        }
        Some(to) => {
            let [pack] = &*archive.packs else {
                let count = archive.packs.len();
                return Err(
                    format!("{path} has {count} packs, and one name can only be of one; save them one by one").into()
                );
            };
            let remote = Remote::new(to.repository().registry(), &arguments.reach.access())?;
            transfer::give(&archive, pack, &remote, to.repository(), to.tag())?;
            let immutable = Reference::of_digest(to.repository().clone(), pack.digest);
            let count = pack.signatures.len();
            let json = json!({ "reference": immutable, "digest": pack.digest, "signatures": count });
            show::print(output, &json, || format!("pushed {to} with {count} signatures\n{immutable}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
