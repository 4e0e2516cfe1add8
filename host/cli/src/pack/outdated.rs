//! `lanner pack outdated`: how what is pinned stands against the known indexes.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_pack::index::{Standing, standing};
use lanner_pack::lock::{self, Lock};
use serde_json::json;

use super::known::Known;
use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = lock::FILE)]
    lock: PathBuf,
    #[command(flatten)]
    known: Known,
    #[command(flatten)]
    get: Get,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let path = arguments.lock.display();
    let lock = Lock::read(&arguments.lock)?.ok_or_else(|| {
        format!("there is no lock file {path}; `lanner pack install NAME` writes one, and --lock names another")
    })?;
    let indexes = arguments.known.obtain(&arguments.get.obtainer(false)?)?;
    let mut rows = Vec::new();
    for (reference, pin) in &lock.pins {
        let stands = standing(&indexes, reference, pin);
        let (word, index, newest, remedy) = told(&stands, &pin.name);
        let json = json!({
            "name": pin.name,
            "reference": reference,
            "version": pin.version,
            "digest": pin.digest,
            "standing": word,
            "index": index,
            "newest": newest,
        });
        if output == Format::Json {
            show::print(output, &json, String::new)?;
        }
        if stands != Standing::Current {
            let cell = |text: Option<String>| text.unwrap_or_default();
            rows.push(vec![pin.name.clone(), pin.version.to_string(), cell(newest), cell(index), remedy]);
        }
    }
    if output == Format::Text {
        let text = match rows.is_empty() {
            true => format!("all that {path} pins is the newest"),
            false => show::table(&["NAME", "PINNED", "NEWEST", "INDEX", "WHAT TO DO"], &rows),
        };
        show::print(output, &(), || text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A word for it, the index, the newest version there, and what to do.
fn told(stands: &Standing, name: &str) -> (&'static str, Option<String>, Option<String>, String) {
    match stands {
        Standing::Current => ("current", None, None, String::new()),
        Standing::Outdated { index, newest } => {
            ("outdated", Some(index.clone()), Some(newest.to_string()), format!("lanner pack install {name}"))
        }
        Standing::Ahead { index, newest } => (
            "ahead",
            Some(index.clone()),
            Some(newest.to_string()),
            "nothing: what is pinned is newer than what the index has".to_owned(),
        ),
        Standing::Replaced { index, digest } => (
            "replaced",
            Some(index.clone()),
            None,
            format!("ask its publisher: the index has {digest} under this version"),
        ),
        Standing::Unlisted => (
            "unlisted",
            None,
            None,
            "nothing: no known index has it (`lanner pack update` looks at its tag)".to_owned(),
        ),
    }
}
