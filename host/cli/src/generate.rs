//! `lanner generate`: what packages carry of the command line.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::Failure;

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
    let mut command = super::Arguments::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, "lanner", &completions).map_err(failed)?;
    }
    clap_mangen::generate_to(super::Arguments::command(), &pages).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}
