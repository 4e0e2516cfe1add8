//! What is said of a route.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Declares a part of the settings that chooses findings, with what else it has.
macro_rules! choosing {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// The mildest severity: `high` is for high and critical.
            pub min_severity: Option<String>,
            /// Rules by their ids, or globs over ids.
            pub rules: Vec<String>,
            /// Techniques of ATT&CK; one stands for its sub-techniques too.
            pub techniques: Vec<String>,
            /// Labels of the host, by name, and globs over what they have.
            pub labels: BTreeMap<String, OneOrMore>,
            /// Containers: globs over ids and names.
            pub containers: Vec<String>,
            /// Images, as they were named: globs.
            pub images: Vec<String>,
            /// Namespaces of Kubernetes: globs.
            pub namespaces: Vec<String>,
            /// Packs: globs over their names.
            pub packs: Vec<String>,
            /// Conditions on fields, as exceptions have them.
            #[serde(rename = "where")]
            pub conditions: toml::Table,
            $($(#[$doc])* pub $field: $type,)*
        }
    };
}

choosing! {
    /// Findings: those for which all holds that is said; of what is a list, one of it.
    Choice {}
}

choosing! {
    /// Which findings go to a sink, and how many of them: those that are chosen, at the times that are said, those that are alike
    /// as one, and no more than so many.
    RouteSettings {
        /// But not these.
        not: Option<Choice>,
        /// When.
        schedule: Option<ScheduleSettings>,
        /// Times at which findings are counted and not sent.
        maintenance: Vec<MaintenanceSettings>,
        /// Those that are alike become one.
        group: Option<GroupSettings>,
        /// How many at most.
        rate: Option<RateSettings>,
    }
}

impl RouteSettings {
    /// What chooses findings in it.
    pub(super) fn choice(&self) -> Choice {
        let all = self.clone();
        Choice {
            min_severity: all.min_severity,
            rules: all.rules,
            techniques: all.techniques,
            labels: all.labels,
            containers: all.containers,
            images: all.images,
            namespaces: all.namespaces,
            packs: all.packs,
            conditions: all.conditions,
        }
    }
}

/// A text or several.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// Hours and days of the week, by the time at which findings happened.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleSettings {
    /// `mon` to `sun`, on which it begins; all where none is said.
    pub days: Vec<String>,
    /// When it begins, `08:00`; at the beginning of the day where nothing is said.
    pub from: Option<String>,
    /// When it ends, on the next day where that is not after `from`; at the end of the day where nothing is said.
    pub until: Option<String>,
    /// `utc` (where nothing is said) or `local`, of the host.
    pub zone: Option<String>,
}

/// A time at which something is worked on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceSettings {
    /// Its beginning: a day, or a day and a time, in UTC where no zone is said.
    #[serde(deserialize_with = "moment")]
    pub from: String,
    /// Its end.
    #[serde(deserialize_with = "moment")]
    pub until: String,
    /// Why: for people.
    pub reason: String,
    /// Of which findings; of all where nothing is said.
    #[serde(default)]
    pub only: Option<Choice>,
}

/// Findings of one rule on one subject are alike.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSettings {
    /// For how long from the first on, `5m`.
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
    /// Fields that tell the subject; where none is said the key that the rule gives, or else the program, the user and the
    /// container.
    #[serde(default)]
    pub by: Vec<String>,
    /// Whether the first goes at once, and the rest as one at the end.
    #[serde(default = "yes")]
    pub send_first: bool,
}

/// A number of findings in a time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSettings {
    /// How many.
    pub most: u32,
    /// In which time, `1m`.
    #[serde(deserialize_with = "duration")]
    pub per: Duration,
    /// Of all rules together, and not of each.
    #[serde(default)]
    pub all_rules: bool,
}

fn yes() -> bool {
    true
}

/// A time as people say it: `90s`, `5m`, `1h 30m`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
}

/// A time of TOML, or a text that is one.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(text),
        toml::Value::Datetime(time) => Ok(time.to_string()),
        other => Err(D::Error::custom(format!("{other} is no time: 2026-12-01T22:00:00Z is one"))),
    }
}
