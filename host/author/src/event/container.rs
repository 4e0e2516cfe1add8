//! Containers.

use lanner_abi::{CONTAINER, OwnedRecord, Value as Field, field};
use lanner_json::Object;
use serde_json::json;

use super::payload;
use crate::document::{Key, Node, Problem, Value};

/// The id of a container of which none is said.
const ID: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// A container, of what is said of it. Labels are a map of names and values.
pub(super) fn container(node: &Node) -> Result<OwnedRecord, Problem> {
    let members = node.map("container")?;
    let labels = [field::container::LABELS.name, field::container::POD_LABELS.name];
    let started = field::container::STARTED.name;
    let special = |key: &Key| labels.contains(&key.name.as_str()) || key.name == started;
    let plain: Vec<(Key, Node)> = members.iter().filter(|(key, _)| !special(key)).cloned().collect();
    let mut object: Object = payload::fields(&CONTAINER, &plain, "of a container")?
        .into_iter()
        .map(|(field, json)| (field.name.to_owned(), json))
        .collect();
    for (key, node) in members.iter().filter(|(key, _)| special(key)) {
        let json = match &node.value {
            _ if key.name == started => super::time(started, node)?.into(),
            Value::Map(pairs, _) => {
                let pair =
                    |(name, value): &(Key, Node)| Ok(json!({"name": name.name, "value": value.text(&name.name)?}));
                pairs.iter().map(pair).collect::<Result<Vec<_>, Problem>>()?.into()
            }
            _ => return Err(node.unexpected(&key.name, "a map of names and values")),
        };
        object.insert(key.name.clone(), json);
    }
    let mut record = lanner_json::read(&CONTAINER, &object).map_err(|error| node.problem(error.to_string()))?;
    let mut follows = |at, value: &str| {
        if !record.get().has(at) {
            // They are texts.
            let _ = record.set(at, Some(Field::Text(value.as_bytes())));
        }
    };
    follows(field::container::ID, ID);
    // As the host takes the name of an image apart.
    if let Some(image) = node.get(field::container::IMAGE.name).and_then(|image| image.text("image").ok()) {
        let name = image.split('@').next().unwrap_or(image);
        let last = name.rfind('/').map_or(0, |at| at + 1);
        let tag = name[last..].find(':').map(|at| last + at);
        follows(field::container::IMAGE_REPOSITORY, &name[..tag.unwrap_or(name.len())]);
        if let Some(tag) = tag {
            follows(field::container::IMAGE_TAG, &name[tag + 1..]);
        }
    }
    Ok(record)
}
