//! Which finding, and where others are: in the store, or as JSON, one a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use lanner_store::{Filter, Reader};
use serde_json::Value;

use super::Failure;
use crate::store;

/// Bytes of a line.
const MAX_LINE: u64 = 4 << 20;
/// Characters of an id that has to be said of it at least.
const SHORTEST: usize = 4;
/// How far back others are looked at, ns.
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;
/// Findings that are taken out of the store at once.
const PAGE: u32 = 1000;
/// How a database of SQLite begins.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// Which finding, and among which others.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The id of a finding that is kept, or how that begins; or a finding as `--output json` writes it, and `-` reads it from stdin
    #[arg(value_name = "FINDING")]
    finding: String,
    /// Where findings are: the database that `lanner run --keep` keeps them in, or a file of them, one JSON object a line, as
    /// `--output json --output-file` writes it [default: the database, where the host keeps them]
    #[arg(long = "in", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Where others are.
pub(super) enum Among {
    /// In the store.
    Store(PathBuf),
    /// In a file, one a line.
    Lines(PathBuf),
}

impl Which {
    /// The finding.
    pub(super) fn read(&self) -> Result<Value, Failure> {
        let finding = self.finding.trim();
        if finding == "-" {
            let mut text = String::new();
            std::io::stdin().take(MAX_LINE).read_to_string(&mut text).map_err(|error| format!("stdin: {error}"))?;
            return parse(&text, "stdin");
        }
        if finding.starts_with('{') {
            return parse(finding, "the finding");
        }
        let Some(among) = self.others() else {
            return Err(format!(
                "{finding:?} is no finding, and none are kept here: give the JSON that `--output json` writes, `-` for \
                 stdin, or the id of a finding with --in FILE"
            )
            .into());
        };
        let is_id = finding.len() >= SHORTEST && finding.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            return Err(
                format!("{finding:?} is no id of a finding: at least {SHORTEST} of its hexadecimal digits").into()
            );
        }
        among.find(&finding.to_ascii_lowercase())
    }

    /// The others: in the file that was named, or in the store, where there is one.
    pub(super) fn others(&self) -> Option<Among> {
        match &self.file {
            Some(file) => Some(Among::of(file.clone())),
            None => Some(store::usual()).filter(|path| path.exists()).map(Among::Store),
        }
    }
}

impl Among {
    fn of(path: PathBuf) -> Self {
        let mut begins = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(DATABASE.len() as u64).read_to_end(&mut begins));
        match read.is_ok() && begins == DATABASE {
            true => Self::Store(path),
            false => Self::Lines(path),
        }
    }

    /// Where.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Store(path) | Self::Lines(path) => path,
        }
    }

    /// The one whose id begins so.
    fn find(&self, digits: &str) -> Result<Value, Failure> {
        let file = match self {
            Self::Store(path) => return parse(&Reader::open(path)?.find(digits)?.json, "what the store has"),
            Self::Lines(file) => file,
        };
        let mut found: Option<Value> = None;
        each(file, |other| {
            let is_it = other["id"].as_str().is_some_and(|id| id.starts_with(digits));
            match &found {
                Some(first) if is_it && first["id"] != other["id"] => {
                    Err(format!("several findings in {} have ids that begin with {digits}", file.display()).into())
                }
                None if is_it => {
                    found = Some(other);
                    Ok(())
                }
                _ => Ok(()),
            }
        })?;
        found.ok_or_else(|| format!("no finding in {} has an id that begins with {digits}", file.display()).into())
    }

    /// Each of the day before the newest.
    pub(super) fn of_last_day(&self, mut take: impl FnMut(Value)) -> Result<(), Failure> {
        let time = |finding: &Value| finding["time_ns"].as_u64().unwrap_or_default();
        match self {
            Self::Store(path) => {
                let store = Reader::open(path)?;
                let newest = store.page(&Filter::default(), None, 1)?;
                let since = newest.findings.first().map(|newest| newest.key - DAY_NS.cast_signed());
                let filter = Filter { since_ns: since, ..Filter::default() };
                let mut after = None;
                loop {
                    let page = store.page(&filter, after, PAGE)?;
                    page.findings
                        .iter()
                        .filter_map(|stored| serde_json::from_str(&stored.json).ok())
                        .for_each(&mut take);
                    after = page.next;
                    if after.is_none() {
                        return Ok(());
                    }
                }
            }
            Self::Lines(file) => {
                let mut newest = 0;
                each(file, |other| {
                    newest = newest.max(time(&other));
                    Ok(())
                })?;
                each(file, |other| {
                    if time(&other) + DAY_NS >= newest {
                        take(other);
                    }
                    Ok(())
                })
            }
        }
    }
}

/// Each finding of a file. What is none is passed over.
fn each(file: &Path, mut take: impl FnMut(Value) -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
    let mut lines = BufReader::new(File::open(file).map_err(failed)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        if let Ok(finding) = serde_json::from_slice::<Value>(&line)
            && finding["type"] == "finding"
        {
            take(finding)?;
        }
    }
}

fn parse(text: &str, what: &str) -> Result<Value, Failure> {
    let finding: Value = serde_json::from_str(text.trim())
        .map_err(|error| format!("{what} is not JSON as `--output json` writes it: {error}"))?;
    match finding["type"] == "finding" && finding["rule"].is_string() {
        true => Ok(finding),
        false => Err(format!("{what} is no finding: it has not `\"type\": \"finding\"` and a rule").into()),
    }
}
