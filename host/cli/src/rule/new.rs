//! `lanner rule new` and `lanner rule upgrade`: projects.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use lanner_author::language::Language;
use lanner_author::new::{languages, new, upgrade};

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct NewArguments {
    /// The name of the pack: lower-case letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// The language: rust, python, js, ts, go, c, cpp, zig, or falco or sigma for rules as those write them; asked for where it is not said
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// The folder to be made [default: the name]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct UpgradeArguments {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &NewArguments) -> Result<ExitCode, Failure> {
    let language = match &arguments.lang {
        Some(language) => short(language),
        None => ask()?,
    };
    let folder = arguments.into.clone().unwrap_or_else(|| PathBuf::from(&arguments.name));
    new(&arguments.name, &language, &folder)?;
    let folder = folder.display();
    let said = format!("{folder} is a pack in {}. Next:\n\n    cd {folder}\n    lanner rule test", title(&language));
    super::super::format::print("answer", &said)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_upgrade(arguments: &UpgradeArguments) -> Result<ExitCode, Failure> {
    let before = upgrade(&arguments.folder)?;
    let now = env!("CARGO_PKG_VERSION");
    let said = match before == now {
        true => format!("{}: the SDK is that of this lanner, {now}", arguments.folder.display()),
        false => {
            format!("{}: the SDK was that of lanner {before}, and is that of {now} now", arguments.folder.display())
        }
    };
    super::super::format::print("answer", &said)?;
    Ok(ExitCode::SUCCESS)
}

/// As `--lang` calls it, whatever people do.
fn short(language: &str) -> String {
    let lower = language.to_lowercase();
    let titled = languages().find(|known| title(known).to_lowercase() == lower);
    let known = match lower.as_str() {
        "golang" => "go",
        "c++" => "cpp",
        "py" => "python",
        "rs" => "rust",
        other => titled.unwrap_or(other),
    };
    known.to_owned()
}

fn title(language: &str) -> &str {
    Language::named(language).map_or(language, |language| language.title)
}

/// Asks for the language, where there is somebody to ask.
fn ask() -> Result<String, Failure> {
    let known: Vec<&str> = languages().collect();
    if !std::io::stdin().is_terminal() {
        return Err(format!("say in which language, with --lang: {}", known.join(", ")).into());
    }
    let mut out = std::io::stderr();
    for (number, language) in (1..).zip(&known) {
        writeln!(out, "  {number}  {}", title(language))?;
    }
    loop {
        write!(out, "In which language? ")?;
        out.flush()?;
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Err("no language was chosen".into());
        }
        let answer = line.trim().to_lowercase();
        let by_number = answer.parse::<usize>().ok().and_then(|number| known.get(number.wrapping_sub(1)));
        let by_name = || known.iter().find(|language| **language == answer || title(language).to_lowercase() == answer);
        if let Some(language) = by_number.or_else(by_name) {
            return Ok((*language).to_owned());
        }
        writeln!(out, "That is none of them.")?;
    }
}
