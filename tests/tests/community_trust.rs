//! Indexes of packs trust nobody: what is changed, older, unsigned or by others is refused, and so is what they say wrongly.

use std::fs;
use std::process::Command;

use lanner_pack::digest::Digest;
use lanner_tests::community::{IndexCopy, Scene, push_index};
use lanner_tests::registry::{Client, Kind, Liar, finish};
use serde_json::Value;

#[test]
fn an_index_that_is_not_the_teams_is_refused() {
    let scene = Scene::new(Kind::Ours);
    assert!(scene.publish(&scene.packs(&[("watcher", "1.0.0")])).done);
    let first = IndexCopy::of(&scene.index());
    assert!(scene.publish(&scene.packs(&[("watcher", "1.1.0")])).done);
    let second = IndexCopy::of(&scene.index());
    let liar = Liar::default();
    let index = format!("oci://{}/lanner/index", liar.address());
    let add = || scene.trusting(&["index", "add", &index]);

    // Nothing is trusted from there: it is not even asked, and it is told which verb changes that.
    add().refused(&format!("lanner pack trust add {}/lanner/index --key FILE --trust trust.toml", liar.address()));
    assert_eq!(liar.asked(), [""; 0]);
    scene.client.trust(&format!("{}/lanner", liar.address()), "release");
    // Without its signature.
    second.say(&liar, &[]);
    add().refused("is not signed");
    // With that of another index.
    let mut both = IndexCopy {
        blobs: first.blobs.clone().into_iter().chain(second.blobs.clone()).collect(),
        ..IndexCopy::of(&scene.index())
    };
    both.say(&liar, &first.signatures);
    add().refused("is of other content");
    // Changed, with the signature of what it was: its manifest has another digest then.
    let mut manifest: Value = serde_json::from_slice(&both.blobs[&both.digest]).expect("JSON");
    manifest["annotations"]["org.opencontainers.image.created"] = "2030-01-01T00:00:00Z".into();
    let changed = manifest.to_string().into_bytes();
    let real = std::mem::replace(&mut both.digest, Digest::of(&changed));
    both.blobs.insert(both.digest, changed);
    both.say(&liar, &second.signatures);
    add().refused("is of other content");
    both.digest = real;
    // Other bytes in the place of what its manifest names.
    second.say(&liar, &second.signatures);
    let mut bytes = second.blobs[&second.document].clone();
    let last = bytes.len() - 1;
    bytes[last] = b' ';
    liar.say(&format!("lanner/index/blobs/{}", second.document), "application/octet-stream", bytes.clone());
    add().refused("sends other bytes");
    bytes.extend([b' '; 100]);
    liar.say(&format!("lanner/index/blobs/{}", second.document), "application/octet-stream", bytes);
    add().refused("sends more than");
    // By another key.
    second.say(&liar, &second.signatures);
    scene.client.key("other");
    scene.client.trust(&format!("{}/lanner", liar.address()), "other");
    add().refused("by another key");
    assert!(scene.client.pack(["index", "list"]).ok().contains("no index of packs is known"), "none was taken");

    // The truth; and after it, what was true before.
    scene.client.trust(&format!("{}/lanner", liar.address()), "release");
    add().ok();
    first.say(&liar, &first.signatures);
    scene.trusting(&["search", "watcher"]).refused("somebody may bring back an index that leads to packs with holes");
    scene.trusting(&["index", "update"]).refused("--allow-downgrade");
    // To remove it and add it again is no way around that.
    scene.client.pack(["index", "remove", "lanner"]).ok();
    add().refused("was taken before");
    scene.trusting(&["index", "add", &index, "--allow-downgrade"]).ok();
    assert_eq!(scene.json(&["search", "watcher"])["version"], "1.0.0");
    // What is trusted no more is used no more, from the store neither.
    second.say(&liar, &second.signatures);
    add().ok();
    scene.client.trust("h.example", "release");
    scene.trusting(&["search", "watcher", "--offline"]).refused("lanner pack trust add");
    // What is no index is none, whoever signed it.
    let pack = scene.registry.reference("lanner/watcher");
    scene.client.trust(&format!("{}/lanner", scene.registry.address()), "release");
    scene.trusting(&["index", "add", &pack]).refused("it is not an index of packs");
    scene.client.pack(["pull", &scene.index(), "--trust", "trust.toml"]).refused("it is not a pack");
}

#[test]
fn installing_trusts_nobody() {
    let scene = Scene::new(Kind::Ours);
    assert!(scene.publish(&scene.packs(&[("watcher", "1.0.0")])).done);
    // The index is trusted, and what it leads to is not.
    let address = scene.registry.address();
    scene.client.trust(&format!("{address}/lanner/index"), "release");
    scene.trusting(&["index", "add", &scene.index()]).ok();
    let policy = fs::read(scene.client.file("trust.toml")).expect("the policy");
    let said = scene.trusting(&["install", "watcher", "--yes"]);
    let stderr = said.stderr.clone();
    said.refused("\"The team\", who signs with key");
    assert_eq!(fs::read(scene.client.file("trust.toml")).expect("the policy"), policy, "nothing was added to it");
    assert!(scene.lock().is_empty());
    // The fingerprint to compare, and the command that would do it, word by word.
    let listed = scene.json(&["search", "watcher"]);
    assert!(listed["publisher"]["keys"][0].as_str().expect("a key").starts_with("-----BEGIN PUBLIC KEY"));
    let fingerprint = "openssl pkey -pubin -in release.pub -outform DER | openssl dgst -sha256 -binary | base64";
    let mut shell = Command::new("sh");
    shell.args(["-c", fingerprint]).current_dir(scene.client.file("."));
    let fingerprint = finish(shell).ok();
    assert!(stderr.contains(fingerprint.trim()), "{fingerprint} is not in {stderr}");
    let (_, remedy) = stderr.trim().split_once("if you trust them: lanner pack ").expect("a command");
    assert!(remedy.starts_with(&format!("trust add {address}/lanner/watcher --key ")), "{remedy}");
    let added = scene.client.pack(remedy.split(' ')).ok();
    assert!(added.contains("in an entry of its own"), "{added}");
    scene.trusting(&["install", "watcher", "--yes"]).ok();
    assert_eq!(scene.pinned(), ["watcher 1.0.0"]);
}

#[test]
fn what_an_index_says_of_a_pack_is_held_against_the_pack() {
    let scene = Scene::new(Kind::Ours);
    assert!(scene.publish(&scene.packs(&[("watcher", "1.0.0")])).done);
    scene.trusting(&["index", "add", &scene.index()]).ok();
    // A host runs one pack of a name.
    let elsewhere = scene.registry.reference("lanner/copy:1");
    scene.client.pack(["copy", &scene.registry.reference("lanner/watcher"), &elsewhere]).ok();
    scene.trusting(&["update", &elsewhere]).ok();
    scene.trusting(&["install", "watcher", "--yes"]).refused("is pinned already");
    scene.client.pack(["remove", "watcher"]).ok();
    scene.trusting(&["install", "watcher", "--yes"]).ok();
    let lock = scene.lock();
    push_index(&scene, |index| index.packs[0].versions[0].version = "2.0.0".parse().expect("a version"));
    scene.trusting(&["install", "watcher", "--yes"]).refused("says that it is watcher 2.0.0, and it is watcher 1.0.0");
    push_index(&scene, |index| index.packs[0].versions[0].version = "0.1.0".parse().expect("a version"));
    scene.trusting(&["install", "watcher", "--yes"]).refused("give watcher@0.1.0 if the older one is meant");
    // Another pack under a version that is pinned.
    push_index(&scene, |index| {
        index.packs[0].versions[0].version = "1.0.0".parse().expect("a version");
        index.packs[0].versions[0].digest = Digest::of(b"other");
    });
    scene.trusting(&["install", "watcher", "--yes"]).refused("a version is to stay what it is");
    assert_eq!(scene.json(&["outdated"])["standing"], "replaced");
    // What makes no sense is not used at all; nor is an index of a later form.
    push_index(&scene, |index| index.packs[0].versions.clear());
    scene.trusting(&["search", "watcher"]).refused("it has no version; tell whoever publishes it");
    assert_eq!(scene.lock(), lock);
}

#[test]
fn whom_to_trust_is_said_by_one_verb() {
    let client = Client::default();
    client.key("release");
    client.key("other");
    let add = |more: &[&str]| client.pack([&["trust", "add"], more, &["--trust", "policy/trust.toml"]].concat());
    add(&["h.example/team", "--key", "release.key"]).refused("this is a private key");
    add(&["h.example/team", "--identity", "x@h.example", "--issuer", "https://i.example"]).refused("--trusted-root");
    assert!(!client.file("policy/trust.toml").exists());
    assert!(add(&["h.example/team", "--key", "release.pub"]).ok().contains("in an entry of its own"));
    let path = client.file("policy/trust.toml");
    let text = fs::read_to_string(&path).expect("the policy");
    fs::write(&path, format!("# Ours.\n{text}\n# The end.\n")).expect("written");
    assert!(add(&["h.example/team", "--key", "other.pub"]).ok().contains("is trusted for h.example/team too"));
    assert!(add(&["h.example/team", "--key", "other.pub"]).ok().contains("already; nothing was changed"));
    let narrower = add(&["h.example/team/linux", "--key", "other.pub"]).ok();
    assert!(
        narrower
            .contains("the entry for h.example/team, which decided for h.example/team/linux so far, does so no more")
    );
    let text = fs::read_to_string(&path).expect("the policy");
    assert!(text.starts_with("# Ours.\n") && text.contains("# The end."), "{text}");
    let shown = client.json(["trust", "add", "i.example", "--key", "release.pub", "--trust", "policy/trust.toml"]);
    assert_eq!(
        (&shown["change"], &shown["prefix"], &shown["placed"]),
        (&"new".into(), &"i.example".into(), &Value::Null)
    );
    // Neither key nor identity, or both: wrong usage.
    for wrong in [&["h.example"][..], &["h.example", "--key", "a", "--identity", "b", "--issuer", "c"]] {
        let mut command = client.command(["pack", "trust", "add"]);
        assert_eq!(command.args(wrong).output().expect("it starts").status.code(), Some(2), "{wrong:?}");
    }
}
