//! A pack as an OCI artifact, in the layout that the CNCF gives to WebAssembly: made from a component, and read back.
//!
//! What is made is the same bytes for the same component: a digest can be reproduced.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanner_artifact::{
    COMPONENT_MEDIA_TYPE, CONFIG_MEDIA_TYPE, DESCRIPTION_ANNOTATION, EMPTY_MEDIA_TYPE, LIST_ARTIFACT_TYPE,
    LIST_MEDIA_TYPES,
};
use lanner_engine::{Description, Interfaces};
use lanner_lists::Form;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::load::MAX_SIZE;

/// The type of an image manifest.
pub const MANIFEST_MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The type of an index of manifests.
pub const INDEX_MEDIA_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// What an index of packs is as an artifact.
pub const PACK_INDEX_TYPE: &str = "application/vnd.lanner.index.v1";
/// The type of its one layer, the index itself.
pub const PACK_INDEX_MEDIA_TYPE: &str = "application/vnd.lanner.index.v1+json";
/// Size of an index of packs at most, bytes: a pack of fifty rules takes some 12 KiB.
pub const MAX_PACK_INDEX: u64 = 16 << 20;
/// What there is for a config where nothing is to be said (OCI image specification, "Guidance for an empty descriptor").
const EMPTY: &[u8] = b"{}";
/// Size of a manifest, a config or a list at most, bytes; what registries must take at least.
pub const MAX_DOCUMENT: u64 = 4 << 20;

/// The annotation that says when something was made (RFC 3339).
const CREATED: &str = "org.opencontainers.image.created";

/// Names bytes in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What they are.
    pub media_type: String,
    /// Their digest.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
    /// In a list of referrers: what the referrer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// More about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A manifest: what belongs to an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// [`MANIFEST_MEDIA_TYPE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What the artifact is, where the config does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Describes the layers.
    pub config: Descriptor,
    /// What it is made of.
    pub layers: Vec<Descriptor>,
    /// What it refers to, as a signature does to what is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// More about it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A manifest, or an artifact, is not of a pack.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// It cannot be read.
    #[error("its manifest cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("it is not a pack: {0}; `lanner pack push` makes one of a component")]
    Other(String),
    /// It is no index of packs.
    #[error("it is not an index of packs: {0}; `lanner pack index push` makes one")]
    NoIndex(String),
    /// It is something else, where a list is asked for.
    #[error("it is no list: {0}; `lanner list push` makes one of a file")]
    NoList(String),
    /// The time that was asked for cannot be used.
    #[error("SOURCE_DATE_EPOCH is {0:?}, which is not a number of seconds since 1970")]
    Epoch(String),
}

/// What an artifact is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// A pack.
    #[default]
    Pack,
    /// Entries of a list.
    List,
}

/// A pack, a list, or an index of packs, as it is pushed.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The bytes of the manifest.
    pub manifest: Vec<u8>,
    /// The bytes of the config.
    pub config: Vec<u8>,
}

/// The config, as the CNCF's layout has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    created: Timestamp,
    architecture: &'static str,
    os: &'static str,
    layer_digests: Vec<Digest>,
    component: Interfaces,
}

impl Descriptor {
    /// Names these bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        let (media_type, digest, size) = (media_type.to_owned(), Digest::of(bytes), bytes.len() as u64);
        Self { media_type, digest, size, artifact_type: None, annotations: None }
    }
}

impl Artifact {
    /// Makes an artifact of a component; `created` is when the pack was made, where that is known.
    pub fn new(
        component: &[u8],
        description: &Description,
        interfaces: Interfaces,
        created: Option<Timestamp>,
    ) -> Result<Self, ArtifactError> {
        let layer = Descriptor::of(COMPONENT_MEDIA_TYPE, component);
        let config = serde_json::to_vec(&Config {
            // Some that read it want a time; one that is made up must be the same each time.
            created: created.unwrap_or(Timestamp::UNIX_EPOCH),
            architecture: "wasm",
            // The layout's word for a component, whether it uses WASI or not; a module would be wasip1.
            os: "wasip2",
            layer_digests: vec![layer.digest],
            component: interfaces,
        })?;
        let title = format!("{}.wasm", description.name);
        let mut annotations = BTreeMap::from([
            (DESCRIPTION_ANNOTATION.to_owned(), description.for_annotation().to_annotation()),
            ("org.opencontainers.image.title".to_owned(), description.name.clone()),
            ("org.opencontainers.image.version".to_owned(), description.version.clone()),
            ("org.opencontainers.image.description".to_owned(), description.summary.clone()),
        ]);
        if let Some(created) = created {
            annotations.insert(CREATED.to_owned(), created.to_string());
        }
        // Others name the file so when they pull it.
        let file = BTreeMap::from([("org.opencontainers.image.title".to_owned(), title)]);
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_MEDIA_TYPE.to_owned()),
            artifact_type: None,
            config: Descriptor::of(CONFIG_MEDIA_TYPE, &config),
            layers: vec![Descriptor { annotations: Some(file), ..layer }],
            subject: None,
            annotations,
        };
        Ok(Self { manifest: serde_json::to_vec(&manifest)?, config })
    }

    /// Makes an artifact of an index of packs.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn of_index(document: &[u8], created: Timestamp) -> Result<Self, ArtifactError> {
        let created = created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_MEDIA_TYPE.to_owned()),
            artifact_type: Some(PACK_INDEX_TYPE.to_owned()),
            config: Descriptor::of(EMPTY_MEDIA_TYPE, EMPTY),
            layers: vec![Descriptor::of(PACK_INDEX_MEDIA_TYPE, document)],
            subject: None,
            annotations: BTreeMap::from([("org.opencontainers.image.created".to_owned(), created)]),
        };
        Ok(Self { manifest: serde_json::to_vec(&manifest)?, config: EMPTY.to_vec() })
    }

    /// Makes an artifact of the entries of a list, as they stand in a file of this form. `created` is as of when they are: the same
    /// name never leads back to older ones.
    pub fn of_list(bytes: &[u8], form: Form, name: &str, created: Timestamp) -> Result<Self, ArtifactError> {
        let (media_type, end) = match form {
            Form::Text => (LIST_MEDIA_TYPES[0], "txt"),
            Form::Csv => (LIST_MEDIA_TYPES[1], "csv"),
            Form::Json => (LIST_MEDIA_TYPES[2], "json"),
        };
        let title = |title: String| BTreeMap::from([("org.opencontainers.image.title".to_owned(), title)]);
        let mut annotations = title(name.to_owned());
        annotations.insert(CREATED.to_owned(), created.to_string());
        let layer = Descriptor::of(media_type, bytes);
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST_MEDIA_TYPE.to_owned()),
            artifact_type: Some(LIST_ARTIFACT_TYPE.to_owned()),
            config: Descriptor::of(EMPTY_MEDIA_TYPE, EMPTY),
            layers: vec![Descriptor { annotations: Some(title(format!("{name}.{end}"))), ..layer }],
            subject: None,
            annotations,
        };
        Ok(Self { manifest: serde_json::to_vec(&manifest)?, config: EMPTY.to_vec() })
    }

    /// The digest that names it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

impl Manifest {
    /// Reads any manifest.
    ///
    /// # Errors
    /// It is none.
    pub fn read(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        match manifest.schema_version {
            2 => Ok(manifest),
            other => Err(ArtifactError::Other(format!("its manifest has the version {other}, not 2"))),
        }
    }

    /// Reads the manifest of a pack.
    ///
    /// # Errors
    /// It is one of something else.
    pub fn of_pack(bytes: &[u8]) -> Result<Self, ArtifactError> {
        // An index has no config, and would be refused with a sentence about a missing field.
        let kind: serde_json::Value = serde_json::from_slice(bytes)?;
        if kind.get("manifests").is_some() {
            return Err(ArtifactError::Other("it is an index of several artifacts".to_owned()));
        }
        let manifest = Self::read(bytes)?;
        let other = |what: String| Err(ArtifactError::Other(what));
        if manifest.config.media_type != CONFIG_MEDIA_TYPE {
            return other(format!("its config is {:?}, not {CONFIG_MEDIA_TYPE}", manifest.config.media_type));
        }
        let [layer] = &*manifest.layers else {
            return other(format!("it has {} layers, and a pack has one", manifest.layers.len()));
        };
        if layer.media_type != COMPONENT_MEDIA_TYPE {
            return other(format!("its layer is {:?}, not {COMPONENT_MEDIA_TYPE}", layer.media_type));
        }
        if layer.size > MAX_SIZE || manifest.config.size > MAX_DOCUMENT {
            return other(format!("its component would have {} bytes; {MAX_SIZE} are allowed", layer.size));
        }
        Ok(manifest)
    }

    /// Reads the manifest of an index of packs.
    ///
    /// # Errors
    /// It is one of something else.
    pub fn of_index(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let manifest = Self::read(bytes)?;
        let other = |what: String| Err(ArtifactError::NoIndex(what));
        if manifest.artifact_type.as_deref() != Some(PACK_INDEX_TYPE) {
            let is = manifest.artifact_type.as_ref().unwrap_or(&manifest.config.media_type);
            return other(format!("it is {is:?}, not {PACK_INDEX_TYPE}"));
        }
        let [layer] = &*manifest.layers else {
            return other(format!("it has {} layers, and an index has one", manifest.layers.len()));
        };
        if layer.media_type != PACK_INDEX_MEDIA_TYPE {
            return other(format!("its layer is {:?}, not {PACK_INDEX_MEDIA_TYPE}", layer.media_type));
        }
        if layer.size > MAX_PACK_INDEX || manifest.config.size > MAX_DOCUMENT {
            return other(format!("it would have {} bytes; {MAX_PACK_INDEX} are allowed", layer.size));
        }
        Ok(manifest)
    }

    /// Reads the manifest of an artifact of this kind.
    ///
    /// # Errors
    /// It is one of something else.
    pub fn of_kind(bytes: &[u8], kind: Kind) -> Result<Self, ArtifactError> {
        match kind {
            Kind::Pack => Self::of_pack(bytes),
            Kind::List => Self::of_list(bytes),
        }
    }

    fn of_list(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let other = |what: String| Err(ArtifactError::NoList(what));
        let Ok(manifest) = Self::read(bytes) else { return other("its manifest cannot be read as one".to_owned()) };
        if manifest.artifact_type.as_deref() != Some(LIST_ARTIFACT_TYPE) {
            let said = manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type);
            return other(format!("it is {said:?}, not {LIST_ARTIFACT_TYPE}"));
        }
        let [layer] = &*manifest.layers else {
            return other(format!("it has {} layers, and a list has one", manifest.layers.len()));
        };
        if !LIST_MEDIA_TYPES.contains(&&*layer.media_type) {
            return other(format!("its layer is {:?}, not one of {}", layer.media_type, LIST_MEDIA_TYPES.join(", ")));
        }
        let most = lanner_lists::MAX_BYTES;
        if layer.size > most || manifest.config.size > MAX_DOCUMENT {
            return other(format!("it would have {} bytes; {most} are allowed", layer.size));
        }
        Ok(manifest)
    }

    /// The one layer of what [`Manifest::of_index`] has read.
    pub fn document(&self) -> &Descriptor {
        &self.layers[0]
    }

    /// How the entries of a list are written, of which this is the manifest.
    pub fn form(&self) -> Form {
        match self.layers.first().map(|layer| &*layer.media_type) {
            Some("text/csv") => Form::Csv,
            Some("application/json") => Form::Json,
            _ => Form::Text,
        }
    }

    /// As of when it is, where it says so.
    pub fn created(&self) -> Option<Timestamp> {
        self.annotations.get(CREATED)?.parse().ok()
    }

    /// What it calls itself.
    pub fn title(&self) -> Option<&str> {
        self.annotations.get("org.opencontainers.image.title").map(String::as_str)
    }

    /// The component of a pack that [`Manifest::of_pack`] has read, or the entries of a list.
    pub fn component(&self) -> &Descriptor {
        &self.layers[0]
    }

    /// What the pack says of itself, as far as the annotations tell it.
    pub fn description(&self) -> Option<lanner_artifact::Description> {
        lanner_artifact::Description::of(&self.annotations).ok().flatten()
    }
}

/// When the pack was made, as SOURCE_DATE_EPOCH says (reproducible-builds.org).
///
/// # Errors
/// It says nothing that is a time.
pub fn source_date() -> Result<Option<Timestamp>, ArtifactError> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else { return Ok(None) };
    let text = text.to_string_lossy();
    let seconds = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.map(Some).ok_or_else(|| ArtifactError::Epoch(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use lanner_engine::Rule;
    use lanner_engine::Severity;

    use super::*;

    fn artifact(created: Option<Timestamp>) -> Artifact {
        let rule = Rule {
            id: "a/b".to_owned(),
            summary: "one".to_owned(),
            severity: Severity::High,
            attack: vec!["T1059".to_owned()],
            ..Rule::default()
        };
        let description = Description {
            name: "n".to_owned(),
            version: "1.2.3".to_owned(),
            summary: "what".to_owned(),
            rules: vec![rule],
            ..Description::default()
        };
        let interfaces = Interfaces { exports: vec!["x".to_owned()], imports: Vec::new() };
        Artifact::new(b"component", &description, interfaces, created).unwrap()
    }

    #[test]
    fn the_same_pack_has_the_same_digest() {
        assert_eq!(artifact(None).digest(), artifact(None).digest());
        let then = Timestamp::from_second(1_700_000_000).unwrap();
        assert_ne!(artifact(None).digest(), artifact(Some(then)).digest());
    }

    #[test]
    fn what_is_made_is_read() {
        let made = artifact(None);
        let manifest = Manifest::of_pack(&made.manifest).unwrap();
        assert_eq!(manifest.component().digest, Digest::of(b"component"));
        assert_eq!(manifest.config.digest, Digest::of(&made.config));
        assert_eq!(manifest.description().unwrap().rules[0].severity, "high");
        assert!(!manifest.annotations.contains_key("org.opencontainers.image.created"));
        let config: serde_json::Value = serde_json::from_slice(&made.config).unwrap();
        assert_eq!(config["architecture"], "wasm");
        assert_eq!(config["os"], "wasip2");
        assert_eq!(config["layerDigests"][0], Digest::of(b"component").to_string());
        assert_eq!(config["component"]["exports"][0], "x");
    }

    #[test]
    fn a_list_is_no_pack_and_a_pack_is_no_list() {
        let created = Timestamp::from_second(1_700_000_000).unwrap();
        let list = Artifact::of_list(b"443\n", Form::Csv, "ports", created).unwrap();
        let manifest = Manifest::of_kind(&list.manifest, Kind::List).unwrap();
        assert_eq!((manifest.form(), manifest.created(), manifest.title()), (Form::Csv, Some(created), Some("ports")));
        assert_eq!(manifest.component().digest, Digest::of(b"443\n"));
        assert!(Manifest::of_kind(&list.manifest, Kind::Pack).unwrap_err().to_string().contains("is not a pack"));
        let pack = artifact(None).manifest;
        let refused = Manifest::of_kind(&pack, Kind::List).unwrap_err().to_string();
        assert!(refused.contains("it is no list: it is \"application/vnd.wasm.config.v0+json\""), "{refused}");
        assert!(Manifest::of_kind(b"{}", Kind::List).is_err());
    }

    #[test]
    fn other_artifacts_are_refused() {
        let made: serde_json::Value = serde_json::from_slice(&artifact(None).manifest).unwrap();
        let refused = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut changed = made.clone();
            change(&mut changed);
            Manifest::of_pack(&serde_json::to_vec(&changed).unwrap()).unwrap_err().to_string()
        };
        assert!(refused(&|m| m["layers"] = serde_json::json!([])).contains("0 layers"));
        assert!(refused(&|m| m["layers"][0]["mediaType"] = "text/plain".into()).contains("text/plain"));
        assert!(refused(&|m| m["config"]["mediaType"] = "text/plain".into()).contains("config"));
        assert!(refused(&|m| m["layers"][0]["size"] = (MAX_SIZE + 1).into()).contains("allowed"));
        assert!(refused(&|m| m["layers"][0]["digest"] = "sha256:../x".into()).contains("digest"));
        assert!(refused(&|m| m["schemaVersion"] = 1.into()).contains("version 1"));
        assert!(refused(&|m| m["manifests"] = serde_json::json!([])).contains("index"));
    }
}
