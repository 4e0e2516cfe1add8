//! Signatures: shown, and asked for.

use lanner_registry::oci::{Digest, Reference, RepositoryName};
use lanner_registry::packs::{Packs, PacksConfig, SignatureDemand};
use lanner_registry::store::Store;
use lanner_trust::{KeyPair, Subject, sign, signature_manifest};
use serde_json::json;
use tempfile::TempDir;

use crate::server::{Server, description};

/// Pushes a signature of `signed`, as one of `subject`; its digest.
pub(crate) async fn attach(
    server: &Server,
    repository: &str,
    key: &KeyPair,
    subject: &str,
    signed: &str,
    bundle_too: bool,
) -> String {
    let response =
        server.client.get(format!("{}/v2/{repository}/manifests/{subject}", server.url)).send().await.unwrap();
    let size = response.bytes().await.unwrap().len() as u64;
    let subject = Subject { media_type: lanner_registry::oci::MANIFEST.into(), digest: subject.into(), size };
    let bundle = sign(key, signed).unwrap();
    let signature = signature_manifest(&bundle, &subject, "2026-01-01T00:00:00Z".parse().unwrap());
    server.blob(repository, &signature.blobs[0].bytes).await;
    if bundle_too {
        server.blob(repository, &signature.blobs[1].bytes).await;
    }
    let (status, body, digest) = server.manifest(repository, None, &signature.manifest).await;
    assert_eq!(status, 201, "{body}");
    digest
}

pub(crate) struct Keys {
    pub(crate) folder: TempDir,
    pub(crate) ours: KeyPair,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let (folder, ours) = (tempfile::tempdir().unwrap(), KeyPair::generate());
        std::fs::write(folder.path().join("ours.pub"), ours.public().to_pem()).unwrap();
        Self { folder, ours }
    }

    fn path(&self) -> String {
        self.folder.path().join("ours.pub").display().to_string()
    }

    pub(crate) fn config(&self) -> String {
        format!("[packs]\nrequire_signature = [{{ repositories = [\"team/*\"], keys = [{:?}] }}]\n", self.path())
    }
}

/// Whether a pack is handed out to who may not push.
async fn released(folder: &TempDir, keys: &Keys, repository: &str, digest: &str) -> Result<(), String> {
    let store = Store::open_local(&Server::storage(folder)).unwrap();
    let demand = SignatureDemand { repositories: vec!["team/*".into()], keys: vec![keys.path().into()] };
    let packs = Packs::new(&PacksConfig { require_signature: vec![demand], ..PacksConfig::default() }, None).unwrap();
    let (name, digest): (RepositoryName, Digest) = (repository.parse().unwrap(), digest.parse().unwrap());
    let stored = store.manifest(&name, &Reference::Digest(digest)).await.unwrap().unwrap();
    // Who may push sees it in any case.
    packs.release(&store, &name, &stored, || true).await.unwrap();
    let first = packs.release(&store, &name, &stored, || false).await.map_err(|error| error.to_string());
    let second = packs.release(&store, &name, &stored, || false).await.map_err(|error| error.to_string());
    assert_eq!(first, second);
    first
}

#[tokio::test]
async fn only_what_is_signed_is_handed_out() {
    let (server, keys, theirs) = (Server::start("").await, Keys::new(), KeyPair::generate());
    let mut packs = Vec::new();
    for name in ["unsigned", "foreign", "replayed", "stripped", "good"] {
        packs.push(server.push(&format!("team/{name}"), "1", &description(name, "1.0.0", Vec::new(), &["exec"])).await);
    }
    let [unsigned, foreign, replayed, stripped, good] = <[String; 5]>::try_from(packs).unwrap();
    attach(&server, "team/foreign", &theirs, &foreign, &foreign, true).await;
    // A signature of another pack, by the right key.
    attach(&server, "team/replayed", &keys.ours, &replayed, &good, true).await;
    // The bundle itself was never pushed.
    attach(&server, "team/stripped", &keys.ours, &stripped, &stripped, false).await;
    attach(&server, "team/good", &theirs, &good, &good, true).await;
    attach(&server, "team/good", &keys.ours, &good, &good, true).await;
    server.push("other/unsigned", "1", &description("other", "1.0.0", Vec::new(), &["exec"])).await;
    let other = server.push("other/unsigned", "1", &description("other", "1.0.0", Vec::new(), &["exec"])).await;
    let image =
        json!({ "schemaVersion": 2, "config": server.blob("team/image", b"{}").await, "layers": [] }).to_string();
    let (_, _, image) = server.manifest("team/image", Some("1"), image.as_bytes()).await;

    let folder = server.stop();
    for (name, digest) in [("unsigned", unsigned), ("foreign", foreign), ("replayed", replayed), ("stripped", stripped)]
    {
        let refusal = released(&folder, &keys, &format!("team/{name}"), &digest).await.unwrap_err();
        assert_eq!(
            refusal,
            format!("DENIED: the pack {digest} is not signed by a key this registry asks for"),
            "{name}"
        );
    }
    released(&folder, &keys, "team/good", &good).await.unwrap();
    // Where nothing is asked for, and what is no pack.
    released(&folder, &keys, "other/unsigned", &other).await.unwrap();
    released(&folder, &keys, "team/image", &image).await.unwrap();
}

#[tokio::test]
async fn what_is_known_of_signatures_is_shown() {
    let keys = Keys::new();
    let server = Server::start(&keys.config()).await;
    let digest = server.push("team/a", "1", &description("a", "1.0.0", Vec::new(), &["exec"])).await;
    server.push("other/a", "1", &description("a", "1.0.0", Vec::new(), &["exec"])).await;
    let latest = async |path: &str| server.json(path).await["latest"].clone();
    let unsigned = latest("/api/v1/packs/team/a").await;
    assert_eq!((&unsigned["signatures"], &unsigned["verified"]), (&json!(0), &json!(false)));
    assert!(server.get("/packs/team/a").await.1.contains("Held back"));
    // Nobody asks there.
    assert_eq!(latest("/api/v1/packs/other/a").await["verified"], json!(null));
    // First a signature whose bundle is not there yet.
    let signature = attach(&server, "team/a", &keys.ours, &digest, &digest, false).await;
    let waiting = latest("/api/v1/packs/team/a").await;
    assert_eq!((&waiting["signatures"], &waiting["verified"]), (&json!(1), &json!(false)));
    server.delete(&format!("/v2/team/a/manifests/{signature}")).await;
    let signature = attach(&server, "team/a", &keys.ours, &digest, &digest, true).await;
    let signed = latest("/api/v1/packs/team/a").await;
    assert_eq!((&signed["signatures"], &signed["verified"]), (&json!(1), &json!(true)));
    assert!(signed["signers"][0].as_str().unwrap().contains(keys.ours.public().id().as_str()), "{signed}");
    assert!(server.get("/packs/team/a").await.1.contains("Verified"));
    // And without it again.
    server.delete(&format!("/v2/team/a/manifests/{signature}")).await;
    assert_eq!(latest("/api/v1/packs/team/a").await["verified"], json!(false));
}

#[test]
fn keys_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pub");
    let config = || PacksConfig {
        require_signature: vec![SignatureDemand { repositories: vec!["*".into()], keys: vec![path.clone()] }],
        ..PacksConfig::default()
    };
    let missing = Packs::new(&config(), None).err().unwrap().to_string();
    assert!(missing.contains(path.to_str().unwrap()) && missing.contains("cannot be read"), "{missing}");
    std::fs::write(&path, "no key").unwrap();
    let wrong = Packs::new(&config(), None).err().unwrap().to_string();
    assert!(wrong.contains(path.to_str().unwrap()) && wrong.contains("holds no public key"), "{wrong}");
}
