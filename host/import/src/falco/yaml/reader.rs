//! Reads the items of a file.

use std::path::Path;

use lanner_document::{Key, Node, Place, Problem, Value};

use super::{Change, Entry, Exception, Item, List, MAX_ITEMS, Macro, OneOrMore, Rule, Spot, Written};

pub(super) struct Reader<'d> {
    pub(super) path: &'d Path,
    pub(super) text: &'d str,
}

const RULE_KEYS: [&str; 15] = [
    "rule",
    "condition",
    "output",
    "desc",
    "priority",
    "tags",
    "exceptions",
    "enabled",
    "source",
    "append",
    "override",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "capture",
    "capture_duration",
];
const APPENDABLE: [&str; 5] = ["condition", "output", "desc", "tags", "exceptions"];
const REPLACEABLE: [&str; 9] = [
    "condition",
    "output",
    "desc",
    "priority",
    "tags",
    "exceptions",
    "enabled",
    "warn_evttypes",
    "skip-if-unknown-filter",
];

impl Reader<'_> {
    fn spot(&self, at: Place) -> Spot {
        Spot { path: self.path.to_owned(), at }
    }

    pub(super) fn items<'n>(&self, root: &'n Node) -> Result<&'n [Node], Problem> {
        if root.value == Value::Null {
            return Ok(&[]);
        }
        let items = root.list("rules")?;
        if items.len() > MAX_ITEMS {
            return Err(root.problem(format!("there are {} items; {MAX_ITEMS} are allowed", items.len())));
        }
        Ok(items)
    }

    pub(super) fn item(&self, item: &Node) -> Result<Item, Problem> {
        let members = item.map("an item")?;
        if let Some(version) = item.get("required_engine_version") {
            self.only(members, &["required_engine_version"])?;
            return Ok(Item::EngineVersion(self.spot(version.at), self.scalar(version, "required_engine_version")?));
        }
        if let Some(plugins) = item.get("required_plugin_versions") {
            self.only(members, &["required_plugin_versions"])?;
            let name = |plugin: &Node| match plugin.get("name") {
                Some(name) => self.scalar(name, "name"),
                None => Err(plugin.problem("a plugin has a `name`")),
            };
            let plugins = plugins.list("required_plugin_versions")?;
            return Ok(Item::Plugins(plugins.iter().map(name).collect::<Result<_, Problem>>()?));
        }
        if let Some(name) = item.get("list") {
            self.only(members, &["list", "items", "append", "override"])?;
            let name = self.name(name, "list")?;
            let Some(items) = item.get("items") else {
                return Err(item.problem(format!("the list {name} has no `items`")));
            };
            let append = self.append(item, &["items"])?;
            return Ok(Item::List(List { spot: self.spot(item.at), name, items: self.texts(items, "items")?, append }));
        }
        if let Some(name) = item.get("macro") {
            self.only(members, &["macro", "condition", "append", "override"])?;
            let name = self.name(name, "macro")?;
            let Some(condition) = item.get("condition") else {
                return Err(item.problem(format!("the macro {name} has no `condition`")));
            };
            let append = self.append(item, &["condition"])?;
            let condition = self.written(condition, "condition")?;
            return Ok(Item::Macro(Macro { spot: self.spot(item.at), name, condition, append }));
        }
        match item.get("rule") {
            Some(name) => Ok(Item::Rule(Box::new(self.rule(item, name, members)?))),
            None => {
                let known = ["rule", "macro", "list", "required_engine_version", "required_plugin_versions"];
                Err(match members.first() {
                    Some((key, _)) => key.unknown("item", known),
                    None => item.problem("an item is a rule, a macro or a list, and this one is empty"),
                })
            }
        }
    }

    fn rule(&self, item: &Node, name: &Node, members: &[(Key, Node)]) -> Result<Rule, Problem> {
        self.only(members, &RULE_KEYS)?;
        let name = self.name(name, "rule")?;
        let text = |key: &str| item.get(key).map(|node| self.scalar(node, key)).transpose();
        let written = |key: &str| item.get(key).map(|node| self.written(node, key)).transpose();
        let bool = |key: &str| item.get(key).map(|node| boolean(node, key)).transpose();
        let change = match (self.overrides(item)?, bool("append")?) {
            (Some(_), Some(true)) => {
                return Err(item.problem("`append` and `override` cannot stand together; use `override` alone"));
            }
            (Some(keys), _) => Change::Override(keys),
            (None, Some(true)) => Change::Append,
            (None, _) => Change::Replace,
        };
        let priority = item.get("priority").map(|node| Ok((self.spot(node.at), self.scalar(node, "priority")?)));
        Ok(Rule {
            spot: self.spot(item.at),
            condition: written("condition")?,
            output: written("output")?,
            desc: text("desc")?,
            priority: priority.transpose()?,
            tags: item.get("tags").map(|node| self.texts(node, "tags")).transpose()?,
            exceptions: item.get("exceptions").map(|node| self.exceptions(node)).transpose()?,
            enabled: bool("enabled")?,
            source: text("source")?,
            skip_if_unknown: bool("skip-if-unknown-filter")?,
            change,
            name,
        })
    }

    fn only(&self, members: &[(Key, Node)], known: &[&str]) -> Result<(), Problem> {
        match members.iter().find(|(key, _)| !known.contains(&key.name.as_str())) {
            Some((key, _)) => Err(key.unknown("key", known.iter().copied())),
            None => Ok(()),
        }
    }

    /// Whether something is added to what was there, by `append` or by `override`.
    fn append(&self, item: &Node, keys: &[&str]) -> Result<bool, Problem> {
        let append = item.get("append").map(|node| boolean(node, "append")).transpose()?.unwrap_or_default();
        let Some(node) = item.get("override") else { return Ok(append) };
        if append {
            return Err(node.problem("`append` and `override` cannot stand together; use `override` alone"));
        }
        let mut appends = false;
        for (key, operation) in node.map("override")? {
            if !keys.contains(&key.name.as_str()) {
                return Err(key.unknown("key to override", keys.iter().copied()));
            }
            appends |= self.appends(key, operation)?;
        }
        Ok(appends)
    }

    fn appends(&self, key: &Key, operation: &Node) -> Result<bool, Problem> {
        match self.scalar(operation, &key.name)?.as_str() {
            "append" => Ok(true),
            "replace" => Ok(false),
            _ => Err(operation.unexpected(&key.name, "`append` or `replace`")),
        }
    }

    fn overrides(&self, item: &Node) -> Result<Option<Vec<(String, bool)>>, Problem> {
        let Some(node) = item.get("override") else { return Ok(None) };
        let mut keys = Vec::new();
        for (key, operation) in node.map("override")? {
            let appends = self.appends(key, operation)?;
            let known = if appends { &APPENDABLE[..] } else { &REPLACEABLE };
            if !known.contains(&key.name.as_str()) {
                return Err(match REPLACEABLE.contains(&key.name.as_str()) {
                    true => Problem::at(key.at, format!("`{}` cannot be appended to; use `replace`", key.name)),
                    false => key.unknown("key to override", REPLACEABLE),
                });
            }
            if item.get(&key.name).is_none() {
                return Err(Problem::at(key.at, format!("`{}` is to be overridden, and is not there", key.name)));
            }
            keys.push((key.name.clone(), !appends));
        }
        let left =
            REPLACEABLE.iter().find(|key| item.get(key).is_some() && !keys.iter().any(|(known, _)| known == *key));
        match left {
            Some(key) => Err(item.problem(format!("`{key}` is there, and `override` does not say what to do with it"))),
            None => Ok(Some(keys)),
        }
    }

    fn exceptions(&self, node: &Node) -> Result<Vec<Exception>, Problem> {
        if node.value == Value::Null {
            return Ok(Vec::new());
        }
        node.list("exceptions")?.iter().map(|node| self.exception(node)).collect()
    }

    fn exception(&self, node: &Node) -> Result<Exception, Problem> {
        self.only(node.map("an exception")?, &["name", "fields", "comps", "values"])?;
        let Some(name) = node.get("name") else { return Err(node.problem("an exception has a `name`")) };
        let some = |key: &str| node.get(key).map(|node| self.one_or_more(node, key)).transpose();
        let values = match node.get("values").map(|values| (&values.value, values)) {
            None | Some((Value::Null, _)) => Vec::new(),
            Some((_, values)) => {
                values.list("values")?.iter().map(|value| self.entry(value, 0)).collect::<Result<_, Problem>>()?
            }
        };
        Ok(Exception {
            spot: self.spot(node.at),
            name: self.scalar(name, "name")?,
            fields: some("fields")?,
            comps: some("comps")?,
            values,
        })
    }

    fn one_or_more(&self, node: &Node, key: &str) -> Result<OneOrMore, Problem> {
        match &node.value {
            Value::List(..) => Ok(OneOrMore::More(self.texts(node, key)?)),
            _ => Ok(OneOrMore::One(self.scalar(node, key)?)),
        }
    }

    fn entry(&self, node: &Node, depth: usize) -> Result<Entry, Problem> {
        match &node.value {
            Value::List(items, _) if depth < 2 => {
                Ok(Entry::List(items.iter().map(|item| self.entry(item, depth + 1)).collect::<Result<_, Problem>>()?))
            }
            _ => Ok(Entry::Text(self.scalar(node, "values")?)),
        }
    }

    fn texts(&self, node: &Node, key: &str) -> Result<Vec<String>, Problem> {
        if node.value == Value::Null {
            return Ok(Vec::new());
        }
        node.list(key)?.iter().map(|item| self.scalar(item, key)).collect()
    }

    fn name(&self, node: &Node, key: &str) -> Result<String, Problem> {
        let name = self.scalar(node, key)?;
        match name.trim().is_empty() {
            true => Err(node.problem(format!("a {key} has a name"))),
            false => Ok(name),
        }
    }

    /// A scalar as a text: a number and the like as they are written.
    fn scalar(&self, node: &Node, key: &str) -> Result<String, Problem> {
        match &node.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                Ok(self.text.get(node.span.clone()).unwrap_or_default().trim().to_owned())
            }
            _ => Err(node.unexpected(key, "a text")),
        }
    }

    fn written(&self, node: &Node, key: &str) -> Result<Written, Problem> {
        let text = self.scalar(node, key)?;
        // What follows it is more than there is of it, and never asked for.
        let source = self.text.get(node.span.start..).unwrap_or_default();
        let end = source.char_indices().nth(text.len() * 2 + 1024).map_or(source.len(), |(end, _)| end);
        Ok(Written { text, spot: self.spot(node.at), source: source.get(..end).unwrap_or_default().to_owned() })
    }
}

fn boolean(node: &Node, key: &str) -> Result<bool, Problem> {
    match &node.value {
        Value::Bool(yes) => Ok(*yes),
        // As YAML 1.1 has it, by which Falco reads.
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "true" => Ok(true),
            "no" | "off" | "n" | "false" => Ok(false),
            _ => Err(node.unexpected(key, "true or false")),
        },
        _ => Err(node.unexpected(key, "true or false")),
    }
}
