//! Events as rules see them: in order, numbered, each with the process behind it.

use std::sync::Arc;

use lanner_abi::{FieldInfo, Kind, OwnedRecord, Reads, Value, field};
use lanner_contract::{FieldRef, Glimpse, Glimpsed, Happening, Scope};
use lanner_probes::event::Keys;

use super::process::Process;

/// One thing that happened, and who did it.
#[derive(Clone, Debug)]
pub struct Event {
    /// From 1, without gaps.
    pub seq: u64,
    /// ns since 1970 (UTC).
    pub time_ns: u64,
    /// What happened.
    pub kind: Kind,
    /// Bits of `lanner_abi::event_flag`.
    pub flags: u16,
    /// What the call returned, where there is one.
    pub result: Option<i64>,
    /// The image that did it, as it was before the event. `None` where it is nobody's doing.
    pub process: Option<Arc<Process>>,
    /// Its thread.
    pub tid: Option<u32>,
    /// What the kind has of its own. The number of a process in it is its place in `named`.
    pub payload: OwnedRecord,
    /// The processes that the payload names.
    pub named: Vec<Arc<Process>>,
    /// What the source can leave events like it out by.
    pub keys: Keys,
}

impl Event {
    /// The process that a finding about this event is about: where an image begins with it, that one.
    pub fn subject(&self) -> Option<&Arc<Process>> {
        let begins = self.kind.info().has_image.then(|| self.named.first()).flatten();
        begins.or(self.process.as_ref())
    }

    /// The process that a field of the payload names.
    pub fn named(&self, field: &FieldInfo) -> Option<&Arc<Process>> {
        let place = self.payload.get().number(field).filter(|_| field.reads == Reads::Row)?;
        self.named.get(usize::try_from(place).ok()?)
    }

    fn own(&self, at: &FieldInfo) -> Option<Value<'_>> {
        Some(match at {
            at if *at == *field::event::SEQ => self.seq.into(),
            at if *at == *field::event::TIME => self.time_ns.into(),
            at if *at == *field::event::KIND => self.kind.number().into(),
            at if *at == *field::event::FLAGS => self.flags.into(),
            at if *at == *field::event::TID => self.tid?.into(),
            at if *at == *field::event::RESULT => self.result?.into(),
            _ => return None,
        })
    }
}

impl Happening for Event {
    fn kind(&self) -> Option<Kind> {
        Some(self.kind)
    }

    #[inline]
    fn value(&self, field: &FieldRef) -> Option<Value<'_>> {
        match field.scope {
            Scope::Payload => self.payload.get().value(field.field),
            Scope::Process => self.process.as_ref()?.record().value(field.field),
            Scope::Parent => self.process.as_ref()?.parent.as_ref()?.record().value(field.field),
            Scope::Container => self.process.as_ref()?.container.as_ref()?.get().value(field.field),
            Scope::Event => self.own(field.field),
            Scope::Named(place) => {
                let names = self.payload.info().fields.get(usize::from(place))?;
                self.named(names)?.record().value(field.field)
            }
        }
    }
}

/// All events that are like one, as far as its keys tell.
pub struct Like<'a> {
    event: &'a Event,
    /// Their paths are those of any files in its folder.
    folder: bool,
}

impl Event {
    /// All with its own key.
    pub fn like(&self) -> Like<'_> {
        Like { event: self, folder: false }
    }

    /// All with the key of its folder.
    pub fn like_in_folder(&self) -> Like<'_> {
        Like { event: self, folder: true }
    }
}

impl Glimpse for Like<'_> {
    fn kind(&self) -> Kind {
        self.event.kind
    }

    fn value(&self, of: &FieldRef) -> Glimpsed<'_> {
        let Self { event, folder } = *self;
        let failed = event.result.filter(|result| *result < 0);
        match of.scope {
            Scope::Payload if of.field.keyed => match event.payload.get().value(of.field) {
                Some(Value::Text(path)) if folder => {
                    let end = path.iter().rposition(|byte| *byte == b'/');
                    end.map_or(Glimpsed::Open, |end| Glimpsed::Within(&path[..end]))
                }
                value => Glimpsed::Known(value),
            },
            Scope::Process if *of.field == *field::process::EXE => {
                let exe = event.process.as_ref().and_then(|process| process.record().value(of.field));
                Glimpsed::Known(exe)
            }
            Scope::Event if *of.field == *field::event::KIND => Glimpsed::Known(Some(event.kind.number().into())),
            Scope::Event if *of.field == *field::event::RESULT && failed.is_some() => {
                Glimpsed::Known(failed.map(Into::into))
            }
            _ => Glimpsed::Open,
        }
    }
}
