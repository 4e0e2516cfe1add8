//! Rules on several events.

use std::time::Duration;

use lanner_abi::Frame;
use lanner_sdk::testing::{TestEvent, exec, frame, open, process};

use super::{Judge, imported, pack, refusal};

/// Two rules that are counted, and a correlation of them.
fn rules(correlation: &str) -> String {
    let rule = |name: &str| {
        format!(
            "title: Ran {name}\nname: {name}\nlogsource: {{category: process_creation}}\ndetection: {{s: {{Image|endswith: /{name}}}, condition: s}}\n---\n"
        )
    };
    let correlation: String = correlation.lines().map(|line| format!("  {line}\n")).collect();
    format!("{}{}title: Together\nlevel: high\nauthor: Ann\ncorrelation:\n{correlation}", rule("one"), rule("two"))
}

fn ran(program: &str, user: &str, second: u64) -> TestEvent {
    let name = program.split(' ').next().unwrap_or_default();
    let of = process(format!("/bin/{name}")).args(program.split(' ')).uid(1000).user(user);
    exec(of).after(Duration::from_secs(second))
}

/// The events that each finding is about.
fn found(correlation: &str, events: &[TestEvent]) -> Vec<Vec<u64>> {
    let pack = pack(&rules(correlation));
    let together =
        pack.description.rules.iter().position(|rule| rule.id == "sigma/together").expect("it is there") as u32;
    let found = Judge::of(&pack).judge(events).into_iter().filter(|finding| finding.rule == together);
    found.map(|finding| finding.events).collect()
}

const COUNT: &str = "type: event_count\nrules: one\ngroup-by: [User]\ntimespan: 10s\ncondition: {gte: 3}";

#[test]
fn events_are_counted_by_group_within_a_time() {
    // `after` is from the event before.
    let events = [ran("one", "a", 0), ran("one", "b", 1), ran("one", "a", 1), ran("two", "a", 1), ran("one", "a", 1)];
    assert_eq!(found(COUNT, &events), [[1, 3, 5]]);
    assert_eq!(found(COUNT, &[ran("one", "a", 0), ran("one", "a", 9), ran("one", "a", 9)]), [[0; 0]; 0]);
    assert_eq!(found(&COUNT.replace("gte: 3", "gt: 1"), &[ran("one", "a", 0), ran("one", "a", 9)]), [[1, 2]]);
    let both = COUNT.replace("rules: one", "rules: [one, two]");
    assert_eq!(found(&both, &[ran("one", "a", 0), ran("two", "a", 1), ran("one", "a", 1)]), [[1, 2, 3]]);
    // It begins anew.
    let many: Vec<TestEvent> = (0..7).map(|_| ran("one", "a", 1)).collect();
    assert_eq!(found(COUNT, &many), [[1, 2, 3], [4, 5, 6]]);
}

#[test]
fn values_are_counted() {
    let values =
        "type: value_count\nrules: [one]\ngroup-by: [User]\ntimespan: 1m\ncondition: {field: CommandLine, gte: 2}";
    assert_eq!(
        found(values, &[ran("one x", "a", 0), ran("one x", "a", 1), ran("one y", "b", 1), ran("one z", "a", 1)]),
        [[2, 4]]
    );
}

#[test]
fn rules_hold_together_and_in_order() {
    let temporal = "type: temporal\nrules: [one, two]\ngroup-by: [User]\ntimespan: 1m";
    let ordered = &temporal.replace("temporal", "temporal_ordered");
    let (forth, back) = ([ran("one", "a", 0), ran("two", "a", 1)], [ran("two", "a", 0), ran("one", "a", 1)]);
    assert_eq!(found(temporal, &forth), [[1, 2]]);
    assert_eq!(found(temporal, &back), [[1, 2]]);
    assert_eq!(found(ordered, &forth), [[1, 2]]);
    assert!(found(ordered, &back).is_empty());
    assert!(found(temporal, &[ran("one", "a", 0), ran("two", "b", 1)]).is_empty());
    assert!(found(temporal, &[ran("one", "a", 0), ran("two", "a", 61)]).is_empty());
}

#[test]
fn a_group_may_be_called_otherwise_in_each_rule() {
    let text = "title: Ran\nname: ran\nlogsource: {category: process_creation}\ndetection: {s: {Image: /bin/wget}, condition: s}\n---\n\
        title: Wrote\nname: wrote\nlogsource: {category: file_event}\ndetection: {s: {TargetFilename|startswith: /tmp/}, condition: s}\n---\n\
        title: Both\ncorrelation:\n  type: temporal_ordered\n  rules: [ran, wrote]\n  group-by: [program]\n  timespan: 1m\n  aliases:\n    program: {ran: Image, wrote: Image}\n";
    let mut judge = Judge::of(&pack(text));
    let by = process("/bin/wget");
    assert_eq!(judge.judge(&[exec(by.clone()), open("/tmp/x").write().by(by)]).len(), 1);
}

#[test]
fn rules_are_silent_unless_they_are_to_speak() {
    let silent = pack(&rules(COUNT));
    let ids =
        |pack: &lanner_import::Pack| pack.description.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&silent), ["sigma/ran-two", "sigma/together"]);
    assert!(silent.report.text(true).contains("finds nothing by itself"));
    let speaking = pack(&rules(&format!("{COUNT}\ngenerate: true")));
    assert_eq!(ids(&speaking), ["sigma/ran-one", "sigma/ran-two", "sigma/together"]);
    let found = Judge::of(&speaking).judge(&[ran("one", "a", 0), ran("one", "a", 1), ran("one", "a", 1)]);
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [0, 0, 0, 2]);
    let fact =
        |name: &str| found[3].fields.iter().find(|(known, _)| known == name).map(|(_, fact)| format!("{fact:?}"));
    assert_eq!(fact("author").as_deref(), Some("Text(\"Ann\")"));
    assert!(found[3].message.starts_with("Together: one"), "{}", found[3].message);
}

#[test]
fn what_was_counted_is_carried_to_the_next_version() {
    let rules = rules(COUNT);
    let judge = |judge: &mut Judge, events: &[TestEvent]| judge.judge(events).len();
    let (mut one, mut other) = (Judge::of(&pack(&rules)), Judge::of(&pack(&rules)));
    assert_eq!(judge(&mut one, &[ran("one", "a", 0), ran("one", "a", 1)]), 0);
    let saved = one.evaluator.save();
    other.evaluator.restore(&saved);
    assert_eq!(judge(&mut other, &[ran("one", "a", 2)]), 1);
    // Another correlation begins anew, and so does what cannot be read.
    let mut changed = Judge::of(&pack(&rules.replace("gte: 3", "gte: 2")));
    changed.evaluator.restore(&saved);
    changed.evaluator.restore(b"\x01nonsense");
    assert_eq!(judge(&mut changed, &[ran("one", "a", 2)]), 0);
    // What is too long ago is forgotten.
    other.evaluator.restore(&saved);
    other.evaluator.tick(u64::MAX);
    assert!(other.evaluator.save().len() < saved.len());
    assert_eq!(judge(&mut other, &[ran("one", "a", 2)]), 0);
}

#[test]
fn batches_do_not_matter() {
    let events: Vec<TestEvent> =
        (0..60_u64).map(|number| ran("one", if number % 3 == 0 { "b" } else { "a" }, number % 5)).collect();
    let bytes = frame(events.iter().cloned());
    let pack = pack(&rules(COUNT));
    let whole = Judge::of(&pack).judge(&events).len();
    let mut judge = Judge::of(&pack);
    let mut apart = 0;
    // The same frame, cut where a version is replaced by the next.
    let parsed = Frame::parse(&bytes).expect("a frame");
    judge.evaluator.judge(&parsed, &mut |_| apart += 1);
    assert_eq!(whole, apart);
    assert!(whole > 3);
}

#[test]
fn what_cannot_be_is_refused() {
    let said = |correlation: &str| {
        let report = match imported(&rules(correlation)) {
            Ok(pack) => pack.report,
            Err(lanner_import::ImportError::None(report)) => *report,
            Err(error) => panic!("{error}"),
        };
        let rule = report.rules.iter().find(|rule| rule.name == "Together").expect("it is there");
        rule.refused.clone().unwrap_or_default()
    };
    let but = |from: &str, to: &str| COUNT.replace(from, to);
    for (correlation, wrong) in [
        (but("event_count", "event_cuont"), "did you mean \"event_count\"?"),
        (but("event_count", "value_avg"), "there is no correlation"),
        (but("rules: one", "rules: three"), "no rule of the name"),
        (but("10s", "10"), "is no time"),
        (but("gte: 3", "lte: 3"), "when the time is over"),
        (but("gte: 3", "gte: 0"), "1 to 4096"),
        (but("gte: 3", "gte: 5000"), "1 to 4096"),
        (but("{gte: 3}", "{field: User, gte: 3}"), "only a value_count"),
        (but("event_count", "value_count"), "has a `field`"),
        (but("\ncondition: {gte: 3}", ""), "that says how many"),
        (but("[User]", "[Nothing]"), "Nothing is not told"),
        (but("group-by", "group_by"), "did you mean \"group-by\"?"),
        (format!("{COUNT}\naliases: {{x: {{three: User}}}}"), "names the rule \"three\""),
        ("type: temporal_ordered\nrules: [one, two]\ntimespan: 1m\ncondition: {gte: 1}".to_owned(), "takes no number"),
    ] {
        assert!(said(&correlation).contains(wrong), "{correlation}: {}", said(&correlation));
    }
    let nested = rules(COUNT).replace("title: Together", "name: inner\ntitle: Together");
    let nested = format!("{nested}---\ntitle: Outer\ncorrelation: {{type: temporal, rules: [inner], timespan: 1m}}\n");
    let pack = pack(&nested);
    let outer = pack.report.rules.last().and_then(|rule| rule.refused.clone()).unwrap_or_default();
    assert!(outer.contains("correlations of correlations"), "{outer}");
    assert!(
        refusal("title: x\nfilter: {rules: [a], condition: b}\nlogsource: {category: process_creation}")
            .contains("filters of rules")
    );
    assert!(refusal("title: x\naction: global\ndetection: {}").contains("old versions"));
}
