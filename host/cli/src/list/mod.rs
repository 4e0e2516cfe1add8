//! `lanner list`: the lists that packs go by, one file a verb.

mod check;
mod push;
mod show;
mod test;

use std::process::ExitCode;

use clap::Subcommand;
use lanner_engine::{Engine, Runtime};
use lanner_lists::{ListName, ListStatus};

use super::Failure;
use super::format::{Format, print};
use super::rules::{Loading, Ready, Rules};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read files as a host would, and say what is wrong with them
    Check(check::Arguments),
    /// Put entries into a registry, for `--list NAME=oci://…`
    Push(push::Arguments),
    /// Say which lists packs have and what is in them, or print the entries of one
    Show(show::Arguments),
    /// Say whether a list has a value
    Test(test::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::Check(arguments) => check::run(arguments),
        Verb::Push(arguments) => push::run(arguments),
        Verb::Show(arguments) => show::run(arguments),
        Verb::Test(arguments) => test::run(arguments),
    }
}

/// Packs and lists as `lanner run` with the same options would have them.
struct Loaded {
    /// Has the packs, and so their lists.
    engine: Engine,
}

impl Loaded {
    fn of(rules: &Rules) -> Result<Self, Failure> {
        // As a host that judges live events, but for how packs share it: it is for the lists that lie where they usually do.
        let Ready { engine, .. } = rules.load(Loading { live: true, kept_first: true, ..Loading::default() })?;
        Ok(Self { engine })
    }

    fn runtime(&self) -> &Runtime {
        self.engine.runtime()
    }

    /// All lists, or those of a name.
    fn lists(&self, name: Option<&ListName>) -> Result<Vec<ListStatus>, Failure> {
        let all = self.runtime().lists().report();
        let is_it = |list: &&ListStatus| name.is_none_or(|name| name.is(&list.pack, &list.list));
        let found: Vec<ListStatus> = all.iter().filter(is_it).cloned().collect();
        match (name, found.is_empty()) {
            (Some(name), true) => {
                let known: Vec<String> = all.iter().map(|list| format!("{}/{}", list.pack, list.list)).collect();
                let known = if known.is_empty() {
                    "they have none".to_owned()
                } else {
                    format!("there are {}", known.join(", "))
                };
                Err(format!("no loaded pack has a list {name}; {known}").into())
            }
            _ => Ok(found),
        }
    }

    /// The number by which the host knows it.
    fn number(&self, list: &ListStatus) -> Option<u32> {
        let (_, pack) = self.engine.packs().find(|(_, pack)| pack.name == list.pack)?;
        let place = pack.lists.iter().position(|known| known.name == list.list)?;
        pack.bound.number(u32::try_from(place).ok()?)
    }
}
