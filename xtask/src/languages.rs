//! What of `make test` is in other languages than Rust: the SDKs and their reference packs, by their own tools.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::test::with_python;
use crate::{packs, root};
use lanner_build::cargo;

/// A language, or a few that are tested by one tool.
pub(crate) struct Language {
    pub(crate) name: &'static str,
    /// Says whether its tools are there.
    pub(crate) test: fn() -> Result<bool>,
    /// What is not checked without them.
    pub(crate) without: &'static str,
}

/// In the order in which they are tested.
pub(crate) const LANGUAGES: [Language; 6] = [
    Language { name: "C and C++", test: c, without: "the SDKs for C and C++ (there is no make)" },
    Language { name: "Zig", test: zig, without: "the Zig SDK (there is no zig)" },
    Language { name: "Go", test: go, without: "the Go SDK (there is no go)" },
    Language { name: "Python", test: python, without: "the Python SDK (there is no pytest)" },
    Language {
        name: "JavaScript and TypeScript",
        test: javascript,
        without: "the SDK for JavaScript (there is no npm)",
    },
    Language {
        name: "AssemblyScript",
        test: assemblyscript,
        without: "the reference pack in AssemblyScript (npm ci was not run in its folder)",
    },
];

/// The SDKs of C and C++ and their reference packs, by make and the system's compilers. Says whether there is a make.
fn c() -> Result<bool> {
    let Some(make) = program("make") else { return Ok(false) };
    for folder in ["sdk/c", "tests/reference/c", "sdk/cpp", "tests/reference/cpp"] {
        cargo::run(Command::new(&make).args(["--no-print-directory", "test"]).current_dir(root().join(folder)))?;
    }
    Ok(true)
}

/// Zig's SDK and its reference pack. Says whether there is a zig.
fn zig() -> Result<bool> {
    let Some(zig) = program("zig") else { return Ok(false) };
    for folder in ["sdk/zig", "tests/reference/zig"] {
        cargo::run(Command::new(&zig).args(["build", "test"]).current_dir(root().join(folder)))?;
    }
    Ok(true)
}

/// The Go SDK and its reference pack: checked, tested, built. Says whether there is a Go.
fn go() -> Result<bool> {
    let Some(go) = program("go") else { return Ok(false) };
    let reference = root().join("tests/reference/go");
    let go = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new(&go);
        command.current_dir(folder).args(arguments);
        // As it is here: no other toolchain, no network, no workspace around it.
        command.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOWORK", "off"), ("GOFLAGS", "")]);
        command
    };
    for folder in [&root().join("sdk/go"), &reference] {
        cargo::run(&mut go(folder, &["vet", "./..."]))?;
        cargo::run(&mut go(folder, &["test", "./..."]))?;
    }
    let module = root().join("target/go/reference.wasm");
    let flags = ["-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="];
    let mut build = go(&reference, &["build"]);
    build.args(flags).arg("-o").arg(&module).arg(".").envs([("GOOS", "wasip1"), ("GOARCH", "wasm")]);
    cargo::run(&mut build)?;
    packs::componentize(&module, &module.with_file_name("pack.wasm"), Some(&root().join("sdk/adapter/go.wasm")))?;
    Ok(true)
}

/// The reference pack in AssemblyScript: built and tested. Says whether its compiler is there.
fn assemblyscript() -> Result<bool> {
    let folder = root().join("tests/reference/assemblyscript");
    let Some(npm) = program("npm").filter(|_| folder.join("node_modules").is_dir()) else { return Ok(false) };
    for arguments in [["run", "--silent", "build"].as_slice(), &["test", "--silent"]] {
        // npm looks for node there.
        cargo::run(Command::new(&npm).args(arguments).env("PATH", with_python()).current_dir(&folder))?;
    }
    let module = folder.join("target/pack.core.wasm");
    packs::componentize(&module, &folder.join("target/pack.wasm"), None)?;
    Ok(true)
}

/// Python's SDK and its reference pack, by pytest. Says whether that is there.
fn python() -> Result<bool> {
    let Some(python) = program("python3") else { return Ok(false) };
    let has_pytest = Command::new(&python).args(["-m", "pytest", "--version"]).output();
    if !has_pytest.is_ok_and(|output| output.status.success()) {
        return Ok(false);
    }
    for folder in ["sdk/python", "tests/reference/python"] {
        // What tests leave behind has no place in the tree.
        let flags = ["-B", "-m", "pytest", "--quiet", "-p", "no:cacheprovider"];
        cargo::run(Command::new(&python).args(flags).current_dir(root().join(folder)))?;
    }
    Ok(true)
}

/// The SDK of JavaScript and TypeScript and its reference pack, by Node's own test runner. Says whether what they need is there.
fn javascript() -> Result<bool> {
    let Some(npm) = program("npm") else { return Ok(false) };
    for folder in ["sdk/js", "tests/reference/js"] {
        cargo::run(
            Command::new(&npm).args(["test", "--silent"]).env("PATH", with_python()).current_dir(root().join(folder)),
        )?;
    }
    Ok(true)
}

fn program(name: &str) -> Option<PathBuf> {
    env::split_paths(&with_python()).map(|folder| folder.join(name)).find(|path| path.is_file())
}
