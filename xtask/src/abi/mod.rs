//! `cargo xtask abi`: what follows from `sdk/abi/schema.toml`, generated, and the check that it is what it would be.

mod calls;
mod docs;
mod golden;
mod kernel;
mod released;
mod rust;
mod schema;
mod sdk;
mod tables;
mod views;

use std::fs;

use anyhow::{Context as _, Result, bail};

use schema::Schema;

const SCHEMA: &str = "sdk/abi/schema.toml";
const CALLS: &str = "probes/calls.toml";

pub(crate) fn run(check: bool) -> Result<()> {
    let root = crate::root();
    let schema = Schema::read(&root.join(SCHEMA))?;
    let calls = calls::read(&root.join(CALLS), &schema)?;
    released::check(&root, &schema)?;
    let golden = golden::frame(&schema)?;
    let frame = |end: &str| format!("tests/golden/frame-v{}.{end}", schema.version);
    let files: [(String, Vec<u8>); 9] = [
        ("sdk/abi/src/generated.rs".into(), rust::library(&schema)?),
        ("sdk/abi/tests/golden/dump.rs".into(), rust::dump(&schema)?),
        ("probes/src/bpf/generated.h".into(), kernel::header(&schema)?.into_bytes()),
        ("probes/src/generated.rs".into(), kernel::hooks(&schema, &calls)?),
        ("sdk/rust/src/filter/fields.rs".into(), sdk::fields(&schema)?),
        ("sdk/rust/src/testing/kinds.rs".into(), sdk::test_events(&schema)?),
        ("docs/frame.md".into(), docs::page(&schema, &calls)?.into_bytes()),
        (frame("bin"), golden.bytes),
        (frame("txt"), golden.text.into_bytes()),
    ];
    let mut stale = Vec::new();
    for (name, content) in &files {
        let path = root.join(name);
        if fs::read(&path).is_ok_and(|there| there == *content) {
            continue;
        }
        if check {
            stale.push(name.as_str());
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
