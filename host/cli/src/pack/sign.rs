//! `lanner pack sign`: sign a pack, or an index of packs, in a registry.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_pack::artifact::{self, MANIFEST_MEDIA_TYPE, Manifest};
use lanner_pack::digest::Digest;
use lanner_pack::reference::{Reference, Repository};
use lanner_pack::remote::Remote;
use lanner_trust::{KeyPair, PublicKey, SignatureManifest, Subject, sign, signature_manifest};
use serde_json::json;

use super::registries::Reach;
use super::{Failure, Format, password, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// The private key's file, as `lanner pack keygen` or cosign writes it
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
    #[command(flatten)]
    reach: Reach,
}

/// A private key, open.
pub(crate) struct Signing(KeyPair);

impl Signing {
    /// Reads a key's file; asks for its password.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("key {} cannot be read: {error}", path.display()))?;
        let secret = password::of_key(&format!("Password of {}: ", path.display()))?;
        let pair = KeyPair::from_pem(&text, secret.as_bytes())
            .map_err(|error| format!("key {} cannot be used: {error}", path.display()))?;
        Ok(Self(pair))
    }

    /// Its public half.
    pub(super) fn public(&self) -> &PublicKey {
        self.0.public()
    }

    /// The key's name.
    pub(crate) fn id(&self) -> String {
        self.0.public().id().to_string()
    }
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let reference = &arguments.reference;
    let repository = reference.repository();
    let key = Signing::open(&arguments.key)?;
    let remote = Remote::new(repository.registry(), &arguments.reach.access())?;
    let digest = remote.resolve(reference, None)?.digest;
    let manifest = remote.manifest(repository, digest)?;
    // A pack, or an index of packs.
    if Manifest::of_index(&manifest).is_err() {
        Manifest::of_pack(&manifest).map_err(|error| format!("{reference} is not signed: {error}"))?;
    }
    let signature = push_signature(&remote, repository, &manifest, &key)?;
    let immutable = Reference::of_digest(repository.clone(), digest);
    let json = json!({ "reference": immutable, "digest": digest, "signature": signature, "key": key.id() });
    show::print(output, &json, || match signature {
        Some(_) => format!("signed {immutable} with key {}", key.id()),
        None => format!("{immutable} is signed with key {} already", key.id()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Signs a manifest that is in the repository, and puts the signature beside it; gives that, where none by this key was
/// there: to do it again changes nothing.
pub(crate) fn push_signature(
    remote: &Remote,
    repository: &Repository,
    manifest: &[u8],
    key: &Signing,
) -> Result<Option<Digest>, Failure> {
    let digest = Digest::of(manifest);
    if remote.is_signed_by(repository, digest, &[key.public().clone()])? {
        return Ok(None);
    }
    let signature = signature_of(manifest, key)?;
    for blob in &signature.blobs {
        remote.push_blob(repository, &blob.bytes)?;
    }
    Ok(Some(remote.push_referrer(repository, &signature.manifest)?))
}

/// The signature of a manifest, as it is put beside it.
pub(super) fn signature_of(manifest: &[u8], key: &Signing) -> Result<SignatureManifest, Failure> {
    let digest = Digest::of(manifest).to_string();
    let bundle = sign(&key.0, &digest)?;
    let subject = Subject { media_type: MANIFEST_MEDIA_TYPE.to_owned(), digest, size: manifest.len() as u64 };
    let created = artifact::source_date()?.unwrap_or_else(jiff::Timestamp::now);
    Ok(signature_manifest(&bundle, &subject, created))
}
