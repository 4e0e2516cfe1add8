//! `lanner pack index`: which indexes of packs are known; one file a verb.

mod add;
mod list;
mod push;
mod remove;
mod update;

use std::process::ExitCode;

use clap::Subcommand;
use lanner_pack::index::ObtainedIndex;
use lanner_pack::store;
use serde_json::{Value, json};

use super::{Failure, Format, registries, show, sign};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Know an index from now on
    Add(add::Arguments),
    /// List the indexes that are known
    List(list::Arguments),
    /// Ask the registries of the known indexes now
    Update(update::Arguments),
    /// Know an index no more
    Remove(remove::Arguments),
    /// Put packs of registries into an index, sign it and push it
    Push(push::Arguments),
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::Add(arguments) => add::run(arguments, output),
        Verb::List(arguments) => list::run(arguments, output),
        Verb::Update(arguments) => update::run(arguments, output),
        Verb::Remove(arguments) => remove::run(arguments, output),
        Verb::Push(arguments) => push::run(arguments, output),
    }
}

/// An index for programs.
fn json_of(index: &ObtainedIndex) -> Value {
    json!({
        "name": index.index.name,
        "reference": index.reference,
        "digest": index.digest,
        "published": index.index.published,
        "asked": index.asked,
        "packs": index.index.packs.len(),
        "trust": index.verdict.to_string(),
    })
}

/// An index for people.
fn text_of(index: &ObtainedIndex) -> String {
    let (name, packs) = (&index.index.name, show::packs(index.index.packs.len()));
    let published = store::age(index.index.published);
    format!("index {name}: {packs}, published {published} ago ({})\n{}", index.reference, index.verdict)
}
