//! What is said of an import, and what packs of it say of themselves.

use lanner_contract::{Fact, Severity};
use lanner_sdk::testing::{exec, process};

use std::path::Path;

use lanner_import::{ImportError, Options, compile, import_text};
use proptest::prelude::*;

use super::{Judge, imported, pack, rule};

const RULES: &str = "
- rule: Good rule (1)
  desc: A sentence. Another one.
  condition: evt.type=execve and proc.name=a
  output: \"ran %proc.name as %user.name in %container.name | %proc.pname %evt.type %proc.aname[2] 100%%\"
  priority: CRITICAL
  tags: [T1059.004, T9999, mitre_execution]
- rule: Near
  desc: d
  condition: evt.type=execve and proc.name=b
  output: o %evt.cpu
  priority: INFO
- rule: Far
  desc: d
  condition: (evt.type=execve and proc.name=c) or evt.type=recvfrom
  output: o
  priority: INFO
- rule: Bad
  desc: d
  condition: evt.type=recvfrom
  output: o
  priority: INFO
- rule: Off
  desc: d
  condition: evt.type=execve
  output: o
  priority: INFO
  enabled: false
";

#[test]
fn each_rule_is_accounted_for() {
    let pack = pack(&[RULES]);
    let report = &pack.report;
    let count = report.count();
    assert_eq!(
        (count.same, count.near, count.differing, count.refused, count.off),
        (1, 2, 1, 1, 1),
        "{}",
        report.text(true)
    );
    assert!(!report.is_faithful());
    let text = report.text(false);
    assert!(
        text.contains("refused    Bad") && text.contains("it needs events that are not told here: recvfrom"),
        "{text}"
    );
    assert!(text.contains("imported   Far  as falco/far, with a difference"), "{text}");
    assert!(!text.contains("Near") && report.text(true).contains("in the output evt.cpu is shown as <NA>"), "{text}");
    assert!(text.ends_with("5 rules: 4 imported, 2 of them with a difference that does not change what is found, 1 with one that does; 1 of them are off and not in the pack; 1 refused"), "{text}");
    let json = report.json();
    assert_eq!(json["count"]["refused"], 1);
    assert_eq!(json["rules"][3]["outcome"], "refused");
    assert!(json["rules"][3]["place"].as_str().is_some_and(|place| place.ends_with("rules-0.yaml:18:3")), "{json}");
}

#[test]
fn packs_say_what_rules_said() {
    let pack = pack(&[RULES]);
    let rules = &pack.description.rules;
    let first = &rules[0];
    assert_eq!((first.id.as_str(), first.severity), ("falco/good-rule-1", Severity::Critical));
    assert_eq!(first.attack, ["T1059.004"]);
    assert_eq!(first.summary, "A sentence.");
    assert!(first.properties.contains(&("falco-rule".to_owned(), "Good rule (1)".to_owned())));
    assert!(first.properties.contains(&("falco-tags".to_owned(), "T1059.004 T9999 mitre_execution".to_owned())));
    assert_eq!(rules.len(), 4);
    assert_eq!(pack.description.name, "rules-0");
}

#[test]
fn findings_say_what_outputs_say() {
    let mut judge = Judge::of(&pack(&[RULES]));
    let parent = process("/usr/bin/par\u{1b}ent");
    let found = judge.judge(&[exec(process("/usr/bin/a").uid(0).parent(&parent))]);
    assert_eq!(found[0].message, "ran a as root in host | par\\x1bent execve <NA> 100%");
    let fact = |name: &str| found[0].fields.iter().find(|(known, _)| known == name).map(|(_, fact)| fact.clone());
    assert_eq!(fact("proc.name"), Some(Fact::Text("a".to_owned())));
    assert_eq!(fact("proc.aname[2]"), None);
}

#[test]
fn the_same_rules_are_the_same_pack() {
    assert!(pack(&[RULES]).component == pack(&[RULES]).component);
}

#[test]
fn rules_of_one_name_in_letters_have_ids_of_their_own() {
    let twice = rule("proc.name=a").replace("Test", "A b") + &rule("proc.name=b").replace("Test", "a B");
    let pack = pack(&[&twice]);
    let ids: Vec<&str> = pack.description.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["falco/a-b", "falco/a-b-2"]);
}

#[test]
fn what_is_no_rule_of_falcos_is_said_so() {
    for (text, says) in [
        ("title: x\ndetection: {}\n", "no `logsource`"),
        ("a: b\n", "neither rules of Falco's"),
        ("- a: [\n", "no YAML"),
        ("", "none of the rules"),
    ] {
        let Err(error) = imported(&[text]) else { panic!("{text:?} is imported") };
        assert!(error.to_string().contains(says), "{text:?}: {error}");
    }
}

#[test]
fn rules_that_can_never_hold_are_not_in_the_pack() {
    let never =
        rule("evt.type=execve and proc.name in (nobody)").replace("Test", "Never") + "- list: nobody\n  items: []\n";
    let made = pack(&[&rule("evt.type=execve and proc.name=a"), &never]);
    assert_eq!(made.description.rules.len(), 1);
    assert!(
        made.report.is_faithful() && made.report.text(true).contains("it can hold for no event"),
        "{}",
        made.report.text(true)
    );
}

#[test]
fn brackets_may_end_where_they_begin() {
    let text = "- list: names\n  items: [\n    a,\n  b\n  ]\n- rule: R\n  desc: d\n  condition: evt.type=execve and proc.name in (names)\n  output: o\n  priority: INFO\n";
    let mut judge = Judge::of(&pack(&[text]));
    assert_eq!(judge.judge(&[exec(process("/usr/bin/b"))]).len(), 1);
}

#[test]
fn what_makes_no_sense_is_told_from_what_there_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.yaml");
    let good = rule("evt.type=execve and proc.name=a");
    let compiled = |text: &str| {
        std::fs::write(&path, text).expect("written");
        compile(std::slice::from_ref(&path), &Options::default())
    };
    let unseen = good.clone() + &rule("evt.buffer contains x").replace("Test", "Unseen");
    assert!(compiled(&unseen).is_ok_and(|pack| pack.description.rules.len() == 1));
    for wrong in [rule("proc.nam=x").replace("Test", "Wrong"), "- rul: x\n".to_owned()] {
        let Err(error) = compiled(&(good.clone() + &wrong)) else { panic!("{wrong} is compiled") };
        assert!(matches!(error, ImportError::Nonsense(_)), "{error}");
        assert!(error.to_string().contains("rules.yaml:"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_a_file_holds_it_is_imported_or_refused(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[-a-z:%\\[\\]{}()\"'\n .=&*!>|#é]{0,6}"), 1..6),
    ) {
        let mut text = RULES.to_owned();
        for (at, length, with) in cuts {
            let from = text.floor_char_boundary(at.index(text.len().max(1)));
            let to = text.floor_char_boundary((from + length).min(text.len())).max(from);
            text.replace_range(from..to, &with);
        }
        let _ = import_text(Path::new("rules.yaml"), &text, &Options { all: true, ..Options::default() });
    }
}
