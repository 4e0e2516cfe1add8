//! What packages carry of a command line.

#![forbid(unsafe_code)]

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_complete::Shell;

/// The arguments of the verb that writes it.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to: man/ gets a page for each verb, completions/ a file for bash, zsh and fish
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Arguments {
    /// Writes the man pages and the completions of a program.
    ///
    /// # Errors
    /// The folder cannot be written to: a sentence.
    pub fn write(&self, program: &'static str, command: Command) -> Result<(), String> {
        let (pages, completions) = (self.folder.join("man"), self.folder.join("completions"));
        for folder in [&pages, &completions] {
            fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        }
        let failed = |error: std::io::Error| format!("{} cannot be written to: {error}", self.folder.display());
        let mut shown = shown(program, &command);
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            clap_complete::generate_to(shell, &mut shown, program, &completions).map_err(failed)?;
        }
        clap_mangen::generate_to(command, &pages).map_err(failed)
    }
}

/// The command line without the verbs that are not for people: completions would offer them.
fn shown(program: &'static str, command: &Command) -> Command {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new(program).args(command.get_arguments().cloned()).subcommands(verbs)
}
