//! What the author of a rule runs: `lanner rule …` and `lanner dev`, as a person would, with packs that are made on the spot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Description, Filter, Rule, Setting, SettingType, SettingValue, Severity};
use lanner_tests::made::{self, Calls};
use lanner_tests::root;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a pack and its tests, where `lanner` is run.
struct Place(TempDir);

/// How it ended: exit code, stdout, stderr.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// With a pack `demo`, whose calls do this.
    fn with(calls: &Calls<'_>, rules: Vec<Rule>) -> Self {
        let place = Self::new();
        let setting = Setting {
            name: "trusted".into(),
            summary: "Who may".into(),
            takes: SettingType::Texts,
            default: Some(SettingValue::Texts(Vec::new())),
        };
        let (name, version, summary) = ("demo".to_owned(), "1.2.3".to_owned(), "A demonstration".to_owned());
        let said = Description { name, version, summary, rules, settings: vec![setting], ..Description::default() };
        fs::write(place.path("demo.wasm"), made::pack(&said.encode(), calls)).expect("written");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn lanner(&self, arguments: &[&str]) -> Said {
        self.lanner_told(arguments, "")
    }

    fn lanner_told(&self, arguments: &[&str], stdin: &str) -> Said {
        lanner_in(self.0.path(), arguments, stdin)
    }
}

fn lanner_in(folder: &Path, arguments: &[&str], stdin: &str) -> Said {
    let mut child = Command::new(lanner_tests::binary())
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("LANNER_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lanner starts");
    // It may not read it.
    let _ = std::io::Write::write_all(&mut child.stdin.take().expect("its stdin"), stdin.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

/// Finds each open of /etc/shadow, and has a rule that finds nothing.
fn finder() -> Place {
    let more = made::kit("(call $raise (i32.const 0) (local.get $seq))");
    let shadow = Test::Equals(vec![Literal::Bytes(b"/etc/shadow".to_vec())]);
    let filter = Filter::Field("open.path".into(), shadow);
    let rules = vec![
        Rule {
            attack: vec!["T1003.008".into()],
            severity: Severity::High,
            ..made::rule("demo/shadow", vec![("open", Some(filter))])
        },
        made::rule("demo/module", vec![("module_load", None)]),
    ];
    Place::with(&Calls { evaluate: "(call $each (local.get 0))", more: &more, ..Calls::default() }, rules)
}

const GOOD: &str = "\
tests:
  - name: shadow is found
    events:
      - open: { path: /etc/shadow }
      - open: { path: /etc/passwd }
    expect:
      - { rule: demo/shadow, severity: high, message: raised, event: { path: /etc/shadow } }
  - name: nothing else is
    events:
      - open: { path: /etc/passwd }
      - wait: 3s
      - reload: {}
    expect: silence
";

#[test]
fn tests_that_pass_and_what_they_cover() {
    let place = finder();
    place.write("tests/a.yaml", GOOD);
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    for line in [
        "ok    shadow is found",
        "ok    nothing else is",
        "rule coverage: 50 %",
        "  demo/shadow  hit by 1, silent in 1",
        "  demo/module  never hit",
        "2 passed",
    ] {
        assert!(said.out.lines().any(|printed| printed == line), "{line:?} in\n{}", said.out);
    }
    assert!(!said.out.contains('\u{1b}'));
    let said = place.lanner(&["--color", "always", "rule", "test", "demo.wasm"]);
    assert!(said.out.contains("\u{1b}[32mok"), "{}", said.out);
    let said = place.lanner(&["rule", "test", "demo.wasm", "--threshold", "60"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("rule coverage is 50 %, and 60 % are asked for"), "{}", said.err);
    assert_eq!(place.lanner(&["rule", "test", "demo.wasm", "--threshold", "50%"]).code, Some(0));
    // Only some, and by one job.
    let said = place.lanner(&["rule", "test", "demo.wasm", "--filter", "nothing", "--jobs", "1"]);
    assert!(said.out.contains("1 passed, 1 left out") && !said.out.contains("shadow is found"), "{}", said.out);
    let said = place.lanner(&["rule", "test", "demo.wasm", "--filter", "neither"]);
    assert!(said.err.contains("none of 2 tests has \"neither\" in its name"), "{}", said.err);
}

#[test]
fn tests_that_fail_say_in_what() {
    let place = finder();
    place.write(
        "tests/a.yaml",
        "tests:\n  - name: wrong\n    events:\n      - open: { path: /etc/shadow }\n      - open: { path: /etc/shadow }\n    \
         expect:\n      - { rule: demo/shadow, severity: low, facts: { path: /x } }\n      - demo/shadow\n      - demo/module\n",
    );
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert_eq!(said.code, Some(1));
    let expected = "\
FAIL  wrong  (tests/a.yaml:2)
      ~ demo/shadow  high  \"raised\"
      -     severity: low
      +     severity: \"high\"
      -     facts.path: \"/x\"
      +     facts.path: nothing
        demo/shadow  high  \"raised\"
      - demo/module
";
    assert!(said.out.starts_with(expected), "{}", said.out);
    assert!(said.out.ends_with("0 passed, 1 failed\n"), "{}", said.out);
    // For programs.
    let said = place.lanner(&["rule", "test", "demo.wasm", "--output", "json"]);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&lines[0]["outcome"], &lines[0]["line"]), (&"failed".into(), &2.into()));
    assert_eq!(lines[0]["found"][1]["rule"], "demo/shadow");
    assert_eq!((&lines[1]["type"], &lines[1]["hit_by"][0]), (&"rule".into(), &"wrong".into()));
    assert_eq!((&lines[3]["failed"], &lines[3]["coverage_percent"]), (&1.into(), &25.0.into()));
    let said = place.lanner(&["rule", "test", "demo.wasm", "--output", "junit", "--output-file", "out.xml"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let xml = place.read("out.xml");
    assert!(
        xml.contains("<testsuite name=\"tests/a.yaml\" file=\"tests/a.yaml\" tests=\"1\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(xml.contains("<testcase classname=\"tests/a.yaml\" name=\"wrong\""), "{xml}");
    assert!(xml.contains("- demo/module") && xml.ends_with("</testsuites>\n"), "{xml}");
}

#[test]
fn what_was_found_can_be_accepted() {
    let place = finder();
    place.write(
        "tests/a.yaml",
        "# of the whole file\ntests:\n  # of a test\n  - name: one\n    events: [{ open: { path: /etc/shadow }, times: 3 }]\n    expect:\n      # stays\n      \
         - rule: demo/shadow  # so does this\n      - rule: demo/module\n        # goes\n      - demo/shadow\n\n  - name: two # what\n    \
         events: [{ open: { path: /etc/shadow } }]  # at the end\n\n  - name: three\n    expect: [demo/module]\n    events: [{ open: {} }]\n\
         \n  - { name: four, events: [{ open: { path: /etc/shadow } }], expect: [] }\n  - { name: five, events: [{ open: { path: /etc/shadow } }] }\n",
    );
    let said = place.lanner(&["rule", "test", "demo.wasm", "--update"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.err.contains("tests/a.yaml: what 5 tests expect is what they found now"), "{}", said.err);
    let expected = "# of the whole file\ntests:\n  # of a test\n  - name: one\n    events: [{ open: { path: /etc/shadow }, times: 3 }]\n    expect:\n      # stays\n      \
         - rule: demo/shadow  # so does this\n      - demo/shadow\n      - rule: demo/shadow\n        severity: high\n        message: \"raised\"\n\n  - name: two # what\n    \
         events: [{ open: { path: /etc/shadow } }]  # at the end\n    expect:\n      - rule: demo/shadow\n        severity: high\n        message: \"raised\"\n\
         \n  - name: three\n    expect: []\n    events: [{ open: {} }]\n\
         \n  - { name: four, events: [{ open: { path: /etc/shadow } }], expect: [{\"rule\":\"demo/shadow\",\"severity\":\"high\",\"message\":\"raised\"}] }\n  \
         - { name: five, events: [{ open: { path: /etc/shadow } }], \"expect\": [{\"rule\":\"demo/shadow\",\"severity\":\"high\",\"message\":\"raised\"}] }\n";
    assert_eq!(place.read("tests/a.yaml"), expected);
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    // Nothing is written where nothing is to be.
    let before = fs::metadata(place.path("tests/a.yaml")).expect("it is there").modified().expect("a time");
    assert_eq!(place.lanner(&["rule", "test", "demo.wasm", "--update"]).code, Some(0));
    assert_eq!(fs::metadata(place.path("tests/a.yaml")).expect("it is there").modified().expect("a time"), before);
}

#[test]
fn a_pack_that_traps_in_a_test_says_so() {
    let rule = vec![made::rule("demo/trap", vec![("open", None)])];
    let trap = Place::with(
        &Calls { evaluate: "(call $at_fault)", more: "(func $at_fault unreachable)", ..Calls::default() },
        rule,
    );
    trap.write("tests/a.yaml", "tests: [{ name: it traps, events: [{ open: {} }], expect: [] }]\n");
    let said = trap.lanner(&["rule", "test", "demo.wasm", "--update"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("pack demo trapped: wasm trap: wasm `unreachable` instruction executed"), "{}", said.out);
    assert!(said.out.contains("its rule demo/trap, which did that"), "{}", said.out);
    assert!(said.out.contains("executed in at_fault;"), "{}", said.out);
    assert!(trap.read("tests/a.yaml").contains("expect: []"), "nothing of that is accepted");
    // What is off raises nothing, or says that it did.
    let place = finder();
    place.write(
        "tests/a.yaml",
        "off: [demo/shadow]\ntests: [{ name: off, events: [{ open: { path: /etc/shadow } }], expect: [] }]\n",
    );
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert!(
        said.out.contains("the rule demo/shadow is off, and the pack raised a finding of it all the same"),
        "{}",
        said.out
    );
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let place = finder();
    for (text, says) in [
        ("tets: []", "tests/a.yaml:1:1: there is no part of a file of tests \"tets\"; did you mean \"tests\"?"),
        (
            "tests:\n  - name: a\n    event: []",
            "tests/a.yaml:3:5: there is no part of a test \"event\"; did you mean \"events\"?",
        ),
        (
            "tests:\n  - name: a\n    events:\n      - opne: {}\n    expect: []",
            "tests/a.yaml:4:9: there is no kind of event \"opne\"; did you mean \"open\"?",
        ),
        ("tests:\n  - name: a\n    events:\n      - wiat: 1s\n    expect: []", "did you mean \"wait\"?"),
        (
            "tests:\n  - name: a\n    events: []\n    expect:\n      - ruel: a/b",
            "tests/a.yaml:5:9: there is no part of a finding \"ruel\"; did you mean \"rule\"?",
        ),
        (
            "tests:\n  - name: a\n    events: []\n    expect:\n      - severity: hgih",
            "there is no severity \"hgih\"; did you mean \"high\"?",
        ),
        ("tests:\n  - name: a\n    events: []\n    expect: loud", "`expect` takes a list of findings, or `silence`"),
        ("tests:\n  - events: []", "tests/a.yaml:2:5: a test has a `name`"),
        ("tests:\n  - name: a", "the test \"a\" has no `events`"),
        ("tests:\n  - { name: a, events: [] }\n  - { name: a, events: [] }", "two tests are called \"a\""),
        ("tests:\n  - { name: a, events: [{ wait: 1s, open: {} }] }", "`wait` stands alone"),
        (
            "tests:\n  - { name: a, events: [], expect: [{ message: { matches: '(' } }] }",
            "this is no regular expression",
        ),
        ("tests: [\n", "this is no YAML"),
        ("", "a file of tests"),
    ] {
        place.write("tests/a.yaml", text);
        let said = place.lanner(&["rule", "test", "demo.wasm"]);
        assert_eq!(said.code, Some(1), "{text}");
        assert!(said.err.contains(says), "{text:?}: {}", said.err);
    }
    // What is only seen when it runs is said of the test.
    for (test, says) in [
        (
            "events: [{ open: { paht: /x } }]",
            "there is no field \"paht\" of an event of the kind open; did you mean \"path\"?",
        ),
        ("settings: { trustd: [a] }, events: []", "there is no setting \"trustd\"; there are trusted"),
        ("off: [demo/x], events: []", "there is no rule \"demo/x\" to be off; there are demo/shadow, demo/module"),
        ("events: [{ capture: gone.lcap }]", "gone.lcap cannot be read"),
        ("events: [{ capture: a.yaml }]", "a.yaml:1:"),
    ] {
        place.write("tests/a.yaml", &format!("tests:\n  - {{ name: a, expect: [], {test} }}\n"));
        let said = place.lanner(&["rule", "test", "demo.wasm"]);
        assert_eq!(said.code, Some(1), "{test}");
        assert!(said.out.contains(says), "{test:?}: {}", said.out);
    }
    fs::remove_dir_all(place.path("tests")).expect("removed");
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert!(said.err.contains("tests cannot be read: No such file"), "{}", said.err);
    place.write("tests/readme.md", "");
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert!(said.err.contains("tests has no file of tests (*.yaml)"), "{}", said.err);
    let said = place.lanner(&["rule", "test", "none.wasm"]);
    assert!(said.err.contains("pack none.wasm cannot be read"), "{}", said.err);
}

#[test]
fn events_can_be_pasted_and_recorded() {
    let place = finder();
    let capture = root().join("tests/released/1");
    let capture = fs::read_dir(&capture).expect("a released capture").flatten().map(|entry| entry.path());
    let capture =
        capture.into_iter().find(|path| path.extension().is_some_and(|end| end == "lcap")).expect("a capture");
    let events = place.lanner(&["replay", "--output", "events", capture.to_str().expect("UTF-8")]);
    assert_eq!(events.code, Some(0), "{}", events.err);
    place.write("tests/events.jsonl", &events.out);
    let line = events.out.lines().next().expect("an event");
    place.write(
        "tests/a.yaml",
        &format!(
            "tests:\n  - {{ name: lines, events: [{{ capture: events.jsonl }}] }}\n  - {{ name: recorded, events: [{{ capture: {} }}] }}\n  \
             - name: pasted\n    events:\n      - {line}\n    expect: []\n",
            capture.display()
        ),
    );
    let said = place.lanner(&["rule", "test", "demo.wasm", "--output", "json"]);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[2]["outcome"], "passed", "{}", lines[2]);
    let found = |line: &Value| -> Vec<Value> {
        line["found"].as_array().expect("a list").iter().map(|found| found["event"]["path"].clone()).collect()
    };
    assert_eq!(lines[0]["events"], lines[1]["events"], "{} {}", lines[0], lines[1]);
    assert_eq!(found(&lines[0]), found(&lines[1]));
    assert!(lines[1]["events"].as_u64() > Some(0));
}

#[test]
fn one_event_by_hand() {
    let place = finder();
    let shadow = "{open: {path: /etc/shadow}, process: {exe: /usr/bin/cat}}";
    let said = place.lanner(&["rule", "run", "demo.wasm", "--event", shadow]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("HIGH      demo/shadow") && said.out.contains("process   /usr/bin/cat"), "{}", said.out);
    let lines = format!("{shadow}\n\n{{\"open\": {{\"path\": \"/etc/passwd\"}}}}\n{shadow}\n");
    let said = place.lanner_told(&["rule", "run", "demo.wasm", "--event", "-", "--output", "json"], &lines);
    let found: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(found.iter().map(|found| found["events"][0].as_u64()).collect::<Vec<_>>(), [Some(1), Some(3)]);
    for (event, says) in [
        ("{opne: {}}", "--event:1:2: there is no kind of event \"opne\"; did you mean \"open\"?"),
        ("", "there is no event in it"),
    ] {
        let said = place.lanner(&["rule", "run", "demo.wasm", "--event", event]);
        assert_eq!(said.code, Some(1));
        assert!(said.err.contains(says), "{}", said.err);
    }
    let said = place.lanner(&["rule", "run", "demo.wasm", "--event", shadow, "--set", "x=1"]);
    assert!(said.err.contains("there is no setting \"x\"; there are trusted"), "{}", said.err);
    assert_eq!(place.lanner(&["rule", "run", "demo.wasm", "--event", shadow, "--set", "x"]).code, Some(2));
}

#[test]
fn filters_are_explained() {
    let place = finder();
    let said = place.lanner(&[
        "rule",
        "explain",
        "demo.wasm",
        "--event",
        "{open: {path: /etc/passwd}, process: {exe: /usr/bin/cat}}",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = "\
event 1: open, by /usr/bin/cat (pid 1000)
  demo/shadow
    open  no: the filter does not hold
      no   open.path is \"/etc/shadow\"; it is \"/etc/passwd\"
    it does not see the event
  demo/module
    module_load  no: the event is of another kind
    it does not see the event
";
    assert_eq!(said.out, expected);
    let arguments = ["rule", "explain", "demo.wasm", "--output", "json", "--event", "{open: {path: /etc/shadow}}"];
    let said: Value = serde_json::from_str(&place.lanner(&arguments).out).expect("JSON");
    let rule = &said["rules"][0];
    assert_eq!((&rule["sees"], &rule["findings"][0]["message"]), (&true.into(), &"raised".into()));
    assert_eq!(rule["subscriptions"][0]["filter"]["holds"], true);
}

#[test]
fn packs_are_checked() {
    let place = finder();
    let said = place.lanner(&["rule", "check", "demo.wasm"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.starts_with("demo.wasm: demo 1.2.3, 2 rules, "), "{}", said.out);
    assert!(said.out.contains("warning  demo/module: it names no ATT&CK technique [rule-attack]"), "{}", said.out);
    assert_eq!(place.lanner(&["rule", "check", "demo.wasm", "--deny", "warnings"]).code, Some(1));
    let wrong =
        Rule { summary: String::new(), attack: vec!["T1999.001".into()], ..made::rule("demo/x", vec![("open", None)]) };
    let place = Place::with(&Calls::default(), vec![wrong]);
    let said = place.lanner(&["rule", "check", "demo.wasm", "--output", "json"]);
    assert_eq!(said.code, Some(1));
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    let codes: Vec<&str> =
        report["notes"].as_array().expect("notes").iter().filter_map(|note| note["code"].as_str()).collect();
    assert_eq!(codes, ["rule-summary", "attack-unknown", "no-filter"]);
    place.write("text.wasm", "no wasm");
    let said = place.lanner(&["rule", "check", "text.wasm"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("error    it is not a WebAssembly component"), "{}", said.out);
}

#[test]
fn costs_are_measured_and_compared() {
    let place = finder();
    let arguments = ["rule", "bench", "demo.wasm", "--output", "json"];
    let measure = || -> Value { serde_json::from_str(&place.lanner(&arguments).out).expect("JSON") };
    let first = measure();
    assert!(first["given"].as_u64() > Some(0) && first["given"].as_u64() < first["events"].as_u64(), "{first}");
    assert!(first["p50_ns"].as_f64() > Some(0.0) && first["floor_p50_ns"].as_f64() > Some(0.0), "{first}");
    assert!(first["findings"].as_u64() > Some(0) && first["before"].is_null(), "{first}");
    assert_eq!(measure()["before"]["component"], first["component"]);
    let said = place.lanner(&["rule", "bench", "demo.wasm", "--keep"]);
    assert!(
        said.out.contains("of that the host's own") && said.out.contains("Changes are against 1.2.3"),
        "{}",
        said.out
    );
    let trap = Place::with(
        &Calls { evaluate: "unreachable", ..Calls::default() },
        vec![made::rule("demo/x", vec![("open", None)])],
    );
    let said = trap.lanner(&["rule", "bench", "demo.wasm"]);
    assert!(said.err.contains("the pack failed"), "{}", said.err);
}

#[test]
fn projects_are_made_only_where_nothing_is() {
    let place = Place::new();
    let said = place.lanner(&["rule", "new", "mine"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("say in which language, with --lang: rust"), "{}", said.err);
    let said = place.lanner(&["rule", "new", "Mine", "--lang", "rust"]);
    assert!(said.err.contains("\"Mine\" is no name of a pack: lower-case letters, digits and `-`"), "{}", said.err);
    let said = place.lanner(&["rule", "new", "mine", "--lang", "cobol"]);
    assert!(said.err.contains("there is no language \"cobol\" here; there are rust"), "{}", said.err);
    assert_eq!(place.lanner(&["rule", "new", "mine", "--lang", "rust"]).code, Some(0));
    let said = place.lanner(&["rule", "new", "mine", "--lang", "rust"]);
    assert!(said.err.contains("mine is there already and is not empty"), "{}", said.err);
    assert_eq!(place.lanner(&["rule", "upgrade", "mine"]).code, Some(0));
    let said = place.lanner(&["rule", "upgrade"]);
    assert!(said.err.contains("it has no .lanner/version"), "{}", said.err);
    for verb in [&["rule", "build"][..], &["rule", "test"], &["dev"]] {
        let said = place.lanner(verb);
        assert_eq!(said.code, Some(1));
        assert!(
            said.err.contains("has no manifest of a language that packs are written in (Cargo.toml"),
            "{verb:?}: {}",
            said.err
        );
    }
    let said = place.lanner(&["rule", "test", "--no-build", "mine"]);
    assert!(said.err.contains("there is no pack in mine/target; leave --no-build out"), "{}", said.err);
}

/// What is told of a build is the same for all languages; here the tool is a script that the project has itself.
#[test]
fn languages_are_built_by_their_own_tools() {
    let place = finder();
    place.write("pyproject.toml", "");
    let tool = place.path(".venv/bin/componentize-py");
    let scripted = |lines: &str| {
        fs::create_dir_all(tool.parent().expect("a folder")).expect("a folder");
        lanner_tests::write_program(&tool, &format!("#!/bin/sh\necho the tool speaks\n{lines}\n"));
        place.lanner(&["rule", "build"])
    };
    let said = scripted("cp demo.wasm target/pack.wasm; echo $LANNER_MODE >mode");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.starts_with("target/demo.wasm: demo 1.2.3, 2 rules, "), "{}", said.out);
    assert!(said.err.contains("the tool speaks") && said.out.contains("\nbuilt in "), "{}", said.err);
    assert_eq!(place.read("mode"), "release\n");
    let said = scripted("cp demo.wasm target/pack.wasm");
    assert!(said.out.contains(", as it was"), "{}", said.out);
    let said = place.lanner(&["rule", "build", "--debug", "--output", "json"]);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&report["language"], &report["name"]), (&"python".into(), &"demo".into()));
    // Tests lie beside the source, and what is built lies below it.
    place.write("tests/a.yaml", GOOD);
    for arguments in [&["rule", "test"][..], &["rule", "test", "--no-build"], &["rule", "test", "target/demo.wasm"]] {
        let said = place.lanner(arguments);
        assert!(said.out.ends_with("2 passed\n"), "{arguments:?}: {}{}", said.out, said.err);
    }
    let said = scripted("exit 3");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("failed (exit status: 3)"), "{}", said.err);
    let said = scripted("echo nothing >target/pack.wasm");
    assert!(said.err.contains("it is no WebAssembly") || said.err.contains("it is cut"), "{}", said.err);
    let said = scripted("cp target/demo.wasm target/pack.wasm; printf '\\0asm\\15\\0\\1\\0' >target/pack.wasm");
    assert!(said.err.contains("what was built is no pack: it is a component of another world"), "{}", said.err);
    // Where a tool is not there, it is one sentence, with the line to type.
    fs::remove_file(&tool).expect("removed");
    let mut lanner = Command::new(lanner_tests::binary());
    let output =
        lanner.args(["rule", "build"]).current_dir(place.0.path()).env("PATH", "/nowhere").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let sentence =
        "componentize-py is not there, which a pack in Python is built with; to get it: python3 -m venv .venv && ";
    assert!(said.contains(sentence), "{said}");
    fs::rename(place.path("pyproject.toml"), place.path("Cargo.toml")).expect("renamed");
    let output = lanner.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("Rust (cargo and rustc) is not there, which a pack in Rust is built with; to get it: "),
        "{said}"
    );
}

/// What editors complete by is what is read.
#[test]
fn the_schema_is_up_to_date() {
    let said = lanner_in(&root(), &["rule", "test", "--schema"], "");
    let published = fs::read_to_string(root().join("docs/schemas/rule-test.schema.json")).expect("the schema");
    let command = "target/debug/lanner rule test --schema >docs/schemas/rule-test.schema.json";
    assert!(said.out == published, "docs/schemas/rule-test.schema.json is stale: {command}");
}

/// From nothing to a rule that is tested, and to what a change of it changes, with nothing but the binary and the compiler.
#[test]
fn a_project_is_made_built_tested_and_worked_on() {
    // At one place, so that what is built once stays.
    let folder = root().join("target/rule-new");
    fs::create_dir_all(&folder).expect("a folder");
    let _alone = lanner_tests::alone("rule-new");
    let project = folder.join("my-pack");
    let kept = folder.join("target");
    fs::create_dir_all(&kept).expect("a folder");
    fs::remove_dir_all(&project).or_else(|error| if project.exists() { Err(error) } else { Ok(()) }).expect("removed");
    let said = lanner_in(&folder, &["rule", "new", "my-pack", "--lang", "rust"], "");
    assert_eq!(said.code, Some(0), "{}", said.err);
    std::os::unix::fs::symlink(&kept, project.join("target")).expect("a link");
    // The versions that the tree has, so that nothing has to be asked of a registry.
    fs::copy(root().join("tests/packs/Cargo.lock"), project.join("Cargo.lock")).expect("the lock");
    // What the documentation shows is true.
    let shown = |page: &str| {
        let page = fs::read_to_string(root().join(page)).expect("a page");
        let (_, rest) = page.split_once("```yaml\n").expect("a block of YAML");
        rest.split_once("```").expect("the block's end").0.to_owned()
    };
    fs::write(project.join("tests/page.yaml"), shown("docs/rules.md")).expect("written");
    fs::write(project.join("tests/readme.yaml"), format!("tests:\n{}", shown("README.md"))).expect("written");
    let said = lanner_in(&project, &["rule", "test", "--debug", "--threshold", "100"], "");
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("9 passed"), "{}", said.out);
    let said = lanner_in(&project, &["rule", "check", "target/debug/my-pack.wasm", "--deny", "warnings"], "");
    assert_eq!(said.code, Some(0), "{}", said.out);
    // A program of which one line is wrong.
    let source = project.join("src/lib.rs");
    let right = fs::read_to_string(&source).expect("the source");
    fs::write(&source, right.replace("e.is_read()", "e.is_raed()")).expect("written");
    let said = lanner_in(&project, &["rule", "build", "--debug"], "");
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("error[E0599]") && said.err.contains("src/lib.rs"), "{}", said.err);
    fs::write(&source, &right).expect("written");
    fs::write(
        project.join("events.jsonl"),
        "{\"open\": {\"path\": \"/etc/shadow\"}, \"process\": {\"exe\": \"/usr/bin/cat\"}}\n",
    )
    .expect("written");
    let mut dev = lanner_tests::Lanner::start(
        ["dev", "--turns", "2", "--capture"]
            .into_iter()
            .map(PathBuf::from)
            .chain([project.join("events.jsonl"), project.clone()]),
    );
    let first = "  my-pack/secret-read  high  /usr/bin/cat read /etc/shadow";
    dev.wait("the first finding", || dev.stdout().iter().any(|line| line == first));
    fs::write(&source, right.replace("severity(High)", "severity(Critical)")).expect("written");
    let ended = dev.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let out = ended.stdout.join("\n");
    assert!(out.contains("FAIL  a reader that is not trusted is found"), "{out}");
    assert!(out.contains("      severity: \"high\" → \"critical\""), "{out}");
    lanner_tests::require_kernel!();
    // What a host sees is judged too, as it happens and again after a save.
    let host = lanner_tests::Lanner::watch(&[&project.join("target/debug/my-pack.wasm")], &[]);
    let control = host.control();
    let mut dev = lanner_tests::Lanner::start(
        ["dev", "--turns", "2", "--live", "--control"].into_iter().map(PathBuf::from).chain([control, project.clone()]),
    );
    dev.wait("the first turn", || dev.stdout().iter().any(|line| line.starts_with("tests: ")));
    let read = || drop(fs::read("/etc/shadow"));
    dev.wait("a live finding", || {
        read();
        dev.stdout().iter().any(|line| line.starts_with("found  my-pack/secret-read  critical  "))
    });
    fs::write(&source, &right).expect("written");
    let ended = dev.end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let out = ended.stdout.join("\n");
    assert!(out.contains(" live events: ") && out.contains("      severity: \"critical\" → \"high\""), "{out}");
}

#[test]
fn what_is_accepted_damages_no_file() {
    let place = finder();
    // A comment stands where what is expected will be.
    let text = "tests:\n  - {name: a, events: [{open: {path: /etc/shadow}}] # why\n    }\n";
    place.write("tests/a.yaml", text);
    let said = place.lanner(&["rule", "test", "demo.wasm", "--update"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let now = place.read("tests/a.yaml");
    assert!(now.contains("\"expect\": [{\"rule\":\"demo/shadow\"") && now.contains("] # why\n"), "{now}");
    assert_eq!(place.lanner(&["rule", "test", "demo.wasm"]).code, Some(0), "{now}");
    // What a link leads to is written, and the link stays.
    fs::rename(place.path("tests/a.yaml"), place.path("there.yaml")).expect("moved");
    place.write("there.yaml", text);
    std::os::unix::fs::symlink(place.path("there.yaml"), place.path("tests/a.yaml")).expect("a link");
    assert_eq!(place.lanner(&["rule", "test", "demo.wasm", "--update"]).code, Some(0));
    assert!(place.path("tests/a.yaml").is_symlink() && place.read("there.yaml").contains("expect"));
}

#[test]
fn names_of_tests_do_not_steer_a_terminal() {
    let place = finder();
    let test = |expect: &str| {
        format!("tests: [{{ name: \"a\\e[31mb\\nc\", events: [{{ open: {{}} }}], expect: {expect} }}]\n")
    };
    for (expect, said) in [("[]", "ok    a\\x1b[31mb\\nc\n"), ("[demo/shadow]", "FAIL  a\\x1b[31mb\\nc  (")] {
        place.write("tests/a.yaml", &test(expect));
        let out = place.lanner(&["rule", "test", "demo.wasm"]).out;
        assert!(out.contains(said) && !out.contains('\x1b'), "{out:?}");
    }
}

#[test]
fn events_come_from_files_alone() {
    let place = finder();
    for (capture, why) in [("/dev/zero", "is no file, and cannot be read as events"), ("none.lcap", "cannot be read")] {
        place.write(
            "tests/a.yaml",
            &format!("tests: [{{ name: a, events: [{{ capture: {capture} }}], expect: [] }}]\n"),
        );
        let said = place.lanner(&["rule", "test", "demo.wasm"]);
        assert_eq!(said.code, Some(1));
        assert!(said.out.contains(why), "{}{}", said.out, said.err);
    }
}

#[test]
fn what_an_exec_begins_can_be_meant_later() {
    let place = Place::with(
        &Calls { evaluate: "(call $each (local.get 0))", more: &made::kit(""), ..Calls::default() },
        vec![made::rule("demo/all", vec![("connect", None)])],
    );
    let test = "tests:\n  - name: a\n    events:\n      - exec: {}\n        process: { exe: /bin/sh }\n        image: { as: evil, exe: /tmp/evil }\n      - connect: { address: 8.8.8.8, port: 443 }\n        process: evil\n    expect: []\n";
    place.write("tests/a.yaml", test);
    let said = place.lanner(&["rule", "test", "demo.wasm"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}
