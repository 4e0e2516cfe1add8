//! Records by themselves: on their way to a frame, or kept.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::slice::ChunksExact;

use crate::layout::{FieldInfo, Reads, RecordInfo, Type};
use crate::record::{Record, mark, put};
use crate::value::{RecordRef, Value};

/// A record with its own texts.
#[derive(Clone)]
pub struct OwnedRecord {
    info: &'static RecordInfo,
    /// The first of the texts that it points into, where it shares them with others.
    shared: Option<Arc<[u8]>>,
    /// The record as in its section, then the rest of its texts.
    bytes: Vec<u8>,
}

/// The same is known, wherever its texts stand.
impl PartialEq for OwnedRecord {
    fn eq(&self, other: &Self) -> bool {
        self.get().is_same(&other.get())
    }
}

impl Eq for OwnedRecord {}

/// The same kind of record.
impl PartialEq for RecordInfo {
    fn eq(&self, other: &Self) -> bool {
        self.section == other.section
    }
}

impl Eq for RecordInfo {}

/// A value is not one of the field's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongType {
    /// The field.
    pub field: &'static str,
}

impl fmt::Display for WrongType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the field {} does not take such a value", self.field)
    }
}

impl core::error::Error for WrongType {}

impl OwnedRecord {
    /// A record in which nothing is known.
    #[must_use]
    pub fn new(info: &'static RecordInfo) -> Self {
        Self { info, shared: None, bytes: alloc::vec![0; info.size] }
    }

    /// A record of a host of any version: as long as it wrote it, and the texts that it points into. What this version
    /// does not know is left out.
    #[must_use]
    pub fn from_parts(info: &'static RecordInfo, fixed: &[u8], texts: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(info.size + texts.len());
        bytes.extend_from_slice(fixed.get(..info.size).unwrap_or(fixed));
        bytes.resize(info.size, 0);
        bytes.extend_from_slice(texts);
        let mut record = Self { info, shared: None, bytes };
        info.clean(&mut record.bytes, fixed.len());
        record
    }

    /// Makes room for so many bytes of text.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// What it is.
    #[must_use]
    pub const fn info(&self) -> &'static RecordInfo {
        self.info
    }

    /// To be read.
    #[inline]
    #[must_use]
    pub fn get(&self) -> RecordRef<'_> {
        let (fixed, texts) = self.parts();
        match &self.shared {
            None => RecordRef::new(self.info, fixed, [texts, &[]]),
            Some(shared) => RecordRef::new(self.info, fixed, [shared, texts]),
        }
    }

    /// Makes the texts that it has shared ones: clones have them in common, and those that are set from here on are each
    /// clone's own.
    pub fn share(&mut self) {
        if self.shared.is_none() {
            self.shared = Some(Arc::from(self.parts().1));
            self.bytes.truncate(self.info.size);
            self.bytes.shrink_to_fit();
        }
    }

    /// A clone without texts of its own, but for those that it shares.
    #[must_use]
    pub fn with_shared_texts(&self) -> Self {
        let shared = self.shared_len();
        let mut clone = Self { info: self.info, shared: self.shared.clone(), bytes: self.parts().0.to_vec() };
        for field in self.info.fields.iter().filter(|field| matches!(field.ty, Type::Text | Type::List)) {
            let span = Record(&clone.bytes).span(field.place);
            if span.is_some_and(|(start, length)| start as usize >= shared && length > 0) {
                field.forget(&mut clone.bytes);
            }
        }
        clone
    }

    fn shared_len(&self) -> usize {
        self.shared.as_ref().map_or(0, |shared| shared.len())
    }

    /// The record as in its section, and its texts but for those that it shares.
    #[inline]
    #[must_use]
    pub fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at_checked(self.info.size).unwrap_or_default()
    }

    /// The record as in its section, to be changed by whoever knows where its fields stand.
    #[inline]
    #[must_use]
    pub fn fixed_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.info.size).unwrap_or_default()
    }

    /// A copy in which fields have the values that they are given, or none. Texts that nobody keeps are gone.
    #[must_use]
    pub fn rewritten<'a>(
        &'a self,
        mut value: impl FnMut(&'static FieldInfo, Option<Value<'a>>) -> Option<Value<'a>>,
    ) -> Self {
        let mut copy = Self::new(self.info());
        for at in self.info().fields {
            // What a field had, it takes.
            let _ = copy.set(at, value(at, self.get().value(at)));
        }
        copy
    }

    /// Bytes that it takes, with the texts that it shares.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() + self.shared_len()
    }

    /// Whether nothing is known in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.info.fields.iter().any(|field| self.get().has(field))
    }

    /// Sets a field, or where there is no value, forgets it.
    ///
    /// # Errors
    /// The field does not take such a value, or not one so large. It stays as it was.
    pub fn set<'a>(&mut self, field: &FieldInfo, value: impl Into<Option<Value<'a>>>) -> Result<(), WrongType> {
        if field.section != self.info.section {
            return Err(WrongType { field: field.name });
        }
        let Some(value) = value.into() else {
            field.forget(&mut self.bytes);
            return Ok(());
        };
        let at = field.offset();
        let wrong = || WrongType { field: field.name };
        let signed = || match value {
            Value::Signed(number) => Ok(number),
            Value::Unsigned(number) => i64::try_from(number).map_err(|_| wrong()),
            _ => Err(wrong()),
        };
        let unsigned = || match value {
            Value::Unsigned(number) => Ok(number),
            Value::Signed(number) => u64::try_from(number).map_err(|_| wrong()),
            Value::Bool(yes) if field.reads == Reads::Bool => Ok(yes.into()),
            _ => Err(wrong()),
        };
        macro_rules! number {
            ($value:ident, $ty:ty) => {
                put(&mut self.bytes, at, <$ty>::try_from($value()?).map_err(|_| wrong())?.to_le_bytes())
            };
        }
        match field.ty {
            Type::U8 => number!(unsigned, u8),
            Type::U16 => number!(unsigned, u16),
            Type::U32 => number!(unsigned, u32),
            Type::U64 => number!(unsigned, u64),
            Type::I32 => number!(signed, i32),
            Type::I64 => number!(signed, i64),
            Type::Bytes16 => match value {
                Value::Bytes16(bytes) => put(&mut self.bytes, at, bytes),
                _ => return Err(wrong()),
            },
            Type::Text => match value {
                Value::Text(text) => {
                    let span = self.add(text).ok_or_else(wrong)?;
                    put(&mut self.bytes, at, span);
                }
                _ => return Err(wrong()),
            },
            Type::List => return Err(wrong()),
        }
        mark(&mut self.bytes, field.place, true);
        Ok(())
    }

    /// As [`set`](Self::set), for what is known to fit.
    ///
    /// # Panics
    /// Where it does not.
    #[must_use]
    pub fn with<'a>(mut self, field: &FieldInfo, value: impl Into<Value<'a>>) -> Self {
        if let Err(wrong) = self.set(field, value.into()) {
            panic!("{wrong}");
        }
        self
    }

    /// Sets a list.
    ///
    /// # Errors
    /// The field is no list of such records.
    pub fn set_list(&mut self, field: &FieldInfo, records: &[OwnedRecord]) -> Result<(), WrongType> {
        let wrong = WrongType { field: field.name };
        let info = field.of.filter(|_| field.ty == Type::List).ok_or(wrong)?;
        if field.section != self.info.section || records.iter().any(|record| record.info != info) {
            return Err(wrong);
        }
        // The texts of each first; then all of them, as they stand in a row.
        let mut rows = Vec::with_capacity(records.len() * info.size);
        for record in records {
            let from = rows.len();
            rows.extend_from_slice(record.parts().0);
            let fixed = rows.get_mut(from..).unwrap_or_default();
            let texts = info.fields.iter().filter(|field| field.ty == Type::Text);
            for field in texts.filter(|field| record.get().has(field)) {
                match record.get().bytes(field) {
                    Some(text) => put(fixed, field.offset(), self.add(text).ok_or(wrong)?),
                    None => field.forget(fixed),
                }
            }
        }
        let start = u32::try_from(self.texts_len()).map_err(|_| wrong)?;
        let count = u32::try_from(records.len()).map_err(|_| wrong)?;
        // The size says how a later version steps over them.
        let size = u32::try_from(info.size).map_err(|_| wrong)?;
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.extend_from_slice(&rows);
        put(&mut self.bytes, field.offset(), start.to_le_bytes());
        put(&mut self.bytes, field.offset() + 4, count.to_le_bytes());
        mark(&mut self.bytes, field.place, true);
        Ok(())
    }

    fn texts_len(&self) -> usize {
        self.shared_len() + self.bytes.len() - self.info.size
    }

    /// Appends a text; gives the span that points to it.
    fn add(&mut self, text: &[u8]) -> Option<[u8; 8]> {
        let start = u32::try_from(self.texts_len()).ok()?;
        let length = u32::try_from(text.len()).ok()?;
        self.bytes.extend_from_slice(text);
        Some((u64::from(start) | u64::from(length) << 32).to_le_bytes())
    }
}

impl<'a> RecordRef<'a> {
    /// The records of a list; `None` where it is not there, or does not lie where it should.
    pub fn list(&self, field: &FieldInfo) -> Option<impl ExactSizeIterator<Item = RecordRef<'a>> + use<'a>> {
        let info = field.of.filter(|_| field.ty == Type::List)?;
        let span = Record(self.fixed).span(field.place)?;
        let rows = match self.frame {
            Some(frame) => frame.section(info).rows_of(span)?,
            None => self.rows_among_texts(span)?,
        };
        let whole = *self;
        Some(rows.map(move |fixed| RecordRef { info, fixed, ..whole }))
    }

    /// As [`OwnedRecord::set_list`] wrote them.
    fn rows_among_texts(&self, (start, count): (u32, u32)) -> Option<ChunksExact<'a, u8>> {
        if count == 0 {
            return Some([].chunks_exact(1));
        }
        let start = start as usize;
        let size = self.span(start, 4).and_then(<[u8]>::first_chunk).map(|size| u32::from_le_bytes(*size) as usize)?;
        let rows = self.span(start + 4, size.checked_mul(count as usize)?)?;
        (size > 0).then(|| rows.chunks_exact(size))
    }

    /// Whether the same is known in both.
    fn is_same(&self, other: &RecordRef<'_>) -> bool {
        let lists = |field: &FieldInfo| match (self.list(field), other.list(field)) {
            (Some(one), Some(other)) => {
                one.len() == other.len() && one.zip(other).all(|(one, other)| one.is_same(&other))
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        let fields = |field: &FieldInfo| match field.ty {
            Type::List => lists(field),
            _ => self.value(field) == other.value(field),
        };
        self.info == other.info && self.info.fields.iter().all(fields)
    }
}

impl fmt::Debug for OwnedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt_fields(f)
    }
}

impl RecordRef<'_> {
    /// Its fields, as far as they are there.
    pub(crate) fn fmt_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.info.name);
        for field in self.info.fields {
            match self.value(field) {
                Some(Value::Text(text)) => shown.field(field.name, &crate::Text::new(text)),
                Some(Value::Unsigned(number)) => shown.field(field.name, &number),
                Some(Value::Signed(number)) => shown.field(field.name, &number),
                Some(Value::Bool(yes)) => shown.field(field.name, &yes),
                Some(Value::Bytes16(bytes)) => shown.field(field.name, &crate::address::address(bytes)),
                None => &mut shown,
            };
        }
        shown.finish()
    }
}

// === values ===

macro_rules! unsigned {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Value<'_> {
            fn from(number: $ty) -> Self {
                Self::Unsigned(number.into())
            }
        }
    )*};
}

unsigned!(u8, u16, u32, u64);

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Signed(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.as_bytes())
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(text: &'a [u8; N]) -> Self {
        Self::Text(text)
    }
}

/// IPv4 as an IPv4-mapped IPv6 address.
impl From<core::net::IpAddr> for Value<'_> {
    fn from(address: core::net::IpAddr) -> Self {
        Self::Bytes16(match address {
            core::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            core::net::IpAddr::V6(address) => address.octets(),
        })
    }
}
