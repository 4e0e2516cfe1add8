//! Packs: from crates to components.

mod build;
mod component;
mod rustc;
mod toolchain;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::root;
pub(crate) use rustc::become_rustc_if_asked;
use toolchain::Toolchain;

/// Builds the packs of these folders: each the crate of a pack, or a workspace whose members are packs. Without
/// folders: the packs that Lanner ships. Writes `<out>/<name>.wasm`.
pub(crate) fn run(folders: &[PathBuf], out: Option<&Path>) -> Result<()> {
    let shipped = [root().join("rules-wasm")];
    let folders = if folders.is_empty() { &shipped[..] } else { folders };
    let shipped = root().join("target/packs");
    let out = out.unwrap_or(&shipped);
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let mut origins = BTreeMap::new();
    for folder in folders {
        let folder = fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
        let toolchain = Toolchain::find(&folder)?;
        for (name, module) in build::modules(&toolchain, &folder)? {
            if let Some(other) = origins.insert(name.clone(), folder.clone()) {
                bail!("{} and {} both have a pack {name}", other.display(), folder.display());
            }
            let bytes = fs::read(&module).with_context(|| module.display().to_string())?;
            let component = component::encode(&bytes).with_context(|| format!("pack {name}"))?;
            let path = out.join(&name).with_extension("wasm");
            let news = match replace(&path, &component)? {
                true => "",
                false => " (unchanged)",
            };
            let size = component.len().div_ceil(1024);
            eprintln!("pack {name}: {size} KiB, {}{news}", path.strip_prefix(root()).unwrap_or(&path).display());
        }
    }
    Ok(())
}

/// Puts the content at the path in one step, so that a running host never reads half a pack. Leaves a file alone that
/// has this content already, so that the host does not reload for nothing. Says whether it wrote.
fn replace(path: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    // Not *.wasm: a host that watches the folder must not take it for a pack.
    let aside = path.with_extension(format!("tmp-{}", std::process::id()));
    let written = fs::write(&aside, content).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&aside);
    }
    written.with_context(|| path.display().to_string())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::replace;

    #[test]
    fn an_identical_file_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("lanner-xtask-replace-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("pack.wasm");
        assert!(replace(&path, b"one").expect("written"));
        let inode = fs::metadata(&path).expect("it is there").ino();
        assert!(!replace(&path, b"one").expect("compared"));
        assert_eq!(fs::metadata(&path).expect("it is there").ino(), inode);
        assert!(replace(&path, b"two").expect("written"));
        assert_eq!(fs::read(&path).expect("it is there"), b"two");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1, "nothing is left aside");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
