"""The pack does what `tests/reference/script.tsv` says, call by call."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lanner import Text, cbor
from lanner.testing import Finding, PackTest
from pack import pack

_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), field)


def shown(value: Any) -> bytes:
    """A fact, as the script has it."""
    if isinstance(value, Text):
        return b"path:" + value.raw
    if isinstance(value, str):
        return b"text:" + value.encode()
    return f"number:{value}".encode() if isinstance(value, int) else f"address:{value}".encode()


def said(finding: Finding) -> list[bytes]:
    """A finding, as a row of the script. Which numbers stand for processes, its rule says."""
    rule = [each.id for each in pack.rules].index(finding.rule)
    row = [str(rule).encode(), finding.message.encode(), b"-" if finding.key is None else finding.key.encode()]
    row.append(b" ".join(str(event).encode() for event in finding.events))
    for name, value in finding.facts.items():
        row += [name.encode(), b"process:%d" % value if name == "server" else shown(value)]
    return row


def test_script() -> None:
    script = Path(__file__).resolve().parents[1] / "script.tsv"
    lines = script.read_bytes().split(b"\n")[1:-1]
    settings: dict[str, Any] = {}
    test = PackTest(pack)
    found: list[list[bytes]] = []
    for number, line in enumerate(lines, 2):
        what, *fields = line.split(b"\t")
        if what == b"finding":
            assert found, number
            assert found.pop(0) == [unescaped(field) for field in fields], number
            continue
        assert not found, number
        data = bytes.fromhex(fields[0].decode())
        if what == b"configure":
            settings = cbor.decode(data).get("settings", {})
            test = PackTest(pack, settings)
        elif what == b"frame":
            found = [said(finding) for finding in test.judge(data)]
        elif what == b"saved":
            assert pack.save() == data, number
        else:
            assert what == b"restore"
            test = PackTest(pack, settings)
            pack.restore(data, pack.version)
    assert not found
