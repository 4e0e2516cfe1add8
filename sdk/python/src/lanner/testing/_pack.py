"""A pack under test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Optional, Union

from .. import _host, cbor
from .._frame import Frame
from .._running import Running
from .._schema import RECORDS
from .._sieve import Sieve, check
from ..finding import Severity
from ..pack import Pack
from ..text import Text
from ._event import EventBuilder
from ._process import BEGINNING, Written
from ._writer import FrameWriter

#: Between two events, where nothing is said, ns.
_STEP = 1_000_000
#: The host ticks at every full second of event time,
_TICK = 1_000_000_000
#: and after a jump in time makes up for so many.
_MISSED_TICKS = 3600

_KINDS = {record.kind: record for record in RECORDS.values() if record.kind is not None}


@dataclass(frozen=True)
class Finding:
    """What a rule raised."""

    #: The rule's id.
    rule: str
    #: What happened.
    message: str
    #: The finding's, or where it has none the rule's.
    severity: Severity
    #: More, by name: a path is a :class:`~lanner.Text`, an address an address, a process its image id.
    facts: dict[str, Any] = field(default_factory=dict)
    #: Sequence numbers of the events behind it; the first event that was fed has 1.
    events: tuple[int, ...] = ()
    #: Image id of the process it is about, where that was said.
    process: Optional[int] = None
    #: What it is about, where that was said.
    key: Optional[str] = None


class PackTest:
    """A pack that has just been loaded.

    :param settings: what is set, by name.
    :param off: ids of rules that are switched off.

    There is one instance of a pack's module, so make the next ``PackTest`` when you are done with this one.
    """

    def __init__(self, pack: Pack, settings: Optional[Mapping[str, Any]] = None, off: Iterable[str] = ()) -> None:
        self._pack = pack
        self._ids = [rule.id for rule in pack.rules]
        self._told: dict[str, Any] = {}
        if settings:
            self._told["settings"] = dict(settings)
        if off:
            self._told["off"] = [self._ids.index(id) for id in off]
        #: What was logged: level and line.
        self.logged: list[tuple[str, str]] = []
        self._now, self._next_tick, self._seq = BEGINNING, BEGINNING + _TICK, 0
        self._load()
        self._wanted: list[tuple[int, Optional[Sieve]]] = [
            (kind, None if where is None else check(where, _KINDS[kind]))
            for rule in pack.rules
            for kind, where in rule.subscriptions()
        ]

    def _load(self) -> None:
        self._pack.reset()
        self._running = Running(self._pack)
        self._running.configure(cbor.encode(self._told))

    def feed(self, *events: Union[EventBuilder, Iterable[EventBuilder]]) -> list[Finding]:
        """Lets events happen, one after the other; gives what was raised."""
        found: list[bytes] = []
        batch: list[tuple[int, int, EventBuilder]] = []
        each = [event for some in events for event in ([some] if isinstance(some, EventBuilder) else some)]
        for event in each:
            self._now += _STEP if event.since is None else event.since
            self._seq += 1
            if self._now >= self._next_tick:
                self._evaluate(batch, found)
                batch = []
                self._tick(found)
            batch.append((self._seq, self._now, event))
        self._evaluate(batch, found)
        return self._read(found)

    def judge(self, frame: bytes) -> list[Finding]:
        """Judges a frame that was made elsewhere, as a host hands it over; gives what was raised."""
        found: list[bytes] = []
        self._run(found, lambda: self._running.evaluate(frame))
        return self._read(found)

    def wait(self, seconds: float) -> list[Finding]:
        """Lets time go by; gives what was raised."""
        found: list[bytes] = []
        self._now += round(seconds * 1e9)
        self._tick(found)
        return self._read(found)

    def save_and_restore(self) -> None:
        """Reloads the pack, as the host would with another version of it."""
        state = self._pack.save()
        self._load()
        self._pack.restore(state, self._pack.version)

    def _tick(self, found: list[bytes]) -> None:
        """Ticks at every full second that has passed, as the host does."""
        self._next_tick = max(self._next_tick, self._now - self._now % _TICK - _MISSED_TICKS * _TICK)
        while self._next_tick <= self._now:
            now = self._next_tick
            self._run(found, lambda: self._running.tick(now))
            self._next_tick += _TICK

    def _evaluate(self, batch: list[tuple[int, int, EventBuilder]], found: list[bytes]) -> None:
        """Hands over what the pack asked for, and says which of its subscriptions each event passed, as the host does."""
        frame = Frame(_frame(batch).finish())
        passed = []
        for row in range(len(batch)):
            event = frame.event(row)
            bits = 0
            for number, (kind, sieve) in enumerate(self._wanted):
                if event is not None and event.kind == kind and (sieve is None or sieve(event)):
                    bits |= 1 << number
            passed.append(bits)
        chosen = [each for each, bits in zip(batch, passed) if bits]
        if chosen:
            data = _frame(chosen).finish([bits for bits in passed if bits], len(self._wanted))
            self._run(found, lambda: self._running.evaluate(data))

    def _run(self, found: list[bytes], call: Any) -> None:
        emit, log = _host.emit, _host.log

        def logs(level: str, message: str) -> None:
            self.logged.append((level, message))
            log(level, message)

        _host.emit, _host.log = found.append, logs
        try:
            call()
        finally:
            _host.emit, _host.log = emit, log

    def _read(self, found: list[bytes]) -> list[Finding]:
        return [self._finding(cbor.decode(finding)) for finding in found]

    def _finding(self, finding: dict[str, Any]) -> Finding:
        rule = self._pack.rules[finding["rule"]]
        return Finding(
            rule=rule.id,
            message=finding["message"],
            severity=finding.get("severity", rule.severity),
            facts={name: _fact(value) for name, value in finding.get("fields", [])},
            events=tuple(finding.get("events", ())),
            process=finding.get("process"),
            key=finding.get("key"),
        )


def _frame(batch: list[tuple[int, int, EventBuilder]]) -> FrameWriter:
    writer = FrameWriter()
    written = Written(writer)
    for seq, time, event in batch:
        event.add(writer, written, seq, time)
    return writer


def _fact(value: Any) -> Any:
    """A fact as Python has it."""
    if not isinstance(value, list):
        return value
    kind, *values = value
    if kind == "list":
        return [_fact(each) for each in values]
    if kind == "path":
        return Text.of(values[0])
    return ip_address(values[0]) if kind == "address" else values[0]
