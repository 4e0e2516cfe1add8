"""What can be set, and what is kept over a reload."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, Optional

import pytest

from lanner import Event, OpenEvent, Out, Pack, Text, cbor
from lanner.testing import PackTest, open


@dataclass
class Seen:
    count: int
    last: Optional[Text] = None


@dataclass
class State:
    seen: dict[int, Seen] = field(default_factory=dict)
    order: "OrderedDict[str, tuple[int, bool]]" = field(default_factory=OrderedDict)
    recent: "deque[bytes]" = field(default_factory=deque)
    names: set[str] = field(default_factory=set)
    mean: float = 0.0
    pairs: tuple[tuple[int, str], ...] = ()
    anything: Any = None


def pack_with_state() -> tuple[Pack, State]:
    pack = Pack("test", "2.0.0")
    state = pack.state(State)

    @pack.rule("test/rule").on(OpenEvent)
    def opened(event: OpenEvent, out: Out) -> None:
        seen = state.seen.setdefault(event.process.pid, Seen(0))
        seen.count, seen.last = seen.count + 1, event.path
        state.names.add(str(event.path))
        out.finding(f"{seen.count}")

    return pack, state


def test_state_is_carried_over() -> None:
    pack, state = pack_with_state()
    test = PackTest(pack)
    event = open(b"/\xff")
    test.feed(event)
    state.order["b"], state.recent, state.mean = (1, True), deque([b"\x00"]), 1
    state.order["a"], state.pairs, state.anything = (2, False), ((1, "x"),), [None, {"k": 1.5}]
    before = State(**vars(state))
    test.save_and_restore()
    (seen,) = state.seen.values()
    assert isinstance(seen, Seen) and seen.count == 1 and isinstance(seen.last, Text) and seen.last.raw == b"/\xff"
    assert list(state.order.items()) == [("b", (1, True)), ("a", (2, False))] and state.recent == before.recent
    assert state.names == before.names and state.mean == 1.0 and state.pairs == before.pairs
    assert state.anything == [None, [["k", 1.5]]]


def test_a_new_test_begins_anew() -> None:
    pack, state = pack_with_state()
    PackTest(pack).feed(open("/a"))
    assert state.seen
    PackTest(pack)
    assert not state.seen and not state.names


def test_what_was_not_saved_keeps_its_default_and_what_is_not_known_is_passed_over() -> None:
    pack, state = pack_with_state()
    pack.restore(cbor.encode({"State": {"mean": 2, "gone": 1}, "Other": {}}), "1.0.0")
    assert state.mean == 2.0 and state.seen == {}


@pytest.mark.parametrize(
    "saved",
    [
        {"State": {"mean": "x"}},
        {"State": {"seen": [[1]]}},
        {"State": {"seen": [["a", {"count": 1}]]}},
        {"State": {"pairs": [[1]]}},
        {"State": {"names": 7}},
        {"State": 1},
        [],
    ],
)
def test_what_does_not_go_with_the_annotations_is_refused(saved: object) -> None:
    pack, state = pack_with_state()
    with pytest.raises(ValueError):
        pack.restore(cbor.encode(saved), "1.0.0")
    assert state == State()


def test_a_pack_may_save_and_restore_by_itself() -> None:
    pack, _ = pack_with_state()
    told: list[tuple[bytes, str]] = []
    pack.on_save(lambda: b"mine")
    pack.on_restore(lambda state, version: told.append((state, version)))
    PackTest(pack).save_and_restore()
    assert told == [(b"mine", "2.0.0")]


def test_settings_have_their_values_and_their_defaults() -> None:
    pack = Pack("test", "1.0.0")
    trusted, most = pack.texts("trusted", ["a"]), pack.number("most", 3, least=1, most=9)
    mode, private, note = pack.one_of("mode", ["x", "y"], "x"), pack.boolean("private"), pack.text("note")
    configured: list[int] = []
    pack.on_configure(lambda: configured.append(most.value))

    @pack.rule("test/rule").on(OpenEvent)
    def rule(event: Event, out: Out) -> None: ...

    PackTest(pack, {"trusted": ["b", "c"], "most": 9, "mode": "y", "private": True, "note": "n"})
    assert (trusted.value, most.value, mode.value, private.value, note.value) == (("b", "c"), 9, "y", True, "n")
    assert "b" in trusted and "a" not in trusted and list(trusted) == ["b", "c"] and len(trusted) == 2
    PackTest(pack)
    assert (trusted.value, most.value, mode.value, private.value, note.value) == (("a",), 3, "x", False, None)
    assert configured == [9, 3]
    for name, value in [("most", 10), ("most", True), ("mode", "z"), ("private", 1), ("trusted", "a"), ("gone", 1)]:
        with pytest.raises(ValueError, match=name):
            PackTest(pack, {name: value})


def test_a_pack_may_refuse_settings() -> None:
    pack, _ = pack_with_state()

    @pack.on_configure
    def configure() -> None:
        raise ValueError("these make no sense together")

    with pytest.raises(ValueError, match="no sense together"):
        PackTest(pack)
