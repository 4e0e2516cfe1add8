//! What an attacker may try between a registry and a host: each is refused, with a sentence of its own.

use std::fs;

use lanner_pack::artifact::MANIFEST_MEDIA_TYPE;
use lanner_pack::digest::Digest;
use lanner_tests::registry::{Client, Kind, Liar, Registry};
use lanner_tests::test_pack;
use serde_json::{Value, json};

/// Two signed packs of one repository, saved into files, and a client that trusts who signed them.
struct Scene {
    client: Client,
    liar: Liar,
}

const NAME: &str = "team/counter";

impl Scene {
    fn new() -> Self {
        let registry = Registry::start(Kind::Ours);
        let (client, liar) = (Client::default(), Liar::default());
        client.key("release");
        for (pack, file) in [("counter-1", "1.tar"), ("counter-2", "2.tar")] {
            let name = registry.reference(&format!("{NAME}:{pack}"));
            client.pack(["push", test_pack(pack).to_str().unwrap(), &name, "--sign", "release.key"]).ok();
            client.pack(["save", &name, "-o", file]).ok();
        }
        client.trust(&format!("{}/team", liar.address()), "release");
        // What is tried must not be helped by what was pulled before.
        Self { client, liar }
    }

    fn name(&self) -> String {
        format!("oci://{}/{NAME}:1", self.liar.address())
    }

    /// As `lanner run` gets a pack, with the same refusals.
    fn update(&self) -> lanner_tests::registry::Said {
        self.client.pack(["update", &self.name(), "--trust", "trust.toml"])
    }
}

#[test]
fn the_truth_is_taken() {
    let scene = Scene::new();
    scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    assert!(scene.update().ok().contains("counter 1.0.0"));
}

#[test]
fn nothing_is_taken_without_a_policy() {
    let scene = Scene::new();
    scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    fs::write(scene.client.file("trust.toml"), "apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n").unwrap();
    scene.update().refused("nothing is trusted from");
    assert_eq!(scene.liar.asked(), [""; 0], "a registry that is not trusted is not even asked");
    // To look at, it may be had; that it is not trusted is said.
    let pulled = scene.client.json(["pull", &scene.name(), "--trust", "trust.toml"]);
    assert_eq!(pulled["trusted"], false);
}

#[test]
fn a_key_that_is_not_trusted_is_refused() {
    let scene = Scene::new();
    scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    scene.client.key("other");
    scene.client.trust(scene.liar.address(), "other");
    scene.update().refused("by another key");
}

#[test]
fn stripped_signatures_are_missed() {
    let scene = Scene::new();
    let archive = scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    scene.liar.refer(&archive, NAME, archive.packs[0].digest, &[]);
    scene.update().refused("is not signed");
}

#[test]
fn a_signature_of_another_pack_is_no_signature() {
    let scene = Scene::new();
    let other = scene.liar.repeat(&scene.client.file("2.tar"), NAME, "2");
    let archive = scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    let replayed: Vec<Digest> = other.packs[0].signatures.iter().copied().collect();
    scene.liar.refer(&other, NAME, archive.packs[0].digest, &replayed);
    scene.update().refused("is of other content");
}

#[test]
fn other_bytes_under_a_signed_digest_are_refused() {
    let scene = Scene::new();
    let archive = scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    let other = scene.liar.repeat(&scene.client.file("2.tar"), NAME, "2");
    let component = |archive: &lanner_pack::layout::Archive| {
        let bytes = archive.blob(archive.packs[0].digest).unwrap();
        lanner_pack::artifact::Manifest::of_pack(bytes).unwrap().component().clone()
    };
    // The component of another pack; as long as the real one, so that the length does not tell.
    let real = component(&archive);
    let mut bytes = other.blob(component(&other).digest).unwrap().to_vec();
    bytes.resize(real.size as usize, 0);
    scene.liar.say(&format!("{NAME}/blobs/{}", real.digest), "application/octet-stream", bytes);
    scene.update().refused("sends other bytes");
    let mut bytes = archive.blob(real.digest).unwrap().to_vec();
    bytes.push(0);
    scene.liar.say(&format!("{NAME}/blobs/{}", real.digest), "application/octet-stream", bytes);
    scene.update().refused("sends more than");
    // The manifest itself: by a tag, it is another one; by its digest, it cannot be.
    let immutable = format!("oci://{}/{NAME}@{}", scene.liar.address(), archive.packs[0].digest);
    let bytes = other.blob(other.packs[0].digest).unwrap();
    scene.liar.say(&format!("{NAME}/manifests/{}", archive.packs[0].digest), "application/json", bytes);
    scene.client.pack(["verify", &immutable, "--trust", "trust.toml"]).refused("sends other bytes");
}

#[test]
fn what_lies_in_the_store_is_hashed_again() {
    let scene = Scene::new();
    let archive = scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    scene.update().ok();
    let manifest = archive.blob(archive.packs[0].digest).unwrap();
    let component = lanner_pack::artifact::Manifest::of_pack(manifest).unwrap().component().digest;
    let path = scene.client.file("store/blobs/sha256").join(component.hex());
    fs::write(&path, fs::read(test_pack("counter-2")).unwrap()).unwrap();
    let file = scene.client.file("out.wasm");
    scene.client.pack(["pull", &scene.name(), "-o", file.to_str().unwrap(), "--trust", "trust.toml"]).ok();
    assert_eq!(Digest::of(&fs::read(file).unwrap()), component, "it was fetched again");
}

#[test]
fn an_older_version_in_the_place_of_a_newer_one_is_refused() {
    let scene = Scene::new();
    scene.liar.repeat(&scene.client.file("2.tar"), NAME, "1");
    scene.update().ok();
    // Signed, and by the right key: only the order of the versions tells.
    scene.liar.repeat(&scene.client.file("1.tar"), NAME, "1");
    scene.update().refused("is version 1.0.0 now, older than 2.0.0");
    let allowed = ["update", &scene.name(), "--trust", "trust.toml", "--allow-downgrade"];
    assert!(scene.client.pack(allowed).ok().contains("2.0.0 → 1.0.0"));
    scene.liar.repeat(&scene.client.file("2.tar"), NAME, "1");
    assert!(scene.update().ok().contains("1.0.0 → 2.0.0"));
}

#[test]
fn a_manifest_that_never_ends_is_not_read() {
    let scene = Scene::new();
    let mut bytes = br#"{"schemaVersion":2,"x":""#.to_vec();
    bytes.resize(8 << 20, b'a');
    scene.liar.say(&format!("{NAME}/manifests/1"), "application/json", bytes);
    scene.update().refused("sends more than");
}

#[test]
fn a_changed_archive_is_refused() {
    let scene = Scene::new();
    let path = scene.client.file("1.tar");
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    scene.client.pack(["load", "1.tar"]).refused("other bytes than its name says");
}

/// Whoever may push can put a lot beside a pack, so that the list of it comes in pages.
#[test]
fn a_signature_is_found_behind_what_others_put_there() {
    let registry = Registry::start(Kind::Ours);
    let client = Client::default();
    client.key("release");
    client.trust(&format!("{}/team", registry.address()), "release");
    let name = registry.reference(&format!("{NAME}:1"));
    let pack = test_pack("counter-1");
    let pushed = client.json(["push", pack.to_str().unwrap(), &name, "--sign", "release.key"]);
    let subject = pushed["digest"].as_str().expect("a digest").to_owned();
    let base = format!("http://{}/v2/{NAME}", registry.address());
    let listed = || {
        let mut answer = ureq::get(format!("{base}/referrers/{subject}")).call().expect("a list");
        let list: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("JSON");
        list["manifests"].as_array().expect("a list").iter().map(|one| one["digest"].to_string()).collect::<Vec<_>>()
    };
    let signature = listed().remove(0);
    // The list is in the order of digests: so many before the signature that the first page has none of it.
    let (mut before, mut n) = (0, 0);
    while before < 4 {
        n += 1;
        assert!(n < 500, "the signature has an uncommonly low digest");
        let junk = json!({
            "schemaVersion": 2, "mediaType": MANIFEST_MEDIA_TYPE, "artifactType": "application/x-junk", "layers": [],
            "config": { "mediaType": "application/x-junk", "digest": subject, "size": 2 },
            "subject": { "mediaType": MANIFEST_MEDIA_TYPE, "digest": subject, "size": 2 },
            "annotations": { "n": n.to_string(), "junk": "x".repeat(1 << 20) },
        });
        let junk = junk.to_string();
        let digest = Digest::of(junk.as_bytes()).to_string();
        if format!("\"{digest}\"") > signature {
            continue;
        }
        before += 1;
        let put = ureq::put(format!("{base}/manifests/{digest}")).header("content-type", MANIFEST_MEDIA_TYPE);
        put.send(junk.as_bytes()).expect("pushed");
    }
    assert!(!listed().contains(&signature), "the first page has the signature");
    client.pack(["update", &name, "--trust", "trust.toml"]).ok();
}
