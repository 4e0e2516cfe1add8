//! Manifests, the tags that stand for them, and what refers to them.

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::quota::Growth;
use super::{Result, Store, StoreError, layout};
use crate::oci::{Descriptor, Digest, Manifest, Reference, RepositoryName, Tag};

/// How many small objects are read at once.
const AT_ONCE: usize = 16;
/// How many referrers are read before they are taken: each may be as long as a manifest.
const READ_AHEAD: usize = 4;

/// A manifest as it was pushed.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its address.
    pub digest: Digest,
    /// What it was pushed as.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// How tags of a push are to be treated.
#[derive(Clone, Debug)]
pub struct TagChange {
    /// The tag.
    pub tag: Tag,
    /// Whether it may not be moved once it is there.
    pub immutable: bool,
}

/// The line before the bytes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    media_type: String,
}

fn encode(media_type: &str, bytes: &[u8]) -> Bytes {
    let head = serde_json::to_vec(&Head { media_type: media_type.into() }).expect("a string can be written");
    let mut object = BytesMut::with_capacity(head.len() + 1 + bytes.len());
    object.put_slice(&head);
    object.put_u8(b'\n');
    object.put_slice(bytes);
    object.freeze()
}

/// The media type and the bytes.
fn decode(path: &Path, object: &Bytes) -> Result<(String, Bytes)> {
    let damaged = |reason: &str| StoreError::Damaged { object: path.to_string(), reason: reason.into() };
    let end = object.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("it has no first line"))?;
    Ok((read_head(path, &object[..end])?, object.slice(end + 1..)))
}

/// The media type, of the line before the bytes.
pub(super) fn read_head(path: &Path, line: &[u8]) -> Result<String> {
    let damaged = |_| StoreError::Damaged { object: path.to_string(), reason: "its first line cannot be read".into() };
    Ok(serde_json::from_slice::<Head>(line).map_err(damaged)?.media_type)
}

impl Store {
    /// What a tag stands for.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn tag(&self, name: &RepositoryName, tag: &Tag) -> Result<Option<Digest>> {
        let path = layout::tag_of(name, tag);
        let Some(bytes) = self.read(&path).await? else { return Ok(None) };
        let digest = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim_end().parse().ok());
        match digest {
            Some(digest) => Ok(Some(digest)),
            None => Err(StoreError::Damaged { object: path.to_string(), reason: "it holds no digest".into() }),
        }
    }

    /// The manifest that a reference names now; whether it is there is not looked at.
    pub(super) async fn digest_of(&self, name: &RepositoryName, reference: &Reference) -> Result<Option<Digest>> {
        match reference {
            Reference::Digest(digest) => Ok(Some(digest.clone())),
            Reference::Tag(tag) => self.tag(name, tag).await,
        }
    }

    /// A manifest of a repository.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn manifest(&self, name: &RepositoryName, reference: &Reference) -> Result<Option<Stored>> {
        let Some(digest) = self.digest_of(name, reference).await? else { return Ok(None) };
        match self.read_manifest(name, &digest).await? {
            Some(_) if self.0.gate.show(&digest).await => self.read_manifest(name, &digest).await,
            found => Ok(found),
        }
    }

    /// A manifest that no client asked for.
    pub(crate) async fn read_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<Option<Stored>> {
        let path = layout::manifest_of(name, digest);
        let Some(object) = self.read(&path).await? else { return Ok(None) };
        let (media_type, bytes) = decode(&path, &object)?;
        Ok(Some(Stored { digest: digest.clone(), media_type, bytes }))
    }

    /// Whether a repository has a manifest.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn has_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<bool> {
        let path = layout::manifest_of(name, digest);
        if self.facts(&path).await?.is_none() {
            return Ok(false);
        }
        Ok(!self.0.gate.show(digest).await || self.facts(&path).await?.is_some())
    }

    /// Keeps a manifest whose digest was checked, and has the tags stand for it. With `whole`, only if all that it is made
    /// of is there: the specification lets a manifest refer to what is had elsewhere.
    ///
    /// # Errors
    /// Content is missing, a tag may not be moved, the same bytes are kept with another media type, or the storage
    /// fails.
    pub async fn put_manifest(
        &self,
        name: &RepositoryName,
        stored: &Stored,
        manifest: &Manifest,
        tags: &[TagChange],
        whole: bool,
    ) -> Result<()> {
        self.with_room(|| self.try_put_manifest(name, stored, manifest, tags, whole)).await
    }

    async fn try_put_manifest(
        &self,
        name: &RepositoryName,
        stored: &Stored,
        manifest: &Manifest,
        tags: &[TagChange],
        whole: bool,
    ) -> Result<()> {
        // Seen from the collection: found and referred to without it coming between.
        let passage = self.0.gate.pass().await;
        passage.keep(&stored.digest);
        for descriptor in manifest.blobs().chain(manifest.children()) {
            passage.touch(&descriptor.digest);
        }
        // Nobody takes a blob away, or keeps the same bytes as something else, between the checks and the writing.
        let _alone = self.0.gate.alone(name).await;
        if whole {
            self.check_whole(name, manifest).await?;
        }
        let kept = self.read_manifest(name, &stored.digest).await?;
        let is_new = kept.is_none();
        if let Some(kept) = kept
            && kept.media_type != stored.media_type
        {
            let (digest, pushed) = (stored.digest.clone(), stored.media_type.clone());
            return Err(StoreError::OtherMediaType { digest, kept: kept.media_type, pushed });
        }
        for change in tags.iter().filter(|change| change.immutable) {
            if let Some(digest) = self.tag(name, &change.tag).await?
                && digest != stored.digest
            {
                return Err(StoreError::Immutable { tag: change.tag.to_string(), digest });
            }
        }
        // In this order: whatever is written last, what it refers to is there.
        let object = encode(&stored.media_type, &stored.bytes);
        let growth = Growth::new(if is_new { object.len() as u64 } else { 0 });
        self.usage().grow(name, growth)?;
        let written = self.write(&layout::manifest_of(name, &stored.digest), [object], false).await;
        written.inspect_err(|_| self.usage().shrink(name, growth))?;
        if let Some(subject) = &manifest.subject {
            let descriptor = Descriptor {
                media_type: stored.media_type.clone(),
                digest: stored.digest.clone(),
                size: stored.bytes.len() as u64,
                artifact_type: manifest.kind().map(Into::into),
                annotations: manifest.annotations.clone().filter(|annotations| !annotations.is_empty()),
                urls: Vec::new(),
            };
            let bytes = serde_json::to_vec(&descriptor).expect("a descriptor can be written");
            self.write(&layout::referrer_of(name, &subject.digest, &stored.digest), [bytes.into()], false).await?;
        }
        for change in tags {
            // A damaged one is mended by this, and stood for nothing.
            let before = self.tag(name, &change.tag).await.ok().flatten().filter(|before| *before != stored.digest);
            let text = Bytes::from(stored.digest.to_string());
            self.write(&layout::tag_of(name, &change.tag), [text], false).await?;
            if let Some(before) = before {
                self.lost(name, &before).await?;
            }
        }
        Ok(())
    }

    async fn check_whole(&self, name: &RepositoryName, manifest: &Manifest) -> Result<()> {
        for blob in manifest.blobs().filter(|blob| blob.urls.is_empty()) {
            if self.blob(name, &blob.digest).await?.is_none() {
                return Err(StoreError::MissingContent(blob.digest.clone()));
            }
        }
        for child in manifest.children() {
            if !self.has_manifest(name, &child.digest).await? {
                return Err(StoreError::MissingContent(child.digest.clone()));
            }
        }
        Ok(())
    }

    /// Takes a manifest away, with the tags that stand for it; whether it was there.
    ///
    /// # Errors
    /// An immutable tag leads to it, or the storage fails.
    pub async fn delete_manifest(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        immutable: impl Fn(&Tag) -> bool,
    ) -> Result<bool> {
        let _alone = self.0.gate.alone(name).await;
        if self.facts(&layout::manifest_of(name, digest)).await?.is_none() {
            return Ok(false);
        }
        self.refuse_immutable(name, digest, immutable).await?;
        for tag in &self.tags_for(name, digest).await? {
            self.remove(&layout::tag_of(name, tag)).await?;
        }
        self.remove_manifest(name, digest).await
    }

    /// The tags that stand for a manifest.
    async fn tags_for(&self, name: &RepositoryName, digest: &Digest) -> Result<Vec<Tag>> {
        let all = futures_util::stream::iter(self.tags(name).await?);
        let read =
            all.map(async |tag| Ok::<_, StoreError>((self.tag(name, &tag).await?.as_ref() == Some(digest), tag)));
        let read: Vec<_> = read.buffered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().filter_map(|(is, tag)| is.then_some(tag)).collect())
    }

    /// Takes a manifest away that no tag stands for; whether it was there.
    pub(super) async fn remove_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<bool> {
        let Some(stored) = self.read_manifest(name, digest).await? else { return Ok(false) };
        // While it is known what it leads to.
        self.lost(name, digest).await?;
        if let Ok((Manifest { subject: Some(subject), .. }, _)) = Manifest::parse(&stored.bytes, &stored.media_type) {
            self.remove(&layout::referrer_of(name, &subject.digest, digest)).await?;
        }
        let removed = self.remove(&layout::manifest_of(name, digest)).await?;
        self.unmark(name, digest).await?;
        if removed {
            self.usage().shrink(name, Growth::new(stored.bytes.len() as u64));
        }
        Ok(removed)
    }

    /// Takes a tag away; whether it was there.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn delete_tag(&self, name: &RepositoryName, tag: &Tag) -> Result<bool> {
        let _alone = self.0.gate.alone(name).await;
        // A damaged one can be taken away too, and stood for nothing.
        let before = self.tag(name, tag).await.ok().flatten();
        let removed = self.remove(&layout::tag_of(name, tag)).await?;
        if let Some(digest) = before {
            self.lost(name, &digest).await?;
        }
        Ok(removed)
    }

    /// The tags of a repository, in the order of their bytes.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn tags(&self, name: &RepositoryName) -> Result<Vec<Tag>> {
        let listed = self.objects().list_with_delimiter(Some(&layout::tags_of(name))).await?;
        let mut tags: Vec<Tag> =
            listed.objects.iter().filter_map(|facts| facts.location.filename()?.parse().ok()).collect();
        tags.sort_unstable();
        Ok(tags)
    }

    /// The manifests of a repository.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn manifests(&self, name: &RepositoryName) -> Result<Vec<Digest>> {
        let listed = self.0.objects.list(Some(&layout::manifests_of(name)));
        let digests = listed.try_filter_map(async |facts| Ok(layout::digest_at_end(&facts.location)));
        Ok(digests.try_collect().await?)
    }

    /// What says something about a manifest, in the order of their digests. The manifest itself need not be there.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn referrers(&self, name: &RepositoryName, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.referrers_after(name, subject, None).await?.try_collect().await
    }

    /// The same, but only those after `last`, and read as they are taken: each may be as long as a manifest.
    ///
    /// # Errors
    /// The storage fails; also while they are read.
    pub async fn referrers_after(
        &self,
        name: &RepositoryName,
        subject: &Digest,
        last: Option<&Digest>,
    ) -> Result<impl Stream<Item = Result<Descriptor>> + use<>> {
        let listed = self.objects().list_with_delimiter(Some(&layout::referrers_of(name, subject))).await?;
        let mut found: Vec<(Digest, Path)> = listed
            .objects
            .into_iter()
            .filter_map(|facts| Some((layout::digest_in_file(&facts.location)?, facts.location)))
            .filter(|(digest, _)| last.is_none_or(|last| digest > last))
            .collect();
        found.sort_unstable();
        let (store, name) = (self.clone(), name.clone());
        let read = futures_util::stream::iter(found).map(move |(digest, path)| {
            let (store, name) = (store.clone(), name.clone());
            async move {
                let Some(bytes) = store.read(&path).await? else { return Ok(None) };
                let descriptor: Descriptor = serde_json::from_slice(&bytes)
                    .map_err(|error| StoreError::Damaged { object: path.to_string(), reason: error.to_string() })?;
                // Written after the manifest and taken away before it, but a process may be killed between.
                Ok(store.has_manifest(&name, &digest).await?.then_some(descriptor))
            }
        });
        Ok(read.buffered(READ_AHEAD).try_filter_map(async |found| Ok(found)))
    }

    /// All repositories, in the order of their names.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn repositories(&self) -> Result<Vec<RepositoryName>> {
        let mut found = Vec::new();
        let mut folders = vec![Path::from(layout::REPOSITORIES)];
        while let Some(folder) = folders.pop() {
            let listed = self.objects().list_with_delimiter(Some(&folder)).await?;
            let mut has_content = false;
            for child in listed.common_prefixes {
                match child.filename().is_some_and(|part| part.starts_with('_')) {
                    true => has_content = true,
                    false => folders.push(child),
                }
            }
            if has_content {
                let name: Vec<String> = folder.parts().skip(1).map(|part| part.as_ref().to_owned()).collect();
                found.extend(name.join("/").parse::<RepositoryName>().ok());
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Whether anything was ever pushed to a repository.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn knows(&self, name: &RepositoryName) -> Result<bool> {
        for folder in [layout::manifests_of(name), layout::blobs_of(name)] {
            let listed = self.objects().list_with_delimiter(Some(&folder)).await?;
            if !listed.common_prefixes.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
