//! `cargo xtask abi`: what follows from `sdk/abi/schema.toml`, generated, and the check that it is what it would be.

mod c;
mod calls;
mod cpp;
mod docs;
mod files;
mod go;
mod golden;
mod javascript;
mod kernel;
mod python;
mod released;
mod rust;
mod schema;
mod scripted;
mod sdk;
mod tables;
mod views;
mod zig;

use anyhow::{Result, ensure};

use files::Files;
use schema::Schema;

const SCHEMA: &str = "sdk/abi/schema.toml";
const CALLS: &str = "probes/calls.toml";

pub(crate) fn run(check: bool) -> Result<()> {
    let root = crate::root();
    let schema = Schema::read(&root.join(SCHEMA))?;
    let calls = calls::read(&root.join(CALLS), &schema)?;
    released::check(&root, &schema)?;
    let mut files = Files::default();
    let golden = golden::frame(&schema)?;
    let frame = |end: &str| format!("tests/golden/frame-v{}.{end}", schema.version);
    rust::library(&schema, &mut files)?;
    files.add("sdk/abi/tests/golden/dump.rs", rust::dump(&schema)?);
    kernel::headers(&schema, &mut files)?;
    kernel::hooks(&schema, &calls, &mut files)?;
    sdk::fields(&schema, &mut files)?;
    files.add("sdk/rust/src/testing/kinds.rs", sdk::test_events(&schema)?);
    files.add("sdk/go/internal/schema/generated.go", go::tables(&schema)?);
    go::views(&schema, &mut files)?;
    go::fields(&schema, &mut files)?;
    files.add("sdk/go/lannertest/generated.go", go::test_events(&schema)?);
    files.add("sdk/go/generated_test.go", go::dump(&schema)?);
    files.add("sdk/python/src/lanner/_schema.py", python::tables(&schema)?);
    python::views(&schema, &mut files)?;
    python::fields(&schema, &mut files)?;
    files.add("sdk/python/src/lanner/testing/_kinds.py", python::test_events(&schema)?);
    files.add("sdk/js/src/schema.js", javascript::tables(&schema)?);
    files.add("sdk/js/src/event.js", javascript::event(&schema)?);
    javascript::views(&schema, &mut files)?;
    javascript::fields(&schema, &mut files)?;
    files.add("sdk/js/src/testing/kinds.js", javascript::test_events(&schema)?);
    files.add("sdk/c/include/lanner/schema.h", c::schema(&schema)?);
    files.add("sdk/c/include/lanner/records.h", c::records(&schema)?);
    files.add("sdk/c/src/tables.c", c::tables(&schema)?);
    files.add("sdk/c/testing/names.c", c::names(&schema)?);
    files.add("sdk/c/include/lanner/testing_kinds.h", c::test_events(&schema)?);
    files.add("sdk/c/tests/dump.c", c::dump(&schema)?);
    zig::library(&schema, &mut files)?;
    files.add("sdk/zig/src/testing/kinds.zig", zig::test_events(&schema)?);
    cpp::library(&schema, &mut files)?;
    files.add("sdk/cpp/include/lanner/testing_kinds.hpp", cpp::test_events(&schema)?);
    files.add("docs/frame.md", docs::page(&schema, &calls)?);
    files.add(frame("bin"), golden.bytes);
    files.add(frame("txt"), golden.text);
    let difference = files.compare(&root)?;
    let files::Difference { stale, left_over } = &difference;
    if !check {
        files.write(&root, &difference)?;
        stale.iter().for_each(|name| println!("wrote {name}"));
        left_over.iter().for_each(|name| println!("removed {name}"));
        return Ok(());
    }
    let wrong: Vec<&str> = stale.iter().chain(left_over).map(String::as_str).collect();
    ensure!(
        wrong.is_empty(),
        "not what {SCHEMA} gives: {}; run `cargo xtask abi` and commit what it writes and removes",
        wrong.join(", ")
    );
    Ok(())
}
