//! What runs in the guests: built without shared libraries, as the guests have none.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::cargo::{self, Artifact};
use crate::root;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The programs that are checked in the guests.
pub(super) struct Programs {
    /// The host itself.
    pub(super) lanner: PathBuf,
    /// The tests of the probes, in probes/tests/kernel.
    pub(super) probe_tests: PathBuf,
}

impl Programs {
    /// Builds them in a folder of their own, as other flags in the usual one would have everything there built anew.
    pub(super) fn build() -> Result<Self> {
        let mut command = cargo::native();
        command
            .current_dir(root())
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            // It would be used instead.
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            // Named, so that the flags are not for procedural macros, which have to be shared libraries.
            .args(["build", "--target", TARGET, "--target-dir", "target/static"])
            // A guest has to hold them in memory.
            .args(["--config", "profile.dev.strip='debuginfo'"])
            .args(["-p", "lanner", "--bin", "lanner", "-p", "lanner-probes", "--test", "kernel"]);
        let built = cargo::artifacts(&mut command)?;
        Ok(Self { lanner: executable(&built, "lanner")?, probe_tests: executable(&built, "kernel")? })
    }
}

fn executable(built: &[Artifact], target: &str) -> Result<PathBuf> {
    let mut executables = built.iter().filter(|artifact| artifact.target.name == target);
    let executable = executables.find_map(|artifact| artifact.executable.clone());
    executable.with_context(|| format!("cargo gave no program of the target {target}"))
}
