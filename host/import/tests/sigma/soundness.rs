//! Of whatever rules there are: filters let through what is found, and no text breaks the importer.

use std::path::Path;

use lanner_document::Document;
use lanner_sdk::testing::{TestEvent, connect, exec, open, process};
use proptest::prelude::*;

use super::{Judge, imported, rule};

/// Searches of few fields and values, so that they often hold.
fn item() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "a", "B", "/a", "/A/b", "ab", "*a", "a*b", "/bin/Sh", "sh -c", "?b", "", "null", "1",
    ]);
    let values = prop::collection::vec(value, 1..4);
    let field = prop::sample::select(vec![
        "Image",
        "CommandLine",
        "ParentImage",
        "User",
        "CurrentDirectory",
        "ParentCommandLine",
    ]);
    let modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|cased",
        "|contains|cased",
        "|neq",
        "|re",
    ]);
    (field, modifiers, values).prop_map(|(field, modifiers, values)| {
        let shown = |value: &&str| if *value == "null" { "null".to_owned() } else { format!("{value:?}") };
        format!("{field}{modifiers}: [{}]", values.iter().map(shown).collect::<Vec<_>>().join(", "))
    })
}

fn event() -> impl Strategy<Value = TestEvent> {
    let path = || prop::sample::select(vec!["/a", "/A/B", "/bin/sh", "/a/ab", "/", "/BIN/SH"]);
    let arguments = prop::sample::select(vec![&["sh", "-c", "a"][..], &["A"], &["/a/b", "a B"], &["ab", "", "b"]]);
    (path(), path(), arguments, 0..3_u8).prop_map(|(exe, other, arguments, kind)| {
        let of = process(exe).args(arguments).cwd(other).uid(7).user("AB").parent(process(other).args(arguments));
        match kind {
            0 => exec(of),
            1 => open(other).write().by(of),
            _ => connect("10.0.0.1:80").by(of),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn filters_let_through_what_is_found(
        items in prop::collection::vec(item(), 2..5),
        condition in prop::sample::select(vec!["1 of s*", "all of s*", "s0 and not s1", "not s0", "s0 or not s1", "not 1 of s*"]),
        category in prop::sample::select(vec!["process_creation", "file_event", "network_connection"]),
        events in prop::collection::vec(event(), 1..10),
    ) {
        let searches: String = items.iter().enumerate().map(|(number, item)| format!("s{number}:\n  {item}\n")).collect();
        let rule = rule(&format!("category: {category}"), &format!("{searches}condition: {condition}"));
        // Some are refused.
        if let Ok(pack) = imported(&rule) {
            Judge::of(&pack).judge(&events);
        }
    }

    #[test]
    fn auditd_likewise(
        name in prop::sample::select(vec!["/a", "/A/*", "*b", "/bin/sh"]),
        field in prop::sample::select(vec!["name", "exe", "a0", "comm"]),
        events in prop::collection::vec(event(), 1..10),
    ) {
        let rule = rule("service: auditd", &format!("s:\n  {field}|contains: {name:?}\ncondition: s"));
        if let Ok(pack) = imported(&rule) {
            Judge::of(&pack).judge(&events);
        }
    }

    #[test]
    fn no_text_breaks_it(
        parts in prop::collection::vec(prop::sample::select(vec![
            "title: x\n", "logsource:\n  category: process_creation\n", "detection:\n", "  s:\n", "    Image|re: '('\n", "    - a\n",
            "  condition: s\n", "  condition: 1 of s* and (not\n", "correlation:\n", "  type: temporal\n", "  rules: [x]\n", "---\n",
            "  timespan: 5m\n", "name: x\n", "level: high\n", "    '|all': [a, b]\n", "    a0|windash|base64offset|contains: ' -a -b'\n",
            "  aliases: {a: {b: c}}\n", "action: global\n", "filter: 5\n", "  service: auditd\n", "    key: x\n",
        ]), 0..14),
        odd in ".{0,30}",
    ) {
        let text = parts.concat() + &odd;
        let _ = imported(&text);
        // What a document holds may be anything.
        if let Ok(document) = Document::parse(Path::new("x"), text) {
            let _ = lanner_import::sigma::yaml::read(&document);
        }
    }
}
