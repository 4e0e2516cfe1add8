//! `lanner pack pull`: get a pack from a registry into the local store.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use lanner_pack::reference::Reference;
use serde_json::json;

use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    /// Write the component to this file too
    #[arg(short = 'o', long = "to", value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    get: Get,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let obtained = arguments.get.obtainer(false)?.pull(&arguments.reference)?;
    if let Some(path) = &arguments.file {
        let failed = |error: std::io::Error| format!("the pack cannot be written to {}: {error}", path.display());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(".".as_ref());
        let mut file = tempfile::NamedTempFile::with_prefix_in(".pull-", folder).map_err(failed)?;
        file.write_all(&obtained.component).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
    }
    let digest = obtained.resolved.digest;
    let size = obtained.component.len() as u64;
    let described = obtained.manifest.description();
    let named = described.as_ref().map(|pack| (&pack.name, &pack.version));
    let json = json!({
        "reference": Reference::of_digest(arguments.reference.repository().clone(), digest),
        "digest": digest,
        "size": size,
        "name": named.map(|(name, _)| name),
        "version": named.map(|(_, version)| version),
        "signatures": obtained.signatures,
        "trusted": obtained.trust.is_ok(),
        "trust": match &obtained.trust { Ok(verdict) => verdict.to_string(), Err(error) => error.to_string() },
    });
    show::print(output, &json, || {
        let what = named.map(|(name, version)| format!("{name} {version}")).unwrap_or_else(|| "a pack".to_owned());
        let trust = match &obtained.trust {
            Ok(verdict) => format!("trusted: {verdict}"),
            Err(error) => format!("not trusted, and `lanner run` would refuse it: {error}"),
        };
        format!("pulled {} ({}), {digest}\n{trust}", show::printable(&what), show::size(size))
    })?;
    Ok(ExitCode::SUCCESS)
}
