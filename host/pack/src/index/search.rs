//! Looking for packs in an index, as a registry of ours looks for them.

use super::document::Listed;
use crate::remote::Search;

/// Whether a pack is what is looked for: each word in its name, its summary, its publisher's name or its rules, and one rule of it
/// all that is asked of rules.
pub fn matches(pack: &Listed, search: &Search) -> bool {
    let Search { words, rule, attack, event, severity } = search;
    let of_rules = pack.rules.iter().flat_map(|rule| [&rule.id, &rule.summary].into_iter().chain(&rule.attack));
    let texts = [&pack.name, &pack.summary, &pack.publisher.name].into_iter().chain(of_rules);
    let text = texts.map(|text| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    let has_words =
        words.iter().flat_map(|words| words.split_whitespace()).all(|word| text.contains(&word.to_lowercase()));
    let has_rule = pack.rules.iter().any(|known| {
        rule.as_ref().is_none_or(|part| known.id.to_lowercase().contains(&part.to_lowercase()))
            && severity.as_ref().is_none_or(|severity| known.severity.eq_ignore_ascii_case(severity))
            && attack.as_ref().is_none_or(|technique| known.attack.iter().any(|id| is_within(id, technique)))
    });
    let asks_of_rules = rule.is_some() || severity.is_some() || attack.is_some();
    let has_event = event.as_ref().is_none_or(|event| pack.events.iter().any(|kind| kind.eq_ignore_ascii_case(event)));
    has_words && (has_rule || !asks_of_rules) && has_event
}

/// Whether a technique is this one, or a sub-technique of it.
fn is_within(id: &str, technique: &str) -> bool {
    let technique = technique.to_uppercase();
    id.strip_prefix(&technique).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::listed;
    use super::super::document::{Listed, ListedRule};
    use super::*;

    fn pack() -> Listed {
        let mut pack = listed("credential-access", &["1.0.0"]);
        pack.rules.push(ListedRule {
            id: "credential-access/key-read".to_owned(),
            summary: "A private key was read".to_owned(),
            severity: "low".to_owned(),
            attack: vec!["T1552.004".to_owned()],
            maturity: "stable".to_owned(),
        });
        pack
    }

    #[test]
    fn all_that_is_asked_holds() {
        let pack = pack();
        let finds = |words: &[&str]| {
            matches(&pack, &Search { words: words.iter().map(|&word| word.to_owned()).collect(), ..Search::default() })
        };
        assert!(
            finds(&[]) && finds(&["CREDENTIAL"]) && finds(&["private", "team"]) && finds(&["private key", "t1552.004"])
        );
        assert!(!finds(&["private", "nothing"]) && !finds(&["1.0.0"]));
    }

    #[test]
    fn one_rule_is_all_that_is_asked_of_rules() {
        let pack = pack();
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let finds = |rule, attack, event, severity| {
            let search = Search {
                rule: text(rule),
                attack: text(attack),
                event: text(event),
                severity: text(severity),
                ..Search::default()
            };
            matches(&pack, &search)
        };
        assert!(
            finds("key-read", "", "", "") && finds("KEY", "t1552", "open", "low") && finds("", "T1003.008", "", "high")
        );
        assert!(!finds("key-read", "", "", "high"), "another rule is high");
        assert!(!finds("", "T1003", "", "low") && !finds("", "T155", "", "") && !finds("", "", "exec", ""));
    }
}
