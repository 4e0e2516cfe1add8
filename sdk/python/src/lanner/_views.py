"""What the views of records are made of: how a field is read.

Each `read_…` is given the frame, the word at which the record begins, the word and the mask of the bit that says
whether the field is there, and the word at which it stands.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, ClassVar, Optional, TypeVar, Union

from ._frame import Frame
from .text import UNKNOWN, Text

if TYPE_CHECKING:
    from ._generated import Process

V = TypeVar("V", bound="View")
_MAPPED = b"\0" * 10 + b"\xff\xff"


class View:
    """A record of a frame. Fields are read when they are asked for."""

    #: The number of its section.
    section: ClassVar[int]

    def __init__(self, frame: Frame, at: int) -> None:
        self._frame = frame
        self._at = at


def read_text(frame: Frame, at: int, word: int, mask: int, place: int) -> Text:
    w32 = frame.w32
    if w32[at + word] & mask:
        at += place
        start = w32[at]
        end = start + w32[at + 1]
        if end <= frame.end:
            text = frame.text[start:end]
            if text.isascii():
                return Text(text)
            return Text(text.encode("latin-1").decode("utf-8", "surrogateescape"))
    return UNKNOWN


def read_bool(frame: Frame, at: int, word: int, mask: int, place: int, shift: int) -> Optional[bool]:
    w32 = frame.w32
    return (w32[at + place] >> shift & 0xFF) != 0 if w32[at + word] & mask else None


def read_small(frame: Frame, at: int, word: int, mask: int, place: int, shift: int, bits: int) -> Optional[int]:
    w32 = frame.w32
    return w32[at + place] >> shift & bits if w32[at + word] & mask else None


def read_u32(frame: Frame, at: int, word: int, mask: int, place: int) -> Optional[int]:
    w32 = frame.w32
    return w32[at + place] if w32[at + word] & mask else None


def read_id(frame: Frame, at: int, word: int, mask: int, place: int) -> int:
    """A user or group that every host gives; one that nobody has where it is missing, as 0 is root."""
    w32 = frame.w32
    return w32[at + place] if w32[at + word] & mask else 0xFFFF_FFFF


def read_u64(frame: Frame, at: int, word: int, mask: int, place: int) -> Optional[int]:
    return frame.w64[(at + place) >> 1] if frame.w32[at + word] & mask else None


def read_i32(frame: Frame, at: int, word: int, mask: int, place: int) -> Optional[int]:
    w32 = frame.w32
    if not w32[at + word] & mask:
        return None
    number = w32[at + place]
    return number - (1 << 32) if number >> 31 else number


def read_i64(frame: Frame, at: int, word: int, mask: int, place: int) -> Optional[int]:
    if not frame.w32[at + word] & mask:
        return None
    number = frame.w64[(at + place) >> 1]
    return number - (1 << 64) if number >> 63 else number


def read_bytes16(frame: Frame, at: int, word: int, mask: int, offset: int) -> Optional[bytes]:
    if not frame.w32[at + word] & mask:
        return None
    offset += at << 2
    return frame.data[offset : offset + 16]


def read_address(
    frame: Frame, at: int, word: int, mask: int, offset: int
) -> Union[IPv4Address, IPv6Address, None]:
    packed = read_bytes16(frame, at, word, mask, offset)
    if packed is None:
        return None
    return IPv4Address(packed[12:]) if packed.startswith(_MAPPED) else IPv6Address(packed)


def read_row(frame: Frame, at: int, word: int, mask: int, place: int, of: type[V]) -> Optional[V]:
    if not frame.w32[at + word] & mask:
        return None
    row = frame.w32[at + place]
    if row >= frame.count(of.section):
        return None
    if of.section == 1:
        return frame.process(row)  # type: ignore[return-value]
    return of(*frame.locate(of.section, row))


def read_list(frame: Frame, at: int, word: int, mask: int, place: int, of: type[V]) -> Optional[tuple[V, ...]]:
    if not frame.w32[at + word] & mask:
        return None
    first, count = frame.w32[at + place], frame.w32[at + place + 1]
    if count == 0:
        return ()
    if first + count > frame.count(of.section):
        return None
    return tuple(of(*frame.locate(of.section, row)) for row in range(first, first + count))


def process_at(frame: Frame, at: int, word: int, mask: int, place: int) -> Process:
    """The process of a row; where that is not there, one of which nothing is known."""
    w32 = frame.w32
    if w32[at + word] & mask:
        row = w32[at + place]
        if row < len(frame.processes):
            process = frame.processes[row]
            return frame.process(row) if process is None else process
    return frame.unknown_process
