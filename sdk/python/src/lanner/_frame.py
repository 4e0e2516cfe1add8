"""A frame: a batch of events, as bytes.

Fields are read from it as 32-bit and 64-bit words, with no check of their own. That they all lie within it is seen to
once: a section whose records are as this version writes them, or longer, is read in place; of any other, a record is
copied when it is asked for, and padded with what is not there.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Optional

from ._schema import RECORDS, VERSION

if TYPE_CHECKING:
    from ._generated import Event, Process

if sys.byteorder != "little":
    raise ImportError("frames are little-endian, and lanner reads them on little-endian machines only")

MAGIC = b"LNRF"
HEADER = struct.Struct("<4sHHII")
ENTRY = struct.Struct("<HHII4x")
ARENA = 0
#: The section that says which of a pack's subscriptions each event passed.
PASSED = 0xFFFF
PROCESS = 1
EVENT = 2
#: Payload sections have the number of their kind, plus this.
PAYLOADS = 0x100


class FrameError(ValueError):
    """Bytes are not a frame that this version reads."""


class Section:
    """Where the records of a section lie: the first, bytes from one to the next, how many."""

    __slots__ = ("offset", "stride", "count", "in_place")

    def __init__(self, offset: int, stride: int, count: int) -> None:
        self.offset = offset
        self.stride = stride
        self.count = count
        #: Whether records can be read where they are.
        self.in_place = False


_NONE = Section(0, 8, 0)
#: By their section's number.
_RECORDS = {record.section: record for record in RECORDS.values()}


class Frame:
    """A batch of events, whose bytes were checked."""

    __slots__ = ("data", "w16", "w32", "w64", "text", "end", "sections", "processes", "_whole")

    #: The views of events by their kind's number, that of processes, and a process of which nothing is known: what is
    #: generated builds on this module, and sets them.
    event_views: ClassVar[dict[int, type[Event]]]
    process_view: ClassVar[type[Process]]
    unknown_process: ClassVar[Process]

    def __init__(self, data: bytes) -> None:
        #: Of a record that was copied: the frame that it is of.
        self._whole: Optional[Frame] = None
        if len(data) < HEADER.size or data[:4] != MAGIC:
            raise FrameError("these bytes are not a frame")
        _, version, table, length, entries = HEADER.unpack_from(data)
        if version != VERSION:
            raise FrameError(f"the frame's layout has version {version}; this reader knows version {VERSION}")
        if length > len(data):
            raise FrameError(f"the frame has {len(data)} bytes of the {length} that it names")
        if table < HEADER.size or table + entries * ENTRY.size > length:
            raise FrameError("the frame's section table does not lie within it")
        self.sections: dict[int, Section] = {}
        for number, stride, count, offset in ENTRY.iter_unpack(data[table : table + entries * ENTRY.size]):
            if count and (stride == 0 or offset + stride * count > length):
                raise FrameError(f"the frame's section {number} does not lie within it")
            record = _RECORDS.get(number)
            if record is None and number not in (ARENA, PASSED):
                continue
            if number in self.sections:
                raise FrameError(f"the frame's section {number} is there twice")
            if count or number == ARENA:
                section = self.sections[number] = Section(offset, stride, count)
                if record is not None:
                    section.in_place = stride >= record.size and stride % 8 == 0 and offset % 8 == 0
        arena = self.sections.get(ARENA, _NONE)
        # Latin-1 gives each byte a character, so that a text is a slice of it; what is not ASCII is decoded by itself.
        self.end = arena.count * arena.stride
        self.text = str(memoryview(data)[arena.offset : arena.offset + self.end], "latin-1")
        self._take(data if length == len(data) else data[:length])
        #: By their rows; made when they are asked for.
        self.processes: list[Optional[Process]] = [None] * self.sections.get(PROCESS, _NONE).count

    def _take(self, data: bytes) -> None:
        if len(data) % 8:
            data += bytes(-len(data) % 8)
        self.data = data
        words = memoryview(data)
        self.w16 = words.cast("H")
        self.w32 = words.cast("I")
        self.w64 = words.cast("Q")

    @classmethod
    def empty(cls, size: int) -> Frame:
        """A frame without records, in which nothing is known of a record of up to so many bytes."""
        frame = cls.__new__(cls)
        frame._whole = None
        frame.text, frame.end, frame.sections, frame.processes = "", 0, {}, []
        frame._take(bytes(size))
        return frame

    def _with(self, data: bytes) -> Frame:
        """The same frame, with a record of its own to be read."""
        frame = Frame.__new__(Frame)
        frame._whole = self._whole or self
        frame.text, frame.end, frame.sections, frame.processes = self.text, self.end, self.sections, self.processes
        frame._take(data)
        return frame

    def count(self, section: int) -> int:
        """How many records a section has."""
        return self.sections.get(section, _NONE).count

    def copied(self, section: int, row: int) -> bytes:
        """A record, as this version writes it; of a row that is not there one in which nothing is known."""
        there, record = self.sections.get(section, _NONE), _RECORDS[section]
        if row >= there.count:
            return bytes(record.size)
        at = there.offset + row * there.stride
        return record.padded((self._whole or self).data[at : at + there.stride])

    def locate(self, section: int, row: int) -> tuple[Frame, int]:
        """Where the record of a row is to be read: the frame, and the word."""
        there = self.sections.get(section, _NONE)
        if there.in_place and row < there.count:
            return self._whole or self, (there.offset + row * there.stride) >> 2
        return self._with(self.copied(section, row)), 0

    def process(self, row: int) -> Process:
        """The process of a row; where it is not there, one of which nothing is known."""
        if row >= len(self.processes):
            return self.unknown_process
        process = self.processes[row]
        if process is None:
            process = self.processes[row] = self.process_view(*self.locate(PROCESS, row))
        return process

    def event(self, row: int) -> Optional[Event]:
        """The event of a row; None where it is of a kind that this version does not know."""
        frame, event = self.locate(EVENT, row)
        kind, payload = frame.w32[event + 6] & 0xFFFF, frame.w32[event + 9]
        view = self.event_views.get(kind)
        if view is None:
            return None
        place, at = self.locate(PAYLOADS + kind, payload)
        if place is not frame:
            # One of the two was copied: both lie side by side then.
            header = self.copied(EVENT, row)
            place, event, at = self._with(header + self.copied(PAYLOADS + kind, payload)), 0, len(header) >> 2
        return view(place, event, at)

    def events(self) -> Iterator[Event]:
        """The events of kinds that are known, in order."""
        for row in range(self.count(EVENT)):
            event = self.event(row)
            if event is not None:
                yield event

    def release(self) -> None:
        """Lets go of the views that were made, which know their frame: so it goes as soon as nobody has a view any more."""
        self.processes = [None] * len(self.processes)

