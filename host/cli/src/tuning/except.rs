//! `lanner except`: an exception for a finding, as narrow as can be, and what else it would silence.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lanner_abi::Text;
use lanner_tuning::{Draft, Source};
use serde_json::Value;

use super::Failure;
use super::findings::{Among, Which};
use crate::format::print;

/// Of the others that are silenced so many are shown.
const SHOWN: usize = 10;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Why: for who reads it in a year
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// When it ends: after this time (90d), or on this day (2027-06-01)
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// What it is called [default: the rule and the program]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also go by this field, such as process.args; may be given several times
    #[arg(long, value_name = "FIELD")]
    with: Vec<String>,
    /// Do not go by this field; may be given several times
    #[arg(long, value_name = "FIELD")]
    without: Vec<String>,
    /// The file to which it is added
    #[arg(long, value_name = "FILE", default_value = "/etc/lanner/tuning/exceptions.toml")]
    to: PathBuf,
    /// Only show it
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let finding = arguments.which.read()?;
    let draft = Draft::of(&finding, &arguments.without, &arguments.with)?;
    let expires = arguments.expires.as_deref().map(day).transpose()?;
    let names = names(&arguments.to)?;
    let name = match &arguments.name {
        Some(name) if names.contains(name) => {
            return Err(format!("there is an exception called {name:?} already").into());
        }
        Some(name) => name.clone(),
        None => unused(&finding, &names),
    };
    let text = draft.to_toml(&name, &arguments.reason, arguments.owner.as_deref(), expires.as_deref());
    let mut said = text.clone();
    said.push('\n');
    said.push_str(&impact(&draft, &finding, arguments.which.others())?);
    if arguments.dry_run {
        said.push_str("nothing was written (--dry-run)\n");
    } else {
        append(&arguments.to, &text)?;
        said.push_str(&format!("added to {}; a running host takes it up by itself\n", arguments.to.display()));
    }
    print("exception", &said)?;
    Ok(ExitCode::SUCCESS)
}

/// What else of the day before the newest finding it would have silenced.
fn impact(draft: &Draft, finding: &Value, among: Option<Among>) -> Result<String, Failure> {
    let Some(among) = among else {
        return Ok("what else it would silence is said with --in FILE, the store or a file of findings\n".to_owned());
    };
    let (mut looked_at, mut silenced, mut shown) = (0_u64, 0_u64, Vec::new());
    among.of_last_day(|other| {
        if other["id"] == finding["id"] {
            return;
        }
        looked_at += 1;
        if draft.matches(&other) {
            silenced += 1;
            if shown.len() < SHOWN {
                let text = |name: &str| Text::from(other[name].as_str().unwrap_or_default()).to_string();
                shown.push(format!("  {}  {}  {}\n", text("time"), text("severity"), text("message")));
            }
        }
    })?;
    let mut said = format!(
        "of {looked_at} other findings of the last day in {} it would have silenced {silenced}",
        among.path().display()
    );
    said.push_str(if shown.is_empty() { "\n" } else { ":\n" });
    said.extend(shown);
    if silenced > SHOWN as u64 {
        said.push_str(&format!("  and {} more\n", silenced - SHOWN as u64));
    }
    Ok(said)
}

/// The names that are taken, in all files beside this one.
fn names(file: &Path) -> Result<Vec<String>, Failure> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let tuning = Source::optional(folder).read()?;
    Ok(tuning.exceptions().iter().map(|exception| exception.name.clone()).collect())
}

/// A name that says what it is, and that no other has.
fn unused(finding: &Value, names: &[String]) -> String {
    let name = Draft::name(finding);
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name)).unwrap_or(name)
}

/// A day, as it is written in the file: given, or so long from now.
fn day(text: &str) -> Result<String, Failure> {
    if let Ok(day) = text.parse::<Date>() {
        return Ok(day.to_string());
    }
    let wrong = || format!("--expires {text}: give a time such as 90d, or a day such as 2027-06-01");
    let from_now: Duration = humantime::parse_duration(text).map_err(|_| wrong())?;
    let at = SystemTime::now().checked_add(from_now).ok_or_else(wrong)?;
    let at = jiff::Timestamp::try_from(at).map_err(|_| wrong())?.to_zoned(TimeZone::UTC);
    // Not before it has passed.
    Ok(at.date().tomorrow().map_err(|_| wrong())?.to_string())
}

/// Adds it to the file, which is there as it was or with it, and never half.
fn append(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| format!("{} cannot be written: {error}", file.display());
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut content = match fs::read_to_string(file) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(&error).into()),
    };
    if !content.is_empty() && !content.ends_with('\n') {
        content.push('\n');
    }
    if !content.is_empty() {
        content.push('\n');
    }
    content.push_str(text);
    let mut aside = tempfile::Builder::new().prefix(".except-").tempfile_in(folder).map_err(|error| failed(&error))?;
    aside.write_all(content.as_bytes()).map_err(|error| failed(&error))?;
    aside.as_file().sync_all().map_err(|error| failed(&error))?;
    if let Ok(facts) = fs::metadata(file) {
        fs::set_permissions(aside.path(), facts.permissions()).map_err(|error| failed(&error))?;
    }
    // As a host would read it.
    Source::new(aside.path()).read().map_err(|error| failed(&error))?;
    aside.persist(file).map_err(|error| failed(&error.error))?;
    Ok(())
}
