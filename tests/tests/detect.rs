//! The corpus of attacks and benign workloads in its shortened form, against the shipped rules: `make detect` runs all of it.

use std::process::Command;

use lanner_tests::{binary, require_kernel, root, target, test_pack};

/// How much of the attacks has to be detected, in percent: somewhat less than is reached, as which programs a machine has
/// makes some difference.
const LEAST: &str = "85";
/// On how many of the benign cases there may be alarms.
const ALARMS: &str = "2";

#[test]
fn attacks_are_detected_and_work_goes_on_in_silence() {
    require_kernel!();
    let packs = root().join("target/packs");
    assert!(packs.is_dir(), "{} is missing: run `make test`, or `make packs` first", packs.display());
    // It marks where a case begins and ends.
    test_pack("losses");
    let output = Command::new(target().join("xtask"))
        .args(["detect", "--short", "--least", LEAST, "--benign", ALARMS, "--lanner"])
        .arg(binary())
        .arg("--rules")
        .arg(packs)
        .env("CARGO_MANIFEST_DIR", root().join("xtask"))
        .output()
        .expect("xtask is built with the tests");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    println!("{}", said(&output.stdout));
    assert!(output.status.success(), "{}", said(&output.stderr));
}
