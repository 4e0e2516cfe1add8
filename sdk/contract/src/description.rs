//! What a pack says of itself.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cbor::{self, Malformed, Reader, Writer, Written as _};
use crate::{Filter, List, Setting, Severity};

/// What a pack says of itself, as it travels. [`Description::check`] makes of it what a host can work with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for, in one line.
    pub summary: String,
    /// Its rules; findings name them by index.
    pub rules: Vec<Rule>,
    /// What can be set.
    pub settings: Vec<Setting>,
    /// The lists that it goes by; filters name them, and the pack calls them by their place.
    pub lists: Vec<List>,
    /// Anything else, as name and value.
    pub properties: Vec<(String, String)>,
}

/// A detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What a finding of it means, in one line.
    pub summary: String,
    /// How bad a finding is, where the finding does not say otherwise.
    pub severity: Severity,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    /// The events it wants.
    pub events: Vec<Subscription>,
    /// Anything else that it says of itself, as name and value.
    pub properties: Vec<(String, String)>,
}

/// Asks for events of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The kind's name.
    pub kind: String,
    /// What they must be like; all where there is none.
    pub filter: Option<Filter>,
}

impl Description {
    /// As it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encoded(|writer| self.write(writer))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let Self { name, version, summary, rules, settings, lists, properties } = self;
        let there = [true, true, true, true, !settings.is_empty(), !lists.is_empty(), !properties.is_empty()];
        writer.map(cbor::count(&there)).written();
        for (key, text) in [("name", name), ("version", version), ("summary", summary)] {
            writer.str(key).and_then(|writer| writer.str(text)).written();
        }
        writer.str("rules").and_then(|writer| writer.array(rules.len() as u64)).written();
        rules.iter().for_each(|rule| rule.write(writer));
        if !settings.is_empty() {
            writer.str("settings").and_then(|writer| writer.array(settings.len() as u64)).written();
            settings.iter().for_each(|setting| setting.write(writer));
        }
        if !lists.is_empty() {
            writer.str("lists").and_then(|writer| writer.array(lists.len() as u64)).written();
            lists.iter().for_each(|list| list.write(writer));
        }
        if !properties.is_empty() {
            writer.str("properties").map(drop).written();
            cbor::write_pairs(writer, properties);
        }
    }

    /// From what travelled.
    ///
    /// # Errors
    /// It is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut said = Self::default();
        cbor::map(&mut Reader::new(bytes), |key, decoder| {
            match key {
                "name" => said.name = cbor::text(decoder)?,
                "version" => said.version = cbor::text(decoder)?,
                "summary" => said.summary = cbor::text(decoder)?,
                "rules" => said.rules = cbor::list(decoder, Rule::read)?,
                "settings" => said.settings = cbor::list(decoder, Setting::read)?,
                "lists" => said.lists = cbor::list(decoder, List::read)?,
                "properties" => said.properties = cbor::pairs(decoder)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(said)
    }
}

impl Rule {
    /// The value of a property, where it has one of the name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let Self { id, summary, severity, attack, events, properties } = self;
        let there = [true, true, true, !attack.is_empty(), !events.is_empty(), !properties.is_empty()];
        writer.map(cbor::count(&there)).written();
        for (key, text) in [("id", id.as_str()), ("summary", summary), ("severity", severity.name())] {
            writer.str(key).and_then(|writer| writer.str(text)).written();
        }
        if !attack.is_empty() {
            writer.str("attack").map(drop).written();
            cbor::write_texts(writer, attack);
        }
        if !events.is_empty() {
            writer.str("events").and_then(|writer| writer.array(events.len() as u64)).written();
            events.iter().for_each(|event| event.write(writer));
        }
        if !properties.is_empty() {
            writer.str("properties").map(drop).written();
            cbor::write_pairs(writer, properties);
        }
    }

    fn read(decoder: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut said = Self::default();
        cbor::map(decoder, |key, decoder| {
            match key {
                "id" => said.id = cbor::text(decoder)?,
                "summary" => said.summary = cbor::text(decoder)?,
                // One that is not known is as bad as most.
                "severity" => said.severity = Severity::from_name(decoder.str()?).unwrap_or_default(),
                "attack" => said.attack = cbor::texts(decoder)?,
                "events" => said.events = cbor::list(decoder, Subscription::read)?,
                "properties" => said.properties = cbor::pairs(decoder)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(said)
    }
}

impl Subscription {
    fn write(&self, writer: &mut Writer<'_>) {
        let Self { kind, filter } = self;
        writer.map(cbor::count(&[true, filter.is_some()])).written();
        writer.str("kind").and_then(|writer| writer.str(kind)).written();
        if let Some(filter) = filter {
            writer.str("filter").map(drop).written();
            filter.write(writer);
        }
    }

    fn read(decoder: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut said = Self::default();
        cbor::map(decoder, |key, decoder| {
            match key {
                "kind" => said.kind = cbor::text(decoder)?,
                "filter" => said.filter = Some(Filter::read(decoder, 0)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(said)
    }
}
