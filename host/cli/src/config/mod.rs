//! The configuration of `lanner run`: how it completes a command line, how a running host takes up another one, and
//! `lanner config`.

mod check;
mod complete;
mod reload;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use lanner_config::{DEFAULT, Place};

use super::Failure;
use super::format::print;

pub(super) use complete::{Configured, parse};
pub(super) use reload::{Parts, Reloading};

/// What the board calls it.
const CONFIGURATION: &str = "configuration";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read the configuration as a host would, with all that it names, and say what is wrong and what may be meant otherwise
    Check(check::Arguments),
    /// Say what a host would go by, and where each value is from
    Show(show::Arguments),
    /// Print the JSON Schema of configurations
    Schema,
}

/// Which configuration.
#[derive(Debug, clap::Args)]
struct Which {
    /// A file, or a folder with lanner.toml and conf.d/*.toml
    #[arg(value_name = "PATH", env = "LANNER_CONFIG", default_value = DEFAULT)]
    path: PathBuf,
}

impl Which {
    fn place(&self) -> Place {
        Place::new(&self.path)
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::Check(arguments) => check::run(arguments),
        Verb::Show(arguments) => show::run(arguments),
        Verb::Schema => {
            print("schema", &lanner_config::schema())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
