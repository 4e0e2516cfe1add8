//! `lanner-registry verify`.

use std::process::ExitCode;

use super::{Failure, Which, runtime};
use crate::serve::open;

pub(super) fn run(which: &Which) -> Result<ExitCode, Failure> {
    let config = which.read()?;
    let verified = runtime()?.block_on(async {
        let store = open(&config.storage)?;
        Ok::<_, Failure>(store.verify().await?)
    })?;
    for problem in &verified.problems {
        println!("{problem}");
    }
    println!(
        "{} blobs ({} bytes), {} manifests and {} tags verified; {} references lead to content outside their \
         repository; {} problems",
        verified.blobs,
        verified.bytes,
        verified.manifests,
        verified.tags,
        verified.elsewhere,
        verified.problems.len()
    );
    Ok(if verified.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
