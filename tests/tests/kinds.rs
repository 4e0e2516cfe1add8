//! Code that has nothing to do with a kind of event names none: a new one is an entry in the schema, a program and a test.

use std::fs;
use std::path::{Path, PathBuf};

use lanner_abi::Kind;
use lanner_tests::root;

/// What is looked through.
const FOLDERS: [&str; 10] = [
    "host",
    "probes/src",
    "registry/src",
    "sdk/abi/src",
    "sdk/artifact/src",
    "sdk/build/src",
    "sdk/contract/src",
    "sdk/json/src",
    "sdk/rust/src",
    "xtask/src",
];

/// What may name kinds, and why: files by the ends of their paths, and folders by their names.
const EXEMPT: [(&str, &str); 37] = [
    ("generated/", "follows from the schema"),
    ("sdk/rust/src/testing/kinds.rs", "follows from the schema"),
    ("host/enrich/src/lib.rs", "what feeds the process table"),
    ("host/enrich/src/table.rs", "what feeds the process table"),
    ("host/source/src/live.rs", "what feeds the process table; and losses are its own to tell"),
    ("host/engine/src/owed.rs", "a pack is told of its losses"),
    ("host/source/src/capture/first.rs", "the kinds that there were"),
    ("host/author/src/event/words.rs", "words for the flags of an open"),
    ("host/control/src/self_test.rs", "what the self-test does"),
    ("sdk/abi/src/address.rs", "what rules ask of a connect"),
    ("sdk/abi/src/event.rs", "what rules ask of an exec, a fork and a loss"),
    ("sdk/abi/src/open.rs", "what rules ask of an open"),
    ("sdk/abi/src/lib.rs", "the example in its documentation"),
    ("sdk/rust/src/testing/event.rs", "shorthands for tests"),
    ("host/control/src/socket/claim.rs", "a socket is bound"),
    ("host/control/src/doctor/mounts.rs", "a file system is called bpf"),
    ("host/control/src/doctor/kernel.rs", "an LSM is called bpf, and a check io_uring"),
    ("probes/src/decode/path.rs", "/proc calls sockets so"),
    ("host/source/src/containers/state/spec.rs", "a mount is bound"),
    ("host/import/src/falco/events.rs", "what Falco calls events, and which kinds these are here"),
    ("host/import/src/falco/fields/", "what Falco calls fields, and of which kinds these are here"),
    ("host/import/src/falco/lower/", "the same"),
    ("host/import/src/sigma/audit.rs", "what auditd calls calls, and which kinds these are here"),
    ("host/import/src/sigma/compile.rs", "the same of Sigma"),
    ("host/import/src/sigma/fields.rs", "the same of Sigma"),
    ("host/import/src/sigma/logsource.rs", "the same of Sigma"),
    ("host/sink/src/formats/", "what formats of others call kinds"),
    ("host/sink/src/formats/facts/", "which field of a kind is the file or the far end, for formats of others"),
    ("host/sink/src/records/settings/mod.rs", "a type of sink is called exec"),
    ("host/store/src/filter.rs", "a finding is open"),
    ("xtask/src/detect/scene.rs", "namespaces are unshared for a mount"),
    ("xtask/src/probes.rs", "the compiler's target is called bpf"),
    ("xtask/src/abi/cpp.rs", "what rules ask of an open, an exec and a connect, in C++"),
    ("xtask/src/abi/zig.rs", "the same in Zig"),
    ("xtask/src/abi/go.rs", "the same in Go"),
    ("xtask/src/abi/python.rs", "the same in Python"),
    ("xtask/src/abi/javascript.rs", "the same in JavaScript"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "tests" && name != "benches") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// Without tests and without what only people read.
fn code(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Code in which a word in quotes is another language's: that of HTTP has links and mounts.
const OTHER_WORDS: &str = "registry/";

/// How a kind can be named in code.
fn names(kind: Kind) -> [String; 4] {
    let name = kind.name();
    let camel = format!("{kind:?}");
    [format!("Kind::{camel}"), format!("field::{name}::"), format!("{camel}Event"), format!("\"{name}\"")]
}

/// Whether the name stands there, not only as the end of another (`AccessKind::Open`).
fn has(code: &str, name: &str) -> bool {
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

/// Whether a file is the exempt one, or lies in the exempt folder.
fn is_of(file: &Path, exempt: &str) -> bool {
    match exempt.strip_suffix('/') {
        Some(folder) => file.parent().is_some_and(|parent| parent.ends_with(folder)),
        None => file.ends_with(exempt),
    }
}

#[test]
fn only_those_who_must_name_kinds() {
    let root = root();
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&root.join(folder), &mut files));
    assert!(files.len() > 100, "the sources are where they were");
    let mut named = Vec::new();
    for file in &files {
        let path = file.strip_prefix(&root).expect("below the root").to_string_lossy();
        if EXEMPT.iter().any(|(exempt, _)| is_of(file, exempt)) {
            continue;
        }
        let code = code(&fs::read_to_string(file).expect("a source"));
        let meant = |name: &String| !(path.starts_with(OTHER_WORDS) && name.starts_with('"'));
        for name in Kind::ALL.into_iter().flat_map(names).filter(meant).filter(|name| has(&code, name)) {
            named.push(format!("{path} names {name}"));
        }
    }
    assert!(named.is_empty(), "a kind would have to be added by hand:\n  {}", named.join("\n  "));
}

#[test]
fn those_who_need_not_be_exempt_are_not() {
    let root = root();
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&root.join(folder), &mut files));
    for (exempt, why) in EXEMPT {
        let of_it = files.iter().filter(|file| is_of(file, exempt));
        let text: String = of_it.map(|file| fs::read_to_string(file).expect("a source")).collect();
        let names = Kind::ALL.into_iter().flat_map(names).any(|name| has(&text, &name));
        assert!(names, "{exempt} ({why}) names none, and need not be exempt");
    }
}
