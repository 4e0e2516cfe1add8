//! What the Rust SDK has of each kind: the fields that its filters compare, and the events that its tests make.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::files::Files;
use super::rust::{HEAD, camel, formatted, upper};
use super::schema::{Field, Kind, Reads, Record, Schema, Type};

/// `sdk/rust/src/filter/fields`: a module for each kind, and whatever else has fields, with a function for each field, which knows
/// whose it is and what it holds.
pub(super) fn fields(schema: &Schema, files: &mut Files) -> Result<()> {
    let mut whole = String::from(HEAD);
    writeln!(whole, "\n//! Every field that filters compare, in a module that says whose it is: `open::path()`,")?;
    writeln!(whole, "//! `process::exe()`, `exec::image::exe()`.\n")?;
    let mut add = |name: &str, body: String| -> Result<()> {
        writeln!(whole, "pub mod {name};")?;
        files.add(format!("sdk/rust/src/filter/fields/{name}.rs"), formatted(&body)?);
        Ok(())
    };
    let (event, process) = (schema.section("event")?, schema.section("process")?);
    let container = schema.section("container")?;
    for (name, scope, record, whose) in [
        ("event", "AnyKind", event, "what events of all kinds have"),
        ("process", "WithProcess", process, "the process that did it, as it was before the event"),
        ("parent", "WithProcess", process, "the parent of the process that did it"),
        ("container", "WithProcess", container, "the container in which the process runs that did it"),
    ] {
        let mut out = format!("{HEAD}\n//! Fields of {whose}.\n\n");
        functions(&mut out, record, scope, name, 0)?;
        add(name, out)?;
    }
    for Kind { record, .. } in &schema.kinds {
        let (name, scope) = (&record.name, camel(&record.name));
        let mut out = format!("{HEAD}\n//! Fields of events of the kind `{name}`. {}\n\n", record.doc);
        functions(&mut out, record, &scope, name, 0)?;
        if record.field("path").and(record.field("host_path")).is_some() {
            writeln!(out, "\n/// The file, by any path that is known of it: `path`, or `host_path`.")?;
            writeln!(out, "pub const fn file() -> crate::filter::File<crate::filter::scope::{scope}> {{")?;
            writeln!(out, "    crate::filter::File::new(path(), host_path())\n}}")?;
        }
        let names_process = |field: &&Field| field.reads == Some(Reads::Row) && field.of.as_deref() == Some("process");
        for field in record.fields.iter().filter(names_process) {
            let named = &field.name;
            writeln!(out, "\n/// Fields of the process that `{named}` names. {}\npub mod {named} {{", field.doc)?;
            functions(&mut out, process, &scope, &format!("{name}.{named}"), 1)?;
            writeln!(out, "}}")?;
        }
        add(name, out)?;
    }
    writeln!(whole, "\nuse super::scope;\n")?;
    for kind in schema.kinds.iter().filter(|kind| kind.process) {
        writeln!(whole, "impl scope::HasProcess for scope::{} {{}}", camel(&kind.record.name))?;
    }
    files.add("sdk/rust/src/filter/fields/mod.rs", formatted(&whole)?);
    Ok(())
}

/// The functions of a record's fields, as the SDK's macro makes them. What stands in a macro is not formatted.
fn functions(out: &mut String, record: &Record, scope: &str, owner: &str, depth: usize) -> Result<()> {
    let indent = "    ".repeat(depth);
    writeln!(out, "{indent}fields! {{ {scope}:")?;
    for field in &record.fields {
        let Some(value) = value(record, field) else { continue };
        let Field { name, doc, .. } = field;
        writeln!(out, "{indent}    {name} {value} {:?} {doc:?};", format!("{owner}.{name}"))?;
    }
    writeln!(out, "{indent}}}")?;
    Ok(())
}

/// What a field holds, as the SDK's filters tell tests apart; none where it cannot be compared.
fn value(record: &Record, field: &Field) -> Option<&'static str> {
    Some(match (field.ty, field.reads) {
        (Type::List, _) | (_, Some(Reads::Row | Reads::Payload)) => return None,
        (Type::Text, _) => "Text",
        (Type::Bytes16, _) => "Address",
        (_, Some(Reads::Bool)) => "YesNo",
        (_, Some(Reads::Kind)) => "KindNumber",
        (Type::I64, _) if record.name == "event" && field.name == "result" => "Returned",
        _ => "Number",
    })
}

/// `sdk/rust/src/testing/kinds.rs`: a function for each kind that a line of a test makes.
pub(super) fn test_events(schema: &Schema) -> Result<Vec<u8>> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n//! Events of the kinds that a line of a test makes.\n")?;
    let made = || schema.kinds.iter().filter(|kind| !kind.test.is_empty());
    let fields = || made().flat_map(|kind| kind.test.iter().filter_map(|name| kind.record.field(name)));
    if fields().any(|field| field.reads == Some(Reads::Row)) {
        writeln!(out, "use std::borrow::Borrow;\n")?;
    }
    if fields().any(|field| field.reads == Some(Reads::Address)) {
        writeln!(out, "use std::net::IpAddr;\n")?;
    }
    writeln!(out, "use lanner_abi::{{Kind, field}};\n\nuse super::TestEvent;")?;
    if fields().any(|field| field.reads == Some(Reads::Row)) {
        writeln!(out, "use super::TestProcess;")?;
    }
    for Kind { record, test, .. } in made() {
        let (mut takes, mut sets) = (Vec::new(), String::new());
        for field in test.iter().filter_map(|name| record.field(name)) {
            let (name, place) = (&field.name, format!("field::{}::{}", record.name, upper(&field.name)));
            let (takes_type, set) = match (field.ty, field.reads) {
                (Type::Text, _) => ("impl AsRef<[u8]>", format!(".set({place}, {name}.as_ref())")),
                (_, Some(Reads::Address)) => ("IpAddr", format!(".set({place}, {name})")),
                (_, Some(Reads::Kind)) => ("Kind", format!(".set({place}, {name}.number())")),
                (_, Some(Reads::Bool)) => ("bool", format!(".set({place}, {name})")),
                (_, Some(Reads::Row)) if field.of.as_deref() == Some("process") => {
                    ("impl Borrow<TestProcess>", format!(".set_process({place}, {name})"))
                }
                (Type::List | Type::Bytes16, _) | (_, Some(Reads::Row | Reads::Payload)) => {
                    bail!("kind {}: no test can be made of the field {name}", record.name)
                }
                (ty, _) => (ty.name(), format!(".set({place}, {name})")),
            };
            takes.push(format!("{name}: {takes_type}"));
            sets.push_str(&set);
        }
        let (name, kind) = (&record.name, camel(&record.name));
        writeln!(out, "\n/// {}\n#[must_use]", record.doc)?;
        writeln!(out, "pub fn {name}({}) -> TestEvent {{ TestEvent::new(Kind::{kind}){sets} }}", takes.join(", "))?;
    }
    formatted(&out)
}
