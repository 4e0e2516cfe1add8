"""Records and frames, written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Optional

from .._frame import ARENA, ENTRY, HEADER, MAGIC, PASSED
from .._schema import RECORDS, VERSION
from .._tables import Record
from ..address import packed
from ..text import raw_of

_EVENT = RECORDS["event"]


class FrameWriter:
    """Writes a frame."""

    def __init__(self) -> None:
        self._rows: dict[int, list[bytes]] = {}
        self._sizes: dict[int, int] = {}
        self._arena = bytearray()

    def record(self, record: Record, values: dict[str, Any]) -> int:
        """Adds a record with these fields; gives its row. A row is a number, a list is the values of its records."""
        written = bytearray(record.size)
        for name, value in values.items():
            field = record.fields[name]
            if field.type == "list":
                listed = [self.record(RECORDS[field.of or ""], each) for each in value]
                bits = _span(listed[0] if listed else 0, len(listed))
            elif field.type == "text":
                raw = raw_of(value)
                bits = _span(len(self._arena) if raw else 0, len(raw))
                self._arena += raw
            elif field.type == "bytes16":
                bits = packed(value)
            else:
                bits = int(value).to_bytes(field.size, "little", signed=field.type.startswith("i"))
            written[field.offset : field.offset + field.size] = bits
            written[field.word + field.bit // 8] |= 1 << field.bit % 8
        rows = self._rows.setdefault(record.section, [])
        self._sizes[record.section] = record.size
        rows.append(bytes(written))
        return len(rows) - 1

    def event(self, kind: Record, header: dict[str, Any], payload: dict[str, Any]) -> None:
        """Adds an event."""
        row = self.record(kind, payload)
        self.record(_EVENT, {**header, "kind": kind.kind, "payload": row})

    def finish(self, passed: Optional[Iterable[int]] = None, subscriptions: int = 0) -> bytes:
        """The frame; with the subscriptions that each event passed, where that is said, a bit each."""
        sections = [(number, self._sizes[number], rows) for number, rows in sorted(self._rows.items())]
        if passed is not None:
            size = (subscriptions + 63) // 64 * 8
            sections.append((PASSED, size, [bits.to_bytes(size, "little") for bits in passed]))
        sections.append((ARENA, 1, [bytes(self._arena)]))
        table, body, begin = b"", b"", HEADER.size + ENTRY.size * len(sections)
        for number, stride, rows in sections:
            count = len(self._arena) if number == ARENA else len(rows)
            table += ENTRY.pack(number, stride, count, begin + len(body))
            body += b"".join(rows)
            body += bytes(-len(body) % 8)
        length = begin + len(body)
        return HEADER.pack(MAGIC, VERSION, HEADER.size, length, len(sections)) + table + body


def _span(first: int, count: int) -> bytes:
    return first.to_bytes(4, "little") + count.to_bytes(4, "little")


