//! `lanner rule import`: from the rules of others to a pack.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use lanner_import::{ImportError, Options, Pack, Report, Source as Whose, import};

use super::{Failure, Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Whose rules they are
    #[arg(value_name = "SOURCE")]
    source: Source,
    /// Files of rules, and folders of them, in the order in which they are taken: later ones change what earlier ones say
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Where the pack is put; without it, the report alone is made
    #[arg(short, long, value_name = "PACK")]
    out: Option<PathBuf>,
    /// The pack's name [default: as the folder or the first file is called]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The pack's version
    #[arg(long, value_name = "VERSION", default_value = "0.1.0")]
    version: String,
    /// What stands for %NAME% in Sigma's rules; several with commas between them
    #[arg(long = "placeholder", value_name = "NAME=VALUE", value_parser = placeholder)]
    placeholders: Vec<(String, Vec<String>)>,
    /// Put rules into the pack that are off, too: of Sigma's those that are deprecated or unsupported
    #[arg(long)]
    all: bool,
    /// Fail, and make no pack, where a rule is refused or finds something else than it did
    #[arg(long)]
    strict: bool,
    /// The report: for people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    report: Format,
    /// Say of each rule what became of it, also of those that are as they were
    #[arg(long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Source {
    /// Falco's: files of rules, macros and lists
    Falco,
    /// Sigma's: a file a rule, and folders of them
    Sigma,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let source = match arguments.source {
        Source::Falco => Whose::Falco,
        Source::Sigma => Whose::Sigma,
    };
    let options = Options {
        name: arguments.name.clone(),
        version: Some(arguments.version.clone()),
        all: arguments.all,
        source: Some(source),
        placeholders: arguments.placeholders.clone(),
    };
    match import(&arguments.paths, &options) {
        Ok(pack) => take(arguments, &pack),
        Err(ImportError::None(report)) => {
            say(arguments, &report)?;
            Err("none of the rules can be imported".into())
        }
        Err(error) => Err(error.into()),
    }
}

fn placeholder(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, values) = text.split_once('=').ok_or("it should be NAME=VALUE")?;
    let name = name.trim_matches('%');
    if name.is_empty() {
        return Err("it should be NAME=VALUE".to_owned());
    }
    Ok((name.to_owned(), values.split(',').map(str::to_owned).collect()))
}

fn take(arguments: &Arguments, Pack { component, description, report, .. }: &Pack) -> Result<ExitCode, Failure> {
    say(arguments, report)?;
    if arguments.strict && !report.is_faithful() {
        return Err(
            "some rules are refused, or find something else than they did, and --strict wants all of them".into()
        );
    }
    if let Some(out) = &arguments.out {
        lanner_author::build::write(out, component)?;
        let (rules, size) = (description.rules.len(), component.len().div_ceil(1024));
        eprintln!("{}: the pack {} with {rules} rules, {size} KiB", out.display(), description.name);
    }
    Ok(ExitCode::SUCCESS)
}

fn say(arguments: &Arguments, report: &Report) -> Result<(), Failure> {
    print("report", arguments.report, || report.text(arguments.verbose), || report.json().to_string())
}
