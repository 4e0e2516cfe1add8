//! `lanner-registry collect`.

use std::process::ExitCode;

use super::{Failure, Which, runtime};
use crate::serve::{OpenError, open};
use crate::store::StoreError;

pub(super) fn run(which: &Which) -> Result<ExitCode, Failure> {
    let config = which.read()?;
    let collected = runtime()?.block_on(async {
        let store = open(&config.storage).map_err(|error| match error {
            OpenError::Store(StoreError::InUse { path }) => Failure::from(format!(
                "{} is in use by another lanner-registry; stop it first, or ask it to collect: POST /collect at its \
                 admin.address",
                path.display()
            )),
            error => error.into(),
        })?;
        Ok::<_, Failure>(store.collect(config.collect.retention()).await?)
    })?;
    println!(
        "taken away: {} manifests, {} blobs of repositories, {} blobs ({} bytes), {} uploads",
        collected.manifests, collected.links, collected.blobs, collected.bytes, collected.uploads
    );
    Ok(ExitCode::SUCCESS)
}
