//! `lanner findings ack`, `close`, `reopen`, `assign` and `comment`: what people make of findings.

use clap::builder::NonEmptyStringValueParser;
use lanner_store::{Change, Reader, State};

use super::Failure;

/// Which findings, and who says so.
#[derive(Debug, clap::Args)]
struct Of {
    /// Their ids, or how these begin
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Who says so [default: who is logged in]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Reasoned {
    #[command(flatten)]
    of: Of,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Assign {
    #[command(flatten)]
    of: Of,
    /// To whom; left out: to nobody
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Comment {
    #[command(flatten)]
    of: Of,
    /// What is to be said
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    text: String,
}

pub(super) fn acknowledge(store: &mut Reader, arguments: &Reasoned) -> Result<(), Failure> {
    change(store, &arguments.of, &Change::State(State::Acknowledged, arguments.why.clone()))
}

pub(super) fn close(store: &mut Reader, arguments: &Reasoned) -> Result<(), Failure> {
    change(store, &arguments.of, &Change::State(State::Closed, arguments.why.clone()))
}

pub(super) fn reopen(store: &mut Reader, arguments: &Reasoned) -> Result<(), Failure> {
    change(store, &arguments.of, &Change::State(State::Open, arguments.why.clone()))
}

pub(super) fn assign(store: &mut Reader, arguments: &Assign) -> Result<(), Failure> {
    change(store, &arguments.of, &Change::Assign(arguments.to.clone()))
}

pub(super) fn comment(store: &mut Reader, arguments: &Comment) -> Result<(), Failure> {
    change(store, &arguments.of, &Change::Comment(arguments.text.clone()))
}

fn change(store: &mut Reader, of: &Of, change: &Change) -> Result<(), Failure> {
    let named = |name: &str| std::env::var(name).ok().filter(|name| !name.is_empty());
    let who = of.by.clone().or_else(|| named("SUDO_USER")).or_else(|| named("LOGNAME")).or_else(|| named("USER"));
    store.change(&of.ids, change, who.as_deref().unwrap_or("root"))?;
    Ok(())
}
