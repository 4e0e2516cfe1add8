//! Standing in for rustc, for one flag: the crate's identity.
//!
//! Cargo gives each crate an identity (`-C metadata`), from which type ids and the order of functions follow. For
//! crates of a path outside the workspace, as the SDK is for a pack, cargo makes it of the absolute path: two clones
//! give different bytes. Here the path is taken relative to the clone.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// Tells this program that it stands in for rustc, and below which folders crates get another identity.
const FOLDERS: &str = "LANNER_RUSTC_FOLDERS";

/// Has cargo call this program in place of rustc.
pub(super) fn stand_in(cargo: &mut Command, folders: &[PathBuf]) -> Result<()> {
    cargo.env("RUSTC_WRAPPER", env::current_exe()?).env(FOLDERS, env::join_paths(folders)?);
    Ok(())
}

/// Becomes rustc where cargo has called this program as its stand-in; comes back otherwise.
///
/// # Errors
/// There is no rustc to become.
pub fn become_rustc_if_asked() -> Result<()> {
    let Some(folders) = env::var_os(FOLDERS) else { return Ok(()) };
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next().context("cargo gives the path of rustc first")?;
    let identity = identity(&env::split_paths(&folders).collect::<Vec<_>>());
    let arguments = arguments.map(|argument| identify(argument, identity.as_deref()));
    let error = Command::new(&rustc).args(arguments).env_remove(FOLDERS).exec();
    Err(error).with_context(|| rustc.display().to_string())
}

/// The identity of the crate that cargo is building, where its own does not do.
fn identity(folders: &[PathBuf]) -> Option<OsString> {
    let crate_folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let inner = folders.iter().rev().find_map(|folder| crate_folder.strip_prefix(folder).ok())?;
    Some(describe(inner, &env::var_os("CARGO_PKG_NAME")?, &env::var_os("CARGO_PKG_VERSION")?))
}

fn describe(inner: &Path, name: &OsStr, version: &OsStr) -> OsString {
    [name, version, inner.as_os_str()].join(OsStr::new(" "))
}

fn identify(argument: OsString, identity: Option<&OsStr>) -> OsString {
    match identity {
        Some(identity) if argument.as_encoded_bytes().starts_with(b"metadata=") => {
            [OsStr::new("metadata"), identity].join(OsStr::new("="))
        }
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::Path;

    use super::{describe, identify};

    #[test]
    fn only_the_identity_is_replaced() {
        let identity = describe(Path::new("sdk/rust"), OsStr::new("lanner-sdk"), OsStr::new("0.1.0"));
        assert_eq!(identify("metadata=0f3a".into(), Some(&identity)), "metadata=lanner-sdk 0.1.0 sdk/rust");
        assert_eq!(identify("metadata=0f3a".into(), None), "metadata=0f3a");
        assert_eq!(identify("extra-filename=-0f3a".into(), Some(&identity)), "extra-filename=-0f3a");
    }
}
