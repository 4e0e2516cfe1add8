//! What packs cover: their rules, and the techniques of ATT&CK that these name. For people, for pages, and for MITRE's
//! ATT&CK Navigator.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lanner_engine::{Description, Rule};
use serde_json::{Value as Json, json};

use crate::check::ATTACK_VERSION;
use crate::printable;

/// The version of the Navigator's layers that is written.
const LAYER_VERSION: &str = "4.5";

/// Packs, and what they cover.
pub struct Coverage<'a> {
    packs: Vec<&'a Description>,
    /// By technique the rules that name it, in the order of the packs.
    techniques: BTreeMap<&'a str, Vec<&'a Rule>>,
}

impl<'a> Coverage<'a> {
    /// Of these packs.
    pub fn of(packs: impl IntoIterator<Item = &'a Description>) -> Self {
        let mut packs: Vec<&Description> = packs.into_iter().collect();
        packs.sort_by(|a, b| a.name.cmp(&b.name));
        let mut techniques: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in packs.iter().flat_map(|pack| &pack.rules) {
            for technique in &rule.attack {
                techniques.entry(technique).or_default().push(rule);
            }
        }
        Self { packs, techniques }
    }

    fn rules(&self) -> usize {
        self.packs.iter().map(|pack| pack.rules.len()).sum()
    }

    /// One sentence.
    fn summary(&self) -> String {
        let (packs, rules) = (self.packs.len(), self.rules());
        let sub = self.techniques.keys().filter(|id| id.contains('.')).count();
        let whole = self.techniques.len() - sub;
        format!(
            "{rules} rules in {packs} packs name {whole} techniques and {sub} sub-techniques of ATT&CK for Enterprise \
             {ATTACK_VERSION}."
        )
    }

    /// For people: a line for each technique.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (technique, rules) in &self.techniques {
            let ids: Vec<String> = rules.iter().map(|rule| printable(&rule.id)).collect();
            let _ = writeln!(text, "{technique:<10} {}", ids.join(", "));
        }
        text + &self.summary()
    }

    /// As a page: the rules of each pack, then the techniques.
    pub fn markdown(&self) -> String {
        let mut page = format!("{}\n", self.summary());
        for pack in &self.packs {
            let _ = write!(
                page,
                "\n## {}\n\n{}.\n\n| rule | severity | ATT&CK | maturity | a finding means | it does not see |\n| --- | --- | --- | --- \
                 | --- | --- |\n",
                cell(&pack.name),
                cell(&pack.summary)
            );
            for rule in &pack.rules {
                let _ = writeln!(
                    page,
                    "| `{}` | {} | {} | {} | {} | {} |",
                    cell(&rule.id),
                    rule.severity.name(),
                    cell(&rule.attack.join(" ")),
                    cell(property(rule, "maturity")),
                    cell(&rule.summary),
                    cell(property(rule, "misses"))
                );
            }
        }
        page.push_str("\n## ATT&CK\n\n| technique | rules |\n| --- | --- |\n");
        for (technique, rules) in &self.techniques {
            let ids: Vec<String> = rules.iter().map(|rule| format!("`{}`", cell(&rule.id))).collect();
            let _ = writeln!(page, "| {technique} | {} |", ids.join(", "));
        }
        page
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let packs = self.packs.iter().map(|pack| {
            let rules = pack.rules.iter().map(|rule| {
                json!({"id": rule.id, "severity": rule.severity.name(), "attack": rule.attack, "summary": rule.summary,
                    "properties": properties(rule)})
            });
            json!({"name": pack.name, "version": pack.version, "rules": rules.collect::<Vec<_>>()})
        });
        let techniques = self.techniques.iter().map(|(technique, rules)| {
            let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            ((*technique).to_owned(), json!(ids))
        });
        json!({"attack_version": ATTACK_VERSION, "packs": packs.collect::<Vec<_>>(),
            "techniques": techniques.collect::<serde_json::Map<_, _>>()})
    }

    /// As a layer of the ATT&CK Navigator: the score of a technique is the number of rules that name it.
    pub fn navigator(&self) -> Json {
        let most = self.techniques.values().map(Vec::len).max().unwrap_or(1);
        let techniques = self.techniques.iter().map(|(technique, rules)| {
            let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
            json!({"techniqueID": technique, "score": rules.len(), "comment": ids.join("\n"), "enabled": true,
                "showSubtechniques": true})
        });
        json!({
            "name": "Lanner",
            "versions": {"attack": ATTACK_VERSION.split('.').next(), "layer": LAYER_VERSION, "navigator": "5.1.0"},
            "domain": "enterprise-attack",
            "description": self.summary(),
            "filters": {"platforms": ["Linux", "Containers"]},
            "techniques": techniques.collect::<Vec<_>>(),
            "gradient": {"colors": ["#e8f4ea", "#2e7d32"], "minValue": 0, "maxValue": most},
        })
    }
}

fn property<'a>(rule: &'a Rule, name: &str) -> &'a str {
    rule.properties.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn properties(rule: &Rule) -> Json {
    rule.properties
        .iter()
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Text in a cell of a table, which is one line, and in which nothing means more than it says.
fn cell(text: &str) -> String {
    printable(text).replace('|', "\\|").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use lanner_engine::Severity;

    use super::*;

    fn pack(name: &str, rules: &[(&str, &[&str])]) -> Description {
        let rule = |(id, attack): &(&str, &[&str])| Rule {
            id: (*id).into(),
            severity: Severity::High,
            summary: "a | b".into(),
            attack: attack.iter().map(|id| (*id).into()).collect(),
            properties: vec![("maturity".into(), "stable".into()), ("misses".into(), "<x>".into())],
            ..Rule::default()
        };
        Description { name: name.into(), rules: rules.iter().map(rule).collect(), ..Description::default() }
    }

    #[test]
    fn techniques_are_told_with_their_rules() {
        let packs =
            [pack("b", &[("b/one", &["T1003.008", "T1005"])]), pack("a", &[("a/two", &["T1005"]), ("a/three", &[])])];
        let coverage = Coverage::of(&packs);
        assert!(
            coverage
                .text()
                .starts_with("T1003.008  b/one\nT1005      a/two, b/one\n3 rules in 2 packs name 1 techniques")
        );
        let page = coverage.markdown();
        assert!(page.contains("| `a/two` | high | T1005 | stable | a \\| b | &lt;x> |\n"), "{page}");
        assert!(page.find("## a") < page.find("## b") && page.ends_with("| T1005 | `a/two`, `b/one` |\n"), "{page}");
        let layer = coverage.navigator();
        assert_eq!(layer["techniques"][1]["techniqueID"], "T1005");
        assert_eq!((&layer["techniques"][1]["score"], &layer["gradient"]["maxValue"]), (&json!(2), &json!(2)));
        assert_eq!(coverage.json()["packs"][0]["rules"][0]["properties"]["maturity"], "stable");
    }
}
