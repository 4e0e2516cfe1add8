//! Others verify what is written here: the implementation of Sigstore for Node.js, and openssl.
//!
//! Needs node, npm, a registry of npm packages, and openssl.

mod forge;
mod mint;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use forge::{Key, PACK, PAYLOAD_TYPE, pae};
use lanner_trust::{KeyPair, TrustedRoot, sign, verify_keyless};
use mint::{Authority, ISSUER, Request, SUBJECT};
use serde_json::{Value, json};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().unwrap_or_else(|error| {
        panic!("{program} cannot be run ({error}); `xtask/setup.sh test` installs what the tests need")
    })
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_implementation_for_node() {
    let folder = folder();
    let at = folder.path();
    for file in ["package.json", "package-lock.json", "verify.mjs"] {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer").join(file), at.join(file)).unwrap();
    }
    stdout(&run("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], at));

    let key = KeyPair::generate();
    let bundle = sign(&key, PACK).unwrap();
    fs::write(at.join("bundle.json"), bundle.as_bytes()).unwrap();
    fs::write(at.join("key.pub"), key.public().to_pem()).unwrap();
    let said = stdout(&run("node", &["verify.mjs", "key", "bundle.json", "key.pub"], at));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["subject"][0]["digest"]["sha256"], PACK[7..]);
    assert_eq!(said["predicateType"], forge::RELEASE);

    // It refuses what it should: else its yes is worth nothing.
    fs::write(at.join("other.pub"), Key::new(1).public_pem()).unwrap();
    assert!(!run("node", &["verify.mjs", "key", "bundle.json", "other.pub"], at).status.success());
    let mut changed: Value = serde_json::from_slice(bundle.as_bytes()).unwrap();
    changed["dsseEnvelope"]["payload"] = json!(BASE64.encode("{}"));
    fs::write(at.join("changed.json"), changed.to_string()).unwrap();
    assert!(!run("node", &["verify.mjs", "key", "changed.json", "key.pub"], at).status.success());

    // The authority of the tests is one for others too, so what our verifier says of its bundles means something.
    let authority = Authority::new();
    let bundle = authority.sign(&Request::release(PACK));
    fs::write(at.join("keyless.json"), &bundle).unwrap();
    fs::write(at.join("root.json"), authority.trusted_root()).unwrap();
    let keyless = |issuer| run("node", &["verify.mjs", "keyless", "keyless.json", "root.json", SUBJECT, issuer], at);
    stdout(&keyless(ISSUER));
    assert!(!keyless("https://evil.example").status.success());
    let root = TrustedRoot::from_json(&authority.trusted_root()).unwrap();
    let team = [lanner_trust::Identity::new(ISSUER, SUBJECT).unwrap()];
    assert!(verify_keyless(&bundle, PACK, &root, &team).is_ok());
}

#[test]
fn openssl() {
    let folder = folder();
    let at = folder.path();
    let key = KeyPair::generate();
    let bundle: Value = serde_json::from_slice(sign(&key, PACK).unwrap().as_bytes()).unwrap();
    let decoded = |pointer| BASE64.decode(bundle.pointer(pointer).and_then(Value::as_str).unwrap()).unwrap();
    fs::write(at.join("key.pub"), key.public().to_pem()).unwrap();
    fs::write(at.join("signature"), decoded("/dsseEnvelope/signatures/0/sig")).unwrap();
    let mut signed = pae(PAYLOAD_TYPE, &decoded("/dsseEnvelope/payload"));
    let verify = ["dgst", "-sha256", "-verify", "key.pub", "-signature", "signature", "signed"];
    fs::write(at.join("signed"), &signed).unwrap();
    assert_eq!(stdout(&run("openssl", &verify, at)), "Verified OK\n");
    signed.push(b' ');
    fs::write(at.join("signed"), &signed).unwrap();
    assert!(!run("openssl", &verify, at).status.success());

    // The name of a key is what anybody can compute.
    stdout(&run("openssl", &["pkey", "-pubin", "-in", "key.pub", "-outform", "DER", "-out", "key.der"], at));
    let digest = run("openssl", &["dgst", "-sha256", "-binary", "key.der"], at);
    assert_eq!(BASE64.encode(digest.stdout), key.public().id().as_str());
}
