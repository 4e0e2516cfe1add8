//! `lanner pack index remove`: know an index no more.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lanner_pack::store::KnownIndex;
use serde_json::json;

use super::registries::Keep;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which, by name or reference
    #[arg(value_name = "INDEX")]
    index: String,
    #[command(flatten)]
    keep: Keep,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let store = arguments.keep.open()?;
    let reference = find(&store.index()?.indexes, &arguments.index)?;
    store.change(|index| {
        if let Some(known) = index.indexes.get_mut(&reference) {
            // When it was published is remembered: no older one is taken when it is added again.
            known.removed = true;
            known.blobs.clear();
            known.signatures.clear();
        }
    })?;
    show::print(output, &json!({ "reference": reference, "removed": true }), || {
        format!("index {reference} is not asked any more; packs that were installed from it stay")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The reference of an index that is known, by its name or that.
pub(super) fn find(known: &BTreeMap<String, KnownIndex>, wanted: &str) -> Result<String, Failure> {
    let asked = || known.iter().filter(|(_, known)| !known.removed);
    let written = wanted.parse::<lanner_pack::reference::Reference>().map(|reference| reference.to_string()).ok();
    let fits =
        |(reference, known): &(&String, &KnownIndex)| known.name == wanted || Some(*reference) == written.as_ref();
    if let Some((reference, _)) = asked().find(fits) {
        return Ok(reference.clone());
    }
    let nearest = lanner_json::nearest(wanted, asked().map(|(_, known)| known.name.as_str()));
    let meant = nearest.map(|name| format!("; do you mean {name:?}?")).unwrap_or_default();
    Err(format!("no index {wanted:?} is known{meant}; `lanner pack index list` shows those that are").into())
}
