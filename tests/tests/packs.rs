//! The packs that Lanner ships: their tests, what is said of them, and the page about them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use lanner_tests::{binary, root, shipped_packs};
use serde_json::Value;

/// Below this line the page is what the packs say of themselves.
const MARK: &str =
    "<!-- What follows is generated: LANNER_WRITE_PAGES=1 cargo test -p lanner-tests --test packs -->\n\n";

/// The packs, by their names.
fn packs() -> Vec<(String, PathBuf)> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(shipped_packs()).expect("the shipped packs") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
        if path.extension().is_some_and(|extension| extension == "wasm") && source(&name).exists() {
            packs.push((name, path));
        }
    }
    packs.sort();
    assert!(packs.len() > 8, "{packs:?}");
    packs
}

fn source(pack: &str) -> PathBuf {
    root().join("rules-wasm").join(pack)
}

fn lanner(arguments: &[&str]) -> (Option<i32>, String) {
    let said = Command::new(binary()).args(arguments).env("NO_COLOR", "1").output().expect("it can be run");
    let text = [said.stdout, said.stderr].concat();
    (said.status.code(), String::from_utf8(text).expect("UTF-8"))
}

#[test]
fn each_passes_its_tests_and_each_rule_has_some() {
    for (name, path) in packs() {
        let tests = source(&name).join("tests");
        let path = path.to_str().expect("UTF-8");
        let (code, said) =
            lanner(&["rule", "test", path, "--tests", tests.to_str().expect("UTF-8"), "--threshold", "100"]);
        assert_eq!(code, Some(0), "{name}: {said}");
    }
}

#[test]
fn nothing_is_wrong_in_what_they_say_of_themselves() {
    for (name, path) in packs() {
        let (code, said) = lanner(&["rule", "check", path.to_str().expect("UTF-8"), "--deny", "warnings"]);
        assert_eq!(code, Some(0), "{name}: {said}");
    }
    let (code, said) = lanner(&["rule", "coverage", shipped_packs().to_str().expect("UTF-8"), "--output", "json"]);
    assert_eq!(code, Some(0), "{said}");
    let coverage: Value = serde_json::from_str(&said).expect("JSON");
    let rules =
        coverage["packs"].as_array().expect("packs").iter().flat_map(|pack| pack["rules"].as_array().expect("rules"));
    for rule in rules {
        let maturity = rule["properties"]["maturity"].as_str().unwrap_or_default();
        assert!(["stable", "incubating", "sandbox"].contains(&maturity), "{rule}");
        assert!(rule["properties"]["misses"].as_str().is_some_and(|misses| !misses.is_empty()), "{rule}");
        assert!(!rule["attack"].as_array().expect("ids").is_empty(), "{rule}");
    }
}

#[test]
fn the_page_about_them_is_what_they_say() {
    let (code, said) = lanner(&["rule", "coverage", shipped_packs().to_str().expect("UTF-8"), "--output", "markdown"]);
    assert_eq!(code, Some(0), "{said}");
    let page = root().join("docs/shipped.md");
    let text = fs::read_to_string(&page).expect("the page");
    let (head, told) = text.split_once(MARK).expect("the mark");
    if std::env::var_os("LANNER_WRITE_PAGES").is_some() {
        fs::write(&page, format!("{head}{MARK}{said}")).expect("written");
    } else {
        assert!(told == said, "docs/shipped.md is stale: LANNER_WRITE_PAGES=1 cargo test -p lanner-tests --test packs");
    }
}
