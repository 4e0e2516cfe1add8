//! Packs in each language, as their authors make them: the project of `lanner rule new` builds, and its tests pass, by the host's
//! engine and by the language's own runner; the reference packs find the same.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lanner_tests::{root, target, test_pack};
use serde_json::Value;

/// PATH with what `make setup` has put into the tree.
fn path() -> OsString {
    let ours = root().join("target/python/bin");
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(ours).chain(std::env::split_paths(&others))).expect("folders without colons")
}

/// Ends a test as skipped where the language's compiler is not there; with `LANNER_REQUIRE_KERNEL=1` (as in CI) that is a failure.
fn has(programs: &[&str]) -> bool {
    let path = path();
    let is_there = |name: &&&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let missing: Vec<_> = programs.iter().filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return true;
    }
    let must = std::env::var_os("LANNER_REQUIRE_KERNEL").is_some_and(|value| value == "1");
    assert!(!must, "needs {missing:?}, and this run must not skip");
    println!("skipped: there is no {missing:?}; `make setup` and `xtask/setup.sh test` get it");
    false
}

/// Runs a command in a folder to its end; gives what it printed.
#[track_caller]
fn run(folder: &Path, program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("PATH", path()).env("NO_COLOR", "1").stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{program:?} {arguments:?} ends with {}\n{out}\n{err}", output.status);
    out
}

fn lanner(folder: &Path, arguments: &[&str]) -> String {
    run(folder, &lanner_tests::binary(), arguments)
}

/// A folder of this name in which node finds what npm has put below `target`.
fn fresh(name: &str) -> PathBuf {
    let folder = root().join("target/projects").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.parent().expect("a folder")).expect("made");
    folder
}

/// The project of `lanner rule new` builds, passes its declarative tests, and those of its own runner.
fn project(language: &str, tools: &[&str], own: &[&str]) {
    if !has(tools) {
        return;
    }
    let name = format!("my-{language}");
    let folder = fresh(&name);
    lanner(folder.parent().expect("a folder"), &["rule", "new", &name, "--lang", language]);
    let _alone = (language == "rust").then(|| {
        let alone = lanner_tests::alone("rule-new");
        // What is built once stays, for this and for another test, with the versions that the tree has.
        let kept = root().join("target/rule-new/target");
        fs::create_dir_all(&kept).expect("a folder");
        std::os::unix::fs::symlink(&kept, folder.join("target")).expect("a link");
        fs::copy(root().join("tests/packs/Cargo.lock"), folder.join("Cargo.lock")).expect("the lock");
        alone
    });
    // What the other test has built is built.
    let debug = language == "rust";
    let arguments = ["rule", "test", "--output", "json", "--debug"];
    let said = lanner(&folder, &arguments[..if debug { 5 } else { 4 }]);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let summary = lines.iter().find(|line| line["type"] == "summary").expect("a summary");
    assert_eq!((&summary["passed"], &summary["failed"]), (&6.into(), &0.into()), "{said}");
    let pack = format!("target/{}{name}.wasm", if debug { "debug/" } else { "" });
    assert!(folder.join(&pack).is_file());
    let checked = lanner(&folder, &["rule", "check", &pack, "--output", "json"]);
    assert!(!checked.contains("\"error\""), "{checked}");
    let [program, arguments @ ..] = own else { return };
    run(&folder, Path::new(program), arguments);
}

#[test]
fn a_project_in_rust() {
    project("rust", &["cargo"], &["cargo", "test", "--quiet"]);
}

#[test]
fn a_project_in_python() {
    project(
        "python",
        &["componentize-py", "python3"],
        &["python3", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
    );
}

#[test]
fn a_project_in_javascript() {
    project("js", &["node", "npm"], &["npm", "test", "--silent"]);
}

#[test]
fn a_project_in_typescript() {
    project("ts", &["node", "npm"], &["npm", "test", "--silent"]);
}

#[test]
fn a_project_in_go() {
    project("go", &["go"], &["go", "test", "./..."]);
}

#[test]
fn a_project_in_c() {
    project("c", &["make", "cc"], &["make", "test"]);
}

#[test]
fn a_project_in_cpp() {
    project("cpp", &["make", "zig", "c++"], &["make", "test"]);
}

#[test]
fn a_project_in_zig() {
    project("zig", &["zig"], &["zig", "build", "test"]);
}

/// Built where paths to the SDKs are as in the tree.
fn reference(language: &str) -> PathBuf {
    let (from, to) = (root().join("tests/reference").join(language), root().join("target/reference").join(language));
    let _ = fs::remove_dir_all(&to);
    copy(&from, &to);
    lanner(&to, &["rule", "build"]);
    to.join("target/reference.wasm")
}

/// A copy, in which links are what they lead to.
fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).expect("copied");
        return;
    }
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if !["target", "node_modules", "template", "template-ts", "__pycache__"]
            .iter()
            .any(|out| entry.file_name() == *out)
        {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    }
}

/// Recorded on a live host: what happened, thousands of events of it.
fn found(pack: &Path) -> String {
    let captures = ["1", "2"].map(|release| root().join("tests/released").join(release).join("capture.lcap"));
    let replay = |capture: &PathBuf| {
        let (capture, pack) = (capture.to_str().expect("UTF-8"), pack.to_str().expect("UTF-8"));
        lanner(&target(), &["replay", capture, "--rules", pack, "--output", "json"])
    };
    captures.iter().map(replay).collect()
}

#[test]
fn the_reference_pack_finds_the_same_in_every_language() {
    if !has(&["go", "componentize-py", "node", "make", "zig"]) {
        return;
    }
    let expected = found(&test_pack("reference"));
    assert!(expected.lines().count() > 0, "something is found");
    for language in ["python", "js", "go", "c", "cpp", "zig"] {
        let found = found(&reference(language));
        assert_eq!(found, expected, "{language}");
    }
}
