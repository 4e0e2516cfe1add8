//! What is in which package.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::packs::Signed;
use super::program::{Needs, Program};
use super::tree::Tree;
use super::{Release, said};
use crate::root;

/// Where the public key of the packs is, once installed.
const KEY: &str = "usr/share/lanner/keys/release.pub";
/// Where packs, and what pins them, are.
const PACKS: &str = "usr/share/lanner/packs.tar";
pub(super) const LOCK_FROM: &str = "usr/share/lanner/lanner.lock";
/// Where the lock file is that hosts go by.
pub(super) const LOCK_IN_USE: &str = "etc/lanner/lanner.lock";

/// A package, of whatever kind.
pub(super) struct Package {
    pub(super) name: &'static str,
    /// In one line.
    pub(super) summary: &'static str,
    /// In some more.
    pub(super) description: &'static str,
    pub(super) tree: Tree,
    pub(super) needs: Needs,
}

impl Package {
    /// With its bill of materials.
    pub(super) fn with_bill(mut self, bill: &Path) -> Result<Self> {
        let name = bill.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = fs::read(bill).with_context(|| bill.display().to_string())?;
        self.tree.compressed(&format!("usr/share/doc/{}/{name}", self.name), &bytes)?;
        Ok(self)
    }
}

/// A file of `host/packaging`.
pub(super) fn packaging(name: &str) -> Result<String> {
    text(&root().join("host/packaging").join(name))
}

/// A script of a package, where it has one for that.
pub(super) fn script(kind: &str, package: &str, when: &str) -> Result<Option<String>> {
    let path = root().join("host/packaging").join(kind).join(format!("{package}.{when}"));
    if path.exists() { text(&path).map(Some) } else { Ok(None) }
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The host, with the packs that it runs where nobody says otherwise.
pub(super) fn lanner(release: &Release, program: &Program, signed: &Signed) -> Result<Package> {
    let mut tree = of_program(release, program)?;
    tree.file("usr/lib/systemd/system/lanner.service", packaging("lanner.service")?);
    tree.config("etc/lanner/lanner.toml", packaging("lanner.toml")?);
    tree.config("etc/logrotate.d/lanner", packaging("logrotate")?);
    tree.merge(&default_rules(signed)?);
    for folder in ["etc/lanner", "etc/lanner/conf.d", "etc/lanner/rules", "usr/share/lanner", "usr/share/lanner/keys"] {
        tree.folder(folder, 0o755);
    }
    for folder in ["var/lib/lanner", "var/cache/lanner", "var/log/lanner"] {
        tree.folder(folder, 0o700);
    }
    Ok(Package {
        name: program.name,
        summary: "runtime detection for Linux: kernel events judged by WebAssembly rules",
        description: "The kernel says what happens (programs started, files opened, connections\n\
                      made); rules compiled to WebAssembly judge it; what they find comes out with\n\
                      the process behind it and where that came from. Rules run in a sandbox, keep\n\
                      state, and are swapped while the host runs.",
        tree,
        needs: Needs::default(),
    }
    .that_needs(program))
}

/// The packs that are run where nobody says otherwise, and whom to trust for that.
pub(super) fn default_rules(signed: &Signed) -> Result<Tree> {
    let mut tree = Tree::default();
    tree.copy(KEY, &signed.key);
    tree.copy(PACKS, &signed.archive);
    tree.copy(LOCK_FROM, &signed.lock);
    tree.config("etc/lanner/trust.toml", signed.policy(&PathBuf::from("/").join(KEY)));
    Ok(tree)
}

/// The registry.
pub(super) fn registry(release: &Release, program: &Program) -> Result<Package> {
    let mut tree = of_program(release, program)?;
    let example = |name: &str| text(&root().join("registry/examples").join(name));
    tree.file("usr/lib/systemd/system/lanner-registry.service", example("lanner-registry.service")?);
    tree.folder("etc/lanner-registry", 0o755);
    tree.config("etc/lanner-registry/config.toml", example("config.toml")?);
    Ok(Package {
        name: program.name,
        summary: "OCI registry for Lanner's rule packs and everything else",
        description: "One binary and one folder of files. It keeps whatever docker, podman, skopeo\n\
                      and oras push, knows the rules in packs, and can hand out packs with a\n\
                      signature only.",
        tree,
        needs: Needs::default(),
    }
    .that_needs(program))
}

impl Package {
    fn that_needs(mut self, program: &Program) -> Self {
        self.needs.libraries.clone_from(&program.needs.libraries);
        self.needs.versions.clone_from(&program.needs.versions);
        self
    }
}

/// A program with its manual pages and completions.
fn of_program(release: &Release, program: &Program) -> Result<Tree> {
    let name = program.name;
    let mut tree = Tree::default();
    tree.program(&format!("usr/bin/{name}"), &program.file);
    let generated = release.work.join(format!("{name}.generated"));
    // Neither a terminal nor a variable of this machine has a say in it.
    said(Command::new(&program.file).env_clear().arg("generate").arg(&generated))?;
    for page in fs::read_dir(generated.join("man"))? {
        let page = page?;
        let path = format!("usr/share/man/man1/{}", page.file_name().to_string_lossy());
        tree.compressed(&path, &fs::read(page.path())?)?;
    }
    let completions = [
        (format!("{name}.bash"), format!("bash-completion/completions/{name}")),
        (format!("_{name}"), format!("zsh/vendor-completions/_{name}")),
        (format!("{name}.fish"), format!("fish/vendor_completions.d/{name}.fish")),
    ];
    for (made, path) in completions {
        tree.file(&format!("usr/share/{path}"), fs::read(generated.join("completions").join(made))?);
    }
    tree.folder(&format!("usr/share/doc/{name}"), 0o755);
    tree.file(&format!("usr/share/doc/{name}/copyright"), packaging("copyright")?);
    Ok(tree)
}
