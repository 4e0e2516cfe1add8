//! `cargo xtask adapters`: the adapters of `sdk/adapter` as modules, and the check that they are what their text gives.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::root;

const FOLDER: &str = "sdk/adapter";
const ADAPTERS: [&str; 2] = ["go", "libc"];

pub(crate) fn run(check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for name in ADAPTERS {
        let path = path(name, "wasm");
        let module = wat::parse_file(self::path(name, "wat"))?;
        if fs::read(&path).is_ok_and(|there| there == module) {
            continue;
        }
        if check {
            stale.push(path.display().to_string());
            continue;
        }
        fs::write(&path, module).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
    }
    if !stale.is_empty() {
        bail!("not what their text gives: {}; run `cargo xtask adapters` and commit what it writes", stale.join(", "));
    }
    Ok(())
}

fn path(name: &str, end: &str) -> PathBuf {
    root().join(FOLDER).join(name).with_extension(end)
}
