"""CBOR (RFC 8949), as far as the contract uses it: what descriptions, configurations, findings and states are written in.

``None``, booleans, integers from -2^64 to 2^64 - 1, floats, strings, bytes, lists (and tuples) and dicts.
"""

from __future__ import annotations

import struct
from typing import Any, Optional

from .text import lossy

__all__ = ["CborError", "decode", "encode"]

#: How deep arrays and maps may lie in one another; deeper is no state of a pack, but an attack on its stack.
MAX_DEPTH = 64

_BIG = 1 << 64
_FLOAT = struct.Struct(">d")
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: _FLOAT}
_BREAK = object()


class CborError(ValueError):
    """Bytes are not CBOR, or a value cannot be written as CBOR."""


def encode(value: Any) -> bytes:
    """A value as it travels. Raises :class:`CborError` for one of another type."""
    out = bytearray()
    _write(out, value, 0)
    return bytes(out)


def decode(data: bytes) -> Any:
    """A value from what travelled; what follows it is ignored. Raises :class:`CborError` where it is cut or none."""
    reader = _Reader(data)
    value = reader.item(0)
    if value is _BREAK:
        raise CborError("a break stands where a value should")
    return value


def _head(out: bytearray, major: int, number: int) -> None:
    major <<= 5
    if number < 24:
        out.append(major | number)
    elif number < 1 << 8:
        out += bytes((major | 24, number))
    elif number < 1 << 16:
        out.append(major | 25)
        out += number.to_bytes(2, "big")
    elif number < 1 << 32:
        out.append(major | 26)
        out += number.to_bytes(4, "big")
    else:
        out.append(major | 27)
        out += number.to_bytes(8, "big")


def _write(out: bytearray, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CborError(f"a value lies deeper than {MAX_DEPTH} in others")
    if isinstance(value, str):
        try:
            text = value.encode()
        except UnicodeEncodeError:
            text = lossy(value).encode()
        _head(out, 3, len(text))
        out += text
    elif value is None:
        out.append(0xF6)
    elif isinstance(value, bool):
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        if not -_BIG <= value < _BIG:
            raise CborError(f"the number {value} has more than 64 bits")
        if value >= 0:
            _head(out, 0, int(value))
        else:
            _head(out, 1, -1 - value)
    elif isinstance(value, float):
        out.append(0xFB)
        out += _FLOAT.pack(value)
    elif isinstance(value, (bytes, bytearray)):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, (list, tuple)):
        _head(out, 4, len(value))
        for item in value:
            _write(out, item, depth + 1)
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, item in value.items():
            _write(out, key, depth + 1)
            _write(out, item, depth + 1)
    else:
        raise CborError(f"a {type(value).__name__} cannot be written as CBOR")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = bytes(data)
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise CborError("the bytes end in the middle of a value")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def number(self, info: int) -> Optional[int]:
        """What follows the first byte; None for a length that a break ends."""
        if info < 24:
            return info
        if info < 28:
            return int.from_bytes(self.take(1 << (info - 24)), "big")
        if info == 31:
            return None
        raise CborError("a value is not of a known form")

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise CborError(f"a value lies deeper than {MAX_DEPTH} in others")
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self.simple(info)
        number = self.number(info)
        if major in (2, 3):
            return self.string(major, number)
        if major == 4:
            return self.array(number, depth)
        if major == 5:
            return self.map(number, depth)
        if number is None:
            raise CborError("a number has no length")
        if major == 6:
            return self.value(depth + 1)  # A tag says more about a value; it is the same without.
        return number if major == 0 else -1 - number

    def value(self, depth: int) -> Any:
        value = self.item(depth)
        if value is _BREAK:
            raise CborError("a break stands where a value should")
        return value

    def simple(self, info: int) -> Any:
        if info == 20 or info == 21:
            return info == 21
        if info in (22, 23):
            return None
        if info in _FLOATS:
            form = _FLOATS[info]
            return form.unpack(self.take(form.size))[0]
        if info == 31:
            return _BREAK
        raise CborError("a value is not of a known form")

    def string(self, major: int, length: Optional[int]) -> Any:
        if length is None:
            parts = []
            while (first := self.take(1)[0]) != 0xFF:
                length = self.number(first & 31)
                if first >> 5 != major or length is None:
                    raise CborError("a part of a text is none")
                parts.append(self.take(length))
            whole = b"".join(parts)
        else:
            whole = self.take(length)
        if major == 2:
            return whole
        try:
            return whole.decode()
        except UnicodeDecodeError:
            raise CborError("a text is not UTF-8") from None

    def array(self, length: Optional[int], depth: int) -> list[Any]:
        items: list[Any] = []
        while length is None or len(items) < length:
            item = self.item(depth + 1)
            if item is _BREAK:
                if length is None:
                    break
                raise CborError("a break stands where a value should")
            items.append(item)
        return items

    def map(self, length: Optional[int], depth: int) -> dict[Any, Any]:
        entries: dict[Any, Any] = {}
        left = length
        while left is None or left > 0:
            key = self.item(depth + 1)
            if key is _BREAK:
                if length is None:
                    break
                raise CborError("a break stands where a value should")
            if isinstance(key, list):
                key = _hashable(key)
            value = self.value(depth + 1)
            if not isinstance(key, dict):  # Such a key can be no entry; nobody asks for it.
                entries[key] = value
            if left is not None:
                left -= 1
        return entries


def _hashable(items: list[Any]) -> Any:
    try:
        key = tuple(_hashable(item) if isinstance(item, list) else item for item in items)
        hash(key)
    except TypeError:
        return {}
    return key
