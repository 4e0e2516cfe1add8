//! `lanner pack save` and `lanner pack load`: packs in a file, for machines without a network.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_engine::{Description, PackError};
use lanner_pack::artifact::{self, Artifact, Manifest};
use lanner_pack::digest::Digest;
use lanner_pack::layout::{Archive, Saved};
use lanner_pack::lock::{Lock, Pin};
use lanner_pack::reference::{Locator, Reference};
use lanner_pack::remote::Remote;
use lanner_pack::{read, transfer};
use serde_json::json;

use super::registries::{Keep, Reach};
use super::sign::{self, Signing};
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct SaveArguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…], or a component's file; may be several
    #[arg(value_name = "PACK", required = true)]
    packs: Vec<Locator>,
    /// What those of files are called: oci://HOST/NAME/PACK:VERSION, by what they say of themselves
    #[arg(long, value_name = "HOST/NAME")]
    under: Option<String>,
    /// Sign those of files with the private key in this file
    #[arg(long, value_name = "KEY", requires = "under")]
    sign: Option<PathBuf>,
    /// Write a lock file too, which pins all that is saved
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
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
    if let Some(lock) = &arguments.lock
        && fs::symlink_metadata(lock).is_ok()
        && Lock::read(lock).is_err()
    {
        return Err(format!("{} is there already, and is no lock file: name another", lock.display()).into());
    }
    if arguments.lock.as_ref() == Some(&arguments.file) {
        return Err("the archive and the lock file are to be one file: name two".into());
    }
    let (mut archive, mut lock) = (Archive::default(), Lock::default());
    let key = arguments.sign.as_deref().map(Signing::open).transpose()?;
    for pack in &arguments.packs {
        let taken = match pack {
            Locator::Path(file) => {
                let (taken, pin) = of_file(file, arguments.under.as_deref(), key.as_ref())?;
                lock.pins.extend(taken.packs.iter().map(|pack| (pack.reference.clone(), pin.clone())));
                taken
            }
            Locator::Registry(reference) => {
                let remote = Remote::new(reference.repository().registry(), &arguments.reach.access())?;
                let taken = transfer::take(&remote, reference)?;
                if arguments.lock.is_some() {
                    pin(&taken, &mut lock)?;
                }
                taken
            }
        };
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
    if let Some(file) = &arguments.lock {
        lock.write(file)?;
    }
    for pack in &archive.packs {
        let (reference, digest, count) = (&pack.reference, pack.digest, pack.signatures.len());
        let json = json!({ "file": path, "reference": reference, "digest": digest, "signatures": count });
        show::print(output, &json, || {
            format!("saved {reference} ({digest}) with {count} signatures to {}", path.display())
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A pack of a component's file, as `push` would put it into a registry, and what pins it.
fn of_file(file: &Path, under: Option<&str>, key: Option<&Signing>) -> Result<(Archive, Pin), Failure> {
    let Some(under) = under else {
        return Err(
            format!("{} has no name in a registry; say below which it is to be, with --under", file.display()).into()
        );
    };
    let component = read(file).map_err(|refusal| PackError { path: file.to_owned(), refusal })?;
    let candidate = show::describe(&component, file.display())?;
    let description = candidate.description();
    let artifact = Artifact::new(&component, description, candidate.interfaces().clone(), artifact::source_date()?)?;
    let under = under.strip_prefix("oci://").unwrap_or(under).trim_end_matches('/');
    // Tags have no plus.
    let (name, version) = (&description.name, description.version.replace('+', "_"));
    let reference: Reference = format!("oci://{under}/{name}:{version}").parse()?;
    let digest = artifact.digest();
    let mut signatures = BTreeSet::new();
    let mut blobs = vec![component, artifact.config];
    if let Some(key) = key {
        let signature = sign::signature_of(&artifact.manifest, key)?;
        signatures.insert(Digest::of(&signature.manifest));
        blobs.extend(signature.blobs.map(|blob| blob.bytes));
        blobs.push(signature.manifest);
    }
    blobs.push(artifact.manifest);
    let blobs = blobs.into_iter().map(|bytes| (Digest::of(&bytes), bytes)).collect();
    let pin = pin_of(digest, description);
    Ok((Archive { packs: vec![Saved { reference, digest, signatures }], blobs }, pin))
}

/// Pins all packs of an archive.
fn pin(archive: &Archive, lock: &mut Lock) -> Result<(), Failure> {
    for Saved { reference, digest, .. } in &archive.packs {
        let manifest = Manifest::of_pack(archive.blob(*digest)?)?;
        let candidate = show::describe(archive.blob(manifest.component().digest)?, reference)?;
        lock.pins.insert(reference.clone(), pin_of(*digest, candidate.description()));
    }
    Ok(())
}

fn pin_of(digest: Digest, description: &Description) -> Pin {
    Pin { digest, name: description.name.clone(), version: description.semver() }
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
