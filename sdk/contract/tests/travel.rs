//! What travels arrives as it was sent, also from and to other versions, and whatever else the bytes may be is refused
//! soon.

mod common;

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use common::{Cbor, any_cbor, any_more, map, text};
use lanner_contract::filter::{Literal, MAX_DEPTH, Test};
use lanner_contract::{
    Configuration, Description, Fact, Filter, Finding, List, ListType, Rule, Setting, SettingType, SettingValue,
    Severity, Subscription,
};
use proptest::collection::vec;
use proptest::option::of as option;
use proptest::prelude::*;

const NAME: &str = "\\PC{0,8}";

// === anything that can be said ===

fn any_number() -> impl Strategy<Value = i128> {
    let limit = i128::from(u64::MAX);
    prop_oneof![-limit - 1..=limit, -300_i128..300]
}

fn any_literal() -> impl Strategy<Value = Literal> {
    let texts = prop_oneof![NAME.prop_map(String::into_bytes), vec(any::<u8>(), 0..20)];
    prop_oneof![
        texts.prop_map(Literal::Bytes),
        any_number().prop_map(Literal::Number),
        any::<bool>().prop_map(Literal::Bool)
    ]
}

fn any_test() -> impl Strategy<Value = Test> {
    let texts = || vec(prop_oneof![NAME.prop_map(String::into_bytes), vec(any::<u8>(), 0..20)], 0..4);
    prop_oneof![
        vec(any_literal(), 0..4).prop_map(Test::Equals),
        texts().prop_map(Test::StartsWith),
        texts().prop_map(Test::EndsWith),
        texts().prop_map(Test::Contains),
        vec((any_number(), any_number()), 0..4).prop_map(Test::Between),
        any::<u64>().prop_map(Test::AnyBits),
        any::<u64>().prop_map(Test::AllBits),
        any::<u64>().prop_map(Test::NoBits),
        vec(any::<([u8; 16], u8)>(), 0..4).prop_map(Test::Within),
        Just(Test::Known),
    ]
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        4 => (NAME, any_test()).prop_map(|(field, test)| Filter::Field(field, test)),
        1 => (NAME, NAME).prop_map(|(field, list)| Filter::Listed(field, list)),
        1 => "(later-[a-z]{0,4})?".prop_map(Filter::Unknown),
    ];
    leaf.prop_recursive(5, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::All),
            vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|filter| Filter::Not(Box::new(filter))),
        ]
    })
}

fn any_properties() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((NAME, NAME), 0..3)
}

fn any_severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let event = (NAME, option(any_filter())).prop_map(|(kind, filter)| Subscription { kind, filter });
    (NAME, NAME, any_severity(), vec(NAME, 0..3), vec(event, 0..3), any_properties()).prop_map(
        |(id, summary, severity, attack, events, properties)| Rule {
            id,
            summary,
            severity,
            attack,
            events,
            properties,
        },
    )
}

fn any_setting_value() -> impl Strategy<Value = SettingValue> {
    prop_oneof![
        NAME.prop_map(SettingValue::Text),
        vec(NAME, 0..3).prop_map(SettingValue::Texts),
        any::<i64>().prop_map(SettingValue::Number),
        any::<bool>().prop_map(SettingValue::Boolean),
    ]
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let takes = prop_oneof![
        Just(SettingType::Text),
        vec(NAME, 0..3).prop_map(SettingType::OneOf),
        Just(SettingType::Texts),
        any::<(i64, i64)>().prop_map(|(least, most)| SettingType::Number(least, most)),
        Just(SettingType::Boolean),
        "later-[a-z]{0,4}".prop_map(SettingType::Unknown),
    ];
    (NAME, NAME, takes, option(any_setting_value())).prop_map(|(name, summary, takes, default)| Setting {
        name,
        summary,
        takes,
        default,
    })
}

fn any_list() -> impl Strategy<Value = List> {
    let known = prop::sample::select(ListType::ALL.to_vec());
    let holds = prop_oneof![known, "later-[a-z]{0,4}".prop_map(ListType::Unknown)];
    (NAME, NAME, holds, vec(NAME, 0..3)).prop_map(|(name, summary, holds, entries)| List {
        name,
        summary,
        holds,
        entries,
    })
}

fn any_description() -> impl Strategy<Value = Description> {
    (NAME, NAME, NAME, vec(any_rule(), 0..3), vec(any_setting(), 0..3), vec(any_list(), 0..3), any_properties())
        .prop_map(|(name, version, summary, rules, settings, lists, properties)| Description {
            name,
            version,
            summary,
            rules,
            settings,
            lists,
            properties,
        })
}

fn any_configuration() -> impl Strategy<Value = Configuration> {
    (vec((NAME, any_setting_value()), 0..4), vec(any::<u32>(), 0..4))
        .prop_map(|(settings, off)| Configuration { settings, off })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let leaf = prop_oneof![
        NAME.prop_map(Fact::Text),
        any_number().prop_map(Fact::Number),
        any::<f64>().prop_map(Fact::Float),
        any::<bool>().prop_map(Fact::Bool),
        vec(any::<u8>(), 0..20).prop_map(Fact::Path),
        any::<[u8; 4]>().prop_map(|bytes| Fact::Address(bytes.into())),
        any::<[u8; 16]>().prop_map(|bytes| Fact::Address(IpAddr::from(Ipv6Addr::from(bytes)).to_canonical())),
        any::<u64>().prop_map(Fact::Process),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| vec(inner, 0..3).prop_map(Fact::List))
}

fn any_finding() -> impl Strategy<Value = Finding> {
    type Numbers = (u32, Vec<u64>, Option<u64>);
    (any::<Numbers>(), NAME, option(any_severity()), option(NAME), vec((NAME, any_fact()), 0..4)).prop_map(
        |((rule, events, process), message, severity, key, fields)| Finding {
            rule,
            message,
            severity,
            events,
            process,
            key,
            fields,
        },
    )
}

proptest! {
    #[test]
    fn descriptions_arrive(said in any_description()) {
        prop_assert_eq!(Description::decode(&said.encode()), Ok(said));
    }

    #[test]
    fn configurations_arrive(told in any_configuration()) {
        prop_assert_eq!(Configuration::decode(&told.encode()), Ok(told));
    }

    #[test]
    fn findings_arrive(raised in any_finding()) {
        prop_assert_eq!(Finding::decode(&raised.encode()), Ok(raised));
    }

    // === growth ===

    #[test]
    fn what_a_later_version_adds_to_a_description_is_passed_over(said in any_description(), mut more in any_more()) {
        let grown = Cbor::decode(&said.encode()).grown(&mut more).encode();
        prop_assert_eq!(Description::decode(&grown), Ok(said));
    }

    #[test]
    fn what_a_later_version_adds_to_a_finding_is_passed_over(raised in any_finding(), mut more in any_more()) {
        let grown = Cbor::decode(&raised.encode()).grown(&mut more).encode();
        prop_assert_eq!(Finding::decode(&grown), Ok(raised));
    }

    #[test]
    fn what_a_later_version_adds_to_a_configuration_is_passed_over(told in any_configuration(), mut more in any_more()) {
        let mut cbor = Cbor::decode(&told.encode());
        // The keys of the settings are their names, which no version knows.
        let settings = (!told.settings.is_empty()).then(|| std::mem::replace(cbor.at("settings"), Cbor::Null));
        let mut grown = cbor.grown(&mut more);
        if let (Cbor::Map(entries) | Cbor::OpenMap(entries), Some(settings)) = (&mut grown, settings) {
            let place = entries.iter_mut().find(|(key, _)| *key == text("settings")).expect("it was there");
            let Cbor::Map(settings) = settings else { panic!("settings are a map") };
            place.1 = Cbor::OpenMap(settings);
        }
        prop_assert_eq!(Configuration::decode(&grown.encode()), Ok(told));
    }

    #[test]
    fn whatever_a_filter_is_only_its_rule_does_not_know_it(filter in any_cbor()) {
        let events = Cbor::Array(vec![map([("kind", "open".into()), ("filter", filter)])]);
        let rule = |id: &str, events: Cbor| map([("id", id.into()), ("events", events)]);
        let plain = Cbor::Array(vec![map([("kind", "open".into())])]);
        let rules = Cbor::Array(vec![rule("a/odd", events), rule("a/plain", plain)]);
        let pack = map([("name", "a".into()), ("rules", rules)]);
        let said = Description::decode(&pack.encode()).expect("the rest is sound");
        prop_assert_eq!(&said.rules[1].id, "a/plain");
        prop_assert_eq!(&said.rules[1].events[0].filter, &None);
        prop_assert!(said.rules[0].events[0].filter.is_some());
        let checked = said.check().expect("nothing that was understood is nonsense");
        prop_assert_eq!(checked.left_out.len(), 1);
    }

    #[test]
    fn whatever_a_fact_is_the_others_arrive(fact in any_cbor()) {
        let pair = |name: &str, value: Cbor| Cbor::Array(vec![text(name), value]);
        let list = Cbor::Array(vec![text("list"), fact.clone(), Cbor::Number(2)]);
        let fields = Cbor::Array(vec![pair("odd", fact), pair("list", list), pair("plain", Cbor::Number(1))]);
        let raised = map([("rule", 3.into()), ("message", "m".into()), ("fields", fields)]);
        let raised = Finding::decode(&raised.encode()).expect("a finding");
        prop_assert_eq!(raised.fields.last(), Some(&("plain".to_owned(), Fact::Number(1))));
        let list = raised.fields.iter().find(|(name, _)| name == "list").map(|(_, list)| list.clone());
        let Some(Fact::List(list)) = list else { panic!("the list is there") };
        prop_assert_eq!(list.last(), Some(&Fact::Number(2)));
    }

    #[test]
    fn whatever_a_default_is_the_setting_arrives(default in any_cbor()) {
        let setting = map([("default", default), ("name", "s".into()), ("type", "later".into())]);
        let pack = map([("settings", Cbor::Array(vec![setting]))]);
        let said = Description::decode(&pack.encode()).expect("a description");
        prop_assert_eq!(&said.settings[0].name, "s");
        prop_assert_eq!(&said.settings[0].takes, &SettingType::Unknown("later".to_owned()));
    }

    // === bytes ===

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn any_cbor_is_read_without_a_panic(cbor in any_cbor()) {
        read_all(&cbor.encode());
    }

    #[test]
    fn spoiled_bytes_are_read_without_a_panic(
        said in any_description(),
        raised in any_finding(),
        told in any_configuration(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        for mut bytes in [said.encode(), raised.encode(), told.encode()] {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            read_all(&bytes);
            read_all(&bytes[..end.index(bytes.len())]);
        }
    }
}

fn read_all(bytes: &[u8]) {
    if let Ok(said) = Description::decode(bytes) {
        let _ = said.check();
    }
    let _ = Configuration::decode(bytes);
    let _ = Finding::decode(bytes);
}

// === what stands for what is not known ===

#[test]
fn an_unknown_severity_is_as_bad_as_most() {
    let rule = map([("id", "a/b".into()), ("severity", "apocalyptic".into()), ("summary", "s".into())]);
    let said = Description::decode(&map([("rules", Cbor::Array(vec![rule]))]).encode()).expect("a description");
    assert_eq!((said.rules[0].severity, said.rules[0].summary.as_str()), (Severity::Medium, "s"));
    let raised = map([("severity", "apocalyptic".into()), ("rule", 1.into()), ("key", "k".into())]);
    let raised = Finding::decode(&raised.encode()).expect("a finding");
    assert_eq!((raised.severity, raised.key.as_deref()), (None, Some("k")), "the rule's severity holds");
}

#[test]
fn what_is_left_out_has_a_meaning() {
    assert_eq!(Description::decode(&map([]).encode()), Ok(Description::default()));
    assert_eq!(Configuration::decode(&map([]).encode()), Ok(Configuration::default()));
    assert_eq!(Finding::decode(&map([("rule", 7.into())]).encode()), Ok(Finding { rule: 7, ..Finding::default() }));
    let error = Finding::decode(&map([("message", "m".into())]).encode()).expect_err("of which rule");
    assert_eq!(
        error.to_string(),
        "the bytes are not what docs/contract.md says: a finding does not say of which rule it is"
    );
}

#[test]
fn unknown_facts_are_passed_over() {
    let array = |items: &[Cbor]| Cbor::Array(items.to_vec());
    let odd = [
        array(&[]),
        array(&[Cbor::Number(1)]),
        array(&["later".into()]),
        array(&["later".into(), Cbor::Null]),
        array(&["path".into()]),
        array(&["path".into(), Cbor::Number(1)]),
        array(&["path".into(), "/a".into(), "/b".into()]),
        array(&["address".into(), map([])]),
        array(&["process".into(), "7".into()]),
        map([("later", 1.into())]),
        Cbor::Null,
        Cbor::Tag(1, Box::new(Cbor::Number(1))),
    ];
    let known = [
        (Cbor::OpenArray(vec!["path".into(), "/a".into()]), Fact::Path(b"/a".to_vec())),
        (Cbor::OpenArray(vec!["list".into(), Cbor::Null, Cbor::Number(1)]), Fact::List(vec![Fact::Number(1)])),
        (Cbor::OpenArray(vec!["process".into(), Cbor::Number(5)]), Fact::Process(5)),
        (Cbor::Bytes(b"/b".to_vec()), Fact::Path(b"/b".to_vec())),
    ];
    let facts = odd.iter().cloned().chain(known.iter().map(|(fact, _)| fact.clone()));
    let fields = facts.map(|fact| Cbor::OpenArray(vec!["f".into(), fact])).collect();
    let raised = map([("rule", 0.into()), ("fields", Cbor::Array(fields)), ("key", "k".into())]);
    let raised = Finding::decode(&raised.encode()).expect("a finding");
    let found: Vec<_> = raised.fields.into_iter().map(|(_, fact)| fact).collect();
    assert_eq!(found, known.map(|(_, fact)| fact));
    assert_eq!(raised.key.as_deref(), Some("k"), "what follows is read");
    // What only a mistake makes so.
    for field in [array(&[]), array(&["f".into()]), array(&["f".into(), Cbor::Null, Cbor::Null]), Cbor::Null] {
        let raised = map([("rule", 0.into()), ("fields", array(std::slice::from_ref(&field)))]);
        assert!(Finding::decode(&raised.encode()).is_err(), "{field:?}");
    }
    let address = array(&["f".into(), array(&["address".into(), Cbor::Bytes(vec![1; 5])])]);
    let raised = map([("rule", 0.into()), ("fields", array(&[address]))]);
    let error = Finding::decode(&raised.encode()).expect_err("of five bytes");
    assert!(error.to_string().ends_with("an address has 4 or 16 bytes"), "{error}");
}

#[test]
fn floats_of_every_size_are_numbers() {
    let read = |fact: Cbor| {
        let fields = Cbor::Array(vec![Cbor::Array(vec!["f".into(), fact])]);
        let raised = map([("rule", 0.into()), ("fields", fields)]);
        let raised = Finding::decode(&raised.encode()).expect("a finding");
        let [(_, Fact::Float(number))] = raised.fields[..] else { panic!("a float") };
        number
    };
    for (bits, number) in [
        (0x0000, 0.0),
        (0x3c00, 1.0),
        (0x3c01, 1.0 + 1.0 / 1024.0),
        (0xc000, -2.0),
        (0x3555, 0.333_251_953_125),
        (0x7bff, 65504.0),
        (0x0400, 2_f64.powi(-14)),
        (0x03ff, 1023.0 * 2_f64.powi(-24)),
        (0x0001, 2_f64.powi(-24)),
        (0x7c00, f64::INFINITY),
        (0xfc00, f64::NEG_INFINITY),
    ] {
        assert_eq!(read(Cbor::Half(bits)).to_bits(), number.to_bits(), "{bits:#x}");
    }
    assert!(read(Cbor::Half(0x7e00)).is_nan() && read(Cbor::Half(0x8000)).is_sign_negative());
    assert_eq!(read(Cbor::Raw([&[0xfa], &1.5_f32.to_be_bytes()[..]].concat())), 1.5);
    assert_eq!(read(Cbor::Float(0.1)), 0.1);
}

#[test]
fn ipv4_is_written_as_it_is_and_read_in_either_form() {
    let fact =
        |bytes: &[u8]| Cbor::Array(vec!["f".into(), Cbor::Array(vec!["address".into(), Cbor::Bytes(bytes.to_vec())])]);
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4];
    let fields = Cbor::Array(vec![fact(&[1, 2, 3, 4]), fact(&mapped)]);
    let raised = Finding::decode(&map([("rule", 0.into()), ("fields", fields)]).encode()).expect("a finding");
    let address = Fact::Address(IpAddr::from([1, 2, 3, 4]));
    assert!(raised.fields.iter().all(|(_, fact)| *fact == address) && raised.fields.len() == 2);
}

// === what would take long, or much ===

/// Reads as everything, which must be done soon.
fn is_read_soon(bytes: &[u8]) {
    let start = Instant::now();
    read_all(bytes);
    assert!(start.elapsed() < Duration::from_secs(5), "{:x?}", &bytes[..bytes.len().min(40)]);
}

/// Where anything may stand: a description, a configuration and a finding around it.
fn around(inner: &[u8]) -> Vec<Vec<u8>> {
    let raw = || Cbor::Raw(inner.to_vec());
    let rules = |rule: Cbor| map([("rules", Cbor::Array(vec![rule]))]);
    let filter =
        |filter: Cbor| rules(map([("events", Cbor::Array(vec![map([("kind", "open".into()), ("filter", filter)])]))]));
    let test = |name: &str| filter(Cbor::Array(vec![name.into(), "open.path".into(), raw()]));
    let fact =
        |fact: Cbor| map([("rule", 0.into()), ("fields", Cbor::Array(vec![Cbor::Array(vec!["f".into(), fact])]))]);
    let setting = |key: &str| map([("settings", Cbor::Array(vec![map([(key, raw())])]))]);
    let list = [
        raw(),
        Cbor::Map(vec![(raw(), Cbor::Null)]),
        map([("later", raw())]),
        map([("rules", raw())]),
        map([("settings", raw())]),
        map([("properties", raw())]),
        map([("off", raw())]),
        map([("events", raw())]),
        map([("rule", 0.into()), ("fields", raw())]),
        rules(raw()),
        rules(map([("attack", raw())])),
        rules(map([("events", raw())])),
        rules(map([("properties", Cbor::Array(vec![raw()]))])),
        filter(raw()),
        filter(Cbor::Array(vec!["all".into(), raw()])),
        filter(Cbor::Array(vec!["not".into(), raw()])),
        filter(Cbor::Array(vec![raw()])),
        test("equals"),
        test("contains"),
        test("between"),
        test("within"),
        test("any-bits"),
        test("known"),
        test("later"),
        fact(raw()),
        fact(Cbor::Array(vec!["list".into(), raw()])),
        fact(Cbor::Array(vec!["path".into(), raw()])),
        fact(Cbor::Array(vec!["address".into(), raw()])),
        setting("choices"),
        setting("default"),
        map([("settings", map([("a", raw())]))]),
    ];
    list.iter().map(Cbor::encode).collect()
}

#[test]
fn a_length_that_is_not_there_is_an_error_at_once() {
    for begin in [0x5b_u8, 0x7b, 0x9b, 0xbb] {
        for length in [u64::MAX, u64::MAX - 1, 1 << 63, 1 << 40, 1 << 31] {
            let mut header = vec![begin];
            header.extend(length.to_be_bytes());
            for bytes in around(&header) {
                is_read_soon(&bytes);
                assert!(Description::decode(&bytes).is_err() && Finding::decode(&bytes).is_err());
                assert!(Configuration::decode(&bytes).is_err());
            }
            // Many of them in one another, where each could be believed.
            for bytes in around(&header.repeat(1000)) {
                is_read_soon(&bytes);
            }
            // A filter, a list of facts and a test that say so of themselves.
            for name in ["all", "any", "not", "equals", "within", "list"] {
                let mut inner = header.clone();
                inner.extend(text(name).encode());
                for bytes in around(&inner.repeat(20)) {
                    is_read_soon(&bytes);
                }
            }
        }
    }
}

#[test]
fn what_is_very_deep_does_not_overflow_the_stack() {
    const DEEP: usize = 50_000;
    let filter =
        |name: &str| Cbor::Array(vec![text(name), Cbor::Null]).encode().split_last().expect("bytes").1.to_vec();
    for (begin, end) in [
        (vec![0x81], vec![0x80]),
        (vec![0x9f], vec![]),
        (vec![0xa1, 0x00], vec![0x00]),
        (vec![0xbf, 0x00], vec![]),
        (vec![0xc1], vec![0x00]),
        (filter("all"), vec![0x80]),
        (filter("not"), vec![0x80]),
        (filter("list"), vec![0x00]),
        (filter("later"), vec![0x00]),
    ] {
        let mut inner = begin.repeat(DEEP);
        inner.extend(&end);
        if matches!(begin[0], 0x9f | 0xbf) {
            inner.extend(vec![0xff; DEEP]);
        }
        for bytes in around(&inner) {
            is_read_soon(&bytes);
        }
    }
}

/// An item of one byte becomes a hundred bytes of memory and more.
#[test]
fn what_has_very_many_parts_is_refused() {
    let many = |item: Cbor| Cbor::Raw(Cbor::Array(vec![item; 600_000]).encode());
    let filters = Cbor::Array([vec![text("any")], vec![Cbor::Array(Vec::new()); 600_000]].concat());
    let event = map([("kind", "open".into()), ("filter", filters)]);
    let rule = |key: &str, value: Cbor| map([("rules", Cbor::Array(vec![map([(key, value)])]))]);
    for said in [
        map([("rules", many(map([])))]),
        map([("settings", many(map([])))]),
        rule("attack", many("".into())),
        rule("events", Cbor::Array(vec![event])),
    ] {
        let error = Description::decode(&said.encode()).expect_err("it is too much").to_string();
        assert_eq!(error, "the bytes are not what docs/contract.md says: there is too much of it");
    }
    assert!(Configuration::decode(&map([("off", many(0.into()))]).encode()).is_err());
    // What nobody looks for is passed over, however much it is.
    assert!(Description::decode(&map([("later", many(0.into()))]).encode()).is_ok());
    // As much in many places as in one.
    let events = |count: usize| map([("events", Cbor::Array(vec![map([]); count]))]);
    let rules = |rules: usize, count: usize| map([("rules", Cbor::Array(vec![events(count); rules]))]).encode();
    assert!(Description::decode(&rules(100, 4096)).is_ok() && Description::decode(&rules(200, 4096)).is_err());
    let list = |count: usize| Cbor::Array([vec![text("list")], vec![Cbor::Null; count]].concat());
    let facts = |lists: usize| Cbor::Array(vec![Cbor::Array(vec!["f".into(), list(5000)]); lists]);
    let raised = |lists: usize| map([("rule", 0.into()), ("fields", facts(lists))]).encode();
    assert!(Finding::decode(&raised(100)).is_ok() && Finding::decode(&raised(110)).is_err());
}

#[test]
fn what_is_very_long_is_read_soon() {
    let many = |item: Cbor| Cbor::Array(vec![item; 20_000]).encode();
    let field = Cbor::Array(vec!["known".into(), "open.path".into()]);
    let filters = [vec![text("any")], vec![field.clone(); 20_000]].concat();
    for inner in [
        many(Cbor::Array(vec![])),
        many(Cbor::OpenArray(vec![])),
        many(Cbor::Null),
        many("a".into()),
        many(field),
        Cbor::Array(filters).encode(),
        vec![0xff; 60_000],
    ] {
        for bytes in around(&inner) {
            is_read_soon(&bytes);
        }
    }
}

#[test]
fn filters_lie_as_deep_as_they_may_in_one_another() {
    let nested = |depth: usize| {
        (0..depth).fold(Filter::Field("open.path".to_owned(), Test::Known), |inner, level| match level % 3 {
            0 => Filter::All(vec![inner]),
            1 => Filter::Any(vec![inner]),
            _ => Filter::Not(Box::new(inner)),
        })
    };
    let pack = |depth: usize| Description {
        name: "p".to_owned(),
        rules: vec![Rule {
            id: "a/deep".to_owned(),
            events: vec![Subscription { kind: "open".to_owned(), filter: Some(nested(depth)) }],
            ..Rule::default()
        }],
        ..Description::default()
    };
    let deep = pack(MAX_DEPTH);
    assert_eq!(Description::decode(&deep.encode()).as_ref(), Ok(&deep));
    assert!(deep.check().expect("it is allowed").left_out.is_empty());
    for depth in [MAX_DEPTH + 1, MAX_DEPTH + 2, 100] {
        let said = Description::decode(&pack(depth).encode()).expect("it is well-formed");
        // Whether it travelled or not.
        for said in [said, pack(depth)] {
            let error = said.check().expect_err("it lies too deep");
            assert_eq!(error.to_string(), "rule a/deep: a filter lies deeper than 16 in others");
        }
    }
}
