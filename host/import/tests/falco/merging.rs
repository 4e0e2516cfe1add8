//! Lists, macros, exceptions, and files that change what others say.

use lanner_sdk::testing::{TestEvent, exec, process};

use super::{Judge, imported, pack};

fn run(name: &str) -> TestEvent {
    exec(process(format!("/usr/bin/{name}")).args([name, "-x"]))
}

/// Which of these programs are found.
fn found(files: &[&str], programs: &[&str]) -> Vec<String> {
    let mut judge = Judge::of(&pack(files));
    let is_found = |program: &&&str| !judge.judge(&[run(program)]).is_empty();
    programs.iter().filter(is_found).map(|program| (*program).to_owned()).collect()
}

const BASE: &str = "
- list: inner
  items: [a, b]
- list: outer
  items: [inner, c, '\"d e\"']
- macro: started
  condition: evt.type in (execve, execveat)
- macro: named
  condition: (proc.name in (outer, f))
- rule: R
  desc: d
  condition: started and named
  output: ran %proc.name
  priority: ERROR
  tags: [x]
";

#[test]
fn lists_and_macros_are_put_in() {
    assert_eq!(found(&[BASE], &["a", "b", "c", "f", "g", "inner", "outer"]), ["a", "b", "c", "f"]);
}

#[test]
fn what_is_said_again_takes_the_place_of_what_was_said() {
    let again = "- list: inner\n  items: [g]\n";
    // The lists that name it have it.
    assert_eq!(found(&[BASE, again], &["a", "b", "c", "g"]), ["c", "g"]);
    let again = "- macro: named\n  condition: proc.name=g\n";
    assert_eq!(found(&[BASE, again], &["a", "g"]), ["g"]);
    let again = "- rule: R\n  desc: d\n  condition: started and proc.name=z\n  output: o\n  priority: INFO\n";
    assert_eq!(found(&[BASE, again], &["a", "z"]), ["z"]);
}

#[test]
fn what_is_added_is_added() {
    for added in
        ["- list: inner\n  items: [g]\n  append: true\n", "- list: inner\n  items: [g]\n  override: {items: append}\n"]
    {
        assert_eq!(found(&[BASE, added], &["a", "g", "z"]), ["a", "g"]);
    }
    for added in [
        "- macro: named\n  condition: or proc.name=g\n  append: true\n",
        "- macro: named\n  condition: or proc.name=g\n  override: {condition: append}\n",
    ] {
        assert_eq!(found(&[BASE, added], &["a", "g", "z"]), ["a", "g"]);
    }
    for added in [
        "- rule: R\n  condition: and not proc.name=a\n  append: true\n",
        "- rule: R\n  condition: and not proc.name=a\n  override: {condition: append}\n",
    ] {
        assert_eq!(found(&[BASE, added], &["a", "b"]), ["b"]);
    }
    let replaced = "- rule: R\n  condition: started and proc.name=q\n  priority: INFO\n  override: {condition: replace, priority: replace}\n";
    assert_eq!(found(&[BASE, replaced], &["a", "q"]), ["q"]);
    let tagged = pack(&[BASE, "- rule: R\n  tags: [T1059]\n  desc: more\n  override: {tags: append, desc: append}\n"]);
    assert_eq!(tagged.description.rules[0].attack, ["T1059"]);
    assert_eq!(tagged.description.rules[0].summary, "d more");
}

#[test]
fn rules_are_switched_off_and_on() {
    let off = "- rule: R\n  enabled: false\n";
    let report = pack(&[BASE, off]).report;
    assert!(!report.rules[0].enabled && report.count().off == 1);
    let on = "- rule: R\n  enabled: true\n  override: {enabled: replace}\n";
    assert!(pack(&[BASE, off, on]).report.rules[0].enabled);
}

#[test]
fn exceptions_except() {
    let with = |exceptions: &str| format!("{BASE}  exceptions:\n{exceptions}");
    let tuples = with(
        "    - name: one\n      fields: [proc.name, proc.args]\n      comps: [=, contains]\n      values:\n        - [a, -x]\n        - [b, -y]\n",
    );
    assert_eq!(found(&[&tuples], &["a", "b", "c"]), ["b", "c"]);
    let equal = with("    - name: one\n      fields: [proc.name, proc.args]\n      values: [[a, -x]]\n");
    assert_eq!(found(&[&equal], &["a", "b"]), ["b"]);
    let single = with("    - name: one\n      fields: proc.name\n      comps: in\n      values: [a, b]\n");
    assert_eq!(found(&[&single], &["a", "b", "c"]), ["c"]);
    let lists = with(
        "    - name: one\n      fields: [proc.name, proc.args]\n      comps: [in, startswith]\n      values: [[[a, c], '-']]\n",
    );
    assert_eq!(found(&[&lists], &["a", "b", "c"]), ["b"]);
    let named = with("    - name: one\n      fields: [proc.name]\n      comps: [in]\n      values: [[inner]]\n");
    assert_eq!(found(&[&named], &["a", "b", "c"]), ["c"]);
    // Without values it excepts nothing; values are added later.
    let none = with("    - name: one\n      fields: [proc.name]\n      comps: [=]\n");
    assert_eq!(found(&[&none], &["a", "b"]), ["a", "b"]);
    let more = "- rule: R\n  exceptions:\n    - name: one\n      values: [[a]]\n  override: {exceptions: append}\n";
    assert_eq!(found(&[&none, more], &["a", "b"]), ["b"]);
    let more =
        "- rule: R\n  exceptions:\n    - name: two\n      fields: [proc.name]\n      values: [[b]]\n  append: true\n";
    assert_eq!(found(&[&none, more], &["a", "b"]), ["a"]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, says) in [
        ("- list: l\n  items: []\n- rul: x\n", "rules-0.yaml:3:3: there is no item \"rul\""),
        ("- rule: R\n  conditoin: x\n", "rules-0.yaml:2:3: there is no key \"conditoin\"; did you mean \"condition\"?"),
        ("- rule: R\n  condition: proc.name=x\n", "has no `output`"),
        ("- list: l\n", "the list l has no `items`"),
        ("- list: l\n  items: [a]\n  append: true\n", "the list l is added to and is not there before"),
        ("- macro: m\n  condition: x\n  append: true\n", "the macro m is added to and is not there before"),
        ("- rule: R\n  condition: x\n  append: true\n", "the rule \"R\" is changed and is not there before"),
        ("- rule: R\n  condition: x\n  append: true\n  override: {condition: append}\n", "cannot stand together"),
        ("- rule: R\n  priority: INFO\n  override: {priority: append}\n", "cannot be appended to"),
        ("- rule: R\n  condition: x\n  override: {output: append}\n", "is to be overridden, and is not there"),
        ("- required_engine_version: x.y\n", "no version of Falco's engine"),
        (
            "- macro: a\n  condition: a\n- rule: R\n  desc: d\n  condition: a\n  output: o\n  priority: INFO\n",
            "names itself",
        ),
        (
            "- macro: a\n  condition: b\n- macro: b\n  condition: proc.name=x\n- rule: R\n  desc: d\n  condition: a\n  output: o\n  priority: INFO\n",
            "stands further down",
        ),
        (
            "- rule: R\n  desc: d\n  condition: proc.name=x\n  output: o\n  priority: BAD\n",
            "there is no priority \"BAD\"",
        ),
        (
            "- rule: R\n  desc: d\n  condition: proc.name=x\n  output: 50% of\n  priority: INFO\n",
            "rules-0.yaml:4:13: a field should follow this %",
        ),
        (
            "- rule: R\n  desc: d\n  condition: >\n    proc.name=x\n    and proc.nam=y\n  output: o\n  priority: INFO\n",
            "rules-0.yaml:5:9: there is no field proc.nam",
        ),
        (
            "- rule: R\n  desc: d\n  condition: ka.verb=x\n  output: o\n  priority: INFO\n  source: k8s_audit\n",
            "only those of the kernel",
        ),
    ] {
        let said = match imported(&[text]) {
            Err(error) => error.to_string(),
            Ok(pack) => pack.report.text(true),
        };
        assert!(said.contains(says), "{text}\n{said}");
    }
}

#[test]
fn what_lists_and_conditions_grow_to_is_bounded() {
    let mut text = "- macro: m0\n  condition: proc.name=x\n- macro: m1\n  condition: m0 or m0\n".to_owned();
    for number in 2..60 {
        text.push_str(&format!("- macro: m{number}\n  condition: m{} or m{}\n", number - 1, number - 2));
    }
    text.push_str("- rule: R\n  desc: d\n  condition: m59\n  output: o\n  priority: INFO\n");
    let Err(error) = imported(&[&text]) else { panic!("it is imported") };
    assert!(error.to_string().contains("tests"), "{error}");
}
