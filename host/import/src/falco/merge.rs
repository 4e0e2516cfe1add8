//! Files of rules, one after the other, as Falco takes them: what is said again takes the place of what was said before, or is
//! added to it.

use std::collections::HashMap;

use lanner_document::{Wrong, suggestion};

use super::yaml::{Change, Entry, Exception, Item, List, Macro, OneOrMore, Rule, Spot, Written};

/// Bytes of all conditions of one rule or macro, after others were added.
const MAX_CONDITION: usize = 256 << 10;
/// Items of one list.
const MAX_LIST: usize = 100_000;

/// All that the files say.
#[derive(Debug, Default)]
pub struct Merged {
    /// Rules, in the order in which they were first named.
    pub rules: Vec<Defined>,
    /// Macros, likewise.
    pub macros: Vec<NamedMacro>,
    /// Lists, by name, without the lists that they name.
    pub lists: HashMap<String, Vec<String>>,
    /// What cannot be used, and does not keep the rest from being used.
    pub wrong: Vec<(Option<String>, Wrong)>,
    /// Plugins that some file needs.
    pub plugins: Vec<String>,
}

/// A condition that stands in several places.
#[derive(Clone, Debug)]
pub struct Pieces(pub Vec<(String, Written)>);

/// A macro, and from where on it can be seen.
#[derive(Clone, Debug)]
pub struct NamedMacro {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: Pieces,
    /// Macros before this number, in the order of all items, can be named in it.
    pub visible: usize,
    /// Its own.
    pub number: usize,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Defined {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: Pieces,
    /// What a finding says.
    pub output: Pieces,
    /// What it is for.
    pub desc: String,
    /// How bad a finding is, as written, and where.
    pub priority: (Spot, String),
    /// Tags.
    pub tags: Vec<String>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
    /// Whether it is on.
    pub enabled: bool,
    /// Where its events come from.
    pub source: String,
    /// Whether it may be left out where a field is not known.
    pub skip_if_unknown: bool,
}

impl Pieces {
    fn of(written: &Written) -> Self {
        Self(vec![(String::new(), written.clone())])
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|(before, written)| format!("{before}{}", written.text)).collect()
    }

    /// Where a byte of that stands.
    #[must_use]
    pub fn spot_of(&self, byte: usize) -> Spot {
        let mut left = byte;
        for (place, (before, written)) in self.0.iter().enumerate() {
            left = left.saturating_sub(before.len());
            if left <= written.text.len() || place + 1 == self.0.len() {
                return written.spot_of(left);
            }
            left -= written.text.len();
        }
        Spot { path: Default::default(), at: Default::default() }
    }

    fn len(&self) -> usize {
        self.0.iter().map(|(before, written)| before.len() + written.text.len()).sum()
    }

    fn append(&mut self, written: &Written) {
        self.0.push((" ".to_owned(), written.clone()));
    }
}

impl Merged {
    /// Takes the items of the files, in their order.
    #[must_use]
    pub fn of(items: impl IntoIterator<Item = Item>) -> Self {
        let mut merged = Self::default();
        let mut lists: Vec<NamedList> = Vec::new();
        for (number, item) in items.into_iter().enumerate() {
            match item {
                Item::List(list) => merged.list(&mut lists, list, number),
                Item::Macro(of) => merged.named_macro(of, number),
                Item::Rule(rule) => merged.rule(&rule),
                Item::EngineVersion(spot, version) => merged.engine(&spot, &version),
                Item::Plugins(plugins) => merged.plugins.extend(plugins),
            }
        }
        merged.lists = resolved(&lists);
        merged.plugins.sort();
        merged.plugins.dedup();
        merged
    }

    fn refuse(&mut self, rule: Option<&str>, wrong: Wrong) {
        self.wrong.push((rule.map(str::to_owned), wrong));
    }

    fn engine(&mut self, spot: &Spot, version: &str) {
        let is_number = version.parse::<u32>().is_ok();
        if !is_number && semver::Version::parse(version).is_err() {
            let what = format!("{version:?} is no version of Falco's engine, such as 0.57.0");
            self.refuse(None, spot.wrong(what));
        }
    }

    fn list(&mut self, lists: &mut Vec<NamedList>, list: List, number: usize) {
        let List { spot, name, items, append } = list;
        let known = lists.iter_mut().find(|known| known.name == name);
        match (known, append) {
            (Some(known), true) if known.items.len() + items.len() <= MAX_LIST => {
                known.items.extend(items);
                known.visible = number;
            }
            (Some(_), true) => self.refuse(None, spot.wrong(format!("the list {name} has more than {MAX_LIST} items"))),
            (Some(known), false) => {
                known.items = items;
                known.visible = number;
            }
            (None, true) => {
                let names: Vec<&str> = lists.iter().map(|known| known.name.as_str()).collect();
                let what = format!("the list {name} is added to and is not there before{}", suggestion(&name, &names));
                self.refuse(None, spot.wrong(what));
            }
            (None, false) => lists.push(NamedList { name, items, visible: number, number }),
        }
    }

    fn named_macro(&mut self, of: Macro, number: usize) {
        let Macro { spot, name, condition, append } = of;
        let known = self.macros.iter_mut().find(|known| known.name == name);
        match (known, append) {
            (Some(known), true) => {
                known.condition.append(&condition);
                known.visible = number;
                if known.condition.len() > MAX_CONDITION {
                    known.condition.0.pop();
                    let what = format!("the condition of the macro {name} becomes longer than {MAX_CONDITION} bytes");
                    self.refuse(None, spot.wrong(what));
                }
            }
            (Some(known), false) => {
                known.condition = Pieces::of(&condition);
                known.spot = spot;
                known.visible = number;
            }
            (None, true) => {
                let names: Vec<&str> = self.macros.iter().map(|known| known.name.as_str()).collect();
                let what = format!("the macro {name} is added to and is not there before{}", suggestion(&name, &names));
                self.refuse(None, spot.wrong(what));
            }
            (None, false) => {
                let condition = Pieces::of(&condition);
                self.macros.push(NamedMacro { spot, name, condition, visible: number, number });
            }
        }
    }

    fn rule(&mut self, rule: &Rule) {
        let place = self.rules.iter().position(|known| known.name == rule.name);
        let change = rule.change.clone();
        let missing = |merged: &Self| {
            let names: Vec<&str> = merged.rules.iter().map(|known| known.name.as_str()).collect();
            format!("the rule {:?} is changed and is not there before{}", rule.name, suggestion(&rule.name, &names))
        };
        let outcome = match (change, place) {
            (Change::Replace, place) => self.define(rule, place),
            (_, None) => Err(rule.spot.wrong(missing(self))),
            (Change::Append, Some(place)) => {
                let keys = ["condition", "exceptions", "output", "desc", "tags"];
                self.change(rule, place, &keys.map(|key| (key.to_owned(), false)))
            }
            (Change::Override(keys), Some(place)) => self.change(rule, place, &keys),
        };
        if let Err(wrong) = outcome {
            self.refuse(Some(&rule.name), wrong);
        }
    }

    fn define(&mut self, rule: &Rule, place: Option<usize>) -> Result<(), Wrong> {
        let Rule { spot, name, condition, output, desc, priority, .. } = rule;
        // One that only says whether it is on, as was usual once.
        if let (Some(place), Some(enabled), None, None, None, None) =
            (place, rule.enabled, condition, output, desc, priority)
        {
            if let Some(known) = self.rules.get_mut(place) {
                known.enabled = enabled;
            }
            return Ok(());
        }
        let lacks = |key: &str| spot.wrong(format!("the rule {name:?} has no `{key}`"));
        let defined = Defined {
            spot: spot.clone(),
            name: name.clone(),
            condition: Pieces::of(condition.as_ref().ok_or_else(|| lacks("condition"))?),
            output: Pieces::of(output.as_ref().ok_or_else(|| lacks("output"))?),
            desc: desc.clone().ok_or_else(|| lacks("desc"))?,
            priority: priority.clone().ok_or_else(|| lacks("priority"))?,
            tags: rule.tags.clone().unwrap_or_default(),
            exceptions: rule.exceptions.clone().unwrap_or_default(),
            enabled: rule.enabled.unwrap_or(true),
            source: rule.source.clone().unwrap_or_else(|| "syscall".to_owned()),
            skip_if_unknown: rule.skip_if_unknown.unwrap_or_default(),
        };
        complete(&defined.exceptions)?;
        match place.and_then(|place| self.rules.get_mut(place)) {
            Some(known) => *known = defined,
            None => self.rules.push(defined),
        }
        Ok(())
    }

    /// Changes a rule in these keys: each replaced (`true`) or added to.
    fn change(&mut self, rule: &Rule, place: usize, keys: &[(String, bool)]) -> Result<(), Wrong> {
        let Some(known) = self.rules.get_mut(place) else { return Ok(()) };
        // All of it or nothing.
        let mut changed = known.clone();
        for (key, replace) in keys {
            match (key.as_str(), replace) {
                ("condition", replace) => written(&mut changed.condition, rule.condition.as_ref(), *replace),
                ("output", replace) => written(&mut changed.output, rule.output.as_ref(), *replace),
                ("desc", true) => changed.desc = rule.desc.clone().unwrap_or_default(),
                ("desc", false) => {
                    if let Some(desc) = &rule.desc {
                        changed.desc = format!("{} {desc}", changed.desc);
                    }
                }
                ("priority", _) => changed.priority.clone_from(rule.priority.as_ref().unwrap_or(&known.priority)),
                ("tags", true) => changed.tags = rule.tags.clone().unwrap_or_default(),
                ("tags", false) => {
                    for tag in rule.tags.iter().flatten() {
                        if !changed.tags.contains(tag) {
                            changed.tags.push(tag.clone());
                        }
                    }
                }
                ("exceptions", true) => changed.exceptions = rule.exceptions.clone().unwrap_or_default(),
                ("exceptions", false) => {
                    for exception in rule.exceptions.iter().flatten() {
                        except(&mut changed.exceptions, exception)?;
                    }
                }
                ("enabled", _) => changed.enabled = rule.enabled.unwrap_or(changed.enabled),
                ("skip-if-unknown-filter", _) => {
                    changed.skip_if_unknown = rule.skip_if_unknown.unwrap_or(changed.skip_if_unknown);
                }
                // It says which warnings Falco gives.
                _ => {}
            }
        }
        complete(&changed.exceptions)?;
        if changed.condition.len() > MAX_CONDITION {
            let what = format!("the condition of {:?} becomes longer than {MAX_CONDITION} bytes", rule.name);
            return Err(rule.spot.wrong(what));
        }
        *known = changed;
        Ok(())
    }
}

/// Replaces a text, or adds to it.
fn written(pieces: &mut Pieces, by: Option<&Written>, replace: bool) {
    match (by, replace) {
        (Some(by), true) => *pieces = Pieces::of(by),
        (Some(by), false) => pieces.append(by),
        (None, _) => {}
    }
}

/// Adds to an exception, or adds one.
fn except(exceptions: &mut Vec<Exception>, by: &Exception) -> Result<(), Wrong> {
    let Some(known) = exceptions.iter_mut().find(|known| known.name == by.name) else {
        exceptions.push(by.clone());
        return Ok(());
    };
    let differs = |own: &Option<OneOrMore>, by: &Option<OneOrMore>| by.is_some() && own != by;
    if differs(&known.fields, &by.fields) || differs(&known.comps, &by.comps) {
        let what = format!("the exception {} has other `fields` or `comps` here than before; leave them out", by.name);
        return Err(by.spot.wrong(what));
    }
    known.values.extend(by.values.iter().cloned());
    Ok(())
}

/// Whether each exception says which fields it is about, and has as many comparisons.
fn complete(exceptions: &[Exception]) -> Result<(), Wrong> {
    for Exception { spot, name, fields, comps, values } in exceptions {
        match (fields, comps) {
            (None, _) => {
                return Err(spot.wrong(format!("the exception {name} does not say which `fields` it is about")));
            }
            (Some(OneOrMore::One(_)), Some(OneOrMore::More(_)))
            | (Some(OneOrMore::More(_)), Some(OneOrMore::One(_))) => {
                return Err(
                    spot.wrong(format!("of the exception {name} both `fields` and `comps` are one, or both are lists"))
                );
            }
            (Some(OneOrMore::More(fields)), Some(OneOrMore::More(comps))) if fields.len() != comps.len() => {
                let what = format!("the exception {name} has {} `fields` and {} `comps`", fields.len(), comps.len());
                return Err(spot.wrong(what));
            }
            _ => {}
        }
        let expected = match fields {
            Some(OneOrMore::More(fields)) => Some(fields.len()),
            _ => None,
        };
        for value in values {
            match (expected, value) {
                (None, Entry::Text(_)) => {}
                (None, Entry::List(_)) => {
                    return Err(spot.wrong(format!("the exception {name} is about one field: its `values` are texts")));
                }
                (Some(count), Entry::List(entries)) if entries.len() == count => {}
                (Some(count), _) => {
                    let what = format!(
                        "each of the `values` of the exception {name} is a list of {count}, one for each field"
                    );
                    return Err(spot.wrong(what));
                }
            }
        }
    }
    Ok(())
}

struct NamedList {
    name: String,
    items: Vec<String>,
    visible: usize,
    number: usize,
}

/// Lists with the lists that they name put in: those that stood before they were last said something of.
fn resolved(lists: &[NamedList]) -> HashMap<String, Vec<String>> {
    let mut done: HashMap<String, Vec<String>> = HashMap::new();
    for list in lists {
        let mut items: Vec<String> = Vec::new();
        for item in &list.items {
            let named = lists
                .iter()
                .find(|other| other.name == *item && other.number < list.visible && other.name != list.name);
            match named {
                Some(other) => {
                    let inner = done.get(&other.name).unwrap_or(&other.items);
                    let room = MAX_LIST.saturating_sub(items.len());
                    items.extend(inner.iter().take(room).cloned());
                }
                None => items.push(item.clone()),
            }
        }
        done.insert(list.name.clone(), items);
    }
    done
}
