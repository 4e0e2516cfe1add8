//! What is known of all events that are like one: the kernel side's key stands for it.

use lanner_abi::{Kind, field};
use lanner_contract::{FieldRef, Glimpse, Glimpsed, Scope};
use lanner_probes::event::RawEvent;

/// All events with the key of this one.
pub(crate) struct OfKey<'a>(pub(crate) &'a RawEvent);

impl Glimpse for OfKey<'_> {
    fn kind(&self) -> Kind {
        self.0.kind
    }

    fn value(&self, field: &FieldRef) -> Glimpsed<'_> {
        let failed = self.0.result.filter(|result| *result < 0);
        match field.scope {
            Scope::Payload if field.field.keyed => Glimpsed::Known(self.0.payload.get().value(field.field)),
            Scope::Event if *field.field == *field::event::KIND => Glimpsed::Known(Some(self.0.kind.number().into())),
            Scope::Event if *field.field == *field::event::RESULT && failed.is_some() => {
                Glimpsed::Known(failed.map(Into::into))
            }
            _ => Glimpsed::Open,
        }
    }
}
