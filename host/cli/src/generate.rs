//! `lanner generate`: what packages carry of the command line.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::Failure;

/// What completions are for.
const PROGRAM: &str = "lanner";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where to: man/ gets a page for each verb, completions/ a file for bash, zsh and fish
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (pages, completions) = (arguments.folder.join("man"), arguments.folder.join("completions"));
    for folder in [&pages, &completions] {
        fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    }
    let failed = |error: std::io::Error| format!("{} cannot be written to: {error}", arguments.folder.display());
    let mut command = shown();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, PROGRAM, &completions).map_err(failed)?;
    }
    clap_mangen::generate_to(super::Arguments::command(), &pages).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}

/// The command line without the verbs that are not for people: completions would offer them.
fn shown() -> Command {
    let all = super::Arguments::command();
    let verbs = all.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new(PROGRAM).args(all.get_arguments().cloned()).subcommands(verbs)
}
