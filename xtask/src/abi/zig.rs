//! What the Zig SDK has of the schema: kinds, flags, tables, a type for each record with a function for each field, the fields that
//! filters compare.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::files::Files;
use super::rust::{HEAD, camel};
use super::schema::{Field, Kind, Reads, Record, Schema, Type};

/// What records have beside their fields, written by hand: the file, and its functions.
const QUESTIONS: [(&str, &str, &[&str]); 5] = [
    (
        "process",
        "process.zig",
        &[
            "isKnown",
            "parent",
            "ancestors",
            "container",
            "name",
            "exeOrComm",
            "args",
            "arg",
            "env",
            "envs",
            "commandLine",
            "isRoot",
            "isUpper",
            "isMemfd",
            "isDeleted",
            "isSetuid",
            "isWritable",
            "isPartial",
            "isKernelThread",
            "isSelfTest",
            "exeIsGenuine",
            "format",
        ],
    ),
    (
        "event",
        "event.zig",
        &["kind", "process", "subject", "failed", "isTruncated", "isPartial", "isUnresolved", "isSubmitted", "of"],
    ),
    ("open", "open.zig", &["isRead", "isWrite", "truncates", "mayCreate", "appends"]),
    ("exec", "exec.zig", &["stdinIsSocket", "stdoutIsSocket"]),
    ("connect", "connect.zig", &["isInternet", "isUnix", "isPublic", "isTcp", "isUdp", "isInProgress"]),
];

/// Whose fields filters compare, but for those of kinds: how filters say it, and the record.
const OWNERS: [(&str, &str); 4] =
    [("event", "event"), ("process", "process"), ("parent", "process"), ("container", "container")];

/// A name that is a word of the language in quotes.
fn identifier(name: &str) -> String {
    match name {
        "unreachable" | "error" | "test" | "align" | "export" | "extern" | "type" | "union" | "var" => {
            format!("@\"{name}\"")
        }
        name => name.to_owned(),
    }
}

/// `unix_path` to `unixPath`.
fn lower_camel(name: &str) -> String {
    let camel = camel(name);
    let (first, rest) = camel.split_at(1);
    first.to_lowercase() + rest
}

/// The name of a field's function: says what a bare number stands for.
fn getter(record: &Record, field: &Field) -> String {
    let name = lower_camel(&field.name);
    match field.reads {
        Some(Reads::Row | Reads::Payload) => name + "Row",
        Some(Reads::Kind) if record.name == "event" => name + "Number",
        _ => name,
    }
}

/// What the file of a record may need, as it imports it.
const IMPORTS: [(&str, &str); 7] = [
    ("Address", "@import(\"../address.zig\").Address"),
    ("filter", "@import(\"../filter.zig\")"),
    ("frame", "@import(\"../frame.zig\")"),
    ("generated", "@import(\"../generated.zig\")"),
    ("layout", "@import(\"../layout.zig\")"),
    ("Record", "@import(\"../frame.zig\").Record"),
    ("Text", "@import(\"../text.zig\").Text"),
];

/// `sdk/zig/src/generated.zig`, and the folder beside it with a file a record.
pub(super) fn library(schema: &Schema, files: &mut Files) -> Result<()> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n//! What follows from the schema: kinds, flags, tables, records.\n")?;
    writeln!(out, "const layout = @import(\"layout.zig\");\n")?;
    writeln!(
        out,
        "/// The version of the layout of frames that this SDK reads.\npub const version = {};\n",
        schema.version
    )?;
    kinds(&mut out, schema)?;
    for set in &schema.flag_sets {
        writeln!(out, "/// Bits of the fields that hold a `{}`.\npub const {} = struct {{", set.name, set.name)?;
        for flag in &set.values {
            let (name, ty) = (identifier(&flag.name), schema.flag_type(set)?.name());
            writeln!(out, "    /// {}\n    pub const {name}: {ty} = 1 << {};", flag.doc, flag.bit)?;
        }
        writeln!(out, "}};\n")?;
    }
    for record in &schema.sections {
        let view = camel(&record.name);
        writeln!(out, "pub const {view} = @import(\"generated/{}.zig\").{view};", record.name)?;
    }
    for Kind { record, .. } in &schema.kinds {
        let view = format!("{}Event", camel(&record.name));
        writeln!(out, "pub const {view} = @import(\"generated/{}.zig\").{view};", record.name)?;
    }
    writeln!(out)?;
    tables(&mut out, schema)?;
    run(&mut out, schema)?;
    fields(&mut out, schema)?;
    files.add("sdk/zig/src/generated.zig", out);

    for (index, record) in schema.records().enumerate() {
        let kind = schema.kinds.iter().find(|kind| kind.record.name == record.name);
        let mut body = String::new();
        table(&mut body, index, record)?;
        let suffix = if kind.is_some() { "Event" } else { "" };
        view(&mut body, record, &format!("{}{suffix}", camel(&record.name)), kind)?;
        match kind {
            Some(_) => fields_of_kind(&mut body, schema, record)?,
            None => {
                for (owner, _) in OWNERS.iter().filter(|(_, of)| *of == record.name) {
                    writeln!(
                        body,
                        "/// Its fields as filters compare them: those of `{owner}`.\npub const {owner}_field = struct {{"
                    )?;
                    owned(&mut body, record, owner, &format!(".{owner}"), 1)?;
                    writeln!(body, "}};\n")?;
                }
            }
        }
        let about = match kind {
            Some(_) => format!("Events of the kind `{}`.", record.name),
            None => format!("The record `{}`.", record.name),
        };
        let mut out = format!("{HEAD}\n//! {about}\n\n");
        for (name, import) in IMPORTS.iter().filter(|(name, _)| names(&body, name)) {
            writeln!(out, "const {name} = {import};")?;
        }
        for other in schema.sections.iter().filter(|other| other.name != record.name) {
            let view = camel(&other.name);
            if names(&body, &view) {
                writeln!(out, "const {view} = @import(\"{}.zig\").{view};", other.name)?;
            }
        }
        files.add(format!("sdk/zig/src/generated/{}.zig", record.name), out + "\n" + body.trim_end() + "\n");
    }
    Ok(())
}

/// Whether the code has the name as a word of its own, and not as a member of something.
fn names(body: &str, name: &str) -> bool {
    let of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let code = body.lines().filter(|line| !line.trim_start().starts_with("///"));
    code.flat_map(|line| line.match_indices(name).map(move |(at, _)| (line, at))).any(|(line, at)| {
        let before =
            line[..at].chars().next_back().is_some_and(|letter| of_word(letter) || matches!(letter, '.' | '"'));
        let after = line[at + name.len()..].chars().next().is_some_and(of_word);
        let is_declared = line[at + name.len()..].starts_with([':', '"']);
        !before && !after && !is_declared
    })
}

fn kinds(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(out, "/// Kinds of events.\npub const Kind = enum(u16) {{")?;
    for kind in &schema.kinds {
        writeln!(out, "    /// {}\n    {} = {},", kind.record.doc, kind.record.name, kind.number)?;
    }
    writeln!(
        out,
        "\n    /// What its events have of their own.\n    pub fn record(self: Kind) *const layout.Record {{"
    )?;
    writeln!(out, "        return switch (self) {{")?;
    for kind in &schema.kinds {
        writeln!(out, "            .{0} => &records.{0},", kind.record.name)?;
    }
    writeln!(
        out,
        "        }};\n    }}\n\n    /// Whether it is somebody's doing.\n    pub fn hasProcess(self: Kind) bool {{"
    )?;
    let without: Vec<String> =
        schema.kinds.iter().filter(|kind| !kind.process).map(|kind| format!(".{}", kind.record.name)).collect();
    writeln!(
        out,
        "        return switch (self) {{\n            {} => false,\n            else => true,",
        without.join(", ")
    )?;
    writeln!(
        out,
        "        }};\n    }}\n\n    /// Whether there is a call, which returned something.\n    pub fn hasResult(self: Kind) bool {{"
    )?;
    let without: Vec<String> =
        schema.kinds.iter().filter(|kind| !kind.result).map(|kind| format!(".{}", kind.record.name)).collect();
    writeln!(
        out,
        "        return switch (self) {{\n            {} => false,\n            else => true,",
        without.join(", ")
    )?;
    writeln!(out, "        }};\n    }}\n}};\n")?;
    Ok(())
}

fn table(out: &mut String, index: usize, record: &Record) -> Result<()> {
    let Record { name, section, size, .. } = record;
    writeln!(out, "/// How it is laid out.")?;
    writeln!(out, "pub const table: layout.Record = .{{\n    .name = \"{name}\",\n    .section = {section},")?;
    writeln!(out, "    .size = {size},\n    .index = {index},\n    .fields = &.{{")?;
    for field in &record.fields {
        let (offset, word, bit) = (field.offset, field.word(record), field.bit());
        write!(out, "        .{{ .name = \"{}\", .getter = \"{}\", ", field.name, getter(record, field))?;
        write!(out, ".place = .{{ .offset = {offset}, .word = {word}, .bit = {bit} }}, ")?;
        writeln!(out, ".holds = .{}, .always = {} }},", holds(field), field.always)?;
    }
    writeln!(out, "    }},\n}};\n")?;
    Ok(())
}

fn tables(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(out, "/// The sections that this SDK knows.\npub const records = struct {{")?;
    for Record { name, .. } in schema.records() {
        writeln!(out, "    pub const {name} = @import(\"generated/{name}.zig\").table;")?;
    }
    let all: Vec<String> = schema.records().map(|record| format!("&records.{}", record.name)).collect();
    writeln!(out, "}};\n\n/// All of them, by their index.\npub const all_records = [_]*const layout.Record{{")?;
    for one in &all {
        writeln!(out, "    {one},")?;
    }
    writeln!(
        out,
        "}};\n\n/// The index of the records of a section, where this SDK knows it.\npub fn indexOf(section: u16) ?usize {{"
    )?;
    writeln!(out, "    return switch (section) {{")?;
    for (index, record) in schema.records().enumerate() {
        writeln!(out, "        {} => {index},", record.section)?;
    }
    writeln!(out, "        else => null,\n    }};\n}}\n")?;
    Ok(())
}

fn holds(field: &Field) -> &'static str {
    match (field.ty, field.reads) {
        (Type::List, _) => "list",
        (_, Some(Reads::Row)) => "row",
        (_, Some(Reads::Payload)) => "payload",
        (_, Some(Reads::Bool)) => "yes_or_no",
        (Type::Bytes16, _) => "address",
        (ty, _) => ty.name(),
    }
}

fn view(out: &mut String, record: &Record, name: &str, kind: Option<&Kind>) -> Result<()> {
    writeln!(out, "/// {}\npub const {name} = struct {{", record.doc)?;
    if kind.is_some() {
        writeln!(out, "    event: Event,")?;
    }
    writeln!(out, "    record: Record,\n")?;
    for field in &record.fields {
        functions(out, record, field, name)?;
    }
    if let Some(kind) = kind {
        if kind.process {
            writeln!(out, "    /// The image that did it, as it was before the event.")?;
            writeln!(
                out,
                "    pub fn process(self: {name}) Process {{\n        return self.event.process();\n    }}\n"
            )?;
        }
        if kind.result {
            writeln!(out, "    /// What the call returned; a negative errno where it failed.")?;
            writeln!(out, "    pub fn result(self: {name}) ?i64 {{\n        return self.event.result();\n    }}\n")?;
            writeln!(out, "    /// Whether the call failed; `result` says how.")?;
            writeln!(out, "    pub fn failed(self: {name}) bool {{\n        return self.event.failed();\n    }}\n")?;
        }
    }
    if let Some((_, file, functions)) = QUESTIONS.iter().find(|(of, ..)| *of == record.name) {
        writeln!(out, "    const questions = @import(\"../{file}\");")?;
        for function in *functions {
            writeln!(out, "    pub const {function} = questions.{function};")?;
        }
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    writeln!(out, "}};\n")?;
    Ok(())
}

fn functions(out: &mut String, record: &Record, field: &Field, view: &str) -> Result<()> {
    let getter = getter(record, field);
    let place = format!(".{{ .offset = {}, .word = {}, .bit = {} }}", field.offset, field.word(record), field.bit());
    let of = camel(field.of.as_deref().unwrap_or_default());
    let mut one = |name: &str, gives: &str, read: String| -> Result<()> {
        writeln!(out, "    /// {}\n    pub fn {name}(self: {view}) {gives} {{", field.doc)?;
        writeln!(out, "        return {read};\n    }}\n")?;
        Ok(())
    };
    match (field.ty, field.reads) {
        (Type::Text, _) => one(&getter, "Text", format!("self.record.text({place})")),
        (Type::Bytes16, _) => one(&getter, "?Address", format!("self.record.address({place})")),
        (Type::List, _) => {
            let of_record = field.of.as_deref().unwrap_or_default();
            one(
                &getter,
                &format!("?frame.List({of})"),
                format!("self.record.list({of}, {place}, generated.records.{of_record}.index)"),
            )
        }
        (_, Some(Reads::Row)) => {
            let read = format!("self.record.read(u32, {place})");
            match field.always {
                true => one(&getter, "u32", format!("{read} orelse 0xffff_ffff"))?,
                false => one(&getter, "?u32", read)?,
            }
            // Of a process's own rows its questions say more.
            if record.name == "process" || record.name == "event" {
                return Ok(());
            }
            let row = format!("self.record.frame.process(self.{getter}())");
            match field.always {
                true => one(&lower_camel(&field.name), &of, row),
                false => one(
                    &lower_camel(&field.name),
                    &format!("?{of}"),
                    format!("self.record.frame.processIfKnown(self.{getter}())"),
                ),
            }
        }
        (_, Some(Reads::Bool)) => {
            let read = format!("self.record.yesOrNo({place})");
            match field.always {
                true => one(&getter, "bool", format!("{read} orelse false")),
                false => one(&getter, "?bool", read),
            }
        }
        // A frame that breaks the promise must not make anybody root.
        (Type::U32, Some(Reads::User | Reads::Group)) if field.always => {
            one(&getter, "u32", format!("self.record.read(u32, {place}) orelse 0xffff_ffff"))
        }
        // What is promised is there, so that its bit need not be asked for.
        (ty, _) if field.always => {
            one(&getter, ty.name(), format!("self.record.promised({}, {})", ty.name(), field.offset))
        }
        (ty, _) => one(&getter, &format!("?{}", ty.name()), format!("self.record.read({}, {place})", ty.name())),
    }
}

/// The functions that a handler may be, by kind.
fn run(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(out, "/// What a handler runs, by the kind of its events. `State` is what the pack remembers.")?;
    writeln!(out, "pub fn Run(comptime State: type, comptime Out: type) type {{\n    return union(enum) {{")?;
    for kind in &schema.kinds {
        let name = &kind.record.name;
        writeln!(out, "        {name}: *const fn (*State, {}Event, *Out) void,", camel(name))?;
    }
    writeln!(out, "        /// Events of several kinds.")?;
    writeln!(
        out,
        "        several: struct {{ kinds: []const Kind, run: *const fn (*State, Event, *Out) void }},\n    }};\n}}\n"
    )?;
    writeln!(
        out,
        "/// The type of a kind's events.\npub fn EventOf(comptime kind: Kind) type {{\n    return switch (kind) {{"
    )?;
    for kind in &schema.kinds {
        writeln!(out, "        .{} => {}Event,", kind.record.name, camel(&kind.record.name))?;
    }
    writeln!(out, "    }};\n}}\n")?;
    Ok(())
}

fn fields(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(
        out,
        "/// Every field that filters compare, by whose it is: `field.open.path`, `field.process.exe` (of who did it),"
    )?;
    writeln!(
        out,
        "/// `field.parent.exe`, `field.container.image`, `field.event.result`, `field.exec.image.exe` (of a process that the kind"
    )?;
    writeln!(out, "/// names).\npub const field = struct {{")?;
    for (owner, of) in OWNERS {
        writeln!(out, "    pub const {owner} = @import(\"generated/{of}.zig\").{owner}_field;")?;
    }
    for Kind { record, .. } in &schema.kinds {
        writeln!(
            out,
            "    /// {}\n    pub const {1} = @import(\"generated/{1}.zig\").field;",
            record.doc, record.name
        )?;
    }
    writeln!(out, "}};")?;
    Ok(())
}

fn fields_of_kind(out: &mut String, schema: &Schema, record: &Record) -> Result<()> {
    let name = &record.name;
    writeln!(out, "/// Its fields as filters compare them.\npub const field = struct {{")?;
    owned(out, record, name, &format!(".{{ .payload = .{name} }}"), 1)?;
    let is_process = |field: &&Field| field.reads == Some(Reads::Row) && field.of.as_deref() == Some("process");
    for field in record.fields.iter().filter(is_process) {
        writeln!(out, "    /// {}\n    pub const {} = struct {{", field.doc, field.name)?;
        let owner = format!(".{{ .named = .{{ .kind = .{name}, .field = {} }} }}", field.index);
        owned(out, schema.section("process")?, &format!("{name}.{}", field.name), &owner, 2)?;
        writeln!(out, "    }};")?;
    }
    writeln!(out, "}};")?;
    Ok(())
}

fn owned(out: &mut String, record: &Record, name: &str, owner: &str, depth: usize) -> Result<()> {
    let indent = "    ".repeat(depth);
    for field in &record.fields {
        let test = match holds(field) {
            "list" | "row" | "payload" => continue,
            "text" => "TextField",
            "address" => "AddressField",
            "yes_or_no" => "BoolField",
            "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => "NumberField",
            other => bail!("nothing compares what holds {other}"),
        };
        writeln!(out, "{indent}/// {}", field.doc)?;
        writeln!(
            out,
            "{indent}pub const {}: filter.{test} = .{{ .field = .{{ .name = \"{name}.{}\", .owner = {owner}, .info = &generated.records.{}.fields[{}] }} }};",
            field.name, field.name, record.name, field.index
        )?;
    }
    Ok(())
}

/// `sdk/zig/src/testing/kinds.zig`: a function for each kind that a line of a test makes.
pub(super) fn test_events(schema: &Schema) -> Result<String> {
    let mut out = String::from(HEAD);
    writeln!(out, "\n//! Events of the kinds that a line of a test makes.\n")?;
    writeln!(out, "const field = @import(\"../generated.zig\").field;\nconst made = @import(\"made.zig\");\n")?;
    for Kind { record, test, .. } in schema.kinds.iter().filter(|kind| !kind.test.is_empty()) {
        let (mut takes, mut sets) = (String::new(), String::new());
        for field in test.iter().filter_map(|name| record.field(name)) {
            let name = &field.name;
            let ty = match holds(field) {
                "text" | "address" => "[]const u8",
                "yes_or_no" => "bool",
                "u16" if field.reads == Some(Reads::Kind) => "u16",
                "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => field.ty.name(),
                _ => bail!("kind {}: no test can be made of the field {name}", record.name),
            };
            write!(takes, ", {name}_value: {ty}")?;
            write!(sets, ".set(field.{}.{name}, {name}_value)", record.name)?;
        }
        let name = &record.name;
        writeln!(out, "/// {}\npub fn {}(maker: *made.Maker{takes}) *made.Event {{", record.doc, lower_camel(name))?;
        writeln!(out, "    return maker.event(.{name}){sets};\n}}\n")?;
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    Ok(out)
}
