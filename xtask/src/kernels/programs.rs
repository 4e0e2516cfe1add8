//! What runs in the guests: the programs that the tests here run, too, and the shared libraries that they need.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::folder;
use crate::root;
use lanner_build::cargo::{self, Artifact};

/// The programs that are checked in the guests.
pub(super) struct Programs {
    /// The host itself.
    pub(super) lanner: PathBuf,
    /// The tests of the probes, in probes/tests/kernel.
    pub(super) probe_tests: PathBuf,
    /// What both need, and what loads it, where they look for them.
    pub(super) libraries: Vec<PathBuf>,
}

impl Programs {
    /// Builds them as the tests do, so that nothing is compiled twice.
    pub(super) fn build() -> Result<Self> {
        let built = |arguments: &[&str]| cargo::artifacts(cargo::native().current_dir(root()).args(arguments));
        let programs = built(&["build", "--workspace", "--bins"])?;
        let tests = built(&["test", "--no-run", "--workspace", "--test", "kernel"])?;
        let (lanner, probe_tests) = (executable(&programs, "lanner")?, executable(&tests, "kernel")?);
        let mut libraries = libraries(&lanner)?;
        libraries.extend(self::libraries(&probe_tests)?);
        libraries.sort();
        libraries.dedup();
        Ok(Self { lanner: small(&lanner)?, probe_tests: small(&probe_tests)?, libraries })
    }
}

fn executable(built: &[Artifact], target: &str) -> Result<PathBuf> {
    let mut executables = built.iter().filter(|artifact| artifact.target.name == target);
    let executable = executables.find_map(|artifact| artifact.executable.clone());
    executable.with_context(|| format!("cargo gave no program of the target {target}"))
}

/// A copy without what debuggers need: a guest has to hold it in memory.
fn small(program: &PathBuf) -> Result<PathBuf> {
    let copy = folder().join(program.file_name().unwrap_or_default());
    cargo::run(Command::new("strip").arg("--strip-debug").arg("-o").arg(&copy).arg(program))?;
    Ok(copy)
}

/// By what ldd says: `NAME => PATH (ADDRESS)`, and of the loader `PATH (ADDRESS)`.
fn libraries(program: &PathBuf) -> Result<Vec<PathBuf>> {
    let said = cargo::read(Command::new("ldd").arg(program))?;
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    let libraries: Vec<PathBuf> = said.lines().filter_map(path).collect();
    ensure!(!libraries.is_empty(), "ldd names no libraries of {}: {said}", program.display());
    Ok(libraries)
}
