//! `cargo xtask abi`: what follows from `sdk/abi/schema.toml`, generated, and the check that it is what it would be.

mod docs;
mod golden;
mod records;
mod rust;
mod schema;

use std::fs;

use anyhow::{Context as _, Result, bail};

use schema::Schema;

const SCHEMA: &str = "sdk/abi/schema.toml";

pub(crate) fn run(check: bool) -> Result<()> {
    let root = crate::root();
    let schema = Schema::read(&root.join(SCHEMA))?;
    let golden = golden::frame(&schema)?;
    let files: [(&str, Vec<u8>); 5] = [
        ("sdk/abi/src/generated.rs", rust::library(&schema)?),
        ("sdk/abi/tests/golden/dump.rs", rust::dump(&schema)?),
        ("docs/frame.md", docs::page(&schema)?.into_bytes()),
        ("tests/golden/frame-v1.bin", golden.bytes),
        ("tests/golden/frame-v1.txt", golden.text.into_bytes()),
    ];
    let mut stale = Vec::new();
    for (name, content) in &files {
        let path = root.join(name);
        if fs::read(&path).is_ok_and(|there| there == *content) {
            continue;
        }
        if check {
            stale.push(*name);
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {name}");
    }
    if !stale.is_empty() {
        bail!("not what {SCHEMA} gives: {}; run `cargo xtask abi` and commit what it writes", stale.join(", "));
    }
    Ok(())
}
