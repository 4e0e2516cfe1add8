//! `lanner pack trust`: say whom to trust. Nothing else adds to the trust policy.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use lanner_pack::amend::{self, Amended, Whom};
use lanner_pack::trust::DEFAULT_POLICY;
use lanner_trust::Change;
use serde_json::json;

use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Trust who has a key, or to whom a certificate is issued, for what begins with a prefix
    Add(Add),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// A registry, or a registry and the first components of a repository's name: host[:port][/name…]
    #[arg(value_name = "PREFIX")]
    prefix: String,
    /// The public key that they sign with; a copy is put beside the policy
    #[arg(long, value_name = "FILE", required_unless_present = "identity", conflicts_with = "identity")]
    key: Option<PathBuf>,
    /// To whom the certificate is issued that they sign with
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    identity: Option<String>,
    /// By whom it is issued
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// The authorities that vouch for it (Sigstore's trusted_root.json); a copy is put beside the policy
    #[arg(long, value_name = "FILE", requires = "identity")]
    trusted_root: Option<PathBuf>,
    /// The policy file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_POLICY)]
    trust: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Verb::Add(add) = &arguments.verb;
    let whom = match (&add.key, &add.identity, &add.issuer) {
        (Some(key), ..) => Whom::Key(key),
        (None, Some(subject), Some(issuer)) => {
            Whom::Identity { issuer, subject, trusted_root: add.trusted_root.as_deref() }
        }
        // Which the command line does not let through.
        _ => return Err("say whom to trust: --key FILE, or --identity SUBJECT with --issuer URL".into()),
    };
    let amended = amend::trust(&add.trust, &add.prefix, whom)?;
    let Amended { added, key, placed } = &amended;
    let change = match added.change {
        Change::None => "none",
        Change::Extended => "extended",
        Change::New => "new",
    };
    let key = key.as_ref().map(|key| key.id().to_string());
    let json = json!({
        "policy": add.trust,
        "prefix": added.prefix,
        "change": change,
        "key": key,
        "identity": add.identity,
        "issuer": add.issuer,
        "threshold": added.threshold,
        "placed": placed,
        "instead_of": added.shadows,
    });
    show::print(output, &json, || text_of(add, &amended, key.as_deref()))?;
    Ok(ExitCode::SUCCESS)
}

/// What has changed, for people.
fn text_of(add: &Add, Amended { added, placed, .. }: &Amended, key: Option<&str>) -> String {
    let (policy, prefix) = (add.trust.display(), &added.prefix);
    let who = match (key, &add.identity, &add.issuer) {
        (Some(key), ..) => format!("key {key}"),
        (None, Some(subject), Some(issuer)) => format!("{subject} as {issuer} certifies it"),
        _ => String::new(),
    };
    let mut lines = vec![match added.change {
        Change::None => format!("{policy}: {who} is trusted for {prefix} already; nothing was changed"),
        Change::Extended => format!("{policy}: {who} is trusted for {prefix} too"),
        Change::New => format!("{policy}: {who} is trusted for {prefix}, in an entry of its own"),
    }];
    lines.extend(placed.as_ref().map(|placed| format!("{} is a copy of the file that was named", placed.display())));
    if let Some(wider) = &added.shadows {
        lines.push(format!("the entry for {wider}, which decided for {prefix} so far, does so no more"));
    }
    if added.threshold > 1 && added.change == Change::Extended {
        let threshold = added.threshold;
        lines.push(format!("the entry asks for {threshold} signatures, as before: this one alone is not enough"));
    }
    lines.join("\n")
}
