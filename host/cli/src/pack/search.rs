//! `lanner pack search`: look for packs in the known indexes, or in a registry.

use std::process::ExitCode;

use lanner_pack::index::{Listed, ObtainedIndex, matches};
use lanner_pack::remote::{Remote, Search};
use serde_json::{Value, json};

use super::known::Known;
use super::registries::Get;
use super::{Failure, Format, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Look in this registry, not in the known indexes: host[:port] [env: LANNER_REGISTRY, where neither --index nor --offline is given]
    #[arg(long, value_name = "HOST", conflicts_with_all = ["offline", "index"])]
    registry: Option<String>,
    /// Look in this index alone, by its name
    #[arg(long, value_name = "NAME")]
    index: Option<String>,
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
    known: Known,
    #[command(flatten)]
    get: Get,
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
    let usual = || std::env::var("LANNER_REGISTRY").ok().filter(|registry| !registry.is_empty());
    let in_known = arguments.index.is_some() || arguments.known.is_offline();
    match arguments.registry.clone().or_else(|| usual().filter(|_| !in_known)) {
        Some(registry) => in_registry(arguments, registry.trim_start_matches("oci://"), &search, output)?,
        None => in_indexes(arguments, &search, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn in_indexes(arguments: &Arguments, search: &Search, output: Format) -> Result<(), Failure> {
    let indexes = arguments.known.obtain(&arguments.get.obtainer(false)?)?;
    let named = |index: &&ObtainedIndex| arguments.index.as_ref().is_none_or(|name| index.index.name == *name);
    if let Some(name) = &arguments.index
        && !indexes.iter().any(|index| named(&index))
    {
        let nearest = lanner_json::nearest(name, indexes.iter().map(|index| index.index.name.as_str()));
        let meant = nearest.map(|name| format!("; do you mean {name:?}?")).unwrap_or_default();
        return Err(format!("no index {name:?} is known{meant}; `lanner pack index list` shows those that are").into());
    }
    let found = indexes.iter().filter(named).flat_map(|index| index.index.packs.iter().map(move |pack| (index, pack)));
    let found: Vec<(&ObtainedIndex, &Listed)> = found.filter(|(_, pack)| matches(pack, search)).collect();
    if output == Format::Json {
        for (index, pack) in &found {
            let mut json = json!({ "index": index.index.name, "version": pack.newest().version });
            if let (Value::Object(json), Value::Object(pack)) = (&mut json, serde_json::to_value(pack)?) {
                json.extend(pack);
            }
            show::print(output, &json, String::new)?;
        }
        return Ok(());
    }
    let row = |(index, pack): &(&ObtainedIndex, &Listed)| {
        let newest = pack.newest();
        vec![
            pack.name.clone(),
            newest.version.to_string(),
            newest.rules.to_string(),
            show::printable(&pack.maturity),
            show::printable(&pack.publisher.name),
            index.index.name.clone(),
            show::printable(&pack.summary),
        ]
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    let text = match rows.is_empty() {
        true => nothing(&indexes, &search.words),
        false => show::table(&["NAME", "VERSION", "RULES", "MATURITY", "PUBLISHER", "INDEX", "SUMMARY"], &rows),
    };
    show::print(output, &(), || text)
}

/// That nothing was found, and what may be meant.
fn nothing(indexes: &[ObtainedIndex], words: &[String]) -> String {
    let names = indexes.iter().flat_map(|index| &index.index.packs).map(|pack| pack.name.as_str());
    let nearest = words.first().and_then(|word| lanner_json::nearest(word, names));
    let meant = nearest.map(|name| format!("; do you mean {name:?}?")).unwrap_or_default();
    format!("no known index has such a pack{meant}")
}

fn in_registry(arguments: &Arguments, registry: &str, search: &Search, output: Format) -> Result<(), Failure> {
    let found = Remote::new(registry, &arguments.get.reach.access())?.search(search)?;
    if output == Format::Json {
        for pack in &found {
            show::print(output, pack, String::new)?;
        }
        return Ok(());
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
    show::print(output, &(), || text)
}
