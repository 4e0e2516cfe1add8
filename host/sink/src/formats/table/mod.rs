//! What is called how in which format: one table for what is made and for its page.

mod what;
mod who;

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::facts;
use super::place::put;

/// A fact of a finding, and its places.
#[derive(Clone, Copy)]
pub(super) struct Row {
    from: From,
    places: [&'static [To]; 4],
}

/// Where a fact comes from.
#[derive(Clone, Copy)]
enum From {
    /// A pointer (RFC 6901) into Lanner's JSON.
    At(&'static str),
    /// What it is, for the page, and how it is made.
    Made(&'static str, fn(&Value) -> Option<Value>),
}

/// A place in a format, and what it holds there.
#[derive(Clone, Copy, Debug)]
pub(super) struct To {
    place: &'static str,
    holds: Holds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    Bool,
    /// A list of texts.
    Texts,
    /// Texts with spaces between them.
    Joined,
    /// A time as RFC 3339 has it.
    Time,
    /// ms since 1970.
    Millis,
    /// ns since 1970.
    Nanos,
    /// An object of texts, whose keys have no dots.
    Labels,
}

/// The formats that have places in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Falco,
    Ecs,
    Ocsf,
    Cef,
}

const fn at(pointer: &'static str) -> Row {
    Row { from: From::At(pointer), places: [&[]; 4] }
}

const fn made(what: &'static str, make: fn(&Value) -> Option<Value>) -> Row {
    Row { from: From::Made(what, make), places: [&[]; 4] }
}

const fn text(place: &'static str) -> To {
    To { place, holds: Holds::Text }
}

const fn number(place: &'static str) -> To {
    To { place, holds: Holds::Number }
}

const fn yes_or_no(place: &'static str) -> To {
    To { place, holds: Holds::Bool }
}

const fn texts(place: &'static str) -> To {
    To { place, holds: Holds::Texts }
}

const fn joined(place: &'static str) -> To {
    To { place, holds: Holds::Joined }
}

const fn time(place: &'static str) -> To {
    To { place, holds: Holds::Time }
}

const fn millis(place: &'static str) -> To {
    To { place, holds: Holds::Millis }
}

const fn nanos(place: &'static str) -> To {
    To { place, holds: Holds::Nanos }
}

const fn labels(place: &'static str) -> To {
    To { place, holds: Holds::Labels }
}

impl Row {
    const fn falco(mut self, places: &'static [To]) -> Self {
        self.places[Column::Falco as usize] = places;
        self
    }

    const fn ecs(mut self, places: &'static [To]) -> Self {
        self.places[Column::Ecs as usize] = places;
        self
    }

    const fn ocsf(mut self, places: &'static [To]) -> Self {
        self.places[Column::Ocsf as usize] = places;
        self
    }

    const fn cef(mut self, places: &'static [To]) -> Self {
        self.places[Column::Cef as usize] = places;
        self
    }

    fn value(&self, finding: &Value) -> Option<Value> {
        match self.from {
            From::At(pointer) => facts::at(finding, pointer).cloned(),
            From::Made(_, make) => make(finding),
        }
    }

    /// As the page calls it.
    fn name(&self) -> String {
        match self.from {
            From::At(pointer) => {
                let name = format!("{}/", pointer.trim_start_matches('/')).replace("/0/", "[0]/").replace('/', ".");
                let name = name.trim_end_matches('.');
                format!("`{name}`")
            }
            From::Made(what, _) => what.to_owned(),
        }
    }
}

impl To {
    /// The value as it is to stand there; nothing where it cannot.
    fn of(self, value: &Value) -> Option<Value> {
        match self.holds {
            Holds::Text => facts::text(value).map(Value::from),
            Holds::Number => value.is_i64().then(|| value.clone()).or_else(|| value.as_u64().map(Value::from)),
            Holds::Bool => value.is_boolean().then(|| value.clone()),
            Holds::Texts => Some(facts::texts(value)).filter(|texts| !texts.is_empty()).map(Value::from),
            Holds::Joined => Some(facts::texts(value).join(" ")).filter(|text| !text.is_empty()).map(Value::from),
            Holds::Time => value.as_str().filter(|text| text.parse::<Timestamp>().is_ok()).map(Value::from),
            Holds::Millis => Some((since_1970(value)? / 1_000_000).into()),
            Holds::Nanos => Some(since_1970(value)?.into()),
            Holds::Labels => {
                let object = value.as_object()?;
                let labels =
                    object.iter().filter_map(|(name, value)| Some((key(name), facts::any_text(value)?.into())));
                Some(labels.collect::<Map<_, _>>()).filter(|labels| !labels.is_empty()).map(Value::Object)
            }
        }
    }
}

/// A time, ns since 1970, of such a number or a text as RFC 3339 has it.
fn since_1970(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let time: Timestamp = value.as_str()?.parse().ok()?;
        u64::try_from(time.as_nanosecond()).ok()
    })
}

/// A name as a key that is no path: what indexes documents takes a dot for the edge of an object, and no empty name.
pub(super) fn key(name: &str) -> String {
    let key = name.replace('.', "_");
    if key.trim().is_empty() { "_".to_owned() } else { key }
}

fn rows() -> impl Iterator<Item = &'static Row> {
    who::ROWS.iter().chain(what::ROWS)
}

/// All that a format has places for, as `(place, value)`.
pub(super) fn placed(finding: &Value, column: Column) -> impl Iterator<Item = (&'static str, Value)> + '_ {
    rows().filter(move |row| !row.places[column as usize].is_empty()).flat_map(move |row| {
        let value = row.value(finding);
        let to = row.places[column as usize].iter();
        to.filter_map(move |to| Some((to.place, to.of(value.as_ref()?)?)))
    })
}

/// The same as an object.
pub(super) fn object(finding: &Value, column: Column) -> Map<String, Value> {
    let mut object = Map::new();
    placed(finding, column).for_each(|(place, value)| put(&mut object, place, value));
    object
}

/// The table for the page of formats, in Markdown.
pub fn markdown() -> String {
    let mut page = "| of a finding | Falco | ECS | OCSF | CEF |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for row in rows() {
        let cells = row.places.map(|places| {
            let names: Vec<String> = places.iter().map(|to| format!("`{}`", to.place)).collect();
            names.join(", ")
        });
        let _ = writeln!(page, "| {} | {} |", row.name(), cells.join(" | "));
    }
    page
}

/// The places of a format, for tests that know its dictionary.
#[cfg(test)]
pub(super) fn places(column: Column) -> impl Iterator<Item = (&'static str, String)> {
    rows().flat_map(move |row| row.places[column as usize].iter().map(|to| (to.place, format!("{:?}", to.holds))))
}
