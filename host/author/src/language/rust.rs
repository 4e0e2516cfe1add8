//! Rust: a crate whose library is a `cdylib`, built by the toolchain that has the target, or by the distribution's.

use std::path::Path;

use lanner_build::rust::{Options, TARGET, Toolchain, modules};

use super::{Build, BuildError, Distribution, Language, Mode, Output, has};

pub(super) static RUST: Language = Language {
    name: "rust",
    title: "Rust",
    manifest: "Cargo.toml",
    is: |folder| folder.join("Cargo.toml").is_file(),
    build: Build::Own(build),
};

/// Where cargo keeps what it makes: not where the author's own cargo does, so that neither waits for the other.
const TARGET_DIR: &str = "target/lanner";

fn build(folder: &Path, mode: Mode) -> Result<Output, BuildError> {
    let failed = |error| BuildError::Failed(format!("{error:#}"));
    if !has("cargo") || !has("rustc") {
        return Err(missing("Rust (cargo and rustc)"));
    }
    let toolchain = Toolchain::find(folder).map_err(|_| missing(&format!("Rust's standard library for {TARGET}")))?;
    let options = Options { target_dir: folder.join(TARGET_DIR), places: Vec::new(), debug: mode == Mode::Debug };
    let built = modules(&toolchain, folder, &options).map_err(failed)?;
    match built.as_slice() {
        [(_, module)] => Ok(Output::Module(module.clone())),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            Err(BuildError::Failed(format!(
                "{} is a workspace of several packs; name the folder of one: {}",
                folder.display(),
                names.join(", ")
            )))
        }
    }
}

fn missing(what: &str) -> BuildError {
    let rustup = format!("rustup target add {TARGET}");
    let install = match Distribution::here() {
        _ if has("rustup") => rustup,
        Distribution::Debian => "apt-get install rustc-web cargo-web rust-web-src lld".to_owned(),
        Distribution::Fedora => "dnf install cargo rust-std-static-wasm32-unknown-unknown".to_owned(),
        Distribution::Arch => "pacman -S rust rust-wasm".to_owned(),
        Distribution::Alpine => "apk add cargo rust-wasm lld".to_owned(),
        Distribution::Other => format!("get rustup from https://rustup.rs, and then {rustup}"),
    };
    BuildError::Missing { what: what.to_owned(), language: RUST.title, install }
}
