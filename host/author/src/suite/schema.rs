//! The JSON Schema of files of tests, so that editors complete and check them: made of the tables of all kinds, so that it knows
//! each field.

use lanner_abi::{CONTAINER, FieldInfo, Kind, PROCESS, Reads, RecordInfo, Type, event_flag, field};
use serde_json::{Value as Json, json};

use super::expect::{FORMS, PARTS};
use super::read::{OF_FILE, OF_TEST, SILENCE, STEPS};
use crate::event::{COMMON, FIELDS_OF_PROCESSES, errno_names, is_of_open, kinds, open_words};

/// Where the schema is published.
const ID: &str = "https://lanner.dev/schemas/rule-test.schema.json";

/// The schema (draft 2020-12), as a text that ends with a line.
pub fn schema() -> String {
    let text = |doc: &str| json!({"type": "string", "description": doc});
    let of_kind = |kind: &Kind| (kind.name().to_owned(), json!({"$ref": format!("#/$defs/kind-{}", kind.name())}));
    let mut event = object();
    for name in COMMON {
        event.insert(name.to_owned(), common(name));
    }
    event.extend(Kind::ALL.iter().map(of_kind));
    let mut step = event.clone();
    for name in STEPS {
        step.insert(name.to_owned(), happens(name));
    }
    let mut defs = object();
    defs.insert("test".into(), closed(OF_TEST.map(|name| (name, of_test(name))), &["name", "events"]));
    defs.insert(
        "step".into(),
        json!({"type": "object", "properties": step, "additionalProperties": false, "minProperties": 1}),
    );
    defs.insert("finding".into(), finding());
    defs.insert("wanted-text".into(), wanted(&json!({"type": "string"})));
    defs.insert("process".into(), process());
    defs.insert("container".into(), container());
    defs.insert("duration".into(), text("A time such as 2s, 500ms or 1h30m"));
    defs.insert("text".into(), json!({"description": "A text, or bytes that are none", "anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"hex": {"type": "string"}}, "required": ["hex"], "additionalProperties": false},
    ]}));
    for kind in Kind::ALL {
        let what = format!("One of the {}", kind.info().sees);
        defs.insert(format!("kind-{}", kind.name()), record(kind.record(), &what));
    }
    let mut schema = object();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("$id".into(), ID.into());
    schema.insert("title".into(), "Tests of a pack of rules for Lanner".into());
    if let Json::Object(file) = closed(OF_FILE.map(|name| (name, of_file(name))), &["tests"]) {
        schema.extend(file);
    }
    schema.insert("$defs".into(), defs.into());
    let mut written = serde_json::to_string_pretty(&schema).unwrap_or_default();
    written.push('\n');
    written
}

fn object() -> lanner_json::Object {
    lanner_json::Object::new()
}

/// A map of these members and no others.
fn closed<'a>(members: impl IntoIterator<Item = (&'a str, Json)>, required: &[&str]) -> Json {
    let members: lanner_json::Object = members.into_iter().map(|(name, of)| (name.to_owned(), of)).collect();
    json!({"type": "object", "properties": members, "required": required, "additionalProperties": false})
}

fn settings() -> Json {
    let texts = json!({"type": "array", "items": {"type": ["string", "integer", "boolean"]}});
    json!({
        "description": "Settings of the pack, by name",
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": ["string", "integer", "boolean"]}, texts]},
    })
}

fn of_file(name: &str) -> Json {
    match name {
        "tests" => json!({"type": "array", "items": {"$ref": "#/$defs/test"}, "description": "The tests"}),
        "settings" => settings(),
        "off" => {
            json!({"type": "array", "items": {"type": "string"}, "description": "Rules that do not run, by their ids"})
        }
        "lists" => json!({
            "description": "What stands in lists of the pack in place of what it brings along, by their names",
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": ["string", "integer"]}},
        }),
        "processes" => json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/process"},
            "description": "Processes, by the names that events and other processes use for them"}),
        _ => json!({"type": "string"}),
    }
}

fn of_test(name: &str) -> Json {
    match name {
        "name" => {
            json!({"type": "string", "description": "What is tested, as a sentence; no two tests of a file share it"})
        }
        "events" => {
            json!({"type": "array", "items": {"$ref": "#/$defs/step"}, "description": "What happens, in order"})
        }
        "expect" => json!({
            "description": "What is to be found: exactly this, in this order",
            "anyOf": [{"const": SILENCE}, {"type": "array", "items": {"$ref": "#/$defs/finding"}}],
        }),
        other => of_file(other),
    }
}

fn happens(name: &str) -> Json {
    match name {
        "wait" => {
            json!({"$ref": "#/$defs/duration", "description": "Time goes by; the pack is ticked at each full second"})
        }
        "capture" => {
            json!({"type": "string", "description": "A capture, or a file of events as JSON lines, from the folder of this file"})
        }
        _ => {
            json!({"type": ["object", "null"], "maxProperties": 0, "description": "The pack is replaced by itself: it saves its state, and a new instance restores it"})
        }
    }
}

/// What an event says beside what its kind has of its own.
fn common(name: &str) -> Json {
    match name {
        "process" => json!({"$ref": "#/$defs/process", "description": "Who did it"}),
        "image" => json!({"$ref": "#/$defs/process", "description": "What begins, with an exec"}),
        "result" => json!({"description": "What the call returned: a number, or the name of an error",
            "anyOf": [{"type": ["integer", "null"]}, {"enum": errno_names().collect::<Vec<_>>()}]}),
        "after" => {
            json!({"$ref": "#/$defs/duration", "description": "How long after the event before it; 1ms where nothing is said"})
        }
        "times" => json!({"type": "integer", "minimum": 1, "description": "How often it happens, one after the other"}),
        "flags" => flags(event_flag::NAMES.bits, "Facts about the event"),
        "tid" => json!({"type": ["integer", "null"], "description": "The thread"}),
        "kind" => json!({"enum": kinds(), "description": "What happened, as hosts print it"}),
        "time" => json!({"type": ["string", "integer"], "description": "When it happened: RFC 3339, or ns since 1970"}),
        "seq" => json!({"type": "integer", "description": "As hosts print it; of no meaning here"}),
        "type" => json!({"const": "event", "description": "As hosts print it"}),
        "lineage" => {
            json!({"type": "array", "items": {"$ref": "#/$defs/process"}, "description": "The ancestors of the process, nearest first, as hosts print them"})
        }
        _ => json!({"type": "string", "description": "A remark"}),
    }
}

fn flags(bits: &[(&str, u8)], what: &str) -> Json {
    let names: Vec<&str> = bits.iter().map(|(name, _)| *name).collect();
    json!({"type": "array", "items": {"anyOf": [{"enum": names}, {"type": "integer"}]}, "description": what})
}

fn finding() -> Json {
    let part = |name: &str| match name {
        "rule" => json!({"type": "string", "description": "The rule's id"}),
        "severity" => json!({"enum": ["info", "low", "medium", "high", "critical"]}),
        "message" => json!({"$ref": "#/$defs/wanted-text", "description": "What happened"}),
        "key" => json!({"$ref": "#/$defs/wanted-text", "description": "What the finding is about"}),
        "facts" => {
            json!({"type": "object", "additionalProperties": wanted(&json!({})), "description": "Its facts, by name; those that are not named may be anything"})
        }
        "process" => json!({"description": "The process that it is about, by its name or by parts of it",
            "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": wanted(&json!({}))}]}),
        "event" => {
            json!({"type": "object", "additionalProperties": wanted(&json!({})), "description": "The event behind it, by parts of it"})
        }
        _ => json!({"type": "string", "description": "A remark"}),
    };
    json!({"anyOf": [{"type": "string", "description": "The rule's id"}, closed(PARTS.map(|name| (name, part(name))), &[])]})
}

/// A value, or what a text has to be like.
fn wanted(value: &Json) -> Json {
    let form = |name: &str| closed([(name, json!({"type": "string"}))], &[name]);
    let [contains, matches] = FORMS.map(form);
    json!({"anyOf": [value, contains, matches]})
}

fn process() -> Json {
    let mut members = fields(&PROCESS);
    for at in [field::process::ID, field::process::IMAGE] {
        members.insert(at.name.into(), json!({"type": ["string", "integer"], "description": "As hosts print it"}));
    }
    for at in [field::process::START, field::process::IMAGE_START, field::process::EXE_MTIME, field::process::EXE_CTIME]
    {
        members.insert(at.name.into(), common("time"));
    }
    let texts = json!({"type": "array", "items": {"type": "string"}});
    members.insert(
        field::process::ARGV.name.into(),
        json!({"anyOf": [texts, {"type": "null"}], "description": "The arguments, the program's name first"}),
    );
    members.insert(field::process::ENVIRONMENT.name.into(), json!({"anyOf": [texts, {"type": ["string", "null"]}], "description": "Entries of the environment: NAME=VALUE"}));
    for name in FIELDS_OF_PROCESSES {
        let of = match name {
            "as" => {
                json!({"type": "string", "description": "Gives it a name, by which the process can be meant from here on"})
            }
            "parent" => {
                json!({"anyOf": [{"$ref": "#/$defs/process"}, {"type": "null"}], "description": "The process that it was forked from"})
            }
            _ => {
                json!({"anyOf": [{"$ref": "#/$defs/container"}, {"type": "null"}], "description": "The container that it runs in"})
            }
        };
        members.insert(name.into(), of);
    }
    json!({"anyOf": [
        {"type": "string", "description": "The name of a process"},
        {"type": "object", "properties": members, "additionalProperties": false},
    ]})
}

fn container() -> Json {
    let mut members = fields(&CONTAINER);
    for at in [field::container::LABELS, field::container::POD_LABELS] {
        members.insert(at.name.into(), json!({"type": "object", "additionalProperties": {"type": "string"}}));
    }
    members.insert(field::container::STARTED.name.into(), common("time"));
    json!({"type": "object", "properties": members, "additionalProperties": false})
}

fn record(info: &'static RecordInfo, what: &str) -> Json {
    json!({"type": ["object", "null"], "properties": fields(info), "additionalProperties": false, "description": what})
}

fn fields(info: &'static RecordInfo) -> lanner_json::Object {
    let of = |field: &&FieldInfo| field.reads != Reads::Payload;
    info.fields.iter().filter(of).map(|field| (field.name.to_owned(), one(field))).collect()
}

fn one(field: &FieldInfo) -> Json {
    if is_of_open(field) {
        let words: Vec<&str> = open_words().collect();
        return json!({"anyOf": [{"type": "integer"}, {"enum": words}, {"type": "array", "items": {"enum": words}}],
            "description": "Flags of open(2)"});
    }
    match (field.reads, field.flags, field.ty) {
        (Reads::Row, ..) => json!({"$ref": "#/$defs/process"}),
        (Reads::Bool, ..) => json!({"type": ["boolean", "null"]}),
        (Reads::Kind, ..) => json!({"enum": kinds()}),
        (_, Some(set), _) => flags(set.bits, set.name),
        (.., Type::Text) => json!({"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]}),
        (.., Type::Bytes16) => json!({"type": ["string", "null"], "description": "An IP address"}),
        (.., Type::List) => json!({"type": "array", "items": {"type": "object"}}),
        _ => json!({"type": ["integer", "null"]}),
    }
}
