//! What can be set, and what a person wrote for it.

use lanner_contract::{Checked, Configuration, Description, Rule, Setting, SettingType, SettingValue, Subscription};
use proptest::prelude::*;

fn takes(takes: SettingType) -> Setting {
    Setting { name: "s".to_owned(), takes, ..Setting::default() }
}

fn one_of(choices: &[&str]) -> Setting {
    takes(SettingType::OneOf(choices.iter().map(ToString::to_string).collect()))
}

fn texts(texts: &[&str]) -> Result<SettingValue, String> {
    Ok(SettingValue::Texts(texts.iter().map(ToString::to_string).collect()))
}

fn text(text: &str) -> Result<SettingValue, String> {
    Ok(SettingValue::Text(text.to_owned()))
}

#[test]
fn a_text_is_taken_as_it_is() {
    for written in ["", " a, b ", "ü", "true", "5"] {
        assert_eq!(takes(SettingType::Text).parse(written), text(written));
    }
}

#[test]
fn a_choice_is_one_of_them() {
    let setting = one_of(&["low", "high"]);
    assert_eq!(setting.parse("high"), text("high"));
    for written in ["", "High", "low,high"] {
        assert_eq!(setting.parse(written), Err(format!("is one of low, high, and cannot be {written:?}")));
    }
}

#[test]
fn texts_are_parted_by_commas() {
    let setting = takes(SettingType::Texts);
    assert_eq!(setting.parse("/a, /b c ,,/d,"), texts(&["/a", "/b c", "/d"]));
    assert_eq!(setting.parse(""), texts(&[]));
    assert_eq!(setting.parse(" , "), texts(&[]));
}

#[test]
fn a_number_lies_in_its_range() {
    let setting = takes(SettingType::Number(-5, 10));
    for (written, number) in [("-5", -5), ("10", 10), ("0", 0), ("+3", 3)] {
        assert_eq!(setting.parse(written), Ok(SettingValue::Number(number)));
    }
    for written in ["", "-6", "11", "1.5", "0x5", " 5", "99999999999999999999", "five"] {
        let expected = format!("is a whole number from -5 to 10, and cannot be {written:?}");
        assert_eq!(setting.parse(written), Err(expected));
    }
    let all = takes(SettingType::Number(i64::MIN, i64::MAX));
    assert_eq!(all.parse("-9223372036854775808"), Ok(SettingValue::Number(i64::MIN)));
}

#[test]
fn yes_or_no_is_true_or_false() {
    let setting = takes(SettingType::Boolean);
    assert_eq!(setting.parse("true"), Ok(SettingValue::Boolean(true)));
    assert_eq!(setting.parse("false"), Ok(SettingValue::Boolean(false)));
    for written in ["", "True", "yes", "1"] {
        assert_eq!(setting.parse(written), Err(format!("is true or false, and cannot be {written:?}")));
    }
}

#[test]
fn what_this_host_does_not_know_it_does_not_set() {
    let setting = takes(SettingType::Unknown("duration".to_owned()));
    assert_eq!(
        setting.parse("5s"),
        Err("takes what this host does not know (duration); it needs a newer lanner".to_owned())
    );
    assert!(!setting.takes.takes(&SettingValue::Text("5s".to_owned())));
}

fn checked(settings: Vec<Setting>, kinds: &[&str]) -> Checked {
    let rule = |(number, kind): (usize, &&str)| Rule {
        id: format!("a/r{number}"),
        events: vec![Subscription { kind: kind.to_string(), filter: None }],
        ..Rule::default()
    };
    let rules = kinds.iter().enumerate().map(rule).collect();
    let said = Description { name: "pack".to_owned(), rules, settings, ..Description::default() };
    said.check().expect("it is sound")
}

#[test]
fn the_pack_is_told_what_was_set_last_and_what_is_off() {
    let named = |name: &str, setting: Setting| Setting { name: name.to_owned(), ..setting };
    let settings = vec![named("level", one_of(&["low", "high"])), named("count", takes(SettingType::Number(0, 9)))];
    let checked = checked(settings, &["open", "teleport", "exit", "swap"]);
    let set = |written: &[(&str, &str)]| {
        let written: Vec<_> = written.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        checked.configuration(&written).map_err(|wrong| wrong.to_string())
    };
    let off = vec![1, 3];
    assert_eq!(set(&[]), Ok(Configuration { settings: Vec::new(), off: off.clone() }));
    let value = |name: &str, value: SettingValue| (name.to_owned(), value);
    let settings = vec![value("count", SettingValue::Number(2)), value("level", SettingValue::Text("high".to_owned()))];
    assert_eq!(set(&[("level", "low"), ("count", "2"), ("level", "high")]), Ok(Configuration { settings, off }));
    assert_eq!(set(&[("lvel", "low")]), Err("there is no setting \"lvel\"; there are level, count".to_owned()));
    let wrong = "the setting count is a whole number from 0 to 9, and cannot be \"10\"";
    assert_eq!(set(&[("count", "10")]), Err(wrong.to_owned()));
}

#[test]
fn a_pack_without_settings_says_so() {
    let wrong = checked(Vec::new(), &["open"]).configuration(&[("a".to_owned(), "b".to_owned())]);
    assert_eq!(wrong.expect_err("there is none").to_string(), "there is no setting \"a\"; it has none");
}

proptest! {
    #[test]
    fn what_is_parsed_is_taken(written in "\\PC{0,8}", least in -100_i64..100, most in -100_i64..100, number in -150_i64..150) {
        for setting in [
            takes(SettingType::Text),
            one_of(&["a", "b"]),
            takes(SettingType::Texts),
            takes(SettingType::Number(least, most)),
            takes(SettingType::Boolean),
            takes(SettingType::Unknown("later".to_owned())),
        ] {
            for written in [&written, &number.to_string()] {
                if let Ok(value) = setting.parse(written) {
                    prop_assert!(setting.takes.takes(&value), "{:?} {:?}", setting, value);
                }
            }
        }
        let parsed = takes(SettingType::Number(least, most)).parse(&number.to_string());
        prop_assert_eq!(parsed.is_ok(), (least..=most).contains(&number));
    }
}
