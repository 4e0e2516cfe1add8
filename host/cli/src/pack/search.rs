//! `lanner pack search`: look for packs in a registry.

use std::process::ExitCode;

use lanner_pack::remote::{Remote, Search};
use serde_json::Value;

use super::registries::Reach;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The registry: host[:port]
    #[arg(long, value_name = "HOST", env = "LANNER_REGISTRY")]
    registry: String,
    /// Words in names, summaries and rules; all must be there
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// In the id of a rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// An ATT&CK technique that a rule is about, such as T1003.008
    #[arg(long, value_name = "ID")]
    attack: Option<String>,
    /// A kind of event that the pack asks for
    #[arg(long, value_name = "KIND")]
    event: Option<String>,
    /// A severity that a rule has
    #[arg(long, value_name = "SEVERITY")]
    severity: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let Arguments { words, rule, attack, event, severity, .. } = arguments;
    let search = Search {
        words: words.clone(),
        rule: rule.clone(),
        attack: attack.clone(),
        event: event.clone(),
        severity: severity.clone(),
    };
    let registry = arguments.registry.trim_start_matches("oci://");
    let found = Remote::new(registry, &arguments.reach.access())?.search(&search)?;
    if output == Format::Json {
        for pack in &found {
            show::print(output, pack, String::new)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(show::printable).unwrap_or_default();
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|pack| {
            let facts = &pack.facts;
            let of = |name: &str| text(facts.get(name));
            let latest = |name: &str| text(facts.get("latest").and_then(|latest| latest.get(name)));
            let repository = format!("oci://{registry}/{}", of("repository"));
            vec![of("name"), latest("version"), repository, latest("summary")]
        })
        .collect();
    let nothing = format!("registry {registry} has no such pack");
    let text = if rows.is_empty() { nothing } else { show::table(&["NAME", "VERSION", "WHERE", "SUMMARY"], &rows) };
    show::print(output, &(), || text)?;
    Ok(ExitCode::SUCCESS)
}
