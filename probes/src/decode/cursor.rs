//! Reading fields one after the other.

use super::DecodeError;

/// What is left of a record.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(DecodeError::Short { missing: length.saturating_sub(self.rest.len()) })?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (bytes, rest) =
            self.rest.split_first_chunk().ok_or(DecodeError::Short { missing: N.saturating_sub(self.rest.len()) })?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<(), DecodeError> {
        self.bytes(length).map(drop)
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_ne_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_ne_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_ne_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_ne_bytes)
    }

    /// A length field, for [`bytes`](Self::bytes).
    pub(super) fn length(&mut self) -> Result<usize, DecodeError> {
        self.u32().map(|length| length as usize)
    }
}
