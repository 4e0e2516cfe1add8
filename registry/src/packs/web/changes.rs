//! What changed between two versions of a pack.

use std::collections::BTreeMap;

use lanner_artifact::Rule;
use maud::{Markup, html};

use super::layout::severity;
use super::view::VersionView;

/// The rules of a version, beside those of an earlier one.
pub(super) struct Changes<'a> {
    pub(super) added: Vec<&'a Rule>,
    pub(super) gone: Vec<&'a Rule>,
    /// Before and now.
    pub(super) severity: Vec<(&'a Rule, &'a Rule)>,
    /// Those whose words or techniques are others.
    pub(super) described: Vec<&'a Rule>,
}

impl<'a> Changes<'a> {
    /// From one version to another.
    pub(super) fn between(before: &'a VersionView, now: &'a VersionView) -> Self {
        let by_id = |rules: &'a [Rule]| rules.iter().map(|rule| (rule.id.as_str(), rule)).collect::<BTreeMap<_, _>>();
        let (old, new) = (by_id(before.rules()), by_id(now.rules()));
        let mut changes = Self { added: Vec::new(), gone: Vec::new(), severity: Vec::new(), described: Vec::new() };
        for (id, rule) in &new {
            match old.get(id) {
                None => changes.added.push(rule),
                Some(before) if before.severity != rule.severity => changes.severity.push((before, rule)),
                Some(before) if (&before.summary, &before.attack) != (&rule.summary, &rule.attack) => {
                    changes.described.push(rule);
                }
                Some(_) => {}
            }
        }
        changes.gone = old.iter().filter(|(id, _)| !new.contains_key(*id)).map(|(_, rule)| *rule).collect();
        changes
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.gone.is_empty() && self.severity.is_empty() && self.described.is_empty()
    }
}

/// What changed since a version, for people.
pub(super) fn section(before: &VersionView, now: &VersionView) -> Markup {
    let changes = Changes::between(before, now);
    let rules = |rules: &[&Rule], what: &str, class: &str| {
        html! {
            @for rule in rules {
                li { span class={ "change " (class) } { (what) } " " code { (rule.id) } " " (severity(&rule.severity)) }
            }
        }
    };
    html! {
        section #changes {
            h2 { "Changes " span.quiet { "since " (before.label()) } }
            @if changes.is_empty() {
                p.quiet { "The same rules as before." }
            } @else {
                ul.changes {
                    (rules(&changes.gone, "gone", "bad"))
                    (rules(&changes.added, "new", "good"))
                    @for (before, rule) in &changes.severity {
                        li { span.change { "severity" } " " code { (rule.id) } " " (severity(&before.severity)) " → " (severity(&rule.severity)) }
                    }
                    (rules(&changes.described, "described anew", ""))
                }
            }
        }
    }
}
