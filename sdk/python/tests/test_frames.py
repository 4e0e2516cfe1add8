"""Frames: the golden one, those of newer and older hosts, and those that are no frames."""

from __future__ import annotations

import random
from itertools import zip_longest

import pytest
from conftest import TESTS, raw_rows
from dump import dump

from lanner import EVENTS
from lanner._frame import Frame, FrameError
from lanner._running import _passed

GOLDEN = (TESTS / "golden/frame-v2.bin").read_bytes()


@pytest.mark.parametrize("name", ["golden/frame-v2", "conformance/newer", "conformance/older", "conformance/lying"])
def test_every_field_reads_as_it_should(name: str) -> None:
    read = dump(Frame((TESTS / f"{name}.bin").read_bytes()))
    expected = (TESTS / f"{name}.txt").read_text("ascii").splitlines()
    for line, golden in zip_longest(read, expected):
        assert line == golden


def test_every_kind_is_in_the_golden_frame() -> None:
    kinds = [event.kind_number for event in Frame(GOLDEN).events()]
    assert sorted(kinds) == sorted([*EVENTS, *EVENTS])


def test_frames_of_released_versions_read_as_they_did() -> None:
    frames = sorted((TESTS / "released").glob("*/frame.bin"))
    assert frames
    for path in frames:
        read = set(dump(Frame(path.read_bytes())))
        for line in path.with_suffix(".txt").read_text("ascii").splitlines():
            assert line in read, path


def test_what_is_no_frame_is_refused() -> None:
    for frame, refused, why in raw_rows("conformance/frame-wrong.tsv"):
        if refused == "yes":
            with pytest.raises(FrameError):
                Frame(bytes.fromhex(frame))
        else:
            dump(Frame(bytes.fromhex(frame)))


def test_a_line_of_ancestors_ends() -> None:
    frame = Frame((TESTS / "conformance/ancestors.bin").read_bytes())
    for row, count, first, last in raw_rows("conformance/ancestors.tsv"):
        ancestors = list(frame.process(int(row)).ancestors())
        pids = [str(ancestor.pid) for ancestor in ancestors] or ["-"]
        assert (len(ancestors), pids[0], pids[-1]) == (int(count), first, last)


def test_what_the_host_says_of_filters() -> None:
    frame = Frame((TESTS / "conformance/passed.bin").read_bytes())
    told, passed = _passed(frame, frame.count(2))
    for event, subscription, says in raw_rows("conformance/passed.tsv"):
        number = int(subscription)
        said = "-" if number >= told else "yes" if passed[int(event)] >> number & 1 else "no"
        assert said == says, (event, subscription)


def _read(data: bytes) -> None:
    try:
        frame = Frame(data)
    except FrameError:
        return
    dump(frame)
    for event in frame.events():
        str(event.process)
        for ancestor in event.subject.ancestors():
            str(ancestor.command_line)


def test_a_cut_frame_is_refused_or_read() -> None:
    for length in range(len(GOLDEN)):
        with pytest.raises(FrameError):
            Frame(GOLDEN[:length])
    # And one that names the length that it was cut to.
    for length in range(0, len(GOLDEN), 7):
        _read(GOLDEN[:8] + length.to_bytes(4, "little") + GOLDEN[12:length])


def test_a_frame_with_wrong_bytes_is_refused_or_read() -> None:
    chance = random.Random(12)
    for _ in range(300):
        data = bytearray(GOLDEN)
        # The header and the table, where most harm is done, or anywhere.
        end = chance.choice([64, 1024, len(data)])
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(end)] = chance.randrange(256)
        _read(bytes(data))
