//! The fields that filters compare, by their names.

use core::cmp::Ordering;

use lanner_abi::{CONTAINER, EVENT, Event, FieldInfo, Kind, PROCESS, Reads, RecordRef, Type, Value};

/// Whose field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The event's own: `event.result`.
    Event,
    /// Of the process that did it: `process.exe`.
    Process,
    /// Of its parent: `parent.exe`.
    Parent,
    /// Of its container: `container.image`.
    Container,
    /// What the kind has of its own: `open.path`.
    Payload,
    /// Of the process that the payload names in its field of this number: `exec.image.exe`.
    Named(u8),
}

/// A field, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef {
    /// Whose.
    pub scope: Scope,
    /// Which.
    pub field: &'static FieldInfo,
}

/// There is no such field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Not here; a newer host may have it.
    Unknown,
    /// It is of events of another kind.
    OtherKind,
    /// It is a row or a list, which cannot be compared.
    NotComparable,
}

impl FieldRef {
    /// The field of this name, in events of the kind.
    ///
    /// # Errors
    /// There is none, or it cannot be compared.
    pub fn of(kind: Kind, name: &str) -> Result<Self, Missing> {
        let (owner, rest) = name.split_once('.').ok_or(Missing::Unknown)?;
        let of_process = kind.info().has_process;
        let (scope, record, rest) = match owner {
            "event" => (Scope::Event, &EVENT, rest),
            "process" | "parent" | "container" if !of_process => return Err(Missing::OtherKind),
            "process" => (Scope::Process, &PROCESS, rest),
            "parent" => (Scope::Parent, &PROCESS, rest),
            "container" => (Scope::Container, &CONTAINER, rest),
            other if other == kind.name() => match rest.split_once('.') {
                None => (Scope::Payload, kind.record(), rest),
                Some((named, rest)) => {
                    let place = kind.record().fields.iter().position(|field| field.name == named);
                    let place = place.and_then(|place| u8::try_from(place).ok()).ok_or(Missing::Unknown)?;
                    let of = kind.record().fields.get(usize::from(place)).and_then(|field| field.of);
                    let record = of.filter(|record| **record == PROCESS).ok_or(Missing::Unknown)?;
                    (Scope::Named(place), record, rest)
                }
            },
            other if Kind::from_name(other).is_some() => return Err(Missing::OtherKind),
            _ => return Err(Missing::Unknown),
        };
        let field = record.field(rest).ok_or(Missing::Unknown)?;
        if field.ty == Type::List || matches!(field.reads, Reads::Row | Reads::Payload) {
            return Err(Missing::NotComparable);
        }
        Ok(Self { scope, field })
    }
}

impl PartialOrd for FieldRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FieldRef {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |field: &Self| (field.scope, field.field.section(), field.field.offset());
        key(self).cmp(&key(other))
    }
}

/// An event, as filters see it.
pub trait Happening {
    /// Its kind, where that is known.
    fn kind(&self) -> Option<Kind>;

    /// The value of a field; nothing where it is not known.
    fn value(&self, field: &FieldRef) -> Option<Value<'_>>;

    /// Whether a value stands in a list, by its number. Where nobody has lists it does not.
    fn is_listed(&self, list: u32, value: Value<'_>) -> bool {
        let _ = (list, value);
        false
    }
}

/// An event of which not all is known yet.
pub trait Glimpse {
    /// Its kind.
    fn kind(&self) -> Kind;

    /// The value of a field, and nothing where it has none; or that it is not known yet whether it has one, and which.
    fn value(&self, field: &FieldRef) -> Glimpsed<'_>;
}

/// What is known of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glimpsed<'a> {
    /// It is this one, or there is none.
    Known(Option<Value<'a>>),
    /// It is the path of something that lies directly in this folder, which has no `/` at its end.
    Within(&'a [u8]),
    /// It may be any.
    Open,
}

impl Happening for Event<'_> {
    #[inline]
    fn kind(&self) -> Option<Kind> {
        Event::kind(self)
    }

    #[inline]
    fn value(&self, field: &FieldRef) -> Option<Value<'_>> {
        let record: RecordRef<'_> = match field.scope {
            Scope::Event => self.as_record(),
            Scope::Process => self.process()?.as_record(),
            Scope::Parent => self.process()?.parent()?.as_record(),
            Scope::Container => self.process()?.container()?.as_record(),
            Scope::Payload => self.payload_record()?,
            Scope::Named(place) => {
                let payload = self.payload_record()?;
                let row = payload.number(payload.info().fields.get(usize::from(place))?)?;
                self.named_process(u32::try_from(row).ok()?)?.as_record()
            }
        };
        record.value(field.field)
    }
}
