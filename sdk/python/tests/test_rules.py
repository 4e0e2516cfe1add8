"""Rules: what is said of them, what is refused, and which events they are given."""

from __future__ import annotations

from typing import Any, Callable, Optional

import pytest

from lanner import Event, ExecEvent, ForkEvent, LossEvent, OpenEvent, Out, Pack, PackError, all_of, any_of, cbor
from lanner import fields as f
from lanner._running import Running
from lanner.filters import Filter, FilterError
from lanner.testing import PackTest, connect, exec, fork, loss, open, process
from lanner.testing._writer import FrameWriter
from lanner import Kind

SECRETS = f.open.path.equals("/etc/shadow") | f.open.path.starts_with("/root/.ssh/")


def pack_of(*handlers: tuple[Any, Optional[Filter]], run: Optional[Callable[[Event, Out], None]] = None) -> Pack:
    """A pack with a rule that says what it sees."""
    pack = Pack("test", "1.0.0")
    rule = pack.rule("test/rule")
    for number, (kinds, where) in enumerate(handlers):

        def sees(event: Event, out: Out, number: int = number) -> None:
            out.finding(f"{number} {event.seq}")

        rule.on(*(kinds if isinstance(kinds, tuple) else (kinds,)), where=where)(run or sees)
    return pack


def messages(pack: Pack, *events: Any) -> list[str]:
    return [finding.message for finding in PackTest(pack).feed(*events)]


def test_a_description_says_what_the_contract_asks_for() -> None:
    pack = Pack("demo", "1.2.3", "Reads", properties={"home": "here"})
    pack.texts("trusted", ["sshd"], summary="Programs")
    pack.number("most", 5, least=1, summary="How many")
    pack.one_of("mode", ["quiet", "loud"], "loud")
    pack.boolean("private")
    pack.text("note")

    @pack.rule("demo/read", severity="high", attack="T1003.008", properties={"a": "b"}).on(OpenEvent, where=SECRETS)
    def read(event: OpenEvent, out: Out) -> None:
        """A secret was read.

        And more about it.
        """

    assert cbor.decode(Running(pack).description) == {
        "name": "demo",
        "version": "1.2.3",
        "summary": "Reads",
        "rules": [
            {
                "id": "demo/read",
                "summary": "A secret was read.",
                "severity": "high",
                "attack": ["T1003.008"],
                "properties": [["a", "b"]],
                "events": [
                    {
                        "kind": "open",
                        "filter": [
                            "any",
                            ["equals", "open.path", "/etc/shadow"],
                            ["starts-with", "open.path", "/root/.ssh/"],
                        ],
                    }
                ],
            }
        ],
        "settings": [
            {"name": "trusted", "summary": "Programs", "type": "texts", "default": ["sshd"]},
            {"name": "most", "summary": "How many", "type": "number", "least": 1, "most": (1 << 63) - 1, "default": 5},
            {"name": "mode", "summary": "", "type": "one-of", "choices": ["quiet", "loud"], "default": "loud"},
            {"name": "private", "summary": "", "type": "boolean", "default": False},
            {"name": "note", "summary": "", "type": "text"},
        ],
        "properties": [["sdk", "python/0.1.0"], ["home", "here"]],
    }


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: f.open.pth, "there is no field open.pth; did you mean path?"),
        (lambda: f.exec.image.exa, "there is no field exec.image.exa; did you mean exe?"),
        (lambda: f.open.path.between(1, 2), "the field open.path is a text, and cannot be tested by between"),
        (lambda: f.open.path.equals(7), "the field open.path is a text, and cannot be compared with 7"),
        (lambda: f.open.flags.equals("7"), "the field open.flags is a number, and cannot be compared with '7'"),
        (lambda: f.open.flags.between(2, 1), "nothing is between 2 and 1, which open.flags is tested for"),
        (lambda: f.open.created.equals(1), "the field open.created is yes or no, and cannot be compared with 1"),
        (lambda: f.connect.address.equals("1.2.3"), "the field connect.address is an address, and cannot be compared"),
        (lambda: f.connect.address.within("10.0.0.0"), "is no network: networks are written like 10.0.0.0/8"),
        (lambda: f.open.path.equals(), "the field open.path is tested by equals with no value at all"),
        (lambda: f.open.path.known() and f.open.flags.known(), "filters are put together by &, | and ~"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(FilterError) as wrong:
        make()
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda pack: pack.rule("read"), "the rule id 'read' is not of the form group/name in lower case"),
        (lambda pack: pack.rule("a/b", severity="bad"), "rule a/b: 'bad' is no severity; there are info, low, "),
        (lambda pack: pack.rule("a/b", attack="T1"), "rule a/b: 'T1' is not an ATT&CK technique id such as T1003.008"),
        (lambda pack: (pack.rule("a/b"), pack.rule("a/b")), "there are two rules a/b"),
        (lambda pack: pack.rule("a/b").on(Pack), "is no kind of event, such as OpenEvent"),
        (lambda pack: pack.rule("a/b").on(), "rule a/b: on(…) needs a kind of event"),
        (
            lambda pack: pack.rule("a/b").on(ExecEvent, where=f.open.path.known()),
            "rule a/b: events of the kind exec have no field open.path",
        ),
        (
            lambda pack: pack.rule("a/b").on(LossEvent, where=f.process.exe.known()),
            "rule a/b: events of the kind loss have no field process.exe: they are nobody's doing",
        ),
        (lambda pack: (pack.rule("a/b"), pack.describe()), "rule a/b handles nothing"),
        (lambda pack: pack.describe(), "the pack test has no rules"),
        (lambda pack: (pack.boolean("x"), pack.text("x")), "the setting x stands twice"),
        (lambda pack: Pack("Test", "1.0.0"), "the pack's name 'Test' is not lower-case letters, digits and `-`"),
        (lambda pack: pack.number("x", 0, least=1), "the setting x does not take its own default"),
        (lambda pack: pack.text("X"), "the setting 'X' is not lower-case letters"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(make: Callable[[Pack], object], said: str) -> None:
    with pytest.raises(ValueError) as wrong:
        make(Pack("test", "1.0.0"))
    assert said in str(wrong.value)


def test_a_handler_sees_what_its_own_filter_passes() -> None:
    pack = pack_of((OpenEvent, SECRETS), (OpenEvent, f.open.path.ends_with("w")), ((OpenEvent, ExecEvent), None))
    # The rule wants all opens, as one of its handlers does: the filters of the others are compared here.
    assert [kind for kind, where in pack.rules[0].subscriptions()] == [32, 1]
    events = [open("/etc/shadow"), open("/root/.ssh/id"), open("/x"), exec(process("/bin/sh"))]
    assert messages(pack, *events) == ["0 1", "1 1", "2 1", "0 2", "2 2", "2 3", "2 4"]


def test_what_the_host_says_is_taken() -> None:
    pack = pack_of((OpenEvent, SECRETS), (OpenEvent, f.open.path.ends_with("w")))
    found: list[int] = []
    writer = FrameWriter()
    for seq in range(1, 4):
        event = open("/etc/shadow").kind
        writer.event(event, {"seq": seq, "time": seq, "flags": 0}, {"path": "/nothing", "flags": 0})
    test = PackTest(pack)
    frame = writer.finish([0b01, 0b10, 0b00], 2)
    assert [finding.message for finding in test.judge(frame)] == ["0 1", "1 2"]
    # Without it, the filters are compared.
    assert test.judge(writer.finish()) == []
    assert found == []


def test_more_subscriptions_than_a_word_has_bits() -> None:
    pack = pack_of(*((OpenEvent, f.open.path.equals(f"/{number}")) for number in range(150)))
    assert messages(pack, open("/3"), open("/70"), open("/149"), open("/150")) == ["3 1", "70 2", "149 3"]


def test_filters_over_processes_and_containers() -> None:
    nginx = process("/usr/sbin/nginx").uid(33)
    shell = process("/bin/sh").child_of(nginx)
    cases: list[tuple[Filter, bool]] = [
        (f.exec.image.exe.file_name("sh", "bash"), True),
        (f.parent.exe.equals("/usr/sbin/nginx"), True),
        (f.process.exe.equals("/bin/sh"), False),
        (f.parent.uid.equals(33) & ~f.container.id.known(), True),
        (f.parent.uid.equals(0), False),
        (f.container.image.known(), False),
        (any_of(f.exec.image.uid.at_least(1), f.parent.uid.between(30, 40)), True),
        (all_of(f.event.result.known(), f.exec.image.exe.known()), False),
    ]
    for where, passes in cases:
        assert bool(messages(pack_of((ExecEvent, where)), exec(shell))) == passes, where


def test_a_rule_that_is_off_does_not_run() -> None:
    pack = pack_of((OpenEvent, None))

    @pack.rule("test/other").on(OpenEvent)
    def other(event: OpenEvent, out: Out) -> None:
        out.finding("other")

    ticks: list[int] = []

    @pack.rules[0].on_tick
    def tick(now: int, out: Out) -> None:
        ticks.append(now)

    found = PackTest(pack, off=["test/rule"]).feed(open("/a"), open("/b").after(2))
    assert [finding.rule for finding in found] == ["test/other"] * 2 and ticks == []
    PackTest(pack).feed(open("/a"), open("/b").after(2))
    assert [now % 1_000_000_000 for now in ticks] == [0, 0]


def test_a_finding_says_what_it_is_about() -> None:
    cat = process("/usr/bin/cat").child_of(process("/bin/sh"))

    def run(event: Event, out: Out) -> None:
        assert isinstance(event, OpenEvent)
        parent = event.process.parent
        facts = {
            "path": event.path,
            "parent": parent,
            "nobody": parent.parent if parent else None,
            "unknown": event.host_path,
            "flags": event.flags,
            "list": [event.path, 1, "a"],
            "float": 0.5,
            "yes": True,
            "raw": b"\xff",
        }
        out.finding(f"{event.process} \x1b", facts=facts, key="k\n", severity="low", process=parent, because_of=[7, event, 3])

    (found,) = PackTest(pack_of((OpenEvent, None), run=run)).feed(open(b"/\xff").by(cat))
    assert found.message == f"cat (pid {cat.pid}, root) \\x1b" and found.key == "k\\n" and found.severity == "low"
    assert found.events == (1, 3, 7) and found.process == cat._parent.image  # type: ignore[union-attr]
    assert list(found.facts) == ["path", "parent", "flags", "list", "float", "yes", "raw"]
    assert found.facts["path"].raw == b"/\xff" and found.facts["list"][1:] == [1, "a"]


def test_a_fact_of_another_type_is_said() -> None:
    def run(event: Event, out: Out) -> None:
        out.finding("x", facts={"what": object()})  # type: ignore[dict-item]

    with pytest.raises(TypeError, match="a object is no fact"):
        PackTest(pack_of((OpenEvent, None), run=run)).feed(open("/a"))


def test_what_goes_wrong_in_a_handler_is_logged_with_its_place() -> None:
    def run(event: Event, out: Out) -> None:
        raise ZeroDivisionError("by nothing")

    test = PackTest(pack_of((OpenEvent, None), run=run))
    with pytest.raises(ZeroDivisionError):
        test.feed(open("/a"))
    ((level, line),) = test.logged
    assert level == "error" and line.startswith("ZeroDivisionError: by nothing, in run (") and "test_rules.py" in line


def test_a_frame_that_is_none_is_logged() -> None:
    test = PackTest(pack_of((OpenEvent, None)))
    assert test.judge(b"no frame") == [] and test.logged[0][0] == "error"


def test_events_of_several_kinds_in_one_handler() -> None:
    seen: list[tuple[Optional[Kind], type]] = []

    def run(event: Event, out: Out) -> None:
        seen.append((event.kind, type(event)))

    child = process("/bin/a")
    pack = pack_of(((ExecEvent, ForkEvent, LossEvent), None), run=run)
    PackTest(pack).feed(exec(child), fork(child), loss(Kind.OPEN, 3), connect("1.2.3.4:5"))
    assert seen == [(Kind.EXEC, ExecEvent), (Kind.FORK, ForkEvent), (Kind.LOSS, LossEvent)]


def test_a_view_may_be_kept() -> None:
    kept: list[OpenEvent] = []

    def run(event: Event, out: Out) -> None:
        assert isinstance(event, OpenEvent)
        kept.append(event)

    test = PackTest(pack_of((OpenEvent, None), run=run))
    test.feed(open("/a").by(process("/bin/x")))
    test.feed(open("/b"))
    assert kept[0].path == "/a" and kept[0].process.exe == "/bin/x" and kept[1].path == "/b"
