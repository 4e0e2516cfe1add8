//! What is looked for, and what is found.

use lanner_artifact::Description;

use super::description::SEVERITIES;
use super::index::{Listed, Version};
use crate::access::{Action, Caller, Wanted};
use crate::oci::{OciError, RepositoryName};
use crate::registry::Registry;

/// How many packs an answer has where nothing else is asked for, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;
/// How much what is said of the packs of one answer may weigh, in bytes; one pack at least is in it.
const MAX_WEIGHT: usize = 8 << 20;
/// How long what is looked for may be, in bytes.
const MAX_TEXT: usize = 200;

/// What is looked for. All of it has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// Words, each anywhere in the name of the repository or in what the pack says.
    pub(super) q: String,
    /// A part of the pack's name.
    pub(super) name: String,
    /// A part of a rule's id.
    pub(super) rule: String,
    /// An ATT&CK id; a technique stands for its sub-techniques too.
    pub(super) attack: String,
    /// A kind of events that the pack wants.
    pub(super) event: String,
    /// The severity of a rule.
    pub(super) severity: String,
    /// How many.
    pub(super) n: usize,
    /// After this repository.
    pub(super) last: Option<String>,
}

impl Query {
    /// From what stands after the `?`. What is not known is ignored.
    ///
    /// # Errors
    /// A value cannot be meant, with a sentence that says so.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, String> {
        let mut query = Self { n: PAGE, ..Self::default() };
        for (key, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            let value = value.trim();
            if value.len() > MAX_TEXT && key != "last" {
                return Err(format!("{} is longer than {MAX_TEXT} bytes", key.chars().take(20).collect::<String>()));
            }
            match &*key {
                "q" => query.q = value.to_owned(),
                "name" => query.name = value.to_owned(),
                "rule" => query.rule = value.to_owned(),
                "attack" => query.attack = value.to_uppercase(),
                "event" => query.event = value.to_lowercase(),
                "severity" => query.severity = value.to_lowercase(),
                "n" if !value.is_empty() => {
                    let n: usize = value.parse().map_err(|_| "n must be a number".to_owned())?;
                    query.n = n.clamp(1, MAX_PAGE);
                }
                "last" if !value.is_empty() => {
                    let last = value.parse::<RepositoryName>().map_err(|()| "last must be a repository".to_owned())?;
                    query.last = Some(last.to_string());
                }
                _ => {}
            }
        }
        if !query.severity.is_empty() && !SEVERITIES.contains(&query.severity.as_str()) {
            return Err(format!("severity must be one of {}", SEVERITIES.join(", ")));
        }
        Ok(query)
    }

    /// Whether anything is looked for.
    pub(super) fn is_open(&self) -> bool {
        [&self.q, &self.name, &self.rule, &self.attack, &self.event, &self.severity].iter().all(|text| text.is_empty())
    }

    /// As it stands after a `?`, to go on after a repository.
    pub(super) fn after(&self, last: &RepositoryName) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (key, value) in [
            ("q", &self.q),
            ("name", &self.name),
            ("rule", &self.rule),
            ("attack", &self.attack),
            ("event", &self.event),
            ("severity", &self.severity),
        ] {
            if !value.is_empty() {
                text.append_pair(key, value);
            }
        }
        if self.n != PAGE {
            text.append_pair("n", &self.n.to_string());
        }
        text.append_pair("last", last.as_str()).finish()
    }

    /// Whether this version of a pack is what is looked for.
    fn fits(&self, repository: &RepositoryName, version: &Version) -> bool {
        let name = version.description.as_ref().map_or(pack_name(repository), |said| said.name.as_str());
        if !contains(name, &self.name) {
            return false;
        }
        let q = self.q.to_lowercase();
        let mut words = q.split_whitespace();
        if !words.all(|word| repository.as_str().contains(word) || version.words.contains(word)) {
            return false;
        }
        self.said(version.description.as_ref())
    }

    fn said(&self, description: Option<&Description>) -> bool {
        let Self { rule, attack, event, severity, .. } = self;
        if [rule, attack, event, severity].iter().all(|text| text.is_empty()) {
            return true;
        }
        let Some(description) = description else { return false };
        // One rule has to be all that is asked of rules.
        let rule_fits = description.rules.iter().any(|said| {
            contains(&said.id, rule)
                && (severity.is_empty() || said.severity == *severity)
                && (attack.is_empty() || said.attack.iter().any(|id| is_within(id, attack)))
        });
        let no_rule_asked = [rule, attack, severity].iter().all(|text| text.is_empty());
        (no_rule_asked || rule_fits) && (event.is_empty() || description.events.contains(event))
    }
}

fn contains(text: &str, part: &str) -> bool {
    part.is_empty() || text.to_lowercase().contains(&part.to_lowercase())
}

/// Whether a technique is this one, or a sub-technique of it.
fn is_within(id: &str, attack: &str) -> bool {
    id.strip_prefix(attack).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// How a pack is called that does not say it.
pub(super) fn pack_name(repository: &RepositoryName) -> &str {
    repository.as_str().rsplit('/').next().unwrap_or_default()
}

/// A pack: all its versions, the newest first.
pub(super) struct Pack {
    pub(super) repository: RepositoryName,
    pub(super) versions: Vec<Listed>,
}

/// What was found.
pub(super) struct Found {
    pub(super) packs: Vec<Pack>,
    /// Whether there are more.
    pub(super) more: bool,
}

/// Looks for packs among those that the client may pull.
pub(super) fn search(registry: &Registry, caller: &Caller, query: &Query) -> Found {
    let index = &registry.packs.index;
    let names = index.find(query.last.as_deref(), |name, version| query.fits(name, version));
    let allowed = names.into_iter().filter(|name| may_pull(registry, caller, name).is_ok());
    let (mut packs, mut weight, mut more) = (Vec::new(), 0, false);
    for pack in allowed.filter_map(|repository| Some(Pack { versions: index.versions(&repository)?, repository })) {
        weight += pack.versions.first().map_or(0, |newest| newest.version.weight);
        more = packs.len() == query.n || (weight > MAX_WEIGHT && !packs.is_empty());
        if more {
            break;
        }
        packs.push(pack);
    }
    Found { packs, more }
}

/// Whether the client may pull from a repository.
pub(super) fn may_pull(registry: &Registry, caller: &Caller, name: &RepositoryName) -> Result<(), OciError> {
    registry.access.authorize(caller, Wanted::Repository(name, Action::Pull))
}

#[cfg(test)]
mod tests {
    use lanner_artifact::Rule;

    use super::*;

    fn description() -> Description {
        let rule = |id: &str, severity: &str, attack: &str| Rule {
            id: id.into(),
            summary: "What it means".into(),
            severity: severity.into(),
            attack: vec![attack.into()],
        };
        let rules = vec![rule("credential-access/shadow-read", "high", "T1003.008"), rule("a/b", "low", "T1059")];
        Description::new("starter".into(), "1.0.0".into(), "First".into(), rules, vec!["open".into(), "exec".into()])
    }

    fn said(query: &str) -> bool {
        Query::parse(Some(query)).unwrap().said(Some(&description()))
    }

    #[test]
    fn what_fits() {
        for query in [
            "",
            "rule=shadow",
            "attack=T1003",
            "attack=t1003.008",
            "event=open",
            "severity=high",
            "severity=high&attack=T1003&rule=SHADOW&event=exec",
        ] {
            assert!(said(query), "{query}");
        }
        // The last: no single rule is both.
        for query in [
            "rule=nothing",
            "attack=T100",
            "attack=T1003.00",
            "attack=T1003.009",
            "event=ope",
            "severity=medium",
            "severity=low&attack=T1003",
        ] {
            assert!(!said(query), "{query}");
        }
        assert!(!Query::parse(Some("event=open")).unwrap().said(None));
        assert!(Query::parse(Some("q=x")).unwrap().said(None));
    }

    #[test]
    fn what_cannot_be_meant() {
        for query in ["severity=bad", "n=many", "last=../x", &format!("q={}", "a".repeat(201))] {
            assert!(Query::parse(Some(query)).is_err(), "{query}");
        }
        assert_eq!(Query::parse(Some("n=0")).unwrap().n, 1);
        assert_eq!(Query::parse(Some("n=100000")).unwrap().n, MAX_PAGE);
    }

    #[test]
    fn the_next_page_asks_for_the_same() {
        let query = Query::parse(Some("q=a+%26b&severity=high&n=7")).unwrap();
        let next = Query::parse(Some(&query.after(&"team/x".parse().unwrap()))).unwrap();
        assert_eq!(next, Query { last: Some("team/x".into()), ..query });
    }
}
