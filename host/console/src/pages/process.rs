//! The process of a finding below its ancestors, as they were then.

use maud::{Markup, html};
use serde_json::Value;

use super::text::{LONG, SHORT, value};

/// Ancestors that are shown.
const ANCESTORS: usize = 64;

/// The tree; nothing where the finding is about no process.
pub(super) fn tree(finding: &Value) -> Markup {
    let process = &finding["process"];
    let ancestors: Vec<&Value> = finding["lineage"].as_array().into_iter().flatten().take(ANCESTORS).collect();
    html! {
        @if process.is_object() {
            section.box {
                h2 { "Process" }
                (below(&ancestors, process))
                @let facts = [
                    ("Working folder", value(&process["cwd"], SHORT)), ("Script", value(&process["script"], SHORT)),
                    ("User", user(process)), ("Started", value(&process["start"], 40)),
                ];
                dl.facts {
                    @for (name, fact) in facts { @if !fact.is_empty() { dt { (name) } dd { code { (fact) } } } }
                }
            }
        }
    }
}

/// The oldest of these, which stand from the parent upwards, and the others below it.
fn below(ancestors: &[&Value], process: &Value) -> Markup {
    html! {
        ul.tree {
            @match ancestors.split_last() {
                Some((oldest, younger)) => li { (name(oldest)) (below(younger, process)) },
                None => li.self {
                    (name(process))
                    @if let Some(arguments) = process["args"].as_array().filter(|arguments| !arguments.is_empty()) {
                        pre.command tabindex="0" role="region" aria-label="Arguments" { code {
                            @for argument in arguments.iter().take(256) { (value(argument, LONG)) " " }
                        } }
                    }
                },
            }
        }
    }
}

fn name(process: &Value) -> Markup {
    let known = |name: &&str| process[*name].as_str().is_some_and(|text| !text.is_empty());
    let name = ["exe", "name", "comm"]
        .into_iter()
        .find(known)
        .map_or_else(|| "not known".to_owned(), |name| value(&process[name], SHORT));
    html! { code { (name) } " " span.quiet { (value(&process["pid"], 20)) } }
}

fn user(process: &Value) -> String {
    match &process["user"] {
        Value::Null => format!("uid {}", value(&process["uid"], 20)),
        name => format!("{} (uid {})", value(name, 60), value(&process["uid"], 20)),
    }
}
