//! Which ATT&CK techniques the rules of a pack are about, by name.

use std::collections::BTreeMap;

use lanner_artifact::Rule;
use lanner_attack::name;
use maud::{Markup, html};

use super::layout::technique;

/// The techniques, each with how many rules are about it, for people.
pub(super) fn section(rules: &[Rule]) -> Markup {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in rules.iter().flat_map(|rule| &rule.attack) {
        *counts.entry(id).or_default() += 1;
    }
    html! {
        @if !counts.is_empty() {
            section #coverage {
                h2 { "Coverage " span.quiet { (counts.len()) } }
                ul.coverage {
                    @for (id, count) in &counts {
                        li {
                            (technique(id)) " " span { (name(id).unwrap_or_default()) }
                            span.quiet { (count) @if *count == 1 { " rule" } @else { " rules" } }
                        }
                    }
                }
            }
        }
    }
}
