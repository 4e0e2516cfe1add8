//! A team that publishes packs with an index, for tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lanner_contract::{Description, Rule};
use lanner_pack::artifact::{Artifact, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, Manifest};
use lanner_pack::digest::Digest;
use lanner_pack::index::PackIndex;
use lanner_pack::lock::{Lock, Pin};
use lanner_pack::reference::{Reference, Repository};
use lanner_pack::remote::{Access, Remote};
use serde_json::{Value, json};

use crate::made::{self, Calls};
use crate::registry::{Client, Kind, Liar, Registry, Said, finish};
use crate::target;

/// A registry with an index of packs of a team, and a client that trusts the team.
pub struct Scene {
    /// Where they publish.
    pub registry: Registry,
    /// Who installs.
    pub client: Client,
}

impl Scene {
    /// With nothing in it.
    pub fn new(kind: Kind) -> Self {
        let (registry, client) = (Registry::start(kind), Client::default());
        client.key("release");
        client.trust(&format!("{}/lanner", registry.address()), "release");
        Self { registry, client }
    }

    /// A folder with packs of these names and versions, which do nothing.
    pub fn packs(&self, packs: &[(&str, &str)]) -> PathBuf {
        let folder =
            self.client.file(&packs.iter().map(|(name, version)| format!("{name}-{version}")).collect::<String>());
        fs::create_dir_all(&folder).expect("a folder");
        for (name, version) in packs {
            fs::write(folder.join(name).with_extension("wasm"), pack(name, version)).expect("a pack");
        }
        folder
    }

    /// Publishes the packs of a folder with `cargo xtask publish`.
    pub fn publish(&self, packs: &Path) -> Said {
        let mut command = Command::new(target().join("xtask"));
        command
            .args(["publish", &format!("{}/lanner", self.registry.address()), "--key"])
            .arg(self.client.file("release.key"));
        command.arg("--packs").arg(packs).args(["--publisher", "The team", "--licence", "MIT"]);
        command.env("LANNER_KEY_PASSWORD", "secret").env("LANNER_STORE", self.client.file("publisher"));
        command
            .env("DOCKER_CONFIG", self.client.file("docker"))
            .env_remove("SOURCE_DATE_EPOCH")
            .env_remove("LANNER_LOG");
        finish(command)
    }

    /// The index.
    pub fn index(&self) -> String {
        self.registry.reference("lanner/index")
    }

    /// A verb that goes by the policy.
    pub fn trusting(&self, arguments: &[&str]) -> Said {
        self.client.pack([arguments, &["--trust", "trust.toml"]].concat())
    }

    /// As [`Scene::trusting`], with JSON as the outcome.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.client.json([arguments, &["--trust", "trust.toml"]].concat())
    }

    /// What is pinned, as name and version.
    pub fn pinned(&self) -> Vec<String> {
        self.lock().values().map(|pin| format!("{} {}", pin.name, pin.version)).collect()
    }

    /// What the lock file pins, by the packs' names.
    pub fn lock(&self) -> BTreeMap<String, Pin> {
        let lock = Lock::read(&self.client.file("lanner.lock")).expect("it is sound").unwrap_or_default();
        lock.pins.into_values().map(|pin| (pin.name.clone(), pin)).collect()
    }
}

/// A pack with one rule, which does nothing.
pub fn pack(name: &str, version: &str) -> Vec<u8> {
    let rule = Rule {
        attack: vec!["T1003.008".to_owned()],
        properties: vec![("maturity".to_owned(), "stable".to_owned())],
        ..made::rule(&format!("{name}/one"), vec![("open", None)])
    };
    let (name, version) = (name.to_owned(), version.to_owned());
    let said = Description {
        name,
        version,
        summary: "Made for a test".to_owned(),
        rules: vec![rule],
        ..Description::default()
    };
    made::pack(&said.encode(), &Calls::default())
}

/// All that belongs to an index in a registry.
pub struct IndexCopy {
    /// Its manifest.
    pub digest: Digest,
    /// The index itself.
    pub document: Digest,
    /// All bytes.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
    /// The manifests of its signatures.
    pub signatures: Vec<Digest>,
}

impl IndexCopy {
    /// Takes it out of the registry.
    pub fn of(reference: &str) -> Self {
        let reference: Reference = reference.parse().expect("a name");
        let repository = reference.repository();
        let remote = Remote::new(repository.registry(), &Access::default()).expect("a client");
        let digest = remote.resolve(&reference, None).expect("it is there").digest;
        let bytes = remote.manifest(repository, digest).expect("its manifest");
        let manifest = Manifest::of_index(&bytes).expect("an index");
        let mut blobs = BTreeMap::from([(digest, bytes)]);
        for blob in [&manifest.config, manifest.document()] {
            let mut bytes = Vec::new();
            remote.blob(repository, blob, &mut bytes).expect("a blob");
            blobs.insert(blob.digest, bytes);
        }
        let mut signatures = Vec::new();
        for referrer in remote.referrers(repository, digest).expect("its referrers") {
            let signature = remote.signature(repository, referrer.digest).expect("it is there").expect("a signature");
            for bytes in [signature.bytes, signature.bundle, signature.config] {
                blobs.insert(Digest::of(&bytes), bytes);
            }
            signatures.push(referrer.digest);
        }
        Self { digest, document: manifest.document().digest, blobs, signatures }
    }

    /// Has a registry say all this.
    pub fn say(&self, liar: &Liar, signatures: &[Digest]) {
        for (digest, bytes) in &self.blobs {
            liar.say(&format!("lanner/index/blobs/{digest}"), "application/octet-stream", bytes.clone());
            liar.say(&format!("lanner/index/manifests/{digest}"), MANIFEST_MEDIA_TYPE, bytes.clone());
        }
        liar.say("lanner/index/manifests/latest", MANIFEST_MEDIA_TYPE, self.blobs[&self.digest].clone());
        let of = |digest: &Digest| json!({"mediaType": MANIFEST_MEDIA_TYPE, "digest": digest, "size": self.blobs[digest].len()});
        let manifests: Vec<Value> = signatures.iter().map(of).collect();
        let list = json!({"schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": manifests});
        liar.say(&format!("lanner/index/referrers/{}", self.digest), INDEX_MEDIA_TYPE, list.to_string());
    }
}

/// Puts an index into the registry that says what it is told to, signed by the team all the same.
pub fn push_index(scene: &Scene, change: impl Fn(&mut PackIndex)) {
    let repository: Repository = scene.index().parse().expect("a repository");
    let remote = Remote::new(repository.registry(), &Access::default()).expect("a client");
    let copy = IndexCopy::of(&scene.index());
    let mut index = PackIndex::read(&copy.blobs[&copy.document]).expect("an index");
    index.published += std::time::Duration::from_secs(1);
    change(&mut index);
    let document = index.to_json();
    let artifact = Artifact::of_index(&document, index.published).expect("an artifact");
    for blob in [&document, &artifact.config] {
        remote.push_blob(&repository, blob).expect("pushed");
    }
    remote.push_manifest(&repository, "latest", MANIFEST_MEDIA_TYPE, &artifact.manifest).expect("pushed");
    scene.client.pack(["sign", &scene.index(), "--key", "release.key"]).ok();
}
