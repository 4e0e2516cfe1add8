//! `lanner list show`: which lists there are, and what is in one.

use std::fmt::Write as _;
use std::process::ExitCode;

use lanner_lists::ListName;
use serde_json::json;

use super::{Failure, Format, Loaded, Rules, print};
use crate::pack::table;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the entries of this list: NAME, or PACK/NAME
    #[arg(value_name = "NAME")]
    name: Option<ListName>,
    /// For people, or JSON, one object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    #[command(flatten)]
    rules: Rules,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let loaded = Loaded::of(&arguments.rules)?;
    let lists = loaded.lists(arguments.name.as_ref())?;
    let mut text = String::new();
    match (&arguments.name, arguments.output) {
        (Some(_), output) => {
            let now = loaded.runtime().lists().now();
            for list in &lists {
                let parts = loaded.number(list).map(|number| now.parts(number)).unwrap_or_default();
                for entry in parts.iter().flat_map(|members| members.entries()) {
                    let _ = match output {
                        Format::Text => writeln!(text, "{}", lanner_abi::Text::from(entry.as_str())),
                        Format::Json => {
                            writeln!(text, "{}", json!({"pack": list.pack, "list": list.list, "entry": entry}))
                        }
                    };
                }
            }
        }
        (None, Format::Json) => {
            for list in &lists {
                let (entries, bytes) = (list.entries, list.bytes);
                let line = json!({
                    "pack": list.pack, "list": list.list, "holds": list.holds, "entries": entries, "bytes": bytes,
                    "from": list.from,
                });
                let _ = writeln!(text, "{line}");
            }
        }
        (None, Format::Text) if lists.is_empty() => text.push_str("no loaded pack has a list\n"),
        (None, Format::Text) => {
            let row = |list: &lanner_lists::ListStatus| {
                let from = if list.from.is_empty() { "the pack".to_owned() } else { list.from.join(", ") };
                vec![format!("{}/{}", list.pack, list.list), list.holds.clone(), list.entries.to_string(), from]
            };
            let rows: Vec<Vec<String>> = lists.iter().map(row).collect();
            text = table(&["LIST", "HOLDS", "ENTRIES", "FROM"], &rows) + "\n";
        }
    }
    print("lists", &text)?;
    Ok(ExitCode::SUCCESS)
}
