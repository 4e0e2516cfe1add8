//! What can be set in a pack, and what it is set to.

use std::ops::{Bound, RangeBounds};

use lanner_contract::{Configuration, Setting, SettingType, SettingValue};

/// A setting that is being added. Where nothing is said of what it takes, it takes any text, and has no default.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// # #[derive(Default)]
/// # struct Example { most: i64 }
/// # impl Pack for Example {
/// # const INFO: PackInfo = pack_info!("example", "");
/// fn rules(r: &mut Rules<Self>) {
///     r.setting("most").summary("How many files a process may open in a minute").number(1.., 1000);
///     // …
/// }
///
/// fn configure(&mut self, settings: &Settings) -> Result<(), String> {
///     self.most = settings.number("most");
///     Ok(())
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct SettingBuilder<'r> {
    setting: &'r mut Setting,
}

impl<'r> SettingBuilder<'r> {
    pub(crate) fn add(settings: &'r mut Vec<Setting>, name: String) -> Self {
        Self { setting: settings.push_mut(Setting { name, ..Setting::default() }) }
    }

    /// One line that says what it does.
    pub fn summary(self, summary: impl Into<String>) -> Self {
        self.setting.summary = summary.into();
        self
    }

    /// Takes this, and has no default: [`Settings::get`] gives nothing where nobody sets it.
    pub fn takes(self, takes: SettingType) {
        self.setting.takes = takes;
    }

    fn with_default(self, takes: SettingType, default: SettingValue) {
        self.setting.takes = takes;
        self.setting.default = Some(default);
    }

    /// Takes any text.
    pub fn text(self, default: impl Into<String>) {
        self.with_default(SettingType::Text, SettingValue::Text(default.into()));
    }

    /// Takes one of these texts.
    pub fn one_of(self, choices: impl IntoIterator<Item: Into<String>>, default: impl Into<String>) {
        let choices = choices.into_iter().map(Into::into).collect();
        self.with_default(SettingType::OneOf(choices), SettingValue::Text(default.into()));
    }

    /// Takes texts, any number of them.
    pub fn texts(self, default: impl IntoIterator<Item: Into<String>>) {
        let default = default.into_iter().map(Into::into).collect();
        self.with_default(SettingType::Texts, SettingValue::Texts(default));
    }

    /// Takes a whole number in this range.
    pub fn number(self, range: impl RangeBounds<i64>, default: i64) {
        let from = match range.start_bound() {
            Bound::Included(from) => *from,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => i64::MIN,
        };
        let to = match range.end_bound() {
            Bound::Included(to) => *to,
            Bound::Excluded(after) => after.saturating_sub(1),
            Bound::Unbounded => i64::MAX,
        };
        self.with_default(SettingType::Number(from, to), SettingValue::Number(default));
    }

    /// Takes yes or no.
    pub fn boolean(self, default: bool) {
        self.with_default(SettingType::Boolean, SettingValue::Boolean(default));
    }
}

/// What the people who run the host set for a pack; where they did not, the defaults.
///
/// The getters are for settings that have a default. They panic where the pack has not added such a setting: a mistake that
/// its first test finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(Vec<(String, Option<SettingValue>)>);

impl Settings {
    /// What was told, and the defaults of what a pack has.
    pub(crate) fn new(settings: &[Setting], told: &Configuration) -> Result<Self, String> {
        for (name, value) in &told.settings {
            match settings.iter().find(|setting| setting.name == *name) {
                None => return Err(format!("there is no setting {name:?}")),
                Some(setting) if !setting.takes.takes(value) => {
                    return Err(format!("the setting {name} does not take {value:?}"));
                }
                Some(_) => {}
            }
        }
        let value = |setting: &Setting| {
            let told = told.settings.iter().find(|(name, _)| *name == setting.name).map(|(_, value)| value);
            (setting.name.clone(), told.or(setting.default.as_ref()).cloned())
        };
        Ok(Self(settings.iter().map(value).collect()))
    }

    /// The value, where it is set or has a default.
    ///
    /// # Panics
    /// The pack has not added such a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SettingValue> {
        match self.0.iter().find(|(there, _)| there == name) {
            Some((_, value)) => value.as_ref(),
            None => panic!("the pack reads the setting {name}, which it has not added"),
        }
    }

    /// The value of a setting that takes a text.
    ///
    /// # Panics
    /// The pack has not added such a setting with a default.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(SettingValue::Text(text)) => text,
            _ => other(name, "a text"),
        }
    }

    /// The value of a setting that takes texts.
    ///
    /// # Panics
    /// The pack has not added such a setting with a default.
    #[must_use]
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(SettingValue::Texts(texts)) => texts,
            _ => other(name, "texts"),
        }
    }

    /// The value of a setting that takes a number.
    ///
    /// # Panics
    /// The pack has not added such a setting with a default.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        match self.get(name) {
            Some(SettingValue::Number(number)) => *number,
            _ => other(name, "a number"),
        }
    }

    /// The value of a setting that takes yes or no.
    ///
    /// # Panics
    /// The pack has not added such a setting with a default.
    #[must_use]
    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            Some(SettingValue::Boolean(yes)) => *yes,
            _ => other(name, "yes or no"),
        }
    }
}

fn other(name: &str, what: &str) -> ! {
    panic!("the pack reads the setting {name} as {what}, and has added it as something else, or without a default")
}
