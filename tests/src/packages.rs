//! What is handed to others, made by `xtask dist` of what is built here.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::docker::said;
use crate::{shipped_pack, target};

/// The version of the programs that are built here.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A key in its file, without a password.
const PASSWORD: (&str, &str) = ("LANNER_KEY_PASSWORD", "");

/// A key to sign packs with, and what is made with it.
pub struct Maker {
    folder: TempDir,
}

impl Maker {
    /// With a key of its own.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut keygen = Command::new(target().join("lanner"));
        said(keygen.env(PASSWORD.0, PASSWORD.1).args(["pack", "keygen", "--prefix"]).arg(folder.path().join("team")));
        Self { folder }
    }

    /// Makes everything of a version, with these packs; gives where it is.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn make(&self, name: &str, version: &str, packs: &[&str]) -> PathBuf {
        let (mut dist, out) = self.command(name, version, packs);
        said(&mut dist);
        out
    }

    /// Where the private key is, the public one beside it.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("team.key")
    }

    /// A path for a file of the test's own.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What makes it, and where it will be.
    ///
    /// # Panics
    /// There are no such packs.
    #[must_use]
    pub fn command(&self, name: &str, version: &str, packs: &[&str]) -> (Command, PathBuf) {
        let (from, out) = (self.folder.path().join(format!("{name}.packs")), self.folder.path().join(name));
        fs::create_dir(&from).expect("a folder");
        for pack in packs {
            fs::copy(shipped_pack(pack), from.join(format!("{pack}.wasm"))).expect("a copy");
        }
        let mut dist = Command::new(target().join("xtask"));
        dist.env(PASSWORD.0, PASSWORD.1).args(["dist", "--quick", "--package-version", version]);
        dist.arg("--sign-key").arg(self.key()).arg("--binaries").arg(target());
        dist.arg("--packs").arg(from).arg("--out").arg(&out);
        (dist, out)
    }
}

impl Default for Maker {
    fn default() -> Self {
        Self::new()
    }
}
