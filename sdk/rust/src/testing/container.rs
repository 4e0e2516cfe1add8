//! Containers, made up.

use std::rc::Rc;

use lanner_abi::{CONTAINER, FieldInfo, LABEL, OwnedRecord, field};

/// A container, for [`TestProcess::container`](super::TestProcess::container).
#[derive(Clone, Debug)]
pub struct TestContainer {
    record: Rc<OwnedRecord>,
    labels: Vec<OwnedRecord>,
}

/// A container with this id, of which nothing else is known.
#[must_use]
pub fn container(id: impl AsRef<[u8]>) -> TestContainer {
    let record = OwnedRecord::new(&CONTAINER).with(field::container::ID, id.as_ref());
    TestContainer { record: Rc::new(record), labels: Vec::new() }
}

impl TestContainer {
    fn with(mut self, field: &FieldInfo, text: &[u8]) -> Self {
        let record = Rc::unwrap_or_clone(self.record).with(field, text);
        self.record = Rc::new(record);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(self, name: impl AsRef<[u8]>) -> Self {
        self.with(field::container::NAME, name.as_ref())
    }

    /// The image that it was made from.
    #[must_use]
    pub fn image(self, image: impl AsRef<[u8]>) -> Self {
        self.with(field::container::IMAGE, image.as_ref())
    }

    /// What runs it.
    #[must_use]
    pub fn runtime(self, runtime: impl AsRef<[u8]>) -> Self {
        self.with(field::container::RUNTIME, runtime.as_ref())
    }

    /// One more label.
    #[must_use]
    pub fn label(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        let label = OwnedRecord::new(&LABEL).with(field::label::NAME, name.as_ref());
        self.labels.push(label.with(field::label::VALUE, value.as_ref()));
        let mut record = Rc::unwrap_or_clone(self.record);
        if let Err(wrong) = record.set_list(field::container::LABELS, &self.labels) {
            panic!("{wrong}");
        }
        self.record = Rc::new(record);
        self
    }

    pub(super) fn record(&self) -> &OwnedRecord {
        &self.record
    }

    /// Whether it is the same one, and not merely alike.
    pub(super) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.record, &other.record)
    }
}
