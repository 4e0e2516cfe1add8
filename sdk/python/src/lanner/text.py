"""Texts of the kernel: bytes, most often UTF-8, never certainly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Union

from ._cached import cached

__all__ = ["Text", "TextLike", "UNKNOWN", "escape", "lossy"]

#: What a text is compared with: a string, or bytes where that is not UTF-8.
TextLike = Union[str, bytes]


class Text(str):
    """A text of the kernel.

    It is a string: ``==``, ``in``, ``startswith``, slices, sets and ``re`` work as ever, and compare the bytes of the
    kernel's text. Bytes that are not UTF-8 are lone surrogates in it, as in what ``os.fsdecode`` gives, and :attr:`raw`
    has the bytes themselves.

    Formatted (``f"{text}"``, ``str(text)``) it is safe to print: what is not UTF-8 becomes U+FFFD, control characters
    are escaped (``\\n``, ``\\x1b``), and so are those that change the direction of text (``\\u{202e}``), so that whoever
    names a file cannot act on the terminal or deceive the eye of the one who reads it.

    A text that is not known is :data:`UNKNOWN`, which is not the same as empty: it equals no other text, and nothing is
    in it.
    """

    @classmethod
    def of(cls, text: TextLike) -> Text:
        """A text of bytes, or of a string."""
        if isinstance(text, Text):
            return text
        return cls(text.decode("utf-8", "surrogateescape") if isinstance(text, (bytes, bytearray)) else text)

    @property
    def is_known(self) -> bool:
        """Whether it is known. A text that is known may be empty."""
        return True

    @property
    def raw(self) -> bytes:
        """The bytes; none where it is unknown."""
        return str.encode(self, "utf-8", "surrogateescape")

    @property
    def lossy(self) -> str:
        """The text as it is, but for what is not UTF-8, which becomes U+FFFD. Nothing is escaped: to print, format it."""
        return lossy(self)

    @cached
    def file_name(self) -> Text:
        """As a path: what follows the last ``/``."""
        return Text(self[self.rfind("/") + 1 :])

    @property
    def directory(self) -> Text:
        """As a path: what stands before the last ``/``; ``/`` for what lies at the top, empty where there is no ``/``."""
        at = self.rfind("/")
        return Text(self[: max(at, 1)] if at >= 0 else "")

    def is_under(self, directory: TextLike) -> bool:
        """As a path: whether it lies below ``directory``, at any depth.

        A path is not below itself, and ``/etc/cron.daily`` not below ``/etc/cron``.
        """
        directory = raw_of(directory)
        below = directory if directory.endswith(b"/") else directory + b"/"
        raw = self.raw
        return raw.startswith(below) and len(raw) > len(below)

    def equals(self, text: TextLike) -> bool:
        """Whether it is this one."""
        return self.raw == raw_of(text)

    def starts_with(self, *prefixes: TextLike) -> bool:
        """Whether it begins with one of these."""
        return self.raw.startswith(tuple(map(raw_of, prefixes)))

    def ends_with(self, *suffixes: TextLike) -> bool:
        """Whether it ends with one of these."""
        return self.raw.endswith(tuple(map(raw_of, suffixes)))

    def contains(self, *parts: TextLike) -> bool:
        """Whether one of these is anywhere in it."""
        raw = self.raw
        return any(raw_of(part) in raw for part in parts)

    def one_of(self, texts: Iterable[TextLike]) -> bool:
        """Whether it is one of these."""
        raw = self.raw
        return any(raw == raw_of(text) for text in texts)

    def __str__(self) -> str:
        return escape(self)

    def __format__(self, spec: str) -> str:
        return format(escape(self), spec)


class _Unknown(Text):
    """The text of which nothing is known."""

    is_known = False
    raw = b""
    lossy = ""

    @property
    def file_name(self) -> Text:
        return self

    @property
    def directory(self) -> Text:
        return self

    def _no(self, *_: Any, **__: Any) -> bool:
        return False

    equals = starts_with = ends_with = contains = one_of = is_under = _no
    startswith = endswith = _no
    __contains__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _no

    def __ne__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return "?"

    def __format__(self, spec: str) -> str:
        return format("?", spec)

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __len__(self) -> int:
        return 0


#: A text that is not known. It is false, equals nothing (ask ``text.is_known``), nothing is in it, and it is shown as ``?``.
UNKNOWN: Text = _Unknown("\ud800")  # No text of the kernel has this in it, nor begins with it, as all would with "".


def escape(text: str) -> str:
    """A text as it is safe to print, in one line."""
    if text is UNKNOWN:
        return "?"
    if str.isprintable(text):
        return str.__str__(text) if type(text) is str else str.__getitem__(text, slice(None))
    return "".join(_shown(character) for character in lossy(text))


def lossy(text: str) -> str:
    """A text in which what is not UTF-8 has become U+FFFD."""
    try:
        raw = str.encode(text, "utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Surrogates that stand for no byte.
        raw = str.encode(text, "utf-8", "surrogatepass")
    return raw.decode("utf-8", "replace")


def raw_of(text: TextLike) -> bytes:
    """The bytes of a text."""
    return text if isinstance(text, bytes) else str.encode(text, "utf-8", "surrogateescape")


_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _shown(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return _NAMED.get(character) or f"\\x{code:02x}"
    acts = 0x80 <= code < 0xA0 or code in (0x61C, 0x200E, 0x200F) or 0x2028 <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return f"\\u{{{code:x}}}" if acts else character
