//! Records as values, read by the tables of the schema.

use crate::frame::Frame;
use crate::layout::{FieldInfo, Reads, RecordInfo, Type};
use crate::record::Record;
use crate::text::Text;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number, or bits.
    Unsigned(u64),
    /// A number that can be negative.
    Signed(i64),
    /// Yes or no.
    Bool(bool),
    /// A text.
    Text(&'a [u8]),
    /// 16 bytes, such as an address.
    Bytes16([u8; 16]),
}

/// A record and the bytes that its texts point into.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    pub(crate) info: &'static RecordInfo,
    pub(crate) fixed: &'a [u8],
    /// Texts point into the first, and beyond its end into the second.
    pub(crate) texts: [&'a [u8]; 2],
    /// Where it stands in one, its lists are in the frame's sections; else they stand among the texts.
    pub(crate) frame: Option<&'a Frame<'a>>,
}

impl<'a> RecordRef<'a> {
    /// A record as it stands in a section, and what its texts point into: the first bytes, then as if they followed the
    /// second.
    #[must_use]
    pub const fn new(info: &'static RecordInfo, fixed: &'a [u8], texts: [&'a [u8]; 2]) -> Self {
        Self { info, fixed, texts, frame: None }
    }

    /// A record of a frame.
    #[inline]
    pub(crate) const fn of_frame(info: &'static RecordInfo, record: Record<'a>, frame: &'a Frame<'a>) -> Self {
        Self { info, fixed: record.0, texts: [frame.arena, &[]], frame: Some(frame) }
    }

    /// What it is.
    #[must_use]
    pub const fn info(&self) -> &'static RecordInfo {
        self.info
    }

    #[inline]
    fn record(&self) -> Record<'a> {
        Record(self.fixed)
    }

    /// Whether the field is there.
    #[inline]
    #[must_use]
    pub fn has(&self, field: &FieldInfo) -> bool {
        self.record().has(field.place) && field.end() <= self.fixed.len()
    }

    /// The field's value; `None` where it is not there, and for a list.
    #[inline]
    #[must_use]
    pub fn value(&self, field: &FieldInfo) -> Option<Value<'a>> {
        let (record, place) = (self.record(), field.place);
        Some(match field.ty {
            Type::Text => Value::Text(self.bytes(field)?),
            Type::U8 if field.reads == Reads::Bool => Value::Bool(record.u8(place)? != 0),
            Type::U8 => Value::Unsigned(record.u8(place)?.into()),
            Type::U16 => Value::Unsigned(record.u16(place)?.into()),
            Type::U32 => Value::Unsigned(record.u32(place)?.into()),
            Type::U64 => Value::Unsigned(record.u64(place)?),
            Type::I32 => Value::Signed(record.i32(place)?.into()),
            Type::I64 => Value::Signed(record.i64(place)?),
            Type::Bytes16 => Value::Bytes16(record.bytes(place)?),
            Type::List => return None,
        })
    }

    /// A number that is not negative, or bits; `None` where it is not there, or is something else.
    #[inline]
    #[must_use]
    pub fn number(&self, field: &FieldInfo) -> Option<u64> {
        match self.value(field)? {
            Value::Unsigned(number) => Some(number),
            Value::Signed(number) => u64::try_from(number).ok(),
            Value::Bool(yes) => Some(yes.into()),
            Value::Text(_) | Value::Bytes16(_) => None,
        }
    }

    /// A text's bytes; `None` where it is not there.
    #[inline]
    #[must_use]
    pub fn bytes(&self, field: &FieldInfo) -> Option<&'a [u8]> {
        let (start, length) = self.record().span(field.place).filter(|_| field.ty == Type::Text)?;
        self.span(start as usize, length as usize)
    }

    /// A text.
    #[inline]
    #[must_use]
    pub fn text(&self, field: &FieldInfo) -> Text<'a> {
        Text::known_or_not(self.bytes(field))
    }

    #[inline]
    pub(crate) fn span(&self, start: usize, length: usize) -> Option<&'a [u8]> {
        let [first, second] = self.texts;
        let end = start.checked_add(length)?;
        // No text begins in the first and ends in the second.
        first.get(start..end).or_else(|| second.get(start.checked_sub(first.len())?..end - first.len()))
    }
}
