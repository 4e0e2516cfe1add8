//! Events to measure a pack with, where there is no capture: such as its filters ask for, and such as machines are full of.

use std::net::Ipv6Addr;

use lanner_abi::{Kind, Reads, Type};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{FieldRef, Filter, Scope};
use lanner_engine::Description;
use lanner_json::Object;
use serde_json::{Value as Json, json};

/// Of so many events one is such as a filter asks for.
const ONE_OF: usize = 8;
/// Files that programs open all the time.
const FILES: [&str; 8] = [
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/etc/ld.so.cache",
    "/proc/self/status",
    "/var/log/syslog",
    "/usr/share/zoneinfo/UTC",
    "/home/user/project/src/main.c",
    "/sys/fs/cgroup/memory.max",
    "/tmp/build-4711/object.o",
];
/// Programs that run all the time.
const PROGRAMS: [&str; 8] = [
    "/usr/bin/bash",
    "/usr/bin/python3.11",
    "/usr/sbin/nginx",
    "/usr/lib/systemd/systemd",
    "/usr/bin/git",
    "/usr/bin/sed",
    "/usr/bin/cc1",
    "/usr/sbin/sshd",
];
/// Where programs connect to.
const ADDRESSES: [&str; 4] = ["127.0.0.1", "10.0.0.53", "192.0.2.10", "2001:db8::7"];

/// Lines of JSON, each an event: so many, of the kinds that the pack asks for.
pub(super) fn lines(pack: &Description, count: usize) -> String {
    let asked: Vec<(Kind, Option<&Filter>)> = pack
        .rules
        .iter()
        .flat_map(|rule| &rule.events)
        .filter_map(|event| Some((Kind::from_name(&event.kind)?, event.filter.as_ref())))
        .collect();
    let mut text = String::new();
    if asked.is_empty() {
        return text;
    }
    for number in 0..count {
        let (kind, filter) = asked[number / ONE_OF % asked.len()];
        let mut event = usual(kind, number);
        if number % ONE_OF == 0 {
            filter.into_iter().for_each(|filter| satisfy(kind, filter, number / ONE_OF, &mut event));
        }
        text.push_str(&Json::Object(event).to_string());
        text.push('\n');
    }
    text
}

/// An event such as there are many.
fn usual(kind: Kind, number: usize) -> Object {
    let of = |all: &[&'static str]| all[number % all.len()];
    let mut payload = Object::new();
    for field in kind.record().fields {
        let value = match (field.reads, field.ty, field.name) {
            (Reads::Address, ..) => of(&ADDRESSES),
            (_, Type::Text, "path" | "filename" | "host_path") => of(&FILES),
            _ => continue,
        };
        payload.insert(field.name.to_owned(), value.into());
    }
    let mut event = Object::new();
    event.insert(kind.name().to_owned(), payload.into());
    if kind.info().has_process {
        let exe = |number: usize| PROGRAMS[number % PROGRAMS.len()];
        // Some 40 processes, as on a machine.
        let pid = 2000 + number % 40;
        event.insert(
            "process".to_owned(),
            json!({"pid": pid, "exe": exe(pid), "parent": {"pid": 1000 + pid % 7, "exe": exe(pid % 7)}}),
        );
    }
    if kind.info().has_image {
        event
            .insert("image".to_owned(), json!({"exe": of(&PROGRAMS), "argv": [of(&PROGRAMS), "--option", "argument"]}));
    }
    event
}

/// Has an event pass a filter, as far as that can be had by giving fields values; `which` of several it is.
fn satisfy(kind: Kind, filter: &Filter, which: usize, event: &mut Object) {
    match filter {
        Filter::All(filters) => filters.iter().for_each(|filter| satisfy(kind, filter, which, event)),
        Filter::Any(filters) if !filters.is_empty() => {
            satisfy(kind, &filters[which % filters.len()], which / filters.len(), event);
        }
        Filter::Any(_) | Filter::Not(_) | Filter::Listed(..) | Filter::Unknown(_) => {}
        Filter::Field(name, test) => {
            if let (Ok(field), Some(value)) = (FieldRef::of(kind, name), value(test, which)) {
                give(kind, &field, value, event);
            }
        }
    }
}

/// A value that passes a test.
fn value(test: &Test, which: usize) -> Option<Json> {
    let text = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => {
            let hex: String = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"hex": hex})
        }
    };
    let of = |values: &[Vec<u8>]| values.get(which % values.len().max(1)).cloned();
    let number = |number: i128| u64::try_from(number).map(Json::from).or(i64::try_from(number).map(Json::from)).ok();
    Some(match test {
        Test::Equals(literals) => match literals.get(which % literals.len().max(1))? {
            Literal::Bytes(bytes) => match <[u8; 16]>::try_from(bytes.as_slice()) {
                // Sixteen bytes that are no text are an address.
                Ok(bytes) if std::str::from_utf8(&bytes).is_err() || bytes.contains(&0) => address(bytes),
                _ => text(bytes.clone()),
            },
            Literal::Number(value) => number(*value)?,
            Literal::Bool(yes) => (*yes).into(),
        },
        Test::StartsWith(values) => text([of(values)?, b"file".to_vec()].concat()),
        Test::EndsWith(values) => text([b"/srv/file".to_vec(), of(values)?].concat()),
        Test::Contains(values) => text([b"/srv/".to_vec(), of(values)?, b"/file".to_vec()].concat()),
        Test::Between(ranges) => number(ranges.get(which % ranges.len().max(1))?.0)?,
        Test::AnyBits(bits) | Test::AllBits(bits) => (*bits).into(),
        Test::NoBits(_) | Test::Known => return None,
        Test::Within(networks) => address(networks.get(which % networks.len().max(1))?.0),
    })
}

fn address(bytes: [u8; 16]) -> Json {
    Ipv6Addr::from(bytes).to_canonical().to_string().into()
}

/// Gives a field of an event a value. Bits stand as a list of their numbers where they have names.
fn give(kind: Kind, field: &FieldRef, value: Json, event: &mut Object) {
    let name = field.field.name;
    let value = match (field.field.flags, value.as_u64()) {
        (Some(_), Some(bits)) => (0..64_u8).filter(|bit| bits >> bit & 1 == 1).collect(),
        // Arguments stand one by one.
        _ if name == "argv" => json!([value]),
        _ => value,
    };
    let path: Vec<&str> = match field.scope {
        Scope::Event if name == "result" => vec!["result"],
        Scope::Event => return,
        Scope::Payload => vec![kind.name(), name],
        Scope::Process => vec!["process", name],
        Scope::Parent => vec!["process", "parent", name],
        Scope::Container => vec!["process", "container", name],
        Scope::Named(_) if kind.info().has_image => vec!["image", name],
        Scope::Named(place) => match kind.record().fields.get(usize::from(place)) {
            Some(named) => vec![kind.name(), named.name, name],
            None => return,
        },
    };
    // A process that differs from others is another one.
    if path.len() > 1
        && path[0] == "process"
        && let Some(Json::Object(process)) = event.get_mut("process")
    {
        process.remove("pid");
    }
    let mut at = event;
    for part in &path[..path.len() - 1] {
        let inner = at.entry((*part).to_owned()).or_insert_with(|| Json::Object(Object::new()));
        let Json::Object(inner) = inner else { return };
        at = inner;
    }
    at.insert(name.to_owned(), value);
}
