//! `lanner pack copy`: a pack with its signatures from one registry to another.

use std::process::ExitCode;

use lanner_pack::reference::{Reference, Version};
use lanner_pack::remote::Remote;
use lanner_pack::transfer;
use serde_json::json;

use super::registries::Reach;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which: oci://host[:port]/name[:tag|@sha256:…]
    #[arg(value_name = "FROM")]
    from: Reference,
    /// Where to: oci://host[:port]/name[:tag]
    #[arg(value_name = "TO")]
    to: Reference,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Arguments { from, to, reach } = arguments;
    let access = reach.access();
    let source = Remote::new(from.repository().registry(), &access)?;
    let archive = transfer::take(&source, from)?;
    let pack = &archive.packs[0];
    if let Version::Digest(digest) = to.version()
        && *digest != pack.digest
    {
        return Err(format!("{from} has the digest {}, so it cannot be {to}", pack.digest).into());
    }
    let target = Remote::new(to.repository().registry(), &access)?;
    transfer::give(&archive, pack, &target, to.repository(), to.tag())?;
    let (digest, signatures) = (pack.digest, pack.signatures.len());
    let immutable = Reference::of_digest(to.repository().clone(), digest);
    let json = json!({ "from": from, "to": to, "reference": immutable, "digest": digest, "referrers": signatures });
    show::print(output, &json, || format!("copied {from} to {to}, with {signatures} signatures\n{immutable}"))?;
    Ok(ExitCode::SUCCESS)
}
