"""How records are laid out: the forms of the tables that follow from the schema."""

from __future__ import annotations

from typing import NamedTuple, Optional

SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "i32": 4, "i64": 8, "text": 8, "list": 8, "bytes16": 16}


class Field(NamedTuple):
    """A field of a record."""

    name: str
    type: str
    #: Bytes from the record's beginning.
    offset: int
    #: Of the eight bytes with the bit that says whether it is there.
    word: int
    bit: int
    #: What a number stands for: row, payload, kind, bool, user, group, address.
    reads: Optional[str]
    #: The record that a row or a list is of.
    of: Optional[str]
    #: Every host gives it.
    always: bool

    @property
    def size(self) -> int:
        return SIZES[self.type]

    @property
    def comparable(self) -> bool:
        """Whether filters compare it."""
        return self.type != "list" and self.reads not in ("row", "payload")


class Record:
    """A kind of record: of a section of its own, or what a kind of event has."""

    __slots__ = ("name", "section", "size", "kind", "has_process", "has_result", "fields")

    def __init__(
        self,
        name: str,
        section: int,
        size: int,
        kind: int | None,
        has_process: bool,
        has_result: bool,
        fields: list[Field],
    ) -> None:
        self.name = name
        self.section = section
        #: Bytes of a record, as this version writes it.
        self.size = size
        #: The kind's number.
        self.kind = kind
        self.has_process = has_process
        self.has_result = has_result
        self.fields = {field.name: field for field in fields}

    def padded(self, written: bytes) -> bytes:
        """A record of another length as one of this length: what does not lie within it is not there."""
        if len(written) < self.size:
            record = bytearray(written.ljust(self.size, b"\0"))
            for field in self.fields.values():
                if field.offset + field.size > len(written):
                    record[field.word + field.bit // 8] &= ~(1 << field.bit % 8)
            written = bytes(record)
        return written[: self.size]
