//! The README's first rule, made into a crate, built with its command, loaded and triggered.

use std::fs;
use std::process::Command;

use lanner_tests::{Lanner, copy_program, require_kernel, root, target};

/// The README's block of Rust.
fn first_rule() -> String {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("```rust\n").expect("a block of Rust");
    rest.split_once("```").expect("the block's end").0.to_owned()
}

fn succeeds(command: &mut Command) {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

#[test]
fn the_first_rule_is_built_loaded_and_finds() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, rules) = (folder.path().join("first"), folder.path().join("rules"));
    let sdk = root().join("sdk/rust");
    fs::create_dir_all(&rules).expect("a folder");
    succeeds(Command::new("cargo").args(["new", "--quiet", "--vcs", "none", "--lib"]).arg(&pack));
    // The versions that the tree has, so that nothing has to be asked of a registry.
    fs::copy(root().join("tests/packs/Cargo.lock"), pack.join("Cargo.lock")).expect("the lock");
    let manifest = pack.join("Cargo.toml");
    let mut text = fs::read_to_string(&manifest).expect("the manifest");
    text += &format!("lanner-sdk = {{ path = {sdk:?} }}\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n");
    fs::write(&manifest, text).expect("written");
    fs::write(pack.join("src/lib.rs"), first_rule()).expect("written");
    succeeds(Command::new(target().join("xtask")).arg("packs").arg(&pack).arg("--out").arg(&rules));

    let lanner = Lanner::watch(&[&rules], &[]);
    // What it is called is all that the rule looks at.
    let python = folder.path().join("python3");
    copy_program("/bin/cat", &python);
    succeeds(Command::new(&python).arg("/etc/passwd"));
    let message = format!("{} read /etc/passwd", python.display());
    let finding = lanner.wait_for_finding("the first finding", |finding| finding["message"] == message);
    assert_eq!(finding["rule"], "my-rules/passwd-read-by-python");
    assert_eq!(finding["severity"], "medium");
}
