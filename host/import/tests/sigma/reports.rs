//! What is said of rules, and what they say of themselves.

use lanner_contract::Severity;
use lanner_import::{ImportError, Options, Source};
use lanner_sdk::testing::{exec, process};

use super::{Judge, files, imported, pack, refusal, search};

const RULE: &str = "title: A Rule, of Mine!\nid: 0f0a4d53-7a15-4a52-9d39-6a53c6c7f9a0\nstatus: test\ndescription: It finds\n  what there is\nreferences: [https://example.org/1, https://example.org/2]\nauthor: Ann, Bob\ndate: 2026-01-02\ntags: [attack.execution, attack.t1059.004, attack.t9999, cve.2026-1]\nlogsource: {product: linux, category: process_creation}\ndetection: {s: {Image|endswith: /x}, condition: s}\nfields: [ParentUser, Hashes]\nfalsepositives: [Some]\nlevel: critical\n";

#[test]
fn rules_say_whose_they_are() {
    let pack =
        files(&[("a/rule.yml", RULE), ("LICENSE", "under the Detection Rule License (DRL) 1.1")], &Options::default());
    let pack = pack.unwrap_or_else(|error| panic!("{error}"));
    let rule = &pack.description.rules[0];
    assert_eq!((rule.id.as_str(), rule.severity), ("sigma/a-rule-of-mine", Severity::Critical));
    assert_eq!(rule.attack, ["T1059.004"]);
    let property =
        |name: &str| rule.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    for (name, value) in [
        ("sigma-title", "A Rule, of Mine!"),
        ("sigma-id", "0f0a4d53-7a15-4a52-9d39-6a53c6c7f9a0"),
        ("author", "Ann, Bob"),
        ("license", "DRL-1.1"),
        ("description", "It finds what there is"),
        ("references", "https://example.org/1 https://example.org/2"),
        ("sigma-status", "test"),
        ("sigma-level", "critical"),
        ("sigma-date", "2026-01-02"),
        ("sigma-tags", "attack.execution attack.t1059.004 attack.t9999 cve.2026-1"),
        ("false-positives", "Some"),
        ("sigma-logsource", "process_creation"),
    ] {
        assert_eq!(property(name), Some(value), "{name}");
    }
    let report = pack.report.text(true);
    assert!(report.contains("no technique T9999") && report.contains("Hashes, which is not told"), "{report}");
    assert!(pack.report.is_faithful());
    let found = Judge::of(&pack).judge(&[exec(process("/bin/x").args(["x", "-y"]))]);
    assert_eq!(found[0].message, "A Rule, of Mine!: x -y");
    let fact =
        |name: &str| found[0].fields.iter().find(|(known, _)| known == name).map(|(_, fact)| format!("{fact:?}"));
    for (name, value) in [("author", "Ann, Bob"), ("license", "DRL-1.1"), ("Image", "/bin/x"), ("CommandLine", "x -y")]
    {
        assert_eq!(fact(name), Some(format!("Text({value:?})")), "{name}");
    }
}

#[test]
fn levels_are_severities() {
    for (level, severity) in [
        ("critical", Severity::Critical),
        ("high", Severity::High),
        ("medium", Severity::Medium),
        ("low", Severity::Low),
        ("informational", Severity::Info),
    ] {
        assert_eq!(
            pack(&RULE.replace("level: critical", &format!("level: {level}"))).description.rules[0].severity,
            severity
        );
    }
    assert!(refusal(&RULE.replace("level: critical", "level: hihg")).contains("did you mean \"high\"?"));
}

#[test]
fn keys_that_nobody_knows_are_said() {
    assert!(refusal(&RULE.replace("falsepositives", "falsepositive")).contains("did you mean \"falsepositives\"?"));
    let pack = pack(&format!("{RULE}mine_alone: 5\n"));
    assert!(pack.report.text(true).contains("\"mine_alone\" is none of Sigma's"));
    assert!(refusal(&format!("{RULE}taxonomy: mine\n")).contains("another taxonomy"));
}

#[test]
fn one_pack_of_a_folder_and_those_below_it() {
    let other = |title: &str| RULE.replace("A Rule, of Mine!", title);
    let all = [
        ("b/x.yml", other("Same")),
        ("a.yml", other("Same")),
        ("b/c/y.yaml", other("Last")),
        (".hidden/z.yml", other("Hidden")),
    ];
    let all = all.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>();
    let pack = files(&all, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let ids: Vec<&str> = pack.description.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["sigma/same", "sigma/last", "sigma/same-2"]);
    // One that is wrong does not keep others out.
    let wrong =
        [("a.yml", RULE), ("b.yml", "title: Odd\nlogsource: {category: nothing}\ndetection: {s: [x], condition: s}")];
    let pack = files(&wrong, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((pack.description.rules.len(), pack.report.count().refused), (1, 1));
    assert!(!pack.report.is_faithful());
}

#[test]
fn rules_of_two_kinds_are_no_pack() {
    let falco = "- rule: x\n  desc: d\n  condition: evt.type=execve\n  output: o\n  priority: INFO\n";
    let mixed = files(&[("a.yaml", falco), ("b.yml", RULE)], &Options::default());
    assert!(matches!(mixed, Err(ImportError::Mixed(..))));
    let falco = files(&[("a.yaml", falco)], &Options { source: Some(Source::Sigma), ..Options::default() });
    assert!(falco.is_err_and(|error| error.to_string().contains("rules of Falco's, and not of Sigma's")));
    assert!(imported("key: value\n").is_err_and(|error| error.to_string().contains("has no rules")));
}

#[test]
fn what_is_out_of_use_is_off() {
    let deprecated = RULE.replace("status: test", "status: deprecated");
    assert!(files(&[("a.yml", &deprecated)], &Options::default()).is_err());
    assert_eq!(pack(&deprecated).description.rules.len(), 1);
}

#[test]
fn letters_beyond_ascii_are_said_to_be_compared_as_they_are() {
    let pack = pack(&search("CommandLine|contains: Ä"));
    assert!(pack.report.text(true).contains("letters beyond A to Z"));
}

#[test]
fn what_makes_no_sense_is_told_from_what_asks_for_more() {
    let is_wrong = |text: &str| match imported(text) {
        Err(ImportError::None(report)) => report.rules[0].is_wrong,
        Err(error) => panic!("{text}: {error}"),
        Ok(_) => panic!("{text} is imported"),
    };
    for wrong in ["Imgae: x", "Image|contians: x", "Image|re: '('", "Image|gt: x"] {
        assert!(is_wrong(&search(wrong)), "{wrong}");
    }
    assert!(is_wrong(&super::rule("category: process_creation", "s: [x]\ncondition: s and")));
    for more in ["Hashes|contains: x", "Image|fieldref: Hashes"] {
        assert!(!is_wrong(&search(more)), "{more}");
    }
    assert!(!is_wrong(&super::rule("service: sshd", "s: [x]\ncondition: s")));
    assert!(!is_wrong(&super::rule("service: auditd", "s: {type: USER_AUTH}\ncondition: s")));
    assert!(!is_wrong(&super::rule("service: auditd", "s: {key: x}\ncondition: s")));
}
