//! `lanner pack verify`: whether a pack in a registry is trusted.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_pack::digest::Digest;
use lanner_pack::reference::Reference;
use lanner_trust::{PublicKey, verify_with_key};
use serde_json::json;

use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// Ask for a signature by this public key instead of what the policy asks for; of several, by any
    #[arg(long = "key", value_name = "FILE", conflicts_with = "trust")]
    keys: Vec<PathBuf>,
    #[command(flatten)]
    get: Get,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let reference = &arguments.reference;
    let (digest, by) = match arguments.keys.is_empty() {
        true => {
            let obtained = arguments.get.obtainer(false)?.obtain(reference)?;
            let verdict = obtained.trust.map_err(|error| format!("pack {reference} is refused: {error}"))?;
            (obtained.resolved.digest, verdict.to_string())
        }
        false => by_keys(arguments)?,
    };
    let immutable = Reference::of_digest(reference.repository().clone(), digest);
    let json = json!({ "reference": immutable, "digest": digest, "verified": true, "by": by });
    show::print(output, &json, || format!("verified {immutable}\n{by}"))?;
    Ok(ExitCode::SUCCESS)
}

fn by_keys(arguments: &Arguments) -> Result<(Digest, String), Failure> {
    let reference = &arguments.reference;
    let mut keys = Vec::new();
    for path in &arguments.keys {
        let named = |why: String| format!("public key {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| named(format!("cannot be read: {error}")))?;
        keys.push(PublicKey::from_pem(&text).map_err(|error| named(error.to_string()))?);
    }
    let obtainer = arguments.get.obtainer(false)?;
    let (digest, bundles) = obtainer.signatures(reference)?;
    let mut refusals = Vec::new();
    for bundle in &bundles {
        match verify_with_key(bundle, &digest.to_string(), &keys) {
            Ok(verified) => return Ok((digest, format!("signed by {}", verified.signer))),
            Err(error) => refusals.push(error.to_string()),
        }
    }
    let why = match refusals.is_empty() {
        true => format!(
            "{digest} is not signed; sign it with `lanner pack sign`, or look whether its signatures were removed"
        ),
        false => refusals.join("; "),
    };
    Err(format!("pack {reference} is not verified: {why}").into())
}
