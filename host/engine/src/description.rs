//! What a pack says of itself, checked, and what can run of it here.

use lanner_contract::{Checked, Configuration, Description as Said, LeftOut, List, Rule, Setting, Wanted};
use lanner_lists::{Bound, Lists};

use super::refusal::Refusal;

/// Bytes of a description at most.
const MAX_DESCRIPTION: usize = 4 << 20;
/// Rules that are named where some are gone.
const NAMED: usize = 20;

/// A pack's description.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub summary: String,
    /// Its rules; findings name them by index.
    pub rules: Vec<Rule>,
    /// What can be set.
    pub settings: Vec<Setting>,
    /// The lists that it goes by.
    pub lists: Vec<List>,
    /// By which numbers the host knows these.
    pub bound: Bound,
    /// The events it wants, each once, with the host's numbers for lists.
    pub wanted: Vec<Wanted>,
    /// For each of them the numbers of the pack's subscriptions that ask for it.
    pub asked_by: Vec<Vec<u32>>,
    /// Rules that need what this host does not have, and do not run.
    pub left_out: Vec<LeftOut>,
}

impl Description {
    /// Checks what a pack said of itself; gives with it what the pack is to be told, with these settings.
    pub(crate) fn check(said: &[u8], settings: &Settings, lists: &Lists) -> Result<(Self, Configuration), Refusal> {
        if said.len() > MAX_DESCRIPTION {
            let (size, limit) = (said.len(), MAX_DESCRIPTION);
            return Err(Refusal::Description(format!("it says {size} bytes; {limit} are allowed")));
        }
        let said = Said::decode(said).map_err(|error| Refusal::Description(error.to_string()))?;
        if let Err(error) = semver::Version::parse(&said.version) {
            return Err(Refusal::Description(format!(
                "the version {:?} is not one such as 1.2.3: {error}",
                said.version
            )));
        }
        let checked = said.check().map_err(|nonsense| Refusal::Description(nonsense.to_string()))?;
        if let (true, Some(LeftOut { rule, needs })) = (checked.wanted.is_empty(), checked.left_out.first()) {
            let rule = &checked.said.rules[*rule as usize].id;
            return Err(Refusal::TooNew { rule: rule.clone(), needs: needs.clone() });
        }
        let own = settings.of(&checked.said.name);
        let mut configuration =
            checked.configuration(own).map_err(|nonsense| Refusal::Setting(nonsense.to_string()))?;
        for id in settings.off_in(&checked.said.name) {
            let known = || checked.said.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>().join(", ");
            let place = checked.said.rules.iter().position(|rule| rule.id == id);
            let rule = place.and_then(|place| u32::try_from(place).ok());
            let rule = rule
                .ok_or_else(|| Refusal::Setting(format!("there is no rule {id:?} to be off; there are {}", known())))?;
            if !configuration.off.contains(&rule) {
                configuration.off.push(rule);
            }
        }
        let Checked { said, mut wanted, asked_by, left_out } = checked;
        let Said { name, version, summary, rules, settings, lists: declared, .. } = said;
        let bound = lists.bind(&name, &declared).map_err(|error| Refusal::List(error.to_string()))?;
        // Every list that a filter names is bound.
        let number = |place: u32| bound.number(place).unwrap_or(u32::MAX);
        for condition in wanted.iter_mut().filter_map(|wanted| wanted.condition.as_mut()) {
            *condition = condition.with_lists(&number);
        }
        let lists = declared;
        let said = Self { name, version, summary, rules, settings, lists, bound, wanted, asked_by, left_out };
        Ok((said, configuration))
    }

    /// Says, as a warning, which rules of an earlier version it does not have any more.
    pub fn warn_of_rules_gone<'a>(&self, before: &str, rules: impl Iterator<Item = &'a str>) {
        let gone = self.lacks(rules);
        if gone.is_empty() {
            return;
        }
        let more = gone.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = gone.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        tracing::warn!("pack {} {}: the rules {named}{more} of version {before} are gone", self.name, self.version);
    }

    /// Which of these rules it does not have.
    fn lacks<'a>(&self, rules: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        rules.filter(|id| !self.rules.iter().any(|rule| rule.id == *id)).collect()
    }

    /// Its version, to be compared.
    pub fn semver(&self) -> semver::Version {
        // It was checked to be one.
        semver::Version::parse(&self.version).unwrap_or_else(|_| semver::Version::new(0, 0, 0))
    }

    /// The form that annotations of a manifest have it in.
    pub fn for_annotation(&self) -> lanner_artifact::Description {
        let rules = self.rules.iter().map(|rule| lanner_artifact::Rule {
            id: rule.id.clone(),
            summary: rule.summary.clone(),
            severity: rule.severity.name().to_owned(),
            attack: rule.attack.clone(),
        });
        let mut events: Vec<String> =
            self.rules.iter().flat_map(|rule| &rule.events).map(|event| event.kind.clone()).collect();
        events.sort_by_key(|kind| lanner_abi::Kind::from_name(kind).map_or(u16::MAX, lanner_abi::Kind::number));
        events.dedup();
        let (name, version, summary) = (self.name.clone(), self.version.clone(), self.summary.clone());
        lanner_artifact::Description::new(name, version, summary, rules.collect(), events)
    }

    /// The kinds it wants, by number.
    pub fn kinds(&self) -> impl Iterator<Item = u16> + '_ {
        self.wanted.iter().map(|wanted| wanted.kind.number())
    }
}

/// What the people who run the host set for packs: by the pack's name, names and values; and which rules are off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    values: Vec<(String, Vec<(String, String)>)>,
    off: Vec<(String, String)>,
}

impl Settings {
    /// Sets something. What is set twice is set to the last.
    pub fn set(&mut self, pack: &str, name: &str, value: &str) {
        let setting = (name.to_owned(), value.to_owned());
        match self.values.iter_mut().find(|(known, _)| known == pack) {
            Some((_, settings)) => settings.push(setting),
            None => self.values.push((pack.to_owned(), vec![setting])),
        }
    }

    /// Has a rule of a pack not run, by its id.
    pub fn turn_off(&mut self, pack: &str, rule: &str) {
        self.off.push((pack.to_owned(), rule.to_owned()));
    }

    /// The packs that something is set for.
    pub fn packs(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(pack, _)| pack.as_str())
    }

    /// The packs in which another sets something else, by name.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut packs: Vec<&str> = self.packs().chain(other.packs()).collect();
        packs.sort_unstable();
        packs.dedup();
        packs.retain(|pack| self.of(pack) != other.of(pack));
        packs.into_iter().map(str::to_owned).collect()
    }

    fn of(&self, pack: &str) -> &[(String, String)] {
        self.values.iter().find(|(known, _)| known == pack).map_or(&[], |(_, settings)| settings)
    }

    fn off_in<'a>(&'a self, pack: &str) -> impl Iterator<Item = &'a str> {
        self.off.iter().filter(move |(known, _)| known == pack).map(|(_, rule)| rule.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_are_gone_are_found() {
        let rules = ["a/c", "a/e"].map(|id| Rule { id: id.to_owned(), ..Rule::default() });
        let now = Description { rules: rules.into(), ..Description::default() };
        assert_eq!(now.lacks(["a/b", "a/c", "a/d"].into_iter()), ["a/b", "a/d"]);
    }
}
