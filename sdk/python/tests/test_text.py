"""Texts, as Python uses them."""

from __future__ import annotations

import re

from lanner import UNKNOWN, Text, escape
from lanner.text import lossy


def test_a_text_is_a_string() -> None:
    path = Text.of(b"/etc/ssh/sshd_config")
    assert path == "/etc/ssh/sshd_config" and path in {"/etc/ssh/sshd_config"} and {path: 1}["/etc/ssh/sshd_config"] == 1
    assert re.match(r"/etc/(\w+)/", path) and path.split("/")[2] == "ssh" and "ssh" in path


def test_what_is_not_utf8_is_kept() -> None:
    path = Text.of(b"/tmp/\xff\xfe.sh")
    assert path.raw == b"/tmp/\xff\xfe.sh" and path.file_name.raw == b"\xff\xfe.sh"
    assert path.starts_with(b"/tmp/\xff") and path.ends_with(".sh") and path.lossy == "/tmp/\ufffd\ufffd.sh"


def test_what_is_unknown_is_not_empty() -> None:
    empty = Text.of(b"")
    assert empty.is_known and empty == "" and not empty
    assert not UNKNOWN.is_known and not UNKNOWN and UNKNOWN != "" and "" != UNKNOWN and UNKNOWN != empty
    assert not UNKNOWN.startswith("") and not UNKNOWN.endswith("") and "" not in UNKNOWN and UNKNOWN not in {""}
    assert not UNKNOWN.file_name.is_known and not UNKNOWN.directory.is_known and not UNKNOWN.is_under("/")
    assert f"{UNKNOWN}" == str(UNKNOWN) == escape(UNKNOWN) == "?" and len(UNKNOWN) == 0
    # And no text begins with it, has it in it or ends with it.
    path = Text.of(b"/etc/passwd")
    assert not path.startswith(UNKNOWN) and UNKNOWN not in path and not path.endswith(UNKNOWN) and path != UNKNOWN


def test_a_text_of_a_text_is_the_same() -> None:
    path = Text.of(b"a\x1b\xff")
    assert Text.of(path) is path and Text.of("a").raw == b"a"


def test_formatting_takes_what_strings_take() -> None:
    assert f"{Text.of(b'a'):>3}" == "  a" and f"{Text.of(b'x' + bytes([10]))!s}" == "x\\n"


def test_surrogates_that_stand_for_no_byte_are_no_trouble() -> None:
    assert lossy("a\ud800b") == "a\ufffd\ufffd\ufffdb" and escape("\ud800\n").endswith("\\n")
