//! `lanner pack`: packs in registries, one file a verb.

mod copy;
mod difference;
mod index;
mod inspect;
mod install;
mod keygen;
mod known;
mod list;
mod login;
mod outdated;
mod password;
mod prune;
mod pull;
mod push;
mod remove;
mod save;
mod search;
mod show;
mod sign;
mod trust;
mod update;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use super::format::Format;
use super::{Failure, duration, registries};

pub(super) use show::table;
pub(super) use sign::{Signing, push_signature};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For people, or JSON, one object a line
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Put a pack into a registry
    Push(push::Arguments),
    /// Get a pack from a registry into the local store
    Pull(pull::Arguments),
    /// List what the local store has, or the tags of a repository
    List(list::Arguments),
    /// Look for packs in the known indexes, or in a registry
    Search(search::Arguments),
    /// Take a pack that an index names: show it, ask, and pin it in the lock file
    Install(install::Arguments),
    /// Take packs out of the lock file
    Remove(remove::Arguments),
    /// Say how what is pinned stands against the known indexes
    Outdated(outdated::Arguments),
    /// Say which indexes of packs are known, and publish one
    Index(index::Arguments),
    /// Say whom to trust
    Trust(trust::Arguments),
    /// Say what a pack is: its rules, its digest, who signed it and whether it is trusted
    Inspect(inspect::Arguments),
    /// Copy a pack with its signatures from one registry to another
    Copy(copy::Arguments),
    /// Write a pack with its signatures into a file, for a machine without a network
    Save(save::SaveArguments),
    /// Read packs from such a file, into the local store or a registry
    Load(save::LoadArguments),
    /// Keep a name and a password for a registry, where docker keeps them
    Login(login::LoginArguments),
    /// Forget the name and the password for a registry
    Logout(login::LogoutArguments),
    /// Make a pair of keys to sign with
    Keygen(keygen::Arguments),
    /// Sign a pack in a registry
    Sign(sign::Arguments),
    /// Say whether a pack in a registry is trusted, by the policy or by given keys
    Verify(verify::Arguments),
    /// Look what names lead to now, show what changes, and write it into the lock file
    Update(update::Arguments),
    /// Remove packs from the local store
    Prune(prune::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let output = arguments.output;
    match &arguments.verb {
        Verb::Push(arguments) => push::run(arguments, output),
        Verb::Pull(arguments) => pull::run(arguments, output),
        Verb::List(arguments) => list::run(arguments, output),
        Verb::Search(arguments) => search::run(arguments, output),
        Verb::Install(arguments) => install::run(arguments, output),
        Verb::Remove(arguments) => remove::run(arguments, output),
        Verb::Outdated(arguments) => outdated::run(arguments, output),
        Verb::Index(arguments) => index::run(arguments, output),
        Verb::Trust(arguments) => trust::run(arguments, output),
        Verb::Inspect(arguments) => inspect::run(arguments, output),
        Verb::Copy(arguments) => copy::run(arguments, output),
        Verb::Save(arguments) => save::save(arguments, output),
        Verb::Load(arguments) => save::load(arguments, output),
        Verb::Login(arguments) => login::login(arguments, output),
        Verb::Logout(arguments) => login::logout(arguments, output),
        Verb::Keygen(arguments) => keygen::run(arguments, output),
        Verb::Sign(arguments) => sign::run(arguments, output),
        Verb::Verify(arguments) => verify::run(arguments, output),
        Verb::Update(arguments) => update::run(arguments, output),
        Verb::Prune(arguments) => prune::run(arguments, output),
    }
}
