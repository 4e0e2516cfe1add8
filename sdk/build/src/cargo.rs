//! Starting cargo and other tools, without what an outer cargo left in the environment.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// What a user may have set for every cargo of the machine, so that it holds for another toolchain's cargo too.
const FOR_EVERY_CARGO: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_BUILD_JOBS",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTR", // CARGO_REGISTRY_… and CARGO_REGISTRIES_…
    "CARGO_SOURCE_",
    "CARGO_TERM_",
];

/// What cargo sets for a program that it runs.
const SET_BY_CARGO_RUN: [&str; 6] =
    ["CARGO_BIN_", "CARGO_CRATE_NAME", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];

/// A cargo that builds for this machine as the outer one does: same toolchain, flags and target folder.
pub fn native() -> Command {
    natively("cargo")
}

/// A program that starts such a cargo.
pub fn natively(program: &str) -> Command {
    without(program, |name| name == "CARGO" || SET_BY_CARGO_RUN.iter().any(|prefix| name.starts_with(prefix)))
}

/// A program of a toolchain that may be another than the outer one: nothing that selects or adjusts a toolchain
/// comes through.
pub fn foreign(program: impl AsRef<OsStr>) -> Command {
    without(program, adjusts_a_toolchain)
}

fn without(program: impl AsRef<OsStr>, unwanted: impl Fn(&str) -> bool) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(&unwanted) {
            command.env_remove(name);
        }
    }
    command
}

fn adjusts_a_toolchain(name: &str) -> bool {
    if name == "CARGO" || name.starts_with("CARGO_") {
        return !FOR_EVERY_CARGO.iter().any(|prefix| name.starts_with(prefix));
    }
    // `cargo run` puts the outer toolchain's libraries into LD_LIBRARY_PATH.
    matches!(name, "LD_LIBRARY_PATH" | "OUT_DIR" | "RUSTFLAGS" | "RUSTUP_TOOLCHAIN" | "RUST_RECURSION_COUNT")
        || name.starts_with("RUSTC")
        || name.starts_with("RUSTDOC")
}

/// Runs a command whose output is for the person at the terminal.
///
/// # Errors
/// It cannot be started, or fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{} cannot be started", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command for what it writes to stdout; stderr is for the person at the terminal, when it fails.
///
/// # Errors
/// It cannot be started, or fails.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{} cannot be started", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}): {}", shown(command), output.status, said.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("what {} wrote", shown(command)))
}

/// Something that `cargo build` made, or found made already.
#[derive(Deserialize)]
pub struct Artifact {
    /// The Cargo.toml of its crate.
    pub manifest_path: PathBuf,
    /// What of the crate it was made from.
    pub target: Target,
    /// Its files.
    pub filenames: Vec<PathBuf>,
    /// Where it is a program.
    pub executable: Option<PathBuf>,
}

/// What of a crate it was made from.
#[derive(Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
}

/// Runs `cargo build`, given with its other arguments, for what it makes; its messages are for the person at the
/// terminal.
///
/// # Errors
/// It cannot be started, or fails.
pub fn artifacts(cargo_build: &mut Command) -> Result<Vec<Artifact>> {
    #[derive(Deserialize)]
    #[serde(tag = "reason", rename_all = "kebab-case")]
    enum Message {
        CompilerArtifact(Artifact),
        #[serde(other)]
        Other,
    }

    cargo_build.arg("--message-format=json-render-diagnostics").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = cargo_build.spawn().with_context(|| format!("{} cannot be started", shown(cargo_build)))?;
    let stdout = child.stdout.take().context("cargo's output")?;
    let mut artifacts = Vec::new();
    for line in BufReader::new(stdout).lines() {
        if let Message::CompilerArtifact(artifact) = serde_json::from_str(&line?).context("what cargo build wrote")? {
            artifacts.push(artifact);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", shown(cargo_build));
    }
    Ok(artifacts)
}

/// The command as one would type it.
pub fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::adjusts_a_toolchain;

    #[test]
    fn only_the_machines_own_settings_reach_another_toolchain() {
        for kept in ["PATH", "HOME", "CARGO_HOME", "CARGO_HTTP_PROXY", "CARGO_REGISTRIES_OURS_TOKEN", "RUST_BACKTRACE"]
        {
            assert!(!adjusts_a_toolchain(kept), "{kept}");
        }
        for dropped in [
            "CARGO",
            "CARGO_BUILD_TARGET",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_MANIFEST_DIR",
            "CARGO_TARGET_DIR",
            "LD_LIBRARY_PATH",
            "RUSTC",
            "RUSTC_BOOTSTRAP",
            "RUSTC_WRAPPER",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
        ] {
            assert!(adjusts_a_toolchain(dropped), "{dropped}");
        }
    }
}
