//! `lanner pack index update`: ask the registries of the known indexes now.

use std::process::ExitCode;

use lanner_pack::index::Asking;
use lanner_pack::reference::Reference;

use super::registries::Get;
use super::remove::find;
use super::{Failure, Format, json_of, show, text_of};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which, by name or reference [default: all]
    #[arg(value_name = "INDEX")]
    indexes: Vec<String>,
    /// Take an index though it is older than the one taken before
    #[arg(long)]
    allow_downgrade: bool,
    #[command(flatten)]
    get: Get,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let obtainer = arguments.get.obtainer(arguments.allow_downgrade)?;
    let known = obtainer.store.index()?.indexes;
    let mut wanted: Vec<String> = match arguments.indexes.is_empty() {
        true => known.iter().filter(|(_, known)| !known.removed).map(|(reference, _)| reference.clone()).collect(),
        false => arguments.indexes.iter().map(|index| find(&known, index)).collect::<Result<_, _>>()?,
    };
    wanted.dedup();
    if wanted.is_empty() {
        return Err("no index of packs is known; add one with `lanner pack index add oci://…`".into());
    }
    let mut failures = Vec::new();
    for reference in &wanted {
        match obtainer.obtain_index(&reference.parse::<Reference>()?, Asking::Registry) {
            Ok(index) => show::print(output, &json_of(&index), || text_of(&index))?,
            Err(error) => failures.push(error),
        }
    }
    // All are asked, whatever one of them says.
    match failures.pop() {
        None => Ok(ExitCode::SUCCESS),
        Some(last) => {
            failures.iter().for_each(|error| tracing::error!("{error}"));
            Err(last.into())
        }
    }
}
