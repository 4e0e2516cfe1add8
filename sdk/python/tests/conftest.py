"""Where the repository's vectors lie, and how they are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

TESTS = Path(__file__).resolve().parents[3] / "tests"

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def rows(name: str) -> list[list[bytes]]:
    """The rows of a file of vectors, their fields as bytes."""
    lines = (TESTS / name).read_bytes().split(b"\n")
    assert lines[0].startswith(b"#") and lines[-1] == b""
    return [[unescaped(field) for field in line.split(b"\t")] for line in lines[1:-1]]


def raw_rows(name: str) -> list[list[str]]:
    """The same, as they stand there: `-` is not `\\x2d`."""
    return [line.split("\t") for line in (TESTS / name).read_text("ascii").split("\n")[1:-1]]


def unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), field)


def known(field: str) -> Optional[bytes]:
    """A field of text; None where it is not known."""
    return None if field == "-" else unescaped(field.encode())


def yes(field: str) -> bool:
    return {"yes": True, "no": False}[field]
