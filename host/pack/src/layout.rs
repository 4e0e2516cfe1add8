//! Packs in a file, for machines without a network: an OCI image layout as a tar archive, signatures included.
//!
//! Nothing is ever unpacked: what the archive holds is read, bounded, hashed, and kept under its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::artifact::{ArtifactError, Descriptor, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, MAX_DOCUMENT, Manifest};
use super::digest::Digest;
use super::load::MAX_SIZE;
use super::reference::Reference;

/// The annotation that names what an entry of the index is.
const NAME: &str = "org.opencontainers.image.ref.name";
const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// Bytes of what names an entry.
const MAX_NAME: u64 = 64 << 10;
/// Entries of an archive at most.
const MAX_ENTRIES: usize = 4096;
/// Bytes of an archive at most, taken together.
const MAX_TOTAL: u64 = 2 * MAX_SIZE;

/// An archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It cannot be read or written.
    #[error("the archive cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// It is not an OCI image layout, or not one of packs.
    #[error("the archive is no OCI image layout with packs: {0}; `lanner pack save` writes one")]
    Other(String),
    /// What is in it is not a pack.
    #[error("the archive has {digest}, and {error}")]
    Artifact {
        /// The manifest.
        digest: Digest,
        /// Why.
        error: ArtifactError,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    manifests: Vec<Descriptor>,
}

/// A pack with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its name.
    pub reference: Reference,
    /// Its manifest.
    pub digest: Digest,
    /// The manifests of its signatures.
    pub signatures: BTreeSet<Digest>,
}

/// What an archive holds: packs, and bytes by their digests.
#[derive(Debug, Default)]
pub struct Archive {
    /// The packs.
    pub packs: Vec<Saved>,
    /// The bytes.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
}

impl Archive {
    /// Writes it; the same archive is written as the same bytes.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, out: impl Write) -> Result<(), LayoutError> {
        let mut manifests = Vec::new();
        for pack in &self.packs {
            for digest in [pack.digest].iter().chain(&pack.signatures) {
                let bytes = self.blob(*digest)?;
                let mut descriptor = Descriptor::of(MANIFEST_MEDIA_TYPE, bytes);
                if *digest == pack.digest {
                    descriptor.annotations = Some([(NAME.to_owned(), pack.reference.to_string())].into());
                } else {
                    descriptor.artifact_type = Manifest::read(bytes).ok().and_then(|manifest| manifest.artifact_type);
                }
                manifests.push(descriptor);
            }
        }
        let index = Index { schema_version: 2, media_type: Some(INDEX_MEDIA_TYPE.to_owned()), manifests };
        let index = serde_json::to_vec(&index).map_err(|error| LayoutError::Other(error.to_string()))?;
        let mut tar = tar::Builder::new(out);
        append(&mut tar, "oci-layout", LAYOUT.as_bytes())?;
        append(&mut tar, "index.json", &index)?;
        for (digest, bytes) in &self.blobs {
            append(&mut tar, &format!("blobs/sha256/{}", digest.hex()), bytes)?;
        }
        tar.into_inner()?.flush()?;
        Ok(())
    }

    /// Reads an archive, and checks that all is there and is what its name says.
    ///
    /// # Errors
    /// It is not such an archive, is damaged, or is too large.
    pub fn read(archive: impl Read) -> Result<Self, LayoutError> {
        let other = |what: String| LayoutError::Other(what);
        let mut read = Self::default();
        let (mut index, mut layout) = (None, false);
        let mut total = 0;
        for (count, entry) in tar::Archive::new(archive).entries()?.raw(true).enumerate() {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            // What names an entry at length: no name in a layout is so long that it has to.
            if kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions()
            {
                if entry.size() > MAX_NAME || count >= MAX_ENTRIES {
                    return Err(other("it has names of more than 64 KiB".to_owned()));
                }
                continue;
            }
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
            if count >= MAX_ENTRIES {
                return Err(other(format!("it has more than {MAX_ENTRIES} entries")));
            }
            if entry.header().entry_type().is_dir() {
                continue;
            }
            if !entry.header().entry_type().is_file() {
                return Err(other(format!("{path:?} in it is neither a file nor a folder")));
            }
            let limit = if path.starts_with("blobs/") { MAX_SIZE } else { MAX_DOCUMENT };
            total += entry.size();
            if entry.size() > limit || total > MAX_TOTAL {
                return Err(other(format!("{path:?} in it is too large, or all is (more than {MAX_TOTAL} bytes)")));
            }
            let mut bytes = Vec::new();
            entry.by_ref().take(limit).read_to_end(&mut bytes)?;
            match path.strip_prefix("blobs/sha256/") {
                Some(hex) => {
                    let digest: Digest = format!("sha256:{hex}")
                        .parse()
                        .map_err(|_| other(format!("{path:?} in it is not named by a digest")))?;
                    if Digest::of(&bytes) != digest {
                        return Err(other(format!(
                            "{path:?} in it has other bytes than its name says; it is damaged, or was changed"
                        )));
                    }
                    read.blobs.insert(digest, bytes);
                }
                None if path == "index.json" => index = Some(bytes),
                None if path == "oci-layout" => layout = true,
                None => return Err(other(format!("{path:?} in it does not belong to a layout"))),
            }
        }
        let index =
            index.filter(|_| layout).ok_or_else(|| other("it has no oci-layout or no index.json".to_owned()))?;
        let index: Index = serde_json::from_slice(&index).map_err(|error| other(format!("its index.json: {error}")))?;
        read.packs = read.find_packs(&index)?;
        Ok(read)
    }

    fn find_packs(&self, index: &Index) -> Result<Vec<Saved>, LayoutError> {
        let mut packs: Vec<Saved> = Vec::new();
        let mut referrers = Vec::new();
        for descriptor in &index.manifests {
            let digest = descriptor.digest;
            let wrong = |error| LayoutError::Artifact { digest, error };
            let bytes = self.blob(digest)?;
            let manifest = Manifest::read(bytes).map_err(wrong)?;
            for blob in manifest.layers.iter().chain([&manifest.config]) {
                self.blob(blob.digest)?;
            }
            if let Some(subject) = manifest.subject {
                referrers.push((subject.digest, digest));
                continue;
            }
            Manifest::of_pack(bytes).map_err(wrong)?;
            let name = descriptor.annotations.as_ref().and_then(|annotations| annotations.get(NAME));
            let name = name.ok_or_else(|| LayoutError::Other(format!("{digest} in it has no name ({NAME})")))?;
            let reference = name.parse().map_err(|error| LayoutError::Other(format!("{error}")))?;
            packs.push(Saved { reference, digest, signatures: BTreeSet::new() });
        }
        for (subject, digest) in referrers {
            for pack in packs.iter_mut().filter(|pack| pack.digest == subject) {
                pack.signatures.insert(digest);
            }
        }
        match packs.is_empty() {
            true => Err(LayoutError::Other("its index.json names no pack".to_owned())),
            false => Ok(packs),
        }
    }

    /// All that belongs to a pack but its manifest: config, component, signatures and their parts.
    ///
    /// # Errors
    /// Some is missing.
    pub fn belongings(&self, pack: &Saved) -> Result<BTreeSet<Digest>, LayoutError> {
        let mut all = pack.signatures.clone();
        for digest in [pack.digest].iter().chain(&pack.signatures) {
            let manifest = Manifest::read(self.blob(*digest)?);
            let manifest = manifest.map_err(|error| LayoutError::Artifact { digest: *digest, error })?;
            all.extend(manifest.layers.iter().chain([&manifest.config]).map(|blob| blob.digest));
        }
        Ok(all)
    }

    /// The bytes with this digest.
    ///
    /// # Errors
    /// They are not there.
    pub fn blob(&self, digest: Digest) -> Result<&[u8], LayoutError> {
        let missing = || LayoutError::Other(format!("{digest} is named in it, and is not there"));
        self.blobs.get(&digest).map(Vec::as_slice).ok_or_else(missing)
    }
}

fn append(tar: &mut tar::Builder<impl Write>, path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    tar.append_data(&mut header, path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, bytes) in entries {
            let mut header = tar::Header::new_ustar();
            // As an attacker writes it: the library would refuse such a path.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(bytes.len() as u64);
            header.set_entry_type(tar::EntryType::Regular);
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        tar.into_inner().unwrap()
    }

    fn refused(entries: &[(&str, &[u8])]) -> String {
        Archive::read(&*archive(entries)).unwrap_err().to_string()
    }

    #[test]
    fn names_are_bounded() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNULongName);
        // As it says, and nothing of it is there: whoever would read it would wait for 3 GiB.
        header.set_size(3 << 30);
        header.set_cksum();
        let error = Archive::read(&header.as_bytes()[..]).unwrap_err().to_string();
        assert!(error.contains("names of more than 64 KiB"), "{error}");
    }

    #[test]
    fn archives_that_are_none_are_refused() {
        assert!(refused(&[]).contains("oci-layout"));
        assert!(refused(&[("../../etc/passwd", b"x")]).contains("does not belong"));
        assert!(refused(&[("blobs/sha256/../../x", b"x")]).contains("not named by a digest"));
        let hex = Digest::of(b"x").hex();
        assert!(refused(&[(&format!("blobs/sha256/{hex}"), b"y")]).contains("other bytes"));
        let layout = ("oci-layout", LAYOUT.as_bytes());
        assert!(refused(&[layout, ("index.json", b"{}")]).contains("index.json"));
        assert!(refused(&[layout, ("index.json", br#"{"schemaVersion":2,"manifests":[]}"#)]).contains("no pack"));
        let missing = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{MANIFEST_MEDIA_TYPE}","size":1,"digest":"sha256:{hex}"}}]}}"#
        );
        assert!(refused(&[layout, ("index.json", missing.as_bytes())]).contains("is not there"));
    }

    #[test]
    fn a_size_that_is_not_true_takes_no_memory() {
        let mut bytes = archive(&[("index.json", b"{}")]);
        // The header says 8 GiB.
        bytes[124..136].copy_from_slice(b"77777777777\0");
        let sum: u32 = bytes[..512]
            .iter()
            .enumerate()
            .map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) })
            .sum();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert!(Archive::read(&*bytes).unwrap_err().to_string().contains("too large"));
    }

    #[test]
    fn links_are_refused() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "index.json", "/etc/passwd").unwrap();
        let bytes = tar.into_inner().unwrap();
        assert!(Archive::read(&*bytes).unwrap_err().to_string().contains("neither a file"));
    }
}
