//! What a kind of event has of its own.

use std::sync::Arc;

use lanner_abi::{FieldInfo, Kind, OwnedRecord, Reads, RecordInfo, Type, Value as Field, field};
use lanner_enrich::{Event, Process};
use lanner_json::Object;
use serde_json::Value as Json;

use super::process::Processes;
use super::words;
use crate::document::{Key, Node, Problem, Value, suggestion};

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SOCK_STREAM: u32 = 1;
const TCP: u16 = 6;
/// A regular file that its owner may write and all may read.
const FILE_MODE: u32 = 0o100_644;

/// An event of the kind of which nothing is told: numbers that every host gives are 0 and texts are empty, files are regular,
/// and nothing else is known.
pub(super) fn with_defaults(kind: Kind) -> OwnedRecord {
    let mut payload = OwnedRecord::new(kind.record());
    for field in kind.record().fields.iter().filter(|field| field.always && !points(field)) {
        let value = match field.ty {
            Type::Text => Field::Text(b""),
            Type::Bytes16 => Field::Bytes16([0; 16]),
            Type::List => continue,
            _ => Field::Unsigned(0),
        };
        set(&mut payload, field, value);
    }
    if let Some(file_mode) = kind.record().field("file_mode") {
        set(&mut payload, file_mode, FILE_MODE.into());
    }
    payload
}

fn points(field: &FieldInfo) -> bool {
    matches!(field.reads, Reads::Row | Reads::Payload)
}

/// Sets a field to what it takes.
fn set(record: &mut OwnedRecord, field: &FieldInfo, value: Field<'_>) {
    let set = record.set(field, Some(value));
    debug_assert!(set.is_ok(), "{set:?}");
}

/// Tells of an event what somebody said, and what follows from that. `begins` is the image that begins with it.
pub(super) fn fill(
    event: &mut Event,
    said: Option<&Node>,
    begins: Option<Arc<Process>>,
    processes: &mut Processes,
    now: u64,
) -> Result<(), Problem> {
    let info = event.kind.record();
    let empty = Vec::new();
    let members = match said.map(|said| (said, &said.value)) {
        None | Some((_, Value::Null)) => &empty,
        Some((_, Value::Map(members, _))) => members,
        Some((said, _)) => return Err(said.unexpected(event.kind.name(), "a map of its fields")),
    };
    let fields = fields(info, members, &format!("of an event of the kind {}", event.kind.name()))?;
    let mut begins = begins;
    for field in info.rows() {
        let said = members.iter().find(|(key, _)| key.name == field.name).map(|(_, node)| node);
        let process = match (begins.take(), said, &event.process) {
            (Some(image), ..) => image,
            (None, Some(said), _) => processes.who(said, None, now)?,
            // Every host names one: a child of the one who did it.
            (None, None, Some(parent)) if field.always => processes.child(parent, now),
            _ => continue,
        };
        name(event, field, process);
    }
    for (field, _) in &fields {
        // What was said of a pid stands; a list takes the place of the one before.
        event.payload.set(field, None).ok();
    }
    let object: Object = fields.iter().map(|(field, json)| (field.name.to_owned(), json.clone())).collect();
    let told = lanner_json::read(info, &object).map_err(|error| Problem::at(members[0].0.at, error.to_string()))?;
    event.payload = together(&event.payload, &told);
    follow(&mut event.payload, &fields);
    if event.kind.info().has_image {
        let exe = event.named.first().map(|image| image.exe().to_vec()).unwrap_or_default();
        // The file as it was named is what was run, where nothing else is said.
        if let Some(at) = info.fields.iter().find(|field| field.always && field.ty == Type::Text)
            && !fields.iter().any(|(said, _)| *said == at)
        {
            set(&mut event.payload, at, Field::Text(&exe));
        }
    }
    Ok(())
}

/// Names a process in a field of the payload, and by its pid where there is a field for that.
fn name(event: &mut Event, at: &'static FieldInfo, process: Arc<Process>) {
    let info = event.kind.record();
    let place = event.named.len() as u64;
    set(&mut event.payload, at, place.into());
    for (beside, of) in [("pid", field::process::PID), ("ns_pid", field::process::NS_PID)] {
        let by_name = info.field(&format!("{}_{beside}", at.name));
        let told = at.pid.filter(|_| beside == "pid").or(by_name);
        if let (Some(told), Some(number)) = (told, process.record().number(of)) {
            set(&mut event.payload, told, number.into());
        }
    }
    event.named.push(process);
}

/// The second where it tells something, else the first.
fn together(first: &OwnedRecord, second: &OwnedRecord) -> OwnedRecord {
    let mut record = second.clone();
    for field in first.info().fields.iter().filter(|field| !second.get().has(field)) {
        if let Some(value) = first.get().value(field) {
            set(&mut record, field, value);
        }
    }
    record
}

/// What follows from an address: a TCP connection of its family, where nothing else is said.
fn follow(payload: &mut OwnedRecord, said: &[(&'static FieldInfo, Json)]) {
    let info = payload.info();
    let Some((address, Json::String(written))) = said.iter().find(|(field, _)| field.reads == Reads::Address) else {
        return;
    };
    let Ok(written) = written.parse::<std::net::IpAddr>() else { return };
    if address.name != "address" {
        return;
    }
    let family = if written.is_ipv4() { AF_INET } else { AF_INET6 };
    let follows: [(&str, Field<'_>); 3] =
        [("family", family.into()), ("socket_type", SOCK_STREAM.into()), ("protocol", TCP.into())];
    for (name, value) in follows {
        if let Some(at) = info.field(name).filter(|at| !said.iter().any(|(said, _)| said == at)) {
            set(payload, at, value);
        }
    }
}

/// The fields that can be written of a record, those that name processes too.
pub(crate) fn names(info: &'static RecordInfo) -> impl Iterator<Item = &'static str> {
    info.fields.iter().filter(|field| field.reads != Reads::Payload).map(|field| field.name)
}

/// What was said of fields, each checked, but for those that name processes.
pub(super) fn fields(
    info: &'static RecordInfo,
    members: &[(Key, Node)],
    of: &str,
) -> Result<Vec<(&'static FieldInfo, Json)>, Problem> {
    let mut fields = Vec::new();
    for (key, node) in members {
        let Some(field) = info.field(&key.name).filter(|field| field.reads != Reads::Payload) else {
            let known: Vec<&str> = names(info).collect();
            let near = suggestion(&key.name, &known);
            return Err(Problem::at(key.at, format!("there is no field {:?} {of}{near}", key.name)));
        };
        if field.reads != Reads::Row && node.value != Value::Null {
            fields.push((field, one(info, field, node)?));
        }
    }
    Ok(fields)
}

/// What was said of one field, as `lanner_json` reads it.
pub(super) fn one(info: &'static RecordInfo, field: &'static FieldInfo, node: &Node) -> Result<Json, Problem> {
    let json = match (&node.value, field.flags) {
        (Value::List(items, _), None) if words::is_of_open(field) => {
            items.iter().try_fold(0, |flags, item| Ok(flags | words::open_flag(item)?))?.into()
        }
        (Value::Text(_), None) if words::is_of_open(field) => words::open_flag(node)?.into(),
        (Value::Text(word), Some(_)) => vec![word.as_str()].into(),
        _ => node.json(),
    };
    let object: Object = [(field.name.to_owned(), json.clone())].into_iter().collect();
    lanner_json::read(info, &object).map_err(|error| node.problem(error.to_string()))?;
    Ok(json)
}
