//! The command line: one file a verb.

mod check;
mod collect;
mod hash_password;
mod log;
mod serve;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, ConfigError};

/// What a verb fails with: a sentence with the culprit and the remedy.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Read if it is there and no other file is named.
const CONFIG: &str = "/etc/lanner-registry/config.toml";

#[derive(Parser)]
#[command(name = "lanner-registry", version, about = "An OCI registry for rule packs and everything else")]
#[command(after_help = "Exit codes: 0 done, 1 failed (with a reason on stderr), 2 wrong usage.")]
struct Arguments {
    /// What is said on stderr: error, warn, info or debug
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info", env = "LANNER_REGISTRY_LOG")]
    log: log::Level,
    /// How it is said: in lines for people, or in JSON for programs
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", env = "LANNER_REGISTRY_LOG_FORMAT")]
    log_format: log::Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Answer clients until told to stop
    Serve(serve::Arguments),
    /// Hash everything in the storage again and follow every reference, while no server uses it
    Verify(Which),
    /// Take away what nothing refers to, while no server uses the storage
    Collect(Which),
    /// Say what the configuration means, and what is wrong with it
    Check(Which),
    /// Read a password and print a line for the file of users (access.htpasswd)
    HashPassword(hash_password::Arguments),
    /// Write what packages carry of the command line: manual pages and completions for shells
    #[command(hide = true)]
    Generate(lanner_manual::Arguments),
}

/// Which configuration.
#[derive(clap::Args)]
struct Which {
    /// The configuration [default: /etc/lanner-registry/config.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "LANNER_REGISTRY_CONFIG")]
    config: Option<PathBuf>,
    /// The folder of the storage (storage.path)
    #[arg(long, value_name = "DIR")]
    storage: Option<PathBuf>,
}

impl Which {
    /// The file that is read, if any.
    fn file(&self) -> Option<PathBuf> {
        let default = || Some(PathBuf::from(CONFIG)).filter(|path| path.exists());
        self.config.clone().or_else(default)
    }

    /// What it says, with what the flags say instead.
    fn read(&self) -> Result<Config, ConfigError> {
        let mut config = self.file().as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
        if let Some(storage) = &self.storage {
            config.storage.path.clone_from(storage);
        }
        Ok(config)
    }
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(arguments.log, arguments.log_format);
    let outcome = match arguments.verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Verify(which) => verify::run(&which),
        Verb::Collect(which) => collect::run(&which),
        Verb::Check(which) => check::run(&which),
        Verb::HashPassword(arguments) => hash_password::run(&arguments),
        Verb::Generate(arguments) => match arguments.write("lanner-registry", Arguments::command()) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(why) => Err(why.into()),
        },
    };
    outcome.unwrap_or_else(|failure| {
        tracing::error!("{failure}");
        ExitCode::FAILURE
    })
}

/// What work with the storage runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no threads can be started: {error}").into())
}
