//! Packs: from crates to components.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use lanner_build::rust::{Options, Toolchain, modules};
use lanner_build::{component, replace};

use crate::root;

/// Wraps a module from any compiler, and writes what comes out.
pub(crate) fn componentize(module: &Path, out: &Path, adapter: Option<&Path>) -> Result<()> {
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let adapter = adapter.map(read).transpose()?;
    let component = component::encode(&read(module)?, adapter.as_deref());
    fs::write(out, component.with_context(|| module.display().to_string())?).with_context(|| out.display().to_string())
}

/// Builds the packs of these folders: each the crate of a pack, or a workspace whose members are packs. Without
/// folders: the packs that Lanner ships. Writes `<out>/<name>.wasm`.
pub(crate) fn run(folders: &[PathBuf], out: Option<&Path>) -> Result<()> {
    let shipped = [root().join("rules-wasm")];
    let all = folders.is_empty();
    let folders = if all { &shipped[..] } else { folders };
    let shipped = root().join("target/packs");
    let out = out.unwrap_or(&shipped);
    fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let top = fs::canonicalize(root())?;
    let mut origins = BTreeMap::new();
    for folder in folders {
        let folder = fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
        let toolchain = Toolchain::find(&folder)?;
        // Each by itself: where the sources lie is among what they are compiled with, so that in one folder those of two
        // workspaces would be compiled anew whenever the other had its turn.
        let own = folder.strip_prefix(&top).unwrap_or(&folder).to_string_lossy().replace('/', "-");
        let target_dir = root().join("target/wasm").join(own);
        let options = Options { target_dir, places: vec![(top.clone(), "/lanner")], debug: false };
        for (name, module) in modules(&toolchain, &folder, &options)? {
            if let Some(other) = origins.insert(name.clone(), folder.clone()) {
                bail!("{} and {} both have a pack {name}", other.display(), folder.display());
            }
            let bytes = fs::read(&module).with_context(|| module.display().to_string())?;
            let component = component::encode(&bytes, None).with_context(|| format!("pack {name}"))?;
            let path = out.join(&name).with_extension("wasm");
            let news = match replace(&path, &component)? {
                true => "",
                false => " (unchanged)",
            };
            let size = component.len().div_ceil(1024);
            eprintln!("pack {name}: {size} KiB, {}{news}", path.strip_prefix(root()).unwrap_or(&path).display());
        }
    }
    if all { remove_others(out, &origins) } else { Ok(()) }
}

/// Removes packs that are not shipped any more: a host that is given the folder would load them.
fn remove_others(folder: &Path, shipped: &BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|extension| extension == "wasm") && !shipped.contains_key(&*name) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
            eprintln!("pack {name} is not shipped any more: removed");
        }
    }
    Ok(())
}
