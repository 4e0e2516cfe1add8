//! What the C++ SDK has of the schema, over what the C SDK has: a class for each record, the fields that filters compare.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::c::{OWNERS, is_process, tag};
use super::files::Files;
use super::rust::{HEAD, upper};
use super::schema::{Field, Kind, Reads, Record, Schema, Type};

/// A name that is a word of the language, with a `_`.
fn identifier(name: &str) -> String {
    match name {
        "export" | "namespace" | "new" | "delete" | "operator" | "private" | "public" | "protected" | "signed"
        | "unsigned" | "union" | "not" => {
            format!("{name}_")
        }
        name => name.to_owned(),
    }
}

/// `sdk/cpp/include/lanner/generated.hpp`, and the folder beside it with a header a record.
pub(super) fn library(schema: &Schema, files: &mut Files) -> Result<()> {
    let mut out = String::from(HEAD);
    writeln!(
        out,
        "\n/// @file\n/// Kinds of events, a class for each record with a function for each field, and the fields that filters compare."
    )?;
    writeln!(out, "#pragma once\n\n#include \"filter.hpp\"\n#include \"values.hpp\"\n\nnamespace lanner {{\n")?;
    writeln!(out, "/// Kinds of events.\nenum class kind : std::uint8_t {{")?;
    for kind in &schema.kinds {
        writeln!(out, "\t/// {}\n\t{} = {},", kind.record.doc, identifier(&kind.record.name), kind.number)?;
    }
    writeln!(out, "}};\n")?;
    for set in &schema.flag_sets {
        let prefix = upper(set.name.trim_end_matches("_flag"));
        writeln!(out, "/// Bits of the fields that hold a `{0}`.\nnamespace {0} {{", set.name)?;
        for flag in &set.values {
            writeln!(out, "/// {}", flag.doc)?;
            writeln!(
                out,
                "inline constexpr std::uint32_t {} = LANNER_{prefix}_{};",
                identifier(&flag.name),
                upper(&flag.name)
            )?;
        }
        writeln!(out, "}} // namespace {}\n", set.name)?;
    }
    for record in &schema.sections {
        writeln!(out, "class {};", record.name)?;
    }
    writeln!(
        out,
        "\n/// Every field that filters compare, by whose it is: `field::open::path`, `field::process::exe` (of who did it),\n\
         /// `field::parent::exe`, `field::container::image`, `field::event::result`, `field::exec::image::exe` (of a process that the\n\
         /// kind names).\nnamespace field {{}}\n\n}} // namespace lanner\n"
    )?;
    let mut number = 0;
    // Of each record that is not a kind's, the fields as filters compare them, in namespaces.
    let mut fields: BTreeMap<&str, String> = BTreeMap::new();
    for (owner, of) in OWNERS {
        let text = fields.entry(of).or_default();
        writeln!(text, "/// Fields that filters compare: those of `{owner}`.\nnamespace field::{owner} {{")?;
        owned(text, schema.section(of)?, owner, &mut number)?;
        writeln!(text, "}} // namespace field::{owner}\n")?;
    }
    let mut add = |record: &Record, about: &str, body: &str| -> Result<()> {
        let name = &record.name;
        writeln!(out, "#include \"generated/{name}.hpp\"")?;
        let head = format!("{HEAD}\n/// @file\n/// {about} A part of `generated.hpp`.\n#pragma once\n\n");
        let content =
            format!("{head}#include \"../generated.hpp\"\n\nnamespace lanner {{\n\n{body}}} // namespace lanner\n");
        files.add(format!("sdk/cpp/include/lanner/generated/{name}.hpp"), content);
        Ok(())
    };
    for record in &schema.sections {
        let (name, mut body) = (&record.name, String::new());
        // What is asked of it beyond its fields is written by hand.
        writeln!(body, "/// {}\nclass {name} : public {name}_questions {{", record.doc)?;
        writeln!(body, "public:\n\tusing {name}_questions::{name}_questions;\n")?;
        functions(&mut body, record)?;
        body.push_str(fields.get(name.as_str()).map_or("", String::as_str));
        add(record, &format!("The record `{name}`."), &body)?;
    }
    for Kind { record, .. } in &schema.kinds {
        let (name, mut body) = (&record.name, String::new());
        writeln!(body, "/// {}\nclass {name}_event : public event {{\npublic:", record.doc)?;
        writeln!(
            body,
            "\tusing event::event;\n\tstatic constexpr lanner::kind its_kind = lanner::kind::{};\n",
            identifier(name)
        )?;
        for (_, question, doc) in QUESTIONS.iter().filter(|(of, ..)| of == name) {
            writeln!(body, "\t/// {doc}\n\tbool {question}() const\n\t{{")?;
            writeln!(body, "\t\treturn lanner_{name}_{question}(raw());\n\t}}\n")?;
        }
        functions(&mut body, record)?;
        fields_of_kind(&mut body, schema, record, &mut number)?;
        add(record, &format!("Events of the kind `{name}`."), &body)?;
    }
    files.add("sdk/cpp/include/lanner/generated.hpp", out);
    Ok(())
}

/// What the C SDK asks of events of some kinds, beyond their fields.
const QUESTIONS: [(&str, &str, &str); 13] = [
    ("open", "is_read", "Whether it may read, or would have, where it failed."),
    ("open", "is_write", "Whether it may write, or would have, where it failed."),
    ("open", "truncates", "Whether what was in the file is gone (O_TRUNC)."),
    ("open", "may_create", "Whether it may create the file (O_CREAT). Whether it did says `created`."),
    ("open", "appends", "Whether it writes at the end only (O_APPEND)."),
    ("exec", "stdin_is_socket", "Whether standard input is an internet socket."),
    ("exec", "stdout_is_socket", "Whether standard output is an internet socket."),
    ("connect", "is_internet", "Whether the peer has an internet address (IPv4 or IPv6)."),
    ("connect", "is_unix", "Whether the peer is a unix socket."),
    ("connect", "is_public", "Whether the peer's address is one of the internet at large."),
    ("connect", "is_tcp", "Whether it is TCP."),
    ("connect", "is_udp", "Whether it is UDP."),
    ("connect", "is_in_progress", "Whether it is under way: the result of a non-blocking connect is not known yet."),
];

fn functions(out: &mut String, record: &Record) -> Result<()> {
    for field in &record.fields {
        function(out, record, field, "raw()")?;
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    writeln!(out, "}};\n")?;
    Ok(())
}

fn function(out: &mut String, record: &Record, field: &Field, from: &str) -> Result<()> {
    let (owner, name, doc) = (&record.name, &field.name, &field.doc);
    let mut one = |suffix: &str, gives: &str, read: String| -> Result<()> {
        writeln!(out, "\t/// {doc}\n\t{gives} {}{suffix}() const\n\t{{\n\t\treturn {read};\n\t}}\n", identifier(name))?;
        Ok(())
    };
    let call = |suffix: &str| format!("lanner_{owner}_{name}{suffix}({from})");
    match (field.ty, field.reads) {
        (Type::Text, _) => one("", "lanner::text", format!("lanner::text({})", call(""))),
        (Type::Bytes16, _) => one("", "std::optional<lanner::address>", format!("lanner::address::of({})", call(""))),
        (Type::List, _) => {
            let of = field.of.as_deref().unwrap_or_default();
            one("", &format!("list<lanner::{of}>"), format!("list<lanner::{of}>({})", call("")))
        }
        (_, Some(Reads::Row)) => {
            let of = field.of.as_deref().unwrap_or_default();
            match field.always {
                true => one("_row", "std::uint32_t", call("_row"))?,
                false => one("_row", "std::optional<std::uint32_t>", format!("known({})", call("_row")))?,
            }
            if owner == "process" || owner == "event" {
                Ok(())
            } else {
                one("", &format!("lanner::{of}"), format!("lanner::{of}({})", call("")))
            }
        }
        (_, Some(Reads::Bool)) => match field.always {
            true => one("", "bool", call("")),
            false => one("", "std::optional<bool>", format!("known({})", call(""))),
        },
        (Type::U16, Some(Reads::Kind)) if record.name == "event" => one("_number", "std::uint16_t", call("")),
        (ty, reads) => {
            let suffix = if reads == Some(Reads::Payload) { "_row" } else { "" };
            let (sign, bits) = ty.name().split_at(1);
            let number = format!("std::{}int{bits}_t", if sign == "u" { "u" } else { "" });
            match field.always {
                true => one(suffix, &number, call(suffix)),
                false => one(suffix, &format!("std::optional<{number}>"), format!("known({})", call(suffix))),
            }
        }
    }
}

fn fields_of_kind(out: &mut String, schema: &Schema, record: &Record, number: &mut usize) -> Result<()> {
    let name = &record.name;
    writeln!(out, "/// Fields that filters compare.\nnamespace field::{} {{", identifier(name))?;
    owned(out, record, name, number)?;
    for field in record.fields.iter().filter(|field| is_process(field)) {
        writeln!(out, "namespace {} {{", field.name)?;
        owned(out, schema.section("process")?, &format!("{name}.{}", field.name), number)?;
        writeln!(out, "}} // namespace {}", field.name)?;
    }
    writeln!(out, "}} // namespace field::{}\n", identifier(name))?;
    Ok(())
}

/// A field's number is its place among all that filters can name, in the order of the C SDK's `struct lanner_fields`.
fn owned(out: &mut String, record: &Record, owner: &str, number: &mut usize) -> Result<()> {
    for field in &record.fields {
        let (name, tag, its_number) = (&field.name, tag(field), *number);
        *number += 1;
        if tag == "other" || (tag == "row" && owner.contains('.')) {
            continue;
        }
        // A process that the kind names is a namespace; who makes up events names it by its number.
        let suffix = if tag == "row" { "_row" } else { "" };
        writeln!(out, "/// {}", field.doc)?;
        writeln!(
            out,
            "inline constexpr {tag}_field {}{suffix}{{ \"{owner}.{name}\", {its_number} }};",
            identifier(name)
        )?;
    }
    Ok(())
}

/// `sdk/cpp/include/lanner/testing_kinds.hpp`: a function for each kind that a line of a test makes.
pub(super) fn test_events(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n// Events of the kinds that a line of a test makes: members of `lanner::testing::maker`.\n")?;
    for Kind { record, test, .. } in schema.kinds.iter().filter(|kind| !kind.test.is_empty()) {
        let (mut takes, mut sets) = (Vec::new(), String::new());
        for field in test.iter().filter_map(|name| record.field(name)) {
            let name = &field.name;
            let ty = match tag(field) {
                "text" | "address" => "std::string_view",
                "bool" => "bool",
                "number" if matches!(field.ty, Type::I32 | Type::I64) => "std::int64_t",
                "number" => "std::uint64_t",
                _ => bail!("kind {}: no test can be made of the field {name}", record.name),
            };
            takes.push(format!("{ty} {name}"));
            write!(sets, ".set(field::{}::{name}, {name})", identifier(&record.name))?;
        }
        let name = identifier(&record.name);
        writeln!(out, "/// {}\nmade_event {name}({}) const\n{{", record.doc, takes.join(", "))?;
        writeln!(out, "\treturn event(kind::{name}){sets};\n}}\n")?;
    }
    Ok(out)
}
