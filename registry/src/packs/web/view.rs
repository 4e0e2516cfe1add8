//! What is shown of packs, the same to people and to programs.

use lanner_artifact::{Description, Rule};

use super::super::index::Listed;
use super::super::search::{Found, Pack, Query, pack_name};
use crate::access::{Caller, Identity};
use crate::oci::{OciError, RepositoryName};
use crate::registry::Registry;

/// How many versions of a pack are shown.
pub(super) const MAX_VERSIONS: usize = 500;
/// Of how many signatures it is shown who says to have made them.
const MAX_SIGNERS: usize = 16;
/// How long a host name may be, with its port.
const MAX_HOST: usize = 261;

/// The registry as a client sees it.
pub(super) struct Site {
    /// How it is called: host and port.
    pub(super) host: String,
    /// Who looks at it.
    pub(super) caller: Caller,
    /// Whether anybody could sign in.
    pub(super) has_users: bool,
}

impl Site {
    /// `host` is what the client calls it, which may be anything.
    pub(super) fn new(registry: &Registry, caller: Caller, host: Option<&str>) -> Self {
        let sound = |host: &&str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
            !host.is_empty() && host.len() <= MAX_HOST && host.bytes().all(known)
        };
        let host = registry.packs.host.as_deref().or(host.filter(sound)).unwrap_or("registry.example.org");
        Self { host: host.to_owned(), caller, has_users: registry.access.has_users() }
    }

    /// Who has signed in.
    pub(super) fn user(&self) -> Option<&str> {
        match self.caller.identity() {
            Identity::User(name) => Some(name),
            Identity::Anonymous => None,
        }
    }

    /// The locator of a version: by the tag that says most, else by digest.
    fn locator(&self, repository: &RepositoryName, listed: &Listed) -> String {
        let version = listed.version.description.as_ref().map(|said| said.version.as_str());
        let tags = || listed.tags.iter().map(crate::oci::Tag::as_str);
        let tag = tags().find(|tag| Some(*tag) == version).or_else(|| tags().find(|tag| *tag != "latest"));
        match tag.or_else(|| tags().next()) {
            Some(tag) => format!("oci://{}/{repository}:{tag}", self.host),
            None => self.pinned(repository, listed),
        }
    }

    fn pinned(&self, repository: &RepositoryName, listed: &Listed) -> String {
        format!("oci://{}/{repository}@{}", self.host, listed.version.digest)
    }
}

/// A pack.
pub(super) struct PackView {
    pub(super) repository: RepositoryName,
    /// The newest first; never empty.
    pub(super) versions: Vec<VersionView>,
    /// How many there are, also those that are not shown.
    pub(super) total: usize,
}

/// A version of a pack.
pub(super) struct VersionView {
    pub(super) listed: Listed,
    /// Whether it has the signatures that are asked for; `None` if none are, or if nobody looked.
    pub(super) verified: Option<bool>,
    /// Who says to have signed it.
    pub(super) signers: Vec<std::sync::Arc<str>>,
    /// By tag, as it changes.
    pub(super) locator: String,
    /// By digest, as it stays.
    pub(super) pinned: String,
}

impl PackView {
    /// What stands for the pack in a list.
    pub(super) fn newest(&self) -> &VersionView {
        &self.versions[0]
    }

    /// The version before one, as far as it is shown.
    pub(super) fn before(&self, version: &VersionView) -> Option<&VersionView> {
        let same = |other: &VersionView| other.listed.version.digest == version.listed.version.digest;
        let at = self.versions.iter().position(same)?;
        self.versions.get(at + 1).filter(|before| before.description().is_some() && version.description().is_some())
    }

    pub(super) fn name(&self) -> &str {
        let description = self.newest().description();
        description
            .map(|said| said.name.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or(pack_name(&self.repository))
    }
}

impl VersionView {
    pub(super) fn description(&self) -> Option<&Description> {
        self.listed.version.description.as_ref()
    }

    pub(super) fn summary(&self) -> &str {
        self.description().map_or("", |said| said.summary.as_str())
    }

    pub(super) fn rules(&self) -> &[Rule] {
        self.description().map_or(&[], |said| said.rules.as_slice())
    }

    pub(super) fn events(&self) -> &[String] {
        self.description().map_or(&[], |said| said.events.as_slice())
    }

    /// What it is called among the versions: by itself, by a tag, or by its digest.
    pub(super) fn label(&self) -> String {
        let said = self.description().map(|said| said.version.clone()).filter(|version| !version.is_empty());
        said.or_else(|| self.listed.tags.first().map(ToString::to_string)).unwrap_or_else(|| self.short_digest())
    }

    /// Enough of the digest for the eye.
    pub(super) fn short_digest(&self) -> String {
        let digest = &self.listed.version.digest;
        format!("{}:{}", digest.algorithm().name(), &digest.hex()[..12])
    }
}

/// A page of a list.
pub(super) struct FoundView {
    pub(super) packs: Vec<PackView>,
    /// The query of the next page.
    pub(super) next: Option<String>,
    /// Whether the index is still being built.
    pub(super) building: bool,
    /// Whether the index holds all packs.
    pub(super) complete: bool,
}

/// What was found, with what is shown of it. Signatures are looked at for the newest version of each pack only.
///
/// # Errors
/// The storage fails.
pub(super) async fn found(
    registry: &Registry,
    site: &Site,
    found: Found,
    query: &Query,
) -> Result<FoundView, OciError> {
    let next = found.packs.last().filter(|_| found.more).map(|last| query.after(&last.repository));
    let mut packs = Vec::new();
    for pack in found.packs {
        packs.push(view(registry, site, pack, 1, 0).await?);
    }
    let index = &registry.packs.index;
    Ok(FoundView { packs, next, building: !index.is_built(), complete: !index.has_left_out() })
}

/// A pack with all that is known of its versions; `None` if there is none.
///
/// # Errors
/// The storage fails.
pub(super) async fn pack(
    registry: &Registry,
    site: &Site,
    repository: RepositoryName,
) -> Result<Option<PackView>, OciError> {
    match registry.packs.index.versions(&repository) {
        Some(versions) => {
            let pack = Pack { repository, versions };
            Ok(Some(view(registry, site, pack, MAX_VERSIONS, MAX_SIGNERS).await?))
        }
        None => Ok(None),
    }
}

/// `verified` is how many of the versions are looked at, `signers` how many signatures of each.
async fn view(
    registry: &Registry,
    site: &Site,
    pack: Pack,
    verified: usize,
    signers: usize,
) -> Result<PackView, OciError> {
    let Pack { repository, versions: listed } = pack;
    let (total, store, signatures) = (listed.len(), &registry.store, &registry.packs.signatures);
    let mut versions = Vec::new();
    for (place, listed) in listed.into_iter().take(MAX_VERSIONS).enumerate() {
        let digest = &listed.version.digest;
        let outcome = match place < verified {
            true => signatures.verified(store, &repository, digest, listed.signatures.clone()).await?,
            false => None,
        };
        let mut names = Vec::new();
        for signature in listed.signatures.iter().take(signers) {
            names.extend(signatures.signer(store, &repository, digest, signature).await?);
        }
        names.sort_unstable();
        names.dedup();
        versions.push(VersionView {
            locator: site.locator(&repository, &listed),
            pinned: site.pinned(&repository, &listed),
            verified: outcome,
            signers: names,
            listed,
        });
    }
    Ok(PackView { repository, versions, total })
}
