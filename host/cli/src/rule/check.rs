//! `lanner rule check`: what is to be said of a pack before it is used.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_author::check::{Checked, check};
use lanner_author::pack::default_cache;
use lanner_author::printable;

use super::{Failure, Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs
    #[arg(value_name = "PACK", required = true)]
    packs: Vec<PathBuf>,
    /// Fail where there are warnings too
    #[arg(long, value_name = "WHAT")]
    deny: Option<Denied>,
    /// For people, or JSON, one object a pack
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Denied {
    Warnings,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let checked: Vec<Checked> = arguments.packs.iter().map(|path| check(path, default_cache())).collect();
    let each = |of: fn(&Checked) -> String| checked.iter().map(of).collect::<Vec<_>>();
    print("report", arguments.output, || each(text).join("\n\n"), || each(|one| one.json().to_string()).join("\n"))?;
    let denied = arguments.deny == Some(Denied::Warnings);
    let bad = |checked: &Checked| checked.has_errors() || denied && checked.has_warnings();
    Ok(if checked.iter().any(bad) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// For people.
pub(super) fn text(checked: &Checked) -> String {
    let mut lines = match &checked.pack {
        Some(pack) => {
            let described = &pack.description;
            let rules = described.rules.len();
            let size = pack.bytes.len().div_ceil(1024);
            vec![format!(
                "{}: {} {}, {}, {size} KiB, {}",
                checked.path.display(),
                described.name,
                described.version,
                counted(rules, "rule"),
                pack.digest()
            )]
        }
        None => vec![format!("{}", checked.path.display())],
    };
    for note in &checked.notes {
        let level = if note.is_error { "error  " } else { "warning" };
        let of = note.rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default();
        lines.push(format!("  {level}  {of}{} [{}]", printable(&note.what), note.code));
        lines.push(format!("           {}", printable(&note.remedy)));
    }
    let (errors, warnings) = (
        checked.notes.iter().filter(|note| note.is_error).count(),
        checked.notes.iter().filter(|note| !note.is_error).count(),
    );
    lines.push(match (errors, warnings) {
        (0, 0) => "  nothing to say".to_owned(),
        _ => format!("  {}, {}", counted(errors, "error"), counted(warnings, "warning")),
    });
    lines.join("\n")
}

/// `1 error`, `2 errors`.
fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
