//! The frame's layout: from `sdk/abi/schema.toml` to the readers, the writers and the documentation.

mod markdown;
mod rust;
mod schema;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::root;

/// Generates what is stale, or with `check` fails where something is.
pub(crate) fn run(check: bool) -> Result<()> {
    let path = root().join("sdk/abi/schema.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let schema = schema::Schema::parse(&text).with_context(|| path.display().to_string())?;
    let generated = [
        ("sdk/abi/src/generated.rs", rustfmt(&rust::generate(&schema))?),
        ("docs/frame.md", markdown::generate(&schema)),
    ];
    for (name, content) in generated {
        let path = root().join(name);
        if fs::read_to_string(&path).is_ok_and(|present| present == content) {
            continue;
        }
        if check {
            bail!("{name} is not what sdk/abi/schema.toml gives; run `cargo xtask abi` and commit what it writes");
        }
        fs::write(&path, content).with_context(|| path.display().to_string())?;
        eprintln!("wrote {name}");
    }
    Ok(())
}

fn rustfmt(code: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root().join(Path::new("rustfmt.toml")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt cannot be started; `rustup component add rustfmt` installs it")?;
    child.stdin.take().context("rustfmt's input")?.write_all(code.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refuses the generated code");
    }
    Ok(String::from_utf8(output.stdout)?)
}
