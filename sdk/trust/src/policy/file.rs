//! Reading a policy file.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::place::Prefix;
use super::{Conditions, Entry, OnRevocation, Policy, Trust};
use crate::guarded::read_guarded;
use crate::identity::{Claims, Identity, IdentityError};
use crate::key::{KeyError, PublicKey};
use crate::keyless::{TrustedRoot, TrustedRootError};
use crate::quoted::Quoted;

pub(super) const API_VERSION: &str = "lanner.dev/v1";
pub(super) const KIND: &str = "TrustPolicy";
/// The largest file that is read, in bytes: a trust root of today has 10 KiB.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
#[error("trust policy {}: {problem}", .path.display())]
pub struct PolicyError {
    /// The policy file.
    pub path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("is not TOML as a policy has it: {0}")]
    Toml(String),
    #[error("has apiVersion {}; this program knows {API_VERSION:?}", Quoted(.0))]
    ApiVersion(String),
    #[error("has kind {}; a policy has kind {KIND:?}", Quoted(.0))]
    Kind(String),
    #[error("on_revocation is {}; it can be \"keep\" or \"stop\"", Quoted(.0))]
    OnRevocation(String),
    #[error("[[trust]] {} (prefix {}): {problem}", .at + 1, Quoted(.prefix))]
    Entry { at: usize, prefix: String, problem: EntryProblem },
}

#[derive(Debug, thiserror::Error)]
enum EntryProblem {
    #[error("the prefix cannot be used: {0}; write it as registry.example.org/team")]
    Prefix(String),
    #[error("entry {} is for the same prefix already", .0 + 1)]
    SamePrefix(usize),
    #[error("it says nothing of whom to trust; give it keys, or trusted_root and identities, or unsigned = true")]
    Nothing,
    #[error("it has {0} together; use one of keys, identities and unsigned")]
    Mixed(&'static str),
    #[error("{0} is empty, so nothing could ever be trusted; name at least one, or leave the entry out")]
    Empty(&'static str),
    #[error("unsigned = false says nothing; leave it out")]
    UnsignedFalse,
    #[error("threshold {threshold} is not between 1 and {most}, the number of its {what}")]
    Threshold { threshold: u64, most: usize, what: &'static str },
    #[error("threshold has no meaning with unsigned = true")]
    ThresholdUnsigned,
    #[error("pack = {} is no name of a pack", Quoted(.0))]
    Pack(String),
    #[error("expires = {} is no date; write it as 2027-12-31 (that day is included, UTC) or 2027-12-31T12:00:00Z", Quoted(.0))]
    Expires(String),
    #[error("identities need a trusted_root, the file with the authorities that vouch for them")]
    NoRoot,
    #[error("trusted_root goes with identities, and there are none")]
    RootAlone,
    #[error("{}: cannot be read: {error}", .file.display())]
    Read { file: PathBuf, error: io::Error },
    #[error("key {}: {error}", .file.display())]
    Key { file: PathBuf, error: KeyError },
    #[error("keys {} and {} are the same key, which counts once; leave one out", .first.display(), .second.display())]
    SameKey { first: PathBuf, second: PathBuf },
    #[error("trusted_root {}: {error}", .file.display())]
    Root { file: PathBuf, error: TrustedRootError },
    #[error("identity {}: {error}", .at + 1)]
    Identity { at: usize, error: IdentityError },
    #[error("identities {} and {} are the same; leave one out", .first + 1, .second + 1)]
    SameIdentity { first: usize, second: usize },
}

/// Told first, so that a file of a later version is not called a wrong one of this.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    on_revocation: Option<String>,
    #[serde(default)]
    trust: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    prefix: String,
    keys: Option<Vec<PathBuf>>,
    threshold: Option<u64>,
    trusted_root: Option<PathBuf>,
    identities: Option<Vec<WrittenIdentity>>,
    unsigned: Option<bool>,
    pack: Option<String>,
    min_rules: Option<usize>,
    #[serde(default)]
    keep: Vec<String>,
    expires: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIdentity {
    issuer: String,
    subject: Option<String>,
    source_repository: Option<String>,
    source_ref: Option<String>,
    build_config: Option<String>,
}

pub(super) fn load(path: &Path) -> Result<Policy, PolicyError> {
    let base = path.parent().unwrap_or(Path::new(""));
    let parsed = read(path).map_err(Problem::Read).and_then(|text| parsed(&text, base));
    let mut policy = parsed.map_err(|problem| PolicyError { path: path.to_owned(), problem })?;
    policy.files.push(path.to_owned());
    Ok(policy)
}

fn read(path: &Path) -> io::Result<String> {
    String::from_utf8(read_guarded(path, MAX_FILE_BYTES)?).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The policy that a text says.
pub(super) fn parse(text: &str, base: &Path) -> Result<Policy, PolicyError> {
    parsed(text, base).map_err(|problem| PolicyError { path: PathBuf::new(), problem })
}

fn parsed(text: &str, base: &Path) -> Result<Policy, Problem> {
    let toml = |error: toml::de::Error| Problem::Toml(error.to_string().trim_end().to_owned());
    let head: Head = toml::from_str(text).map_err(toml)?;
    if head.api_version != API_VERSION {
        return Err(Problem::ApiVersion(head.api_version));
    }
    if head.kind != KIND {
        return Err(Problem::Kind(head.kind));
    }
    let document: Document = toml::from_str(text).map_err(toml)?;
    let on_revocation = match document.on_revocation.as_deref() {
        None | Some("keep") => OnRevocation::Keep,
        Some("stop") => OnRevocation::Stop,
        Some(other) => return Err(Problem::OnRevocation(other.to_owned())),
    };
    let (mut entries, mut files) = (Vec::<Entry>::new(), Vec::new());
    for (at, written) in document.trust.into_iter().enumerate() {
        let prefix = written.prefix.clone();
        files.extend(written.keys.iter().flatten().chain(&written.trusted_root).map(|file| base.join(file)));
        let entry = entry(written, base, &entries).map_err(|problem| Problem::Entry { at, prefix, problem })?;
        entries.push(entry);
    }
    Ok(Policy { entries, on_revocation, files })
}

fn entry(written: Written, base: &Path, before: &[Entry]) -> Result<Entry, EntryProblem> {
    let prefix = Prefix::parse(&written.prefix).map_err(EntryProblem::Prefix)?;
    if let Some(same) = before.iter().position(|entry| entry.prefix == prefix) {
        return Err(EntryProblem::SamePrefix(same));
    }
    let Written { keys, threshold, trusted_root, identities, unsigned, pack, min_rules, keep, expires, .. } = written;
    let conditions = conditions(pack, min_rules, keep, expires.as_deref())?;
    if unsigned == Some(false) {
        return Err(EntryProblem::UnsignedFalse);
    }
    let trust = match (keys, identities, unsigned) {
        (Some(_), Some(_), _) => return Err(EntryProblem::Mixed("keys and identities")),
        (Some(_), _, Some(_)) => return Err(EntryProblem::Mixed("keys and unsigned")),
        (_, Some(_), Some(_)) => return Err(EntryProblem::Mixed("identities and unsigned")),
        (Some(files), None, None) => {
            if trusted_root.is_some() {
                return Err(EntryProblem::RootAlone);
            }
            let threshold = threshold_of(threshold, files.len(), "keys")?;
            Trust::Keys { keys: public_keys(files, base)?, threshold }
        }
        (None, Some(written), None) => {
            let threshold = threshold_of(threshold, written.len(), "identities")?;
            let identities = identities_of(written)?;
            Trust::Identities { root: root_of(trusted_root.ok_or(EntryProblem::NoRoot)?, base)?, identities, threshold }
        }
        (None, None, Some(_)) if trusted_root.is_some() => return Err(EntryProblem::RootAlone),
        (None, None, Some(_)) if threshold.is_some() => return Err(EntryProblem::ThresholdUnsigned),
        (None, None, Some(_)) => Trust::Unsigned,
        (None, None, None) if trusted_root.is_some() => return Err(EntryProblem::RootAlone),
        (None, None, None) => return Err(EntryProblem::Nothing),
    };
    Ok(Entry { prefix, trust, conditions })
}

fn conditions(
    pack: Option<String>,
    min_rules: Option<usize>,
    keep: Vec<String>,
    expires: Option<&str>,
) -> Result<Conditions, EntryProblem> {
    if let Some(pack) = pack.as_ref().filter(|pack| pack.is_empty() || pack.contains(char::is_whitespace)) {
        return Err(EntryProblem::Pack(pack.clone()));
    }
    let expires = match expires {
        None => None,
        Some(text) => Some(end_of(text).ok_or_else(|| EntryProblem::Expires(text.to_owned()))?),
    };
    Ok(Conditions { pack, min_rules: min_rules.unwrap_or_default(), keep, expires })
}

/// The time that is meant: of a day, its end.
fn end_of(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn threshold_of(written: Option<u64>, most: usize, what: &'static str) -> Result<usize, EntryProblem> {
    if most == 0 {
        return Err(EntryProblem::Empty(what));
    }
    let threshold = written.unwrap_or(1);
    match usize::try_from(threshold) {
        Ok(fits) if (1..=most).contains(&fits) => Ok(fits),
        _ => Err(EntryProblem::Threshold { threshold, most, what }),
    }
}

fn public_keys(files: Vec<PathBuf>, base: &Path) -> Result<Vec<PublicKey>, EntryProblem> {
    let mut keys: Vec<PublicKey> = Vec::new();
    let mut names: Vec<PathBuf> = Vec::new();
    for file in files {
        let text = read(&base.join(&file)).map_err(|error| EntryProblem::Read { file: file.clone(), error })?;
        let key = PublicKey::from_pem(&text).map_err(|error| EntryProblem::Key { file: file.clone(), error })?;
        if let Some(same) = keys.iter().position(|other| *other == key) {
            return Err(EntryProblem::SameKey { first: names.swap_remove(same), second: file });
        }
        keys.push(key);
        names.push(file);
    }
    Ok(keys)
}

fn root_of(file: PathBuf, base: &Path) -> Result<TrustedRoot, EntryProblem> {
    let text = read(&base.join(&file)).map_err(|error| EntryProblem::Read { file: file.clone(), error })?;
    TrustedRoot::from_json(&text).map_err(|error| EntryProblem::Root { file, error })
}

fn identities_of(written: Vec<WrittenIdentity>) -> Result<Vec<Identity>, EntryProblem> {
    let mut identities: Vec<Identity> = Vec::new();
    for (at, written) in written.into_iter().enumerate() {
        let WrittenIdentity { issuer, subject, source_repository, source_ref, build_config } = written;
        let claims = Claims { source_repository, source_ref, build_config };
        let identity = Identity::with_claims(&issuer, subject.as_deref(), claims)
            .map_err(|error| EntryProblem::Identity { at, error })?;
        if let Some(first) = identities.iter().position(|other| *other == identity) {
            return Err(EntryProblem::SameIdentity { first, second: at });
        }
        identities.push(identity);
    }
    Ok(identities)
}
