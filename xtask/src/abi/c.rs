//! What the C SDK has of the schema: kinds, flags, the names that filters compare by, a function for each field, tables.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::rust::{HEAD, upper};
use super::schema::{Field, Kind, Reads, Record, Schema, Type};

/// `sdk/c/include/lanner/schema.h`: numbers and names.
pub(super) fn schema(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(
        out,
        "\n/// @file\n/// Kinds of events, their flags, and the fields that filters compare.\n#pragma once\n"
    )?;
    writeln!(
        out,
        "/// The version of the layout of frames that this SDK reads.\n#define LANNER_VERSION {}\n",
        schema.version
    )?;
    writeln!(out, "/// Kinds of events.\nenum lanner_kind {{")?;
    for kind in &schema.kinds {
        writeln!(out, "\t/// {}\n\tLANNER_KIND_{} = {},", kind.record.doc, upper(&kind.record.name), kind.number)?;
    }
    writeln!(out, "}};\n")?;
    for set in &schema.flag_sets {
        let prefix = upper(set.name.trim_end_matches("_flag"));
        writeln!(out, "/// Bits of the fields that hold a `{}`.\nenum lanner_{} {{", set.name, set.name)?;
        for flag in &set.values {
            writeln!(out, "\t/// {}\n\tLANNER_{prefix}_{} = 1 << {},", flag.doc, upper(&flag.name), flag.bit)?;
        }
        writeln!(out, "}};\n")?;
    }
    writeln!(
        out,
        "/// The sections that this SDK knows, by the place of their records in its tables.\nenum lanner_record_index {{"
    )?;
    for record in schema.records() {
        writeln!(out, "\tLANNER_RECORD_{},", upper(&record.name))?;
    }
    writeln!(out, "\tLANNER_RECORDS,\n}};\n")?;
    tags(&mut out, schema)?;
    Ok(out)
}

/// The fields as the members of a struct of which there is never one: a filter names `open.path`, and the compiler knows
/// whether there is such a field and what it holds.
fn tags(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(out, "#ifndef __cplusplus\n")?;
    writeln!(
        out,
        "// What filters name: `open.path` is a member of `struct lanner_fields`, and its type says what it holds. There is never"
    )?;
    writeln!(
        out,
        "// such a struct: the place of a member in it is the field's number, and every field takes a byte.\n"
    )?;
    for (tag, holds) in [
        ("text", "A text."),
        ("number", "A number."),
        ("bool", "Yes or no."),
        ("address", "An address."),
        ("row", "A process that the event names: what it is like can be compared, as in `exec.image.exe`."),
        ("other", "What cannot be compared."),
    ] {
        writeln!(out, "/// {holds}\nstruct lanner_{tag}_field {{\n\tchar place;\n}};\n")?;
    }
    for record in schema.records() {
        let name = &record.name;
        writeln!(out, "/// {}\nstruct lanner_{name}_fields {{", record.doc)?;
        for field in &record.fields {
            let names_process = is_process(field);
            let suffix = if names_process { "_row" } else { "" };
            writeln!(out, "\tstruct lanner_{}_field {}{suffix};", tag(field), field.name)?;
        }
        if !matches!(name.as_str(), "process" | "event") {
            for field in record.fields.iter().filter(|field| is_process(field)) {
                writeln!(out, "\tstruct lanner_process_fields {};", field.name)?;
            }
        }
        writeln!(out, "}};\n")?;
    }
    writeln!(
        out,
        "/// Whose fields filters compare: the event's own, those of the process that did it, of its parent, of its"
    )?;
    writeln!(out, "/// container, and what each kind has of its own.\nstruct lanner_fields {{")?;
    for (owner, of) in OWNERS {
        writeln!(out, "\tstruct lanner_{of}_fields {owner};")?;
    }
    for Kind { record, .. } in &schema.kinds {
        writeln!(out, "\tstruct lanner_{0}_fields {0};", record.name)?;
    }
    writeln!(out, "}};\n\n#endif")?;
    Ok(())
}

pub(super) const OWNERS: [(&str, &str); 4] =
    [("event", "event"), ("process", "process"), ("parent", "process"), ("container", "container")];

pub(super) fn is_process(field: &Field) -> bool {
    field.reads == Some(Reads::Row) && field.of.as_deref() == Some("process")
}

pub(super) fn tag(field: &Field) -> &'static str {
    match (field.ty, field.reads) {
        (_, Some(Reads::Row)) if is_process(field) => "row",
        (Type::List, _) | (_, Some(Reads::Row | Reads::Payload)) => "other",
        (Type::Text, _) => "text",
        (Type::Bytes16, _) => "address",
        (_, Some(Reads::Bool)) => "bool",
        _ => "number",
    }
}

/// `sdk/c/include/lanner/records.h`: a function for each field.
pub(super) fn records(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(
        out,
        "\n/// @file\n/// A function for each field of every record. What is not known says so, and is never 0 and never"
    )?;
    writeln!(out, "/// empty; what every host gives is there without asking.\n#pragma once\n\n#include \"frame.h\"\n")?;
    writeln!(out, "#ifdef __cplusplus\nextern \"C\" {{\n#endif\n")?;
    for record in &schema.sections {
        if record.name == "event" {
            continue;
        }
        let name = &record.name;
        writeln!(
            out,
            "/// {}\ntypedef struct lanner_{name} {{\n\tlanner_record record;\n}} lanner_{name};\n",
            record.doc
        )?;
    }
    for record in &schema.sections {
        writeln!(out, "// === {} ===\n", record.name)?;
        for field in &record.fields {
            let (takes, from) = match record.name.as_str() {
                "event" => ("const lanner_event *event".to_owned(), "event->record".to_owned()),
                name => (format!("lanner_{name} {name}"), format!("{name}.record")),
            };
            function(&mut out, record, field, &takes, &from)?;
        }
    }
    for Kind { record, .. } in &schema.kinds {
        writeln!(out, "// === Events of the kind {} ===\n", record.name)?;
        for field in &record.fields {
            let from = format!("lanner_payload(event, LANNER_KIND_{})", upper(&record.name));
            function(&mut out, record, field, "const lanner_event *event", &from)?;
        }
    }
    writeln!(out, "#ifdef __cplusplus\n}}\n#endif")?;
    Ok(out)
}

fn function(out: &mut String, record: &Record, field: &Field, takes: &str, from: &str) -> Result<()> {
    let (owner, name, doc) = (&record.name, &field.name, &field.doc);
    let place = format!("{}, {}, {}", field.offset, field.word(record), field.bit());
    let mut one = |suffix: &str, gives: &str, read: String| -> Result<()> {
        writeln!(out, "/// {doc}")?;
        writeln!(out, "LANNER_INLINE {gives} lanner_{owner}_{name}{suffix}({takes})\n{{\n\treturn {read};\n}}\n")?;
        Ok(())
    };
    let of = field.of.as_deref().unwrap_or_default();
    match (field.ty, field.reads) {
        (Type::Text, _) => one("", "lanner_text", format!("lanner_read_text({from}, {place})")),
        (Type::Bytes16, _) => one("", "lanner_address", format!("lanner_read_address({from}, {place})")),
        (Type::List, _) => {
            one("", "lanner_list", format!("lanner_read_list({from}, {place}, LANNER_RECORD_{})", upper(of)))
        }
        (_, Some(Reads::Row)) => {
            let row = if field.always { "uint32_t" } else { "lanner_u32" };
            let read = format!("lanner_read_u32({from}, {place})");
            one("_row", row, if field.always { format!("lanner_or({read}, UINT32_MAX)") } else { read })?;
            let record = format!("lanner_read_row({from}, {place}, LANNER_RECORD_{})", upper(of));
            writeln!(out, "/// {doc}\nLANNER_INLINE lanner_{of} lanner_{owner}_{name}({takes})\n{{")?;
            writeln!(out, "\tlanner_{of} it = {{ {record} }};\n\n\treturn it;\n}}\n")?;
            Ok(())
        }
        (Type::U8, Some(Reads::Bool)) => {
            let read = format!("lanner_read_bool({from}, {place})");
            match field.always {
                true => one("", "bool", format!("lanner_is({read})")),
                false => one("", "lanner_bool", read),
            }
        }
        (ty, reads) => {
            let suffix = if reads == Some(Reads::Payload) { "_row" } else { "" };
            let ty = ty.name();
            match (field.always, reads) {
                // A frame that breaks the promise must not make anybody root.
                (true, Some(Reads::User | Reads::Group)) => {
                    one(suffix, "uint32_t", format!("lanner_or(lanner_read_{ty}({from}, {place}), UINT32_MAX)"))
                }
                // What is promised is there, so that its bit need not be asked for.
                (true, _) => {
                    let (sign, bits) = ty.split_at(1);
                    let gives = format!("{}int{bits}_t", if sign == "u" { "u" } else { "" });
                    one(suffix, &gives, format!("lanner_promised_{ty}({from}, {})", field.offset))
                }
                (false, _) => one(suffix, &format!("lanner_{ty}"), format!("lanner_read_{ty}({from}, {place})")),
            }
        }
    }
}

/// `sdk/c/src/tables.c`: where fields stand, by their numbers.
pub(super) fn tables(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(
        out,
        "\n// Where every field stands, for what reads or compares fields without knowing any of them.\n#include \"tables.h\"\n"
    )?;
    for record in schema.records() {
        writeln!(out, "static const lanner_place {}_places[] = {{", record.name)?;
        for field in &record.fields {
            let (offset, word, bit) = (field.offset, field.word(record), field.bit());
            writeln!(out, "\t{{ {offset}, {word}, {bit}, {}, {} }},", holds(field)?, record_of(field))?;
        }
        writeln!(out, "}};\n")?;
    }
    writeln!(out, "const lanner_record_info lanner_records[LANNER_RECORDS] = {{")?;
    for record in schema.records() {
        let Record { name, section, size, fields, .. } = record;
        writeln!(out, "\t{{ \"{name}\", {section}, {size}, {}, {name}_places }},", fields.len())?;
    }
    writeln!(out, "}};\n\nconst uint8_t lanner_kind_records[LANNER_KINDS] = {{")?;
    for kind in &schema.kinds {
        writeln!(out, "\t[LANNER_KIND_{0}] = LANNER_RECORD_{0},", upper(&kind.record.name))?;
    }
    writeln!(out, "}};\n\nconst uint8_t lanner_kind_has[LANNER_KINDS] = {{")?;
    for kind in &schema.kinds {
        let has: Vec<&str> = [(kind.process, "LANNER_HAS_PROCESS"), (kind.result, "LANNER_HAS_RESULT")]
            .into_iter()
            .filter_map(|(has, name)| has.then_some(name))
            .collect();
        let has = if has.is_empty() { "0".to_owned() } else { has.join(" | ") };
        writeln!(out, "\t[LANNER_KIND_{}] = {has},", upper(&kind.record.name))?;
    }
    writeln!(out, "}};\n\nconst lanner_owner lanner_owners[] = {{")?;
    let index = |name: &str| format!("LANNER_RECORD_{}", upper(name));
    for (owner, of) in OWNERS {
        writeln!(
            out,
            "\t{{ offsetof(struct lanner_fields, {owner}), {}, LANNER_OF_{}, 0 }},",
            index(of),
            upper(owner)
        )?;
    }
    for Kind { record, .. } in &schema.kinds {
        let name = &record.name;
        writeln!(out, "\t{{ offsetof(struct lanner_fields, {name}), {}, LANNER_OF_PAYLOAD, 0 }},", index(name))?;
        for field in record.fields.iter().filter(|field| is_process(field)) {
            writeln!(
                out,
                "\t{{ offsetof(struct lanner_fields, {name}.{}), {}, LANNER_OF_NAMED, {} }},",
                field.name,
                index("process"),
                field.index
            )?;
        }
    }
    writeln!(out, "}};\n\nconst uint32_t lanner_owners_count = sizeof lanner_owners / sizeof lanner_owners[0];")?;
    Ok(out)
}

/// `sdk/c/testing/names.c`: what a pack does not carry.
pub(super) fn names(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n// Names of fields, and which of them every host gives: for tests.\n#include \"names.h\"\n")?;
    for record in schema.records() {
        writeln!(out, "static const lanner_field_name {}_names[] = {{", record.name)?;
        for field in &record.fields {
            writeln!(out, "\t{{ \"{}\", {} }},", field.name, field.always)?;
        }
        writeln!(out, "}};\n")?;
    }
    writeln!(out, "const lanner_field_name *const lanner_field_names[LANNER_RECORDS] = {{")?;
    for record in schema.records() {
        writeln!(out, "\t{}_names,", record.name)?;
    }
    writeln!(out, "}};")?;
    Ok(out)
}

fn holds(field: &Field) -> Result<&'static str> {
    Ok(match (field.ty, field.reads) {
        (Type::List, _) => "LANNER_HOLDS_LIST",
        (_, Some(Reads::Row)) => "LANNER_HOLDS_ROW",
        (_, Some(Reads::Payload)) => "LANNER_HOLDS_PAYLOAD",
        (_, Some(Reads::Bool)) => "LANNER_HOLDS_BOOL",
        (Type::Text, _) => "LANNER_HOLDS_TEXT",
        (Type::Bytes16, _) => "LANNER_HOLDS_ADDRESS",
        (Type::U8, _) => "LANNER_HOLDS_U8",
        (Type::U16, _) => "LANNER_HOLDS_U16",
        (Type::U32, _) => "LANNER_HOLDS_U32",
        (Type::U64, _) => "LANNER_HOLDS_U64",
        (Type::I32, _) => "LANNER_HOLDS_I32",
        (Type::I64, _) => "LANNER_HOLDS_I64",
    })
}

fn record_of(field: &Field) -> String {
    field.of.as_ref().map_or("0".to_owned(), |of| format!("LANNER_RECORD_{}", upper(of)))
}

/// `sdk/c/include/lanner/testing_kinds.h`: a function for each kind that a line of a test makes.
pub(super) fn test_events(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n/// @file\n/// Events of the kinds that a line of a test makes.\n#pragma once\n")?;
    for Kind { record, test, .. } in schema.kinds.iter().filter(|kind| !kind.test.is_empty()) {
        let (mut takes, mut sets) = (String::new(), String::new());
        for field in test.iter().filter_map(|name| record.field(name)) {
            let name = &field.name;
            let (ty, set) = match tag(field) {
                "text" => ("const char *", "text"),
                "address" => ("const char *", "address"),
                "bool" => ("bool ", "number"),
                "number" if matches!(field.ty, Type::I32 | Type::I64) => ("int64_t ", "number"),
                "number" => ("uint64_t ", "number"),
                _ => bail!("kind {}: no test can be made of the field {name}", record.name),
            };
            write!(takes, ", {ty}{name}")?;
            let cast = if set == "number" && !ty.starts_with("uint") { "(uint64_t)" } else { "" };
            let number = format!("offsetof(struct lanner_fields, {}.{name})", record.name);
            writeln!(sets, "\tlanner_made_set_{set}(event, {number}, {cast}{name});")?;
        }
        let (name, kind) = (&record.name, upper(&record.name));
        writeln!(
            out,
            "/// {}\nLANNER_INLINE lanner_made_event *lanner_make_{name}(lanner_test *test{takes})\n{{",
            record.doc
        )?;
        writeln!(out, "\tlanner_made_event *event = lanner_make_event(test, LANNER_KIND_{kind});\n")?;
        writeln!(out, "{sets}\treturn event;\n}}\n")?;
    }
    Ok(out)
}

/// `sdk/c/tests/dump.c`: every field through its function, in the form of the golden text.
pub(super) fn dump(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n// What a frame holds, read through every function there is.\n#include \"dump.h\"\n")?;
    let fields = |out: &mut String, record: &Record, takes: &str| -> Result<()> {
        for field in &record.fields {
            let suffix = match field.reads {
                Some(Reads::Row | Reads::Payload) => "_row",
                _ => "",
            };
            let name = &field.name;
            writeln!(out, "\tSHOW(\"{0}\", row, \"{name}\", lanner_{0}_{name}{suffix}({takes}));", record.name)?;
        }
        Ok(())
    };
    for record in &schema.sections {
        let name = &record.name;
        let (takes, with) = match name.as_str() {
            "event" => ("const lanner_event *event".to_owned(), "event"),
            _ => (format!("lanner_{name} {name}"), name.as_str()),
        };
        writeln!(out, "void dump_{name}(FILE *out, uint32_t row, {takes})\n{{")?;
        fields(&mut out, record, with)?;
        writeln!(out, "}}\n")?;
    }
    writeln!(out, "void dump_payload(FILE *out, const lanner_event *event)\n{{")?;
    writeln!(out, "\tuint32_t row = lanner_event_payload_row(event);\n\n\tswitch (lanner_event_kind(event)) {{")?;
    for Kind { record, .. } in &schema.kinds {
        writeln!(out, "\tcase LANNER_KIND_{}:", upper(&record.name))?;
        let mut lines = String::new();
        fields(&mut lines, record, "event")?;
        for line in lines.lines() {
            writeln!(out, "\t{line}")?;
        }
        writeln!(out, "\t\tbreak;")?;
    }
    writeln!(out, "\tdefault:\n\t\tfprintf(out, \"a kind that is not known\\n\");\n\t}}\n}}")?;
    Ok(out)
}
