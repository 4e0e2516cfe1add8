//! .

use std::path::{Path, PathBuf};

use anyhow::Result;

pub(crate) fn run(_folders: &[PathBuf], _out: &Path) -> Result<()> {
    Ok(())
}
