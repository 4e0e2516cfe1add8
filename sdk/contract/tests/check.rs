//! What a pack says of itself is nonsense on every host, or something that only a later host can do, or sound.

mod common;

use common::{Cbor, map, text};
use lanner_abi::Kind;
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{
    Checked, Condition, Description, Filter, LeftOut, List, ListType, Nonsense, Rule, Setting, SettingType,
    SettingValue, Subscription, Wanted,
};

fn subscription(kind: &str, filter: Option<Filter>) -> Subscription {
    Subscription { kind: kind.to_owned(), filter }
}

fn rule(id: &str, events: Vec<Subscription>) -> Rule {
    Rule { id: id.to_owned(), events, ..Rule::default() }
}

fn pack(rules: Vec<Rule>) -> Description {
    Description { name: "pack".to_owned(), rules, ..Description::default() }
}

fn test(field: &str, test: Test) -> Filter {
    Filter::Field(field.to_owned(), test)
}

fn texts(values: &[&str]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.as_bytes().to_vec()).collect()
}

fn check_filter(kind: &str, filter: Filter) -> Result<Checked, Nonsense> {
    pack(vec![rule("a/rule", vec![subscription(kind, Some(filter))])]).check()
}

fn nonsense(description: Description) -> String {
    description.check().expect_err("it is nonsense").to_string()
}

// === nonsense ===

#[test]
fn tests_that_do_not_go_with_their_field_are_nonsense() {
    let path = || texts(&["/etc"]);
    let many = |name: &str| test(name, Test::Equals(Vec::new()));
    let cases = [
        (
            "open",
            test("open.flags", Test::StartsWith(path())),
            "the field \"open.flags\" is a number, and cannot be tested by \"starts-with\" as it is",
        ),
        (
            "open",
            test("open.flags", Test::EndsWith(path())),
            "the field \"open.flags\" is a number, and cannot be tested by \"ends-with\" as it is",
        ),
        (
            "open",
            test("event.result", Test::Contains(path())),
            "the field \"event.result\" is a number, and cannot be tested by \"contains\" as it is",
        ),
        (
            "open",
            test("open.flags", Test::Equals(vec![Literal::Bytes(b"1".to_vec())])),
            "the field \"open.flags\" is a number, and cannot be tested by \"equals\" as it is",
        ),
        (
            "open",
            test("open.path", Test::Equals(vec![1.into()])),
            "the field \"open.path\" is a text, and cannot be tested by \"equals\" as it is",
        ),
        (
            "open",
            test("open.path", Test::Equals(vec![Literal::Bytes(b"/a".to_vec()), true.into()])),
            "the field \"open.path\" is a text, and cannot be tested by \"equals\" as it is",
        ),
        (
            "open",
            test("open.path", Test::Between(vec![(0, 1)])),
            "the field \"open.path\" is a text, and cannot be tested by \"between\" as it is",
        ),
        (
            "open",
            test("open.path", Test::AnyBits(1)),
            "the field \"open.path\" is a text, and cannot be tested by \"any-bits\" as it is",
        ),
        (
            "open",
            test("open.created", Test::Equals(vec![1.into()])),
            "the field \"open.created\" is yes or no, and cannot be tested by \"equals\" as it is",
        ),
        (
            "open",
            test("open.created", Test::AllBits(1)),
            "the field \"open.created\" is yes or no, and cannot be tested by \"all-bits\" as it is",
        ),
        (
            "open",
            test("open.flags", Test::Equals(vec![true.into()])),
            "the field \"open.flags\" is a number, and cannot be tested by \"equals\" as it is",
        ),
        (
            "connect",
            test("connect.address", Test::NoBits(1)),
            "the field \"connect.address\" is an address, and cannot be tested by \"no-bits\" as it is",
        ),
        (
            "connect",
            test("connect.address", Test::Equals(vec![Literal::Bytes(vec![1; 4])])),
            "the field \"connect.address\" is an address, and cannot be tested by \"equals\" as it is",
        ),
        (
            "connect",
            test("connect.port", Test::Within(vec![([0; 16], 8)])),
            "the field \"connect.port\" is a number, and cannot be tested by \"within\" as it is",
        ),
        (
            "connect",
            test("connect.address", Test::Within(vec![([0; 16], 128), ([0; 16], 129)])),
            "an address has 128 bits, and more of \"connect.address\" are to count",
        ),
        (
            "open",
            test("event.result", Test::Between(vec![(0, 5), (-1, -2)])),
            "nothing is between -1 and -2, which \"event.result\" is tested for",
        ),
        ("open", many("open.path"), "the field \"open.path\" is tested by \"equals\" with no value at all"),
        ("open", many("open.flags"), "the field \"open.flags\" is tested by \"equals\" with no value at all"),
        (
            "open",
            test("open.path", Test::StartsWith(Vec::new())),
            "the field \"open.path\" is tested by \"starts-with\" with no value at all",
        ),
        (
            "open",
            test("open.path", Test::EndsWith(Vec::new())),
            "the field \"open.path\" is tested by \"ends-with\" with no value at all",
        ),
        (
            "open",
            test("open.path", Test::Contains(Vec::new())),
            "the field \"open.path\" is tested by \"contains\" with no value at all",
        ),
        (
            "open",
            test("open.flags", Test::Between(Vec::new())),
            "the field \"open.flags\" is tested by \"between\" with no value at all",
        ),
        (
            "connect",
            test("connect.address", Test::Within(Vec::new())),
            "the field \"connect.address\" is tested by \"within\" with no value at all",
        ),
        // Fields of others.
        ("open", test("exec.filename", Test::Known), "events of the kind \"open\" have no field \"exec.filename\""),
        ("loss", test("process.exe", Test::Known), "events of the kind \"loss\" have no field \"process.exe\""),
        ("loss", test("container.id", Test::Known), "events of the kind \"loss\" have no field \"container.id\""),
        ("open", test("process.parent", Test::Known), "the field \"process.parent\" cannot be compared"),
        ("open", test("event.payload", Test::Known), "the field \"event.payload\" cannot be compared"),
        ("open", test("container.labels", Test::Known), "the field \"container.labels\" cannot be compared"),
        ("exec", test("exec.image", Test::Known), "the field \"exec.image\" cannot be compared"),
    ];
    for (kind, filter, expected) in cases {
        let nested = Filter::All(vec![Filter::Any(vec![Filter::Not(Box::new(filter.clone()))])]);
        for filter in [filter, nested] {
            let said = check_filter(kind, filter.clone()).expect_err("it is nonsense");
            assert_eq!(said.to_string(), format!("rule a/rule: {expected}"));
            // As it travels it is the same nonsense.
            let travelled = pack(vec![rule("a/rule", vec![subscription(kind, Some(filter))])]).encode();
            assert_eq!(nonsense(Description::decode(&travelled).expect("well-formed")), said.to_string());
        }
    }
}

#[test]
fn a_prefix_that_fits_no_byte_is_too_long_too() {
    for bits in [129, 255, 256, 300, i128::from(u64::MAX)] {
        let network = Cbor::Array(vec![Cbor::Bytes(vec![0; 16]), Cbor::Number(bits)]);
        let filter = Cbor::Array(vec!["within".into(), "connect.address".into(), network]);
        let events = Cbor::Array(vec![map([("kind", "connect".into()), ("filter", filter)])]);
        let rules = Cbor::Array(vec![map([("id", "a/rule".into()), ("events", events)])]);
        let said = Description::decode(&map([("name", "p".into()), ("rules", rules)]).encode()).expect("well-formed");
        let expected = "rule a/rule: an address has 128 bits, and more of \"connect.address\" are to count";
        assert_eq!(nonsense(said), expected, "{bits}");
    }
}

#[test]
fn what_is_too_much_is_nonsense() {
    let all = || vec![subscription("open", None)];
    assert_eq!(nonsense(pack(Vec::new())), "it has 0 rules; 1 to 4096 are allowed");
    let rules = (0..4097).map(|number| rule(&format!("a/r{number}"), all())).collect();
    assert_eq!(nonsense(pack(rules)), "it has 4097 rules; 1 to 4096 are allowed");
    assert_eq!(nonsense(pack(vec![rule("a/b", Vec::new())])), "it subscribes to no events");
    let events = vec![subscription("open", None); 4097];
    assert_eq!(nonsense(pack(vec![rule("a/b", events)])), "it has 4097 subscriptions; 4096 are allowed");

    let too_much = "its filters may have 4096 values of 4096 bytes, and have more";
    let paths = |count: usize| test("open.path", Test::Equals(vec![Literal::Bytes(b"/a".to_vec()); count]));
    assert!(check_filter("open", paths(4096)).is_ok());
    let ranges = test("open.flags", Test::Between(vec![(0, 1); 4097]));
    let long = test("open.path", Test::Contains(vec![vec![b'a'; 4097]]));
    let name = test(&"a".repeat(4097), Test::Known);
    let unknown = Filter::Unknown("a".repeat(4097));
    // What has no value costs as much as what has one.
    let known = Filter::Any(vec![test("open.path", Test::Known); 4096]);
    let empty = Filter::All(vec![Filter::Not(Box::new(Filter::All(Vec::new()))); 2048]);
    for filter in [paths(4097), ranges, long, name, unknown, known, empty] {
        assert_eq!(check_filter("open", filter).expect_err("it is too much").to_string(), too_much);
    }
    // To search a text costs the most.
    let parts = |count: usize| test("open.path", Test::Contains(vec![b"a".to_vec(); count]));
    assert!(check_filter("open", Filter::Not(Box::new(parts(512)))).is_ok());
    let said = check_filter("open", Filter::Any(vec![parts(512), parts(1)])).expect_err("it is too much").to_string();
    assert_eq!(said, "its filters search texts for 513 values (contains); 512 are allowed");
    // Those of all rules together.
    let several = |id: &str| rule(id, vec![subscription("open", Some(paths(2049)))]);
    assert_eq!(nonsense(pack(vec![several("a/a"), several("a/b")])), too_much);
    let kind = pack(vec![rule("a/rule", vec![subscription(&"a".repeat(129), None)])]);
    assert_eq!(nonsense(kind), "rule a/rule: the name of a kind has more than 128 bytes");
    let kind = pack(vec![rule("a/rule", vec![subscription("op\u{1b}[2Jen", None)])]);
    assert_eq!(nonsense(kind), "rule a/rule: \"op\\u{1b}[2Jen\" is no name of a kind of event");
}

#[test]
fn names_that_are_none_are_nonsense() {
    let all = || vec![subscription("open", None)];
    for name in ["", "Pack", "a b", "a/b", "a_b", "pück", &"a".repeat(129)] {
        let said = nonsense(Description { name: name.to_owned(), ..pack(vec![rule("a/b", all())]) });
        assert_eq!(said, format!("the name {name:?} is not lower-case letters, digits and `-`"));
    }
    for id in ["", "a", "/", "a/", "/b", "a/b/c", "A/b", "a/b c", "a//b", &format!("a/{}", "b".repeat(129))] {
        let said = nonsense(pack(vec![rule(id, all())]));
        assert_eq!(said, format!("the rule id {id:?} is not of the form group/name in lower case"));
    }
    assert!(pack(vec![rule("a-1/b-2", all())]).check().is_ok());
    let twice = pack(vec![rule("a/b", all()), rule("a/c", all()), rule("a/b", all())]);
    assert_eq!(nonsense(twice), "the rule id a/b stands twice");
    let attack = Rule { attack: vec!["T1059".to_owned(), "T1".to_owned()], ..rule("a/b", all()) };
    assert_eq!(nonsense(pack(vec![attack])), "rule a/b: \"T1\" is not an ATT&CK technique id such as T1003.008");
    for properties in [vec![(String::new(), String::new()); 33], vec![("a".repeat(1025), String::new())]] {
        let of_rule = Rule { properties: properties.clone(), ..rule("a/b", all()) };
        assert_eq!(nonsense(pack(vec![of_rule])), "rule a/b may have 32 properties of 1024 bytes, and has more");
        let of_pack = Description { properties, ..pack(vec![rule("a/b", all())]) };
        assert_eq!(nonsense(of_pack), "it may have 32 properties of 1024 bytes, and has more");
    }
}

#[test]
fn settings_that_contradict_themselves_are_nonsense() {
    let with =
        |settings: Vec<Setting>| Description { settings, ..pack(vec![rule("a/b", vec![subscription("open", None)])]) };
    let setting = |name: &str| Setting { name: name.to_owned(), ..Setting::default() };
    for name in ["", "A", "a_b", "a.b"] {
        let expected = format!("the setting {name:?} is not lower-case letters, digits and `-`");
        assert_eq!(nonsense(with(vec![setting(name)])), expected);
    }
    assert_eq!(nonsense(with(vec![setting("a"), setting("b"), setting("a")])), "the setting a stands twice");
    let many = (0..257).map(|number| setting(&format!("s{number}"))).collect();
    assert_eq!(nonsense(with(many)), "it has 257 settings; 256 are allowed");
    let text = |text: &str| SettingValue::Text(text.to_owned());
    let one_of = || SettingType::OneOf(vec!["a".to_owned(), "b".to_owned()]);
    for (takes, default) in [
        (SettingType::Text, SettingValue::Number(1)),
        (SettingType::Texts, text("a")),
        (one_of(), text("c")),
        (one_of(), SettingValue::Boolean(true)),
        (SettingType::Number(1, 9), SettingValue::Number(0)),
        (SettingType::Number(1, 9), SettingValue::Number(10)),
        (SettingType::Number(9, 1), SettingValue::Number(5)),
        (SettingType::Boolean, text("true")),
    ] {
        let setting = Setting { takes, default: Some(default), ..setting("s") };
        assert_eq!(nonsense(with(vec![setting])), "the setting s does not take its own default");
    }
    for (takes, default) in [
        (one_of(), text("b")),
        (SettingType::Number(1, 9), SettingValue::Number(9)),
        (SettingType::Texts, SettingValue::Texts(Vec::new())),
        // Nobody here knows what it takes.
        (SettingType::Unknown("later".to_owned()), text("anything")),
    ] {
        let setting = Setting { takes, default: Some(default), ..setting("s") };
        assert!(with(vec![setting]).check().is_ok());
    }
}

// === what only a later host can do ===

#[test]
fn only_the_rule_that_needs_what_is_missing_is_left_out() {
    let array = |items: &[Cbor]| Cbor::Array(items.to_vec());
    let path = || text("open.path");
    let needs_values = |name: &str| format!("other values for the test {name:?}");
    let cases = [
        ("teleport", None, "events of the kind \"teleport\"".to_owned()),
        ("open", Some(array(&["sounds-like".into(), path(), "/etc".into()])), "the test \"sounds-like\"".to_owned()),
        ("open", Some(array(&["sounds-like".into()])), "the test \"sounds-like\"".to_owned()),
        (
            "open",
            Some(array(&["known".into(), "open.colour".into()])),
            "the field \"open.colour\" of events of the kind \"open\"".to_owned(),
        ),
        (
            "open",
            Some(array(&["known".into(), "host.name".into()])),
            "the field \"host.name\" of events of the kind \"open\"".to_owned(),
        ),
        (
            "open",
            Some(array(&["known".into(), "process".into()])),
            "the field \"process\" of events of the kind \"open\"".to_owned(),
        ),
        (
            "exec",
            Some(array(&["known".into(), "exec.image.colour".into()])),
            "the field \"exec.image.colour\" of events of the kind \"exec\"".to_owned(),
        ),
        (
            "exec",
            Some(array(&["known".into(), "exec.stdio.exe".into()])),
            "the field \"exec.stdio.exe\" of events of the kind \"exec\"".to_owned(),
        ),
        ("open", Some(array(&["equals".into(), path(), Cbor::Null])), needs_values("equals")),
        ("open", Some(array(&["equals".into(), path(), Cbor::Float(1.5)])), needs_values("equals")),
        ("open", Some(array(&["starts-with".into(), path(), Cbor::Number(1)])), needs_values("starts-with")),
        (
            "open",
            Some(array(&["between".into(), "open.flags".into(), array(&[Cbor::Number(1)])])),
            needs_values("between"),
        ),
        (
            "open",
            Some(array(&["between".into(), "open.flags".into(), array(&[1.into(), 2.into(), 3.into()])])),
            needs_values("between"),
        ),
        ("open", Some(array(&["any-bits".into(), "open.flags".into()])), needs_values("any-bits")),
        ("open", Some(array(&["any-bits".into(), "open.flags".into(), 1.into(), 2.into()])), needs_values("any-bits")),
        ("open", Some(array(&["all-bits".into(), "open.flags".into(), Cbor::Number(-1)])), needs_values("all-bits")),
        (
            "connect",
            Some(array(&["within".into(), "connect.address".into(), array(&[Cbor::Bytes(vec![1; 4]), 8.into()])])),
            needs_values("within"),
        ),
        ("open", Some(array(&["known".into(), path(), 1.into()])), needs_values("known")),
        ("open", Some(array(&["not".into()])), needs_values("not")),
        ("open", Some(array(&["equals".into()])), needs_values("equals")),
        ("open", Some(array(&["equals".into(), 5.into()])), needs_values("equals")),
        ("open", Some(array(&[])), "a filter of another form".to_owned()),
        ("open", Some(array(&[5.into(), path()])), "a filter of another form".to_owned()),
        ("open", Some(map([("known", path())])), "a filter of another form".to_owned()),
        ("open", Some(path()), "a filter of another form".to_owned()),
        ("open", Some(Cbor::OpenArray(vec!["any".into(), array(&["later".into()])])), "the test \"later\"".to_owned()),
    ];
    let known = || array(&["known".into(), "event.seq".into()]);
    let mut rules = Vec::new();
    let mut expected = Vec::new();
    for (number, (kind, filter, needs)) in cases.into_iter().enumerate() {
        let mut add = |id: String, filter: Option<Cbor>| {
            let mut event = vec![(text("kind"), text(kind))];
            event.extend(filter.map(|filter| (text("filter"), filter)));
            let sound = map([("kind", "open".into()), ("filter", known())]);
            let events = array(&[sound, Cbor::Map(event)]);
            rules.push(map([("events", events), ("id", id.as_str().into()), ("later", known())]));
        };
        let inside = filter.clone().map(|filter| array(&["all".into(), known(), array(&["not".into(), filter])]));
        add(format!("a/r{number}"), filter);
        add(format!("a/n{number}"), inside);
        for place in [3 * number, 3 * number + 1] {
            expected.push(LeftOut { rule: place as u32, needs: needs.clone() });
        }
        // And one that all hosts can run.
        let event = map([("kind", "exit".into())]);
        rules.push(map([("id", text(&format!("a/sound{number}"))), ("events", array(&[event]))]));
    }
    let said = map([("rules", Cbor::Array(rules)), ("name", "pack".into())]);
    let checked = Description::decode(&said.encode()).expect("well-formed").check().expect("sound");
    for (found, expected) in checked.left_out.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(checked.left_out.len(), expected.len());
    // Nothing of the rules that are left out, also what they could have had.
    assert_eq!(checked.wanted, [Wanted { kind: Kind::Exit, condition: None }]);
    let told = checked.configuration(&[]).expect("nothing is set");
    assert_eq!(told.off, expected.iter().map(|left_out| left_out.rule).collect::<Vec<_>>());
}

#[test]
fn tests_without_a_length_are_read_as_those_with_one() {
    let open = |items: &[Cbor]| Cbor::OpenArray(items.to_vec());
    let filter = open(&[
        "all".into(),
        open(&["equals".into(), "open.path".into(), "/a".into(), Cbor::Bytes(b"/b".to_vec())]),
        open(&["between".into(), "open.flags".into(), open(&[1.into(), 2.into()])]),
        open(&["not".into(), open(&["any-bits".into(), "open.flags".into(), 4.into()])]),
        open(&["within".into(), "connect.address".into(), open(&[Cbor::Bytes(vec![7; 16]), 8.into()])]),
        open(&["known".into(), "open.path".into()]),
    ]);
    let event = Cbor::OpenMap(vec![(text("kind"), text("open")), (text("filter"), filter)]);
    let rule = Cbor::OpenMap(vec![(text("events"), open(&[event]))]);
    let said = Cbor::OpenMap(vec![(text("rules"), open(&[rule]))]);
    let said = Description::decode(&said.encode()).expect("well-formed");
    let paths = vec![Literal::Bytes(b"/a".to_vec()), Literal::Bytes(b"/b".to_vec())];
    let expected = Filter::All(vec![
        test("open.path", Test::Equals(paths)),
        test("open.flags", Test::Between(vec![(1, 2)])),
        Filter::Not(Box::new(test("open.flags", Test::AnyBits(4)))),
        test("connect.address", Test::Within(vec![([7; 16], 8)])),
        test("open.path", Test::Known),
    ]);
    assert_eq!(said.rules[0].events[0].filter, Some(expected));
}

// === what is sound ===

#[test]
fn what_is_wanted_is_said_once() {
    let shadow = || Some(test("open.path", Test::Equals(vec![Literal::Bytes(b"/etc/shadow".to_vec())])));
    let created = || Some(test("open.created", Test::Equals(vec![true.into()])));
    let checked = pack(vec![
        rule("a/a", vec![subscription("open", shadow()), subscription("exec", shadow_of_exec())]),
        rule("a/b", vec![subscription("open", shadow()), subscription("open", created()), subscription("exec", None)]),
    ]);
    fn shadow_of_exec() -> Option<Filter> {
        Some(test("exec.image.exe", Test::StartsWith(texts(&["/tmp/"]))))
    }
    let checked = checked.check().expect("sound");
    assert!(checked.left_out.is_empty());
    let kinds: Vec<_> = checked.wanted.iter().map(|wanted| (wanted.kind, wanted.condition.is_some())).collect();
    // Also where all are wanted: what a filter names is looked for.
    assert_eq!(kinds, [(Kind::Exec, false), (Kind::Exec, true), (Kind::Open, true), (Kind::Open, true)]);
    assert!(checked.wanted.iter().all(|wanted| !matches!(wanted.condition, Some(Condition::Not(_)))));
    assert_eq!(checked.said.rules.len(), 2);
}

#[test]
fn one_subscription_can_be_checked_by_itself() {
    assert_eq!(Wanted::of(&subscription("exit", None), &[]), Ok(Wanted { kind: Kind::Exit, condition: None }));
    let of = |kind: &str, filter: Filter| {
        Wanted::of(&subscription(kind, Some(filter)), &[]).expect_err("refused").to_string()
    };
    assert_eq!(of("teleport", test("open.path", Test::Known)), "it needs events of the kind \"teleport\"");
    assert_eq!(of("exit", test("open.path", Test::Known)), "events of the kind \"exit\" have no field \"open.path\"");
}

// === lists ===

fn list(name: &str, holds: ListType, entries: &[&str]) -> List {
    let entries = entries.iter().map(|entry| (*entry).to_owned()).collect();
    List { name: name.to_owned(), holds, entries, ..List::default() }
}

fn with_lists(filter: (&str, &str), lists: Vec<List>) -> Description {
    let listed = Filter::Listed(filter.0.to_owned(), filter.1.to_owned());
    let rules = vec![rule("a/rule", vec![subscription("connect", Some(listed))])];
    Description { lists, ..pack(rules) }
}

#[test]
fn a_list_is_named_by_filters_and_numbered_by_its_place() {
    let lists = vec![list("first", ListType::Path, &[]), list("second", ListType::Cidr, &["10.0.0.0/8"])];
    let checked = with_lists(("connect.address", "second"), lists).check().expect("sound");
    let Some(Condition::Listed(field, 1)) = &checked.wanted[0].condition else {
        panic!("{:?}", checked.wanted);
    };
    assert_eq!(field.field.name, "address");
    let moved = checked.wanted[0].condition.as_ref().map(|condition| condition.with_lists(&|list| list + 40));
    assert_eq!(moved, Some(Condition::Listed(*field, 41)));
}

#[test]
fn lists_that_make_no_sense_are_nonsense() {
    use ListType::{Cidr, Number, Path};
    let cases = [
        (("process.exe", "mine"), vec![], "looked for in the list \"mine\", which the pack does not have"),
        (("connect.address", "mine"), vec![list("mine", Path, &[])], "in the list mine, of the type path"),
        (("connect.port", "mine"), vec![list("mine", Cidr, &[])], "of the type cidr"),
        (("process.exe", "mine"), vec![list("mine", Number, &[])], "of the type number"),
        (("process.exe", "My"), vec![list("My", Path, &[])], "the list \"My\" is not lower-case letters"),
        (("process.exe", "a"), vec![list("a", Path, &[]), list("a", Path, &[])], "the list a stands twice"),
        (("process.exe", "a"), vec![list("a", Path, &["bin/x"])], "begins with \"bin/x\", which is no path"),
        (("process.exe", "a"), (0..65).map(|n| list(&format!("l{n}"), Path, &[])).collect(), "it has 65 lists; 64 are"),
        (("process.exe", "a"), vec![list("a", Path, &vec!["/x"; 65_537])], "65536 entries, and have 65537"),
    ];
    for (filter, lists, why) in cases {
        let said = nonsense(with_lists(filter, lists));
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn rules_that_need_lists_of_a_later_version_are_left_out() {
    let lists = vec![list("later", ListType::Unknown("orbit".to_owned()), &["anything"])];
    let checked = with_lists(("process.exe", "later"), lists).check().expect("sound");
    assert_eq!(checked.left_out, [LeftOut { rule: 0, needs: "lists of the type \"orbit\"".to_owned() }]);
    assert!(checked.wanted.is_empty());
}
