//! Finding a toolchain that builds for wasm32.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cargo;

/// What packs are built for: no WASI, so that nothing but the host's own interface can be imported.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A way to build for [`TARGET`]. `xtask/setup.sh` installs one of them, and looks for them in the same order.
#[derive(Debug)]
pub enum Toolchain {
    /// The usual toolchain has the target's standard library.
    Ready {
        /// Where the toolchain lies.
        sysroot: PathBuf,
    },
    /// The distribution's toolchain has the standard library's sources, and builds it on the way.
    BuildStd {
        /// Where the toolchain lies.
        sysroot: PathBuf,
        /// The linker.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds the one for the crates in this folder.
    ///
    /// # Errors
    /// There is none, and how to get one.
    pub fn find(folder: &Path) -> Result<Self> {
        if let Some(sysroot) = sysroot(Path::new("rustc"), folder)
            && sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
        {
            return Ok(Self::Ready { sysroot });
        }
        if Path::new(DISTRIBUTION_CARGO).exists()
            && let Some(sysroot) = sysroot(Path::new(DISTRIBUTION_RUSTC), folder)
            && sysroot.join(SOURCES).join("library/Cargo.lock").exists()
            && let Some(linker) = linker(Path::new("/usr/bin"))
        {
            return Ok(Self::BuildStd { sysroot, linker });
        }
        bail!(
            "no Rust toolchain here builds for {TARGET}.\n\
             With rustup: rustup target add {TARGET}\n\
             On Debian:   apt-get install rustc-web cargo-web rust-web-src lld-22"
        );
    }

    /// Its cargo, for the crates in this folder.
    pub fn cargo(&self, folder: &Path) -> Command {
        let mut command = match self {
            Self::Ready { .. } => cargo::foreign("cargo"),
            Self::BuildStd { .. } => {
                let mut command = cargo::foreign(DISTRIBUTION_CARGO);
                command.env("RUSTC", DISTRIBUTION_RUSTC);
                command
            }
        };
        command.current_dir(folder);
        command
    }

    /// Has its cargo build for the target.
    pub fn aim(&self, command: &mut Command) {
        command.args(["--target", TARGET]);
        if let Self::BuildStd { linker, .. } = self {
            // Building the standard library is a nightly feature.
            command.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
    }

    /// Where the standard library's sources lie, or would lie.
    pub fn sources(&self) -> PathBuf {
        let (Self::Ready { sysroot } | Self::BuildStd { sysroot, .. }) = self;
        sysroot.join(SOURCES)
    }
}

const DISTRIBUTION_CARGO: &str = "/usr/bin/cargo";
const DISTRIBUTION_RUSTC: &str = "/usr/bin/rustc";
/// Below a sysroot.
const SOURCES: &str = "lib/rustlib/src/rust";

fn sysroot(rustc: &Path, folder: &Path) -> Option<PathBuf> {
    let mut command = cargo::foreign(rustc);
    // The folder decides: it may have a rust-toolchain.toml.
    command.current_dir(folder).args(["--print", "sysroot"]);
    cargo::read(&mut command).ok().map(|text| PathBuf::from(text.trim_end()))
}

/// The newest `wasm-ld` in the folder.
fn linker(folder: &Path) -> Option<PathBuf> {
    let names = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.file_name());
    let newest = names
        .filter_map(|name| Some((version(name.to_str()?)?, folder.join(name))))
        .max_by_key(|(version, _)| *version)
        .map(|(_, path)| path);
    newest.or_else(|| Some(folder.join("wasm-ld")).filter(|path| path.exists()))
}

fn version(name: &str) -> Option<u32> {
    name.strip_prefix("wasm-ld-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn linkers_are_told_by_their_version() {
        assert_eq!(version("wasm-ld-22"), Some(22));
        assert_eq!(version("wasm-ld"), None);
        assert_eq!(version("ld-22"), None);
    }
}
