//! The names of objects.

use object_store::path::Path;

use crate::oci::{Algorithm, Digest, RepositoryName, Tag};

pub(super) const BLOBS: &str = "blobs";
pub(super) const REPOSITORIES: &str = "repositories";
pub(super) const UPLOADS: &str = "uploads";
/// What ends the name of a repository, in the order in which they are cleared away.
pub(super) const TAGS_OF: &str = "_tags";
pub(super) const REFERRERS_OF: &str = "_referrers";
pub(super) const MANIFESTS_OF: &str = "_manifests";
pub(super) const BLOBS_OF: &str = "_blobs";
pub(super) const UNREACHABLE_OF: &str = "_unreachable";

/// How many hexadecimal digits name the folder of a blob.
const SHARD: usize = 2;

pub(super) fn blob(digest: &Digest) -> Path {
    let (algorithm, hex) = (digest.algorithm().name(), digest.hex());
    Path::from_iter([BLOBS, algorithm, &hex[..SHARD], hex])
}

fn of(name: &RepositoryName) -> Path {
    Path::from_iter(std::iter::once(REPOSITORIES).chain(name.as_str().split('/')))
}

pub(super) fn blobs_of(name: &RepositoryName) -> Path {
    of(name).join(BLOBS_OF)
}

pub(super) fn blob_of(name: &RepositoryName, digest: &Digest) -> Path {
    blobs_of(name).join(digest.algorithm().name()).join(digest.hex())
}

pub(super) fn manifests_of(name: &RepositoryName) -> Path {
    of(name).join(MANIFESTS_OF)
}

pub(super) fn manifest_of(name: &RepositoryName, digest: &Digest) -> Path {
    manifests_of(name).join(digest.algorithm().name()).join(digest.hex())
}

pub(super) fn all_unreachable_of(name: &RepositoryName) -> Path {
    of(name).join(UNREACHABLE_OF)
}

pub(super) fn unreachable_of(name: &RepositoryName, digest: &Digest) -> Path {
    all_unreachable_of(name).join(digest.algorithm().name()).join(digest.hex())
}

pub(super) fn tags_of(name: &RepositoryName) -> Path {
    of(name).join(TAGS_OF)
}

pub(super) fn tag_of(name: &RepositoryName, tag: &Tag) -> Path {
    tags_of(name).join(tag.as_str())
}

pub(super) fn all_referrers_of(name: &RepositoryName) -> Path {
    of(name).join(REFERRERS_OF)
}

pub(super) fn referrers_of(name: &RepositoryName, subject: &Digest) -> Path {
    all_referrers_of(name).join(subject.algorithm().name()).join(subject.hex())
}

pub(super) fn referrer_of(name: &RepositoryName, subject: &Digest, manifest: &Digest) -> Path {
    let file = format!("{}-{}", manifest.algorithm().name(), manifest.hex());
    referrers_of(name, subject).join(file)
}

/// The digest of the manifest that is listed as a referrer.
pub(super) fn digest_in_file(path: &Path) -> Option<Digest> {
    let (algorithm, hex) = path.filename()?.split_once('-')?;
    Digest::from_parts(algorithm.parse::<Algorithm>().ok()?, hex).ok()
}

/// The digest that ends the path of a blob, a link or a manifest.
pub(super) fn digest_at_end(path: &Path) -> Option<Digest> {
    let mut parts = path.parts().map(|part| part.as_ref().to_owned()).collect::<Vec<_>>();
    let hex = parts.pop()?;
    let mut algorithm = parts.pop()?;
    if algorithm.len() == SHARD {
        algorithm = parts.pop()?;
    }
    Digest::from_parts(algorithm.parse::<Algorithm>().ok()?, &hex).ok()
}
