//! Builds the kernel-side objects, and checks that the committed ones are what the source gives.
//!
//! An object depends on the compiler's version, so that is recorded beside it: only the same version can be held to the
//! same bytes. Any other at least compiles the source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};

use crate::root;

/// Where the C sources are; the compiler runs there, so that no folder of this machine gets into the object.
const SOURCES: &str = "probes/src/bpf";
const SOURCE: &str = "probes.bpf.c";
const OBJECTS: &str = "probes/objects";
const OBJECT: &str = "probes.bpf.o";
/// The version line of the compiler that made the committed objects.
const COMPILER: &str = "probes/objects/compiler";

/// The preferred compiler, and what to try where it is missing.
const CLANGS: [&str; 10] = [
    "clang-22", "clang", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14",
];
const INSTALL: &str = "apt-get install clang-22 llvm-22 libbpf-dev";

/// A kind of machine that has an object: its name in Rust and in libbpf's headers.
struct Target {
    name: &'static str,
    define: &'static str,
}

/// Built and committed.
const TARGETS: [Target; 1] = [Target { name: "x86_64", define: "__TARGET_ARCH_x86" }];
/// Compiled by the check only, so that the source stays ready for them.
const PREPARED: [Target; 1] = [Target { name: "aarch64", define: "__TARGET_ARCH_arm64" }];

struct Compiler {
    clang: &'static str,
    /// Of the same version.
    strip: String,
    /// The first line of `--version`.
    version: String,
}

pub(crate) fn run(check: bool) -> Result<()> {
    let compiler = Compiler::find()?;
    if check { check_objects(&compiler) } else { build_objects(&compiler) }
}

fn build_objects(compiler: &Compiler) -> Result<()> {
    for target in &TARGETS {
        let object = committed(target);
        fs::create_dir_all(object.parent().context("an object has a folder")?)?;
        compiler.compile(target, &object)?;
        compiler.strip(&object)?;
        println!("{} ({} bytes)", object.display(), fs::metadata(&object)?.len());
    }
    fs::write(root().join(COMPILER), format!("{}\n", compiler.version)).context(COMPILER)?;
    println!("built by {}", compiler.version);
    Ok(())
}

fn check_objects(compiler: &Compiler) -> Result<()> {
    let scratch = Scratch::new()?;
    let recorded = fs::read_to_string(root().join(COMPILER)).context(COMPILER)?;
    let same_compiler = recorded.trim() == compiler.version;
    for target in TARGETS.iter().chain(&PREPARED) {
        let object = scratch.0.join(format!("{}-{OBJECT}", target.name));
        compiler.compile(target, &object)?;
        if !same_compiler || PREPARED.iter().any(|prepared| prepared.name == target.name) {
            println!("{}: compiles", target.name);
            continue;
        }
        compiler.strip(&object)?;
        let committed = committed(target);
        let is = fs::read(&committed).with_context(|| committed.display().to_string())?;
        ensure!(
            is == fs::read(&object)?,
            "{} is not what {SOURCES} gives: run `cargo xtask probes` and commit the object",
            committed.display()
        );
        println!("{}: the committed object is what the source gives", target.name);
    }
    if !same_compiler {
        println!(
            "the bytes were NOT compared: the committed objects are by `{}`, here is `{}` (to compare: {INSTALL})",
            recorded.trim(),
            compiler.version
        );
    }
    Ok(())
}

fn committed(target: &Target) -> PathBuf {
    root().join(OBJECTS).join(target.name).join(OBJECT)
}

impl Compiler {
    fn find() -> Result<Self> {
        for clang in CLANGS {
            let Ok(output) = Command::new(clang).arg("--version").output() else { continue };
            if !output.status.success() {
                continue;
            }
            let text = String::from_utf8_lossy(&output.stdout);
            let Some(version) = text.lines().next() else { continue };
            let strip = clang.replace("clang", "llvm-strip");
            return Ok(Self { clang, strip, version: version.trim().to_owned() });
        }
        bail!("no clang is installed, and the kernel-side objects are C: {INSTALL}")
    }

    fn compile(&self, target: &Target, object: &Path) -> Result<()> {
        let mut command = Command::new(self.clang);
        command
            .current_dir(root().join(SOURCES))
            .args(["-target", "bpf", "-mcpu=v3", "-g", "-O2", "-Wall", "-Wextra", "-Werror"])
            // Names in the debug information are relative, or every folder would give other bytes.
            .args(["-fdebug-compilation-dir=.", &format!("-D{}", target.define), "-c", SOURCE, "-o"])
            .arg(object);
        let output = command.output().with_context(|| format!("cannot run {}", self.clang))?;
        if !output.status.success() {
            let errors = told(&output);
            let headers = errors.contains("bpf/bpf_helpers.h' file not found");
            bail!(
                "{} does not compile {SOURCES}/{SOURCE} for {}:\n{errors}{}",
                self.version,
                target.name,
                if headers { format!("\nlibbpf's headers are missing: {INSTALL}") } else { String::new() }
            );
        }
        Ok(())
    }

    /// Takes the debug information out, but for BTF, which the kernel and the loader read.
    fn strip(&self, object: &Path) -> Result<()> {
        let strip = &self.strip;
        let output = Command::new(strip).arg("-g").arg(object).output();
        let output = output.with_context(|| format!("cannot run {strip}: {INSTALL}"))?;
        ensure!(output.status.success(), "{strip} failed:\n{}", told(&output));
        Ok(())
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

/// A folder that goes when the check ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("lanner-probes-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind where that fails, in a folder for what may be left behind.
        let _ = fs::remove_dir_all(&self.0);
    }
}
