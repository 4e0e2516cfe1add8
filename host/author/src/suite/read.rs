//! From documents to tests.

use super::{Expected, Step, Test};
use crate::document::{Document, Key, Node, Problem, Value};
use crate::event::{self, COMMON, duration};

/// What a file says.
pub(super) const OF_FILE: [&str; 6] = ["tests", "settings", "off", "lists", "processes", "$schema"];
/// What a test says.
pub(super) const OF_TEST: [&str; 8] = ["name", "settings", "off", "lists", "processes", "events", "expect", "note"];
/// What may happen beside events.
pub(super) const STEPS: [&str; 3] = ["wait", "capture", "reload"];
/// What is expected where nothing is.
pub(super) const SILENCE: &str = "silence";

pub(super) fn tests(document: &Document) -> Result<Vec<Test>, Problem> {
    let root = &document.root;
    for (key, _) in root.map("a file of tests")? {
        known(key, "part of a file of tests", OF_FILE)?;
    }
    let Some(tests) = root.get("tests") else {
        return Err(root.problem("a file of tests has `tests`, a list of them"));
    };
    let common = (settings(root)?, off(root)?, lists(root)?, root.get("processes"));
    let mut read: Vec<Test> = Vec::new();
    for node in tests.list("tests")? {
        let test = test(document, node, &common)?;
        if read.iter().any(|other| other.name == test.name) {
            return Err(node.problem(format!("two tests are called {:?}", test.name)));
        }
        read.push(test);
    }
    Ok(read)
}

type Lists = Vec<(String, Vec<String>)>;
type Common<'a> = (Vec<(String, String)>, Vec<String>, Lists, Option<&'a Node>);

fn test(document: &Document, node: &Node, (settings, off, lists, processes): &Common<'_>) -> Result<Test, Problem> {
    for (key, _) in node.map("a test")? {
        known(key, "part of a test", OF_TEST)?;
    }
    let name = match node.get("name") {
        Some(name) => name.text("name")?.to_owned(),
        None => return Err(node.problem("a test has a `name`")),
    };
    let events = node.get("events").ok_or_else(|| node.problem(format!("the test {name:?} has no `events`")))?;
    let steps = events.list("events")?.iter().map(|node| step(document, node)).collect::<Result<_, _>>()?;
    let expect = node.get("expect").cloned();
    let expected = expect.as_ref().map(expected).transpose()?;
    Ok(Test {
        name,
        at: node.at,
        settings: [settings.clone(), self::settings(node)?].concat(),
        off: [off.clone(), self::off(node)?].concat(),
        lists: [lists.clone(), self::lists(node)?].concat(),
        processes: processes.iter().copied().chain(node.get("processes")).cloned().collect(),
        steps,
        expected,
        expect,
        node: node.clone(),
    })
}

fn known<'a>(key: &Key, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Result<(), Problem> {
    match known.clone().into_iter().any(|name| name == key.name) {
        true => Ok(()),
        false => Err(key.unknown(what, known)),
    }
}

/// Settings as they are written on a command line.
fn settings(node: &Node) -> Result<Vec<(String, String)>, Problem> {
    let Some(settings) = node.get("settings") else { return Ok(Vec::new()) };
    let one = |(key, value): &(Key, Node)| Ok((key.name.clone(), setting(&key.name, value)?));
    settings.map("settings")?.iter().map(one).collect()
}

fn setting(name: &str, node: &Node) -> Result<String, Problem> {
    Ok(match &node.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::List(items, _) => {
            let mut texts = Vec::new();
            for item in items {
                let text = setting(name, item)?;
                if text.contains(',') {
                    return Err(item.problem(format!(
                        "a text of a setting cannot have a comma in it, as commas part them where settings are set: {text:?}"
                    )));
                }
                texts.push(text);
            }
            texts.join(",")
        }
        Value::Null | Value::Float(_) | Value::Map(..) => {
            return Err(node.unexpected(name, "a text, a whole number, true or false, or a list of texts"));
        }
    })
}

fn off(node: &Node) -> Result<Vec<String>, Problem> {
    let Some(off) = node.get("off") else { return Ok(Vec::new()) };
    off.list("off")?.iter().map(|rule| Ok(rule.text("off")?.to_owned())).collect()
}

/// What stands in lists, each entry as it would stand in a file.
fn lists(node: &Node) -> Result<Lists, Problem> {
    let Some(lists) = node.get("lists") else { return Ok(Vec::new()) };
    let entry = |node: &Node| match &node.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        _ => Err(node.unexpected("an entry of a list", "a text or a whole number")),
    };
    let one = |(key, entries): &(Key, Node)| {
        Ok((key.name.clone(), entries.list("a list")?.iter().map(entry).collect::<Result<_, _>>()?))
    };
    lists.map("lists")?.iter().map(one).collect()
}

fn step(document: &Document, node: &Node) -> Result<Step, Problem> {
    let members = node.map("what happens")?;
    if let [(key, value)] = members {
        match key.name.as_str() {
            "wait" => return Ok(Step::Wait(duration("wait", value)?)),
            "reload" => {
                let empty = match &value.value {
                    Value::Null => true,
                    Value::Map(members, _) => members.is_empty(),
                    _ => false,
                };
                return if empty { Ok(Step::Reload) } else { Err(value.unexpected("reload", "nothing: {}")) };
            }
            "capture" => {
                let path = value.text("capture")?;
                let folder = document.path.parent().unwrap_or_else(|| std::path::Path::new(""));
                return Ok(Step::Capture(value.clone(), folder.join(path)));
            }
            _ => {}
        }
    }
    if let Some((key, _)) = members.iter().find(|(key, _)| STEPS.contains(&key.name.as_str())) {
        return Err(Problem::at(
            key.at,
            format!("`{}` stands alone: what else happens is an item of its own", key.name),
        ));
    }
    // Of a name that is none, the nearest may be one of these too.
    if event::kind(node).is_err()
        && let Some((key, _)) = members.iter().find(|(key, _)| !COMMON.contains(&key.name.as_str()))
        && node.get("kind").is_none()
    {
        return Err(key.unknown("kind of event", event::kinds().into_iter().chain(STEPS)));
    }
    event::kind(node)?;
    Ok(Step::Events(node.clone()))
}

fn expected(node: &Node) -> Result<Vec<Expected>, Problem> {
    match &node.value {
        Value::Text(text) if text == SILENCE => Ok(Vec::new()),
        Value::List(items, _) => items.iter().map(Expected::read).collect(),
        _ => Err(node.unexpected("expect", "a list of findings, or `silence`")),
    }
}
