//! Searches, keywords and conditions.

use lanner_sdk::testing::{exec, process};

use super::{found, holds, refusal, rule};

/// Whether a condition of searches that hold for the letters in a command line holds.
fn holds_for(condition: &str, letters: &str) -> bool {
    let searches = "sel_a:\n  CommandLine|contains: a\nsel_b:\n  CommandLine|contains: b\nother:\n  CommandLine|contains: c\n_x:\n  CommandLine|contains: x";
    let rule = rule("category: process_creation", &format!("{searches}\ncondition: {condition}"));
    found(&rule, &exec(process("/1").args([letters]))) == 1
}

#[test]
fn conditions_hold() {
    for (condition, holding, not) in [
        ("sel_a", "a", "b"),
        ("sel_a and sel_b", "ab", "a"),
        ("sel_a or sel_b and other", "a", "b"),
        ("(sel_a or sel_b) and other", "bc", "a"),
        ("not sel_a", "b", "a"),
        ("sel_a and not (sel_b or other)", "a", "ac"),
        ("1 of sel_*", "b", "c"),
        ("all of sel_*", "ab", "a"),
        ("any of sel_*", "a", "x"),
        ("2 of them", "ac", "ax"),
        ("1 of them", "c", "x"),
        ("all of them", "abc", "ab"),
        ("3 of *", "abx", "ab"),
        ("sel_a and 1 of sel_*", "a", "b"),
        ("sel_a and not 1 of oth*", "a", "ac"),
        ("\n    - sel_a\n    - sel_b", "b", "c"),
    ] {
        assert!(holds_for(condition, holding), "{condition}: {holding}");
        assert!(!holds_for(condition, not), "{condition}: {not}");
    }
}

#[test]
fn keywords_are_somewhere_in_an_event() {
    let event = exec(process("/usr/bin/tool").args(["tool", "--Secret", "7"]).parent(process("/usr/sbin/cron")));
    for (text, is) in [
        ("- secret", true),
        ("- CRON", true),
        ("- nothing\n- tool", true),
        ("- nothing", false),
        ("- 7", true),
        ("'|all': [secret, cron]", true),
        ("'|all': [secret, nothing]", false),
        ("'|re': 'S[e]cret'", true),
        ("- 's?cret'", true),
        ("- secret\n- Image|endswith: /other", true),
    ] {
        assert_eq!(holds(text, &event), is, "{text}");
    }
    assert_eq!(found(&rule("category: process_creation", "k: secret\ncondition: k"), &event), 1);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (detection, wrong) in [
        ("s:\n  Imgae: x\ncondition: s", "did you mean \"Image\"?"),
        ("s:\n  Image: x\ncondition: t", "there is no search \"t\""),
        ("s:\n  Image: x\ncondition: 1 of t*", "no search of the form"),
        ("s:\n  Image: x\ncondition: 2 of s", "cannot hold"),
        ("s:\n  Image: x\ncondition: s | count() > 5", "correlation rule"),
        ("s:\n  Image: x\ntimeframe: 5m\ncondition: s", "correlation rule"),
        ("s:\n  Image: x", "no `condition`"),
        ("s: {}\ncondition: s", "says nothing"),
        ("s: []\ncondition: s", "says nothing"),
        ("s:\n  Image|contians: x\ncondition: s", "did you mean \"contains\"?"),
        ("s:\n  Image: {a: b}\ncondition: s", "a value should stand here"),
        ("s:\n  Hashes|contains: x\ncondition: s", "not hashed"),
        ("s:\n  Image: x\n  Image: y\ncondition: s", "twice"),
    ] {
        let said = refusal(&rule("category: process_creation", detection));
        assert!(said.contains(wrong), "{detection}: {said}");
        assert!(said.contains("rules.yml:"), "{said}");
    }
    let said = refusal(&rule("category: process_creation", "s:\n  Imgae: x\ncondition: s"));
    assert!(said.contains("rules.yml:5:5: "), "{said}");
}
