"""A pack that runs: its rules and their handlers, as the contract asks for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Optional

from . import cbor, log
from ._frame import EVENT, PASSED, PAYLOADS, Frame, FrameError
from ._generated import EVENTS
from .finding import Out
from .pack import Handler, OnTick, Pack

#: The folder of a module in the build: ``/0/pack.py`` is of the first that was named.
_MOUNT = re.compile(r"\A/\d+/")

#: What runs for an event: what else it has to pass (None: nothing), the handler, and where its findings go.
_Run = tuple[Any, Any, Out]

#: Of how many sets of subscriptions that events passed it is kept who is to be called; there are few in a pack's life.
_MOST_SETS = 4096


class _Plan:
    """How a kind's events are handled, by which subscriptions they passed."""

    __slots__ = ("view", "_handlers", "_told", "runs")

    def __init__(self, view: Any, handlers: list[Handler], told: int) -> None:
        self.view = view
        self._handlers = handlers
        #: The host speaks of subscriptions below this one.
        self._told = told
        self.runs: dict[int, tuple[_Run, ...]] = {}

    def find(self, passed: int) -> tuple[_Run, ...]:
        """What runs for an event that passed these subscriptions, a bit each."""
        runs: list[_Run] = []
        for handler in self._handlers:
            number = handler.subscription
            if handler.sieve is None:
                runs.append((None, handler.run, handler.out))
            elif number is None or number >= self._told:
                runs.append((handler.sieve, handler.run, handler.out))
            elif passed >> number & 1:
                runs.append((None, handler.run, handler.out))
        if len(self.runs) == _MOST_SETS:
            self.runs.clear()
        found = self.runs[passed] = tuple(runs)
        return found


class Running:
    """A pack, and which of its rules run."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        said = pack.describe()
        self.description = cbor.encode(said)
        self._handlers: list[Handler] = []
        first = 0
        for rule in pack.rules:
            numbers = {wanted: first + place for place, wanted in enumerate(rule.subscriptions())}
            first += len(numbers)
            for handler in rule.handlers:
                handler.subscription = numbers.get((handler.kind, handler.where))
                self._handlers.append(handler)
        self._turn_off(())

    def _turn_off(self, off: Iterable[int]) -> None:
        """Keeps the handlers of these rules from running, and lets all others run."""
        self._off = frozenset(off)
        self._on = [handler for handler in self._handlers if handler.rule not in self._off]
        self._ticks: list[tuple[OnTick, Out]] = [
            (run, Out(rule.index)) for rule in self.pack.rules if rule.index not in self._off for run in rule.ticks
        ]
        #: By how many subscriptions the host speaks of: how each kind's events are handled.
        self._plans: dict[int, dict[int, _Plan]] = {}

    def _plan(self, told: int) -> dict[int, _Plan]:
        plans = {}
        for number, view in EVENTS.items():
            handlers = [handler for handler in self._on if handler.kind == number]
            if handlers:
                plans[number] = _Plan(view, handlers, told)
        return plans

    def configure(self, told: bytes) -> None:
        """Takes settings, before the first batch. Raises ``ValueError`` where they make no sense."""
        configuration = cbor.decode(told)
        if not isinstance(configuration, dict):
            raise ValueError("the configuration is no map")
        self._turn_off(self.pack.configure(configuration))

    def evaluate(self, data: bytes) -> None:
        """Hands each event of a frame to its handlers, in order."""
        try:
            frame = Frame(data)
        except FrameError as error:
            log.error(f"a batch could not be read: {error}")
            return
        try:
            self._handle(frame)
        except Exception as error:
            log.error(self._trouble(error))
            raise
        finally:
            frame.release()
            for handler in self._on:
                handler.out._event = None

    def _handle(self, frame: Frame) -> None:
        events = frame.sections.get(EVENT)
        if events is None:
            return
        told, passed = _passed(frame, events.count)
        plans = self._plans.get(told)
        if plans is None:
            plans = self._plans[told] = self._plan(told)
        if not events.in_place:
            self._handle_copied(frame, plans, passed)
            return
        step, first = events.stride >> 2, events.offset >> 2
        end = first + step * events.count
        kinds = frame.w16[first * 2 + 12 : end * 2 : step * 2].tolist()
        payloads = frame.w32[first + 9 : end : step].tolist()
        #: Of a kind: who handles it, and where its payloads lie.
        places: dict[int, Any] = {}
        at = first - step
        for kind, row, bits in zip(kinds, payloads, passed):
            at += step
            place = places.get(kind)
            if place is None:
                place = places[kind] = _place(frame, plans, kind)
            plan, known, view, base, stride, count = place
            runs = known.get(bits)
            if runs is None:
                if plan is None:
                    continue
                runs = plan.find(bits)
            if runs:
                event = view(frame, at, base + row * stride) if row < count else frame.event((at - first) // step)
                for sieve, run, out in runs:
                    if sieve is None or sieve(event):
                        out._event = event
                        run(event, out)

    def _handle_copied(self, frame: Frame, plans: dict[int, _Plan], passed: list[int]) -> None:
        """The same, where events cannot be read in place: a host whose records have another length."""
        for row, bits in enumerate(passed):
            event = frame.event(row)
            if event is None or event.kind_number not in plans:
                continue
            for sieve, run, out in plans[event.kind_number].find(bits):
                if sieve is None or sieve(event):
                    out._event = event
                    run(event, out)

    def tick(self, now: int) -> None:
        """Event time has reached a full second."""
        try:
            for run, out in self._ticks:
                run(now, out)
        except Exception as error:
            log.error(self._trouble(error))
            raise

    def _trouble(self, error: Exception) -> str:
        """What went wrong, and where in the pack: once this call has trapped, there is nobody left to say it."""
        # Not by the module traceback, which looks for the source: there are no files where this runs.
        calls, trace = [], error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename != __file__:
                # Where modules lie while the component is built says nothing to anybody.
                calls.append(f"{code.co_name} ({_MOUNT.sub('', code.co_filename)}:{trace.tb_lineno})")
            trace = trace.tb_next
        return f"{type(error).__name__}: {error}, in {', called by '.join(reversed(calls))}"


def _passed(frame: Frame, count: int) -> tuple[int, list[int]]:
    """Of how many subscriptions the host says which events passed, and for each event the bits of those that it did."""
    section = frame.sections.get(PASSED)
    if section is None or section.count < count or section.stride < 8:
        return 0, [0] * count
    size = section.stride & ~7
    at, stride = section.offset, section.stride
    if stride == 8 and at % 8 == 0:
        return 64, frame.w64[at >> 3 : (at >> 3) + count].tolist()
    places = range(at, at + count * stride, stride)
    return size * 8, [int.from_bytes(frame.data[place : place + size], "little") for place in places]


def _place(frame: Frame, plans: dict[int, _Plan], kind: int) -> tuple[Optional[_Plan], Any, Any, int, int, int]:
    """How events of a kind are handled: by whom, as which view, and where the payloads lie that are read in place."""
    plan = plans.get(kind)
    if plan is None:
        return None, {}, None, 0, 0, 0
    section = frame.sections.get(PAYLOADS + kind)
    if section is None or not section.in_place:
        return plan, plan.runs, plan.view, 0, 0, 0
    return plan, plan.runs, plan.view, section.offset >> 2, section.stride >> 2, section.count
