//! The JSON Schema of a configuration, so that editors complete and check it: made of the tables of keys.

use lanner_json::Object;
use serde_json::{Value as Json, json};

use crate::keys::{KEYS, Key, OUTPUT, Takes};
use crate::secret::WAYS;

/// Where the schema is published.
const ID: &str = "https://lanner.dev/schemas/config.schema.json";
/// What a table means.
const TABLES: &[(&str, &str)] = &[
    ("labels", "What is said of this host in each finding, in its status and in its metrics"),
    ("limits", "What a pack may take"),
    ("lists", "What packs compare with"),
    ("lists.replace", "What a list has, in place of what its pack brings along"),
    ("lists.add", "What a list has besides"),
    ("pack", "What is said of a pack, by its name"),
    ("pack.*.settings", "What is set in it"),
    ("keep", "Findings that are kept on this machine"),
    ("capture", "What happened around findings, written down"),
    ("control", "How the host is asked and steered"),
    ("metrics", "What is told over HTTP"),
    ("console", "What browsers are shown"),
    ("log", "What the host says of itself"),
    ("process", "How the host runs"),
    ("registry", "How registries are reached"),
    ("registry.login", "Who we are to a registry, by its host and port"),
];

/// The schema (draft 2020-12), as a text that ends with a line.
#[must_use]
pub fn schema() -> String {
    let outputs = json!({
        "description": "Where findings go; without any, to stdout as text",
        "type": "array",
        "items": output(),
    });
    let root = table(&[], [("output".to_owned(), outputs)].into_iter().collect());
    let mut schema = Object::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("$id".into(), ID.into());
    schema.insert("title".into(), "The configuration of a Lanner host".into());
    schema.extend(root);
    schema.insert("$defs".into(), json!({ "secret": secret() }));
    let mut written = serde_json::to_string_pretty(&schema).unwrap_or_default();
    written.push('\n');
    written
}

/// The table with these names before its keys, and with these keys besides.
fn table(above: &[&str], mut properties: Object) -> Object {
    let mut object = Object::new();
    let name = above.join(".");
    if let Some((_, about)) = TABLES.iter().find(|(known, _)| *known == name) {
        object.insert("description".into(), (*about).into());
    }
    object.insert("type".into(), "object".into());
    let below = KEYS.iter().filter(|key| key.parts().zip(above).all(|(own, above)| own == *above));
    let mut names: Vec<&str> = below.filter_map(|key| key.parts().nth(above.len())).collect();
    names.dedup();
    let mut closed = Json::Bool(false);
    for name in names {
        let parts = [above, &[name]].concat();
        let inner = match KEYS.iter().find(|key| key.parts().eq(parts.iter().copied())) {
            Some(key) => Json::Object(value(key)),
            None => Json::Object(table(&parts, Object::new())),
        };
        match name {
            "*" => closed = inner,
            name => drop(properties.insert(name.to_owned(), inner)),
        }
    }
    if !properties.is_empty() {
        object.insert("properties".into(), properties.into());
    }
    if above == ["labels"] {
        object.insert("propertyNames".into(), json!({ "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,62}$" }));
    }
    object.insert("additionalProperties".into(), closed);
    object
}

fn output() -> Json {
    let keys: Object = OUTPUT.iter().map(|key| (key.name.to_owned(), Json::Object(value(key)))).collect();
    json!({
        "type": "object",
        "properties": keys,
        "required": ["type"],
        "additionalProperties": false,
        "if": { "properties": { "type": { "const": "file" } } },
        "then": { "required": ["type", "path"] },
        "else": { "properties": { "path": false } },
    })
}

fn value(key: &Key) -> Object {
    let text = || json!({ "type": "string", "minLength": 1 });
    let takes = match key.takes {
        Takes::Text | Takes::Path | Takes::ListFile => text(),
        Takes::Locators | Takes::Texts => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        Takes::Switch => json!({ "type": "boolean" }),
        Takes::Time(_) => json!({ "type": "string", "pattern": "^[0-9]" }),
        Takes::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Takes::OneOf(known) => json!({ "enum": known }),
        Takes::Address => json!({ "type": "string", "pattern": ":[0-9]+$" }),
        Takes::Label => json!({ "type": "string", "minLength": 1, "maxLength": 256 }),
        Takes::Setting => json!({ "anyOf": [
            { "type": ["string", "integer", "boolean"] },
            { "type": "array", "items": { "type": "string", "pattern": "^[^,]*$" } },
        ] }),
        Takes::Secret => json!({ "$ref": "#/$defs/secret" }),
    };
    let mut object = Object::new();
    let default = key.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
    object.insert("description".into(), format!("{}{default}", key.about).into());
    if let Json::Object(takes) = takes {
        object.extend(takes);
    }
    object
}

fn secret() -> Json {
    let one = |way: &str| {
        let about = match way {
            "file" => "A file that nobody else may read",
            _ => "A credential that systemd hands the service (LoadCredential=)",
        };
        (way.to_owned(), json!({ "type": "string", "minLength": 1, "description": about }))
    };
    let ways: Object = WAYS.iter().map(|way| one(way)).collect();
    json!({
        "description": "Where a secret lies; it does not stand in the configuration",
        "type": "object",
        "properties": ways,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_place_and_each_table_is_of_some() {
        let schema: Json = serde_json::from_str(&schema()).expect("JSON");
        for key in KEYS {
            let mut at = &schema;
            for part in key.parts() {
                at = if part == "*" { &at["additionalProperties"] } else { &at["properties"][part] };
            }
            assert!(at["description"].as_str().is_some_and(|text| text.starts_with(key.about)), "{}", key.name);
        }
        for (table, _) in TABLES {
            let mut at = &schema;
            for part in table.split('.') {
                at = if part == "*" { &at["additionalProperties"] } else { &at["properties"][part] };
            }
            assert_eq!(at["type"], "object", "{table}");
        }
        assert_eq!(schema["additionalProperties"], false);
    }
}
