//! What Sigma's own tools make of rules: pySigma turns them into SQL, sqlite looks for events by that, and the same ones have to
//! be found here.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lanner_document::{Document, Node, Value};
use lanner_sdk::testing::{TestEvent, exec, process};

use super::{Judge, pack, search};

/// Which Python has pySigma and its backend for sqlite (`pip install pysigma pysigma-backend-sqlite`).
const VARIABLE: &str = "LANNER_SIGMA_PYTHON";

/// Reads of each rule it and events, and writes the numbers of those that it finds.
const SCRIPT: &str = r"
import json, re, sqlite3, sys
from sigma.collection import SigmaCollection
from sigma.backends.sqlite import sqliteBackend
NAMES = ['Image', 'CommandLine', 'ParentImage', 'ParentCommandLine', 'User', 'CurrentDirectory', 'LogonId']
found = []
for rule, events in json.load(sys.stdin):
    base = sqlite3.connect(':memory:')
    base.create_function('REGEXP', 2, lambda expression, text: text is not None and re.search(expression, text) is not None)
    base.execute('CREATE TABLE logs (number, %s)' % ', '.join(f'{name} TEXT COLLATE NOCASE' for name in NAMES))
    for number, event in enumerate(events):
        row = [number] + [event.get(name) for name in NAMES]
        base.execute('INSERT INTO logs VALUES (%s)' % ', '.join('?' * len(row)), row)
    try:
        query = sqliteBackend().convert(SigmaCollection.from_yaml(rule))[0].replace('<TABLE_NAME>', 'logs')
        query = query.replace('SELECT *', 'SELECT number', 1)
        found.append([row[0] for row in base.execute(query)])
    except Exception as error:
        found.append(str(error))
json.dump(found, sys.stdout)
";

/// What pySigma finds; nothing where it is not there.
fn asked(rules: &[(String, Vec<serde_json::Value>)]) -> Option<Vec<serde_json::Value>> {
    let python = std::env::var(VARIABLE).unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let said = serde_json::to_vec(rules).expect("JSON");
    // Without the tools it ends before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(&said);
    let out = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&out.stdout).ok()
}

#[test]
fn the_same_is_found_as_by_sigmas_own_tools() {
    let searches = [
        "CommandLine: 'curl -O X'",
        "CommandLine|contains: CURL",
        "CommandLine|contains: [wget, '-o']",
        "CommandLine|contains|all: [curl, '-o']",
        "CommandLine|startswith: 'a*c'",
        "CommandLine|endswith: '?x'",
        r"CommandLine: 'a\*c*'",
        r"CommandLine|contains: 'b\\c'",
        r"CommandLine|contains: 'b\c'",
        "CommandLine|contains: '100%'",
        "CommandLine|contains: a_b",
        "CommandLine|contains: '[a]'",
        "CommandLine|contains|cased: curl",
        r"CommandLine|re: '\s-[oO]\s'",
        "CommandLine|re|i: 'CURL\\s'",
        "CommandLine|base64offset|contains: /bin/bash",
        "CommandLine|wide|base64offset|contains: ping",
        "CommandLine|windash|contains: ' -f '",
        "Image|endswith: ['/curl', '/WGET']",
        "CommandLine|exists: true",
        "CommandLine: null",
        "CommandLine: ['*', null]",
        "CommandLine: '*'",
        "CommandLine: ''",
        "CommandLine|contains: ''",
        "CommandLine|neq: [abc, wget x]",
        "CommandLine|contains|neq: [curl, x]",
        "CommandLine|contains|all|neq: [curl, x]",
        "CommandLine|exists: false",
        "- CommandLine|contains: curl\n- Image|endswith: /sh",
        "CommandLine|contains: curl\nImage|endswith: /curl",
    ];
    let lines = [
        Some("curl -O x"),
        Some("Curl -o  y"),
        Some("wget x"),
        Some("abc"),
        Some("a*c"),
        Some(r"a b\c x"),
        Some("100% of a_b"),
        Some("100 of aXb"),
        Some("[a] zx"),
        Some("eCAvYmluL2Jhc2gK"),
        Some("L2Jpbi9iYXNo"),
        Some("cABpAG4AZwA="),
        Some("x /f y"),
        Some("x -F y"),
        None,
    ];
    let programs = ["/usr/bin/curl", "/bin/SH", "/usr/bin/wget"];
    let (mut events, mut shown): (Vec<TestEvent>, Vec<serde_json::Value>) = Default::default();
    for program in programs {
        for line in lines {
            let of = match line {
                Some(line) => process(program).args([line]),
                None => process(program).without(lanner_abi::field::process::ARGV),
            };
            events.push(exec(of));
            shown.push(serde_json::json!({"Image": program, "CommandLine": line}));
        }
    }
    let rules: Vec<(String, Vec<serde_json::Value>)> =
        searches.iter().map(|text| (search(text), shown.clone())).collect();
    let Some(all) = asked(&rules) else {
        eprintln!("skipped: there is no Python with pysigma and pysigma-backend-sqlite; {VARIABLE} names one");
        return;
    };
    for ((text, (rule, _)), asked) in searches.iter().zip(&rules).zip(all) {
        let found = Judge::of(&pack(rule)).judge(&events);
        let found: Vec<u64> = found.iter().flat_map(|finding| finding.events.iter().map(|seq| seq - 1)).collect();
        match asked.as_array() {
            Some(asked) => {
                let asked: Vec<u64> = asked.iter().filter_map(serde_json::Value::as_u64).collect();
                assert_eq!(found, asked, "{text}");
            }
            // Not all of it has a form in SQL.
            None => println!("{text}: {asked}"),
        }
    }
}

/// Texts that a rule compares a field with, without wildcards.
fn texts(node: &Node, field: &str, inside: bool, all: &mut Vec<String>) {
    match &node.value {
        Value::Map(items, _) => {
            for (key, value) in items {
                let is = inside || key.name == field || key.name.starts_with(&format!("{field}|"));
                texts(value, field, is, all);
            }
        }
        Value::List(items, _) => items.iter().for_each(|item| texts(item, field, inside, all)),
        Value::Text(text) if inside => all.push(text.replace('*', "x")),
        _ => {}
    }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        match path.is_dir() {
            true => below(&path, files),
            false if path.extension().is_some_and(|ending| ending == "yml") => files.push(path),
            false => {}
        }
    }
}

#[test]
fn sigmas_own_rules_find_what_they_find_by_its_tools() {
    const EVENTS: usize = 40;
    let Some(corpora) = super::corpora::corpora() else { return };
    let mut files = Vec::new();
    below(&corpora.join("sigma"), &mut files);
    files.sort();
    let (mut rules, mut judged, mut random) = (Vec::new(), Vec::new(), 1_u64);
    for path in files {
        let document = Document::read(&path).expect("YAML");
        let detection = document.root.get("detection").expect("a rule");
        if !document.text.contains("category: process_creation") {
            continue;
        }
        let of = |field| {
            let mut all = vec!["/bin/other".to_owned()];
            texts(detection, field, false, &mut all);
            all
        };
        let [images, lines, parents, parent_lines] =
            ["Image", "CommandLine", "ParentImage", "ParentCommandLine"].map(of);
        let mut pick = |most: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % most
        };
        let (mut events, mut shown) = (Vec::new(), Vec::new());
        for _ in 0..EVENTS {
            let image = format!("/usr/bin{}", images[pick(images.len())]);
            let parent = format!("/usr/sbin{}", parents[pick(parents.len())]);
            let mut line = |of: &[String]| {
                let parts = (0..=pick(5)).map(|_| of[pick(of.len())].clone());
                parts.collect::<Vec<_>>().join(if pick(3) == 0 { "" } else { " " })
            };
            let (command, parent_command) = (line(&lines), line(&parent_lines));
            let before = process(&parent).args([&parent_command]).user("root").uid(0);
            events.push(exec(process(&image).args([&command]).user("root").uid(0).cwd("/tmp").parent(before)));
            shown.push(serde_json::json!({
                "Image": image, "CommandLine": command, "ParentImage": parent, "ParentCommandLine": parent_command, "User": "root",
                "CurrentDirectory": "/tmp", "LogonId": "0",
            }));
        }
        rules.push((document.text.clone(), shown));
        judged.push((path, events));
    }
    let Some(all) = asked(&rules) else {
        eprintln!("skipped: there is no Python with pysigma and pysigma-backend-sqlite; {VARIABLE} names one");
        return;
    };
    let (mut some, mut compared) = (0, 0);
    for (((path, events), (rule, shown)), asked) in judged.iter().zip(&rules).zip(all) {
        let found = Judge::of(&pack(rule)).judge(events);
        let found: Vec<u64> = found.iter().flat_map(|finding| finding.events.iter().map(|seq| seq - 1)).collect();
        let Some(asked) = asked.as_array() else {
            println!("{}: {asked}", path.display());
            continue;
        };
        let asked: Vec<u64> = asked.iter().filter_map(serde_json::Value::as_u64).collect();
        assert_eq!(found, asked, "{}: {shown:#?}", path.display());
        compared += 1;
        some += usize::from(!found.is_empty());
    }
    println!("{compared} rules find the same, {some} of them something");
}
