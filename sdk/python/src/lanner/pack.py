"""Packs and rules, as they are written."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional, TypeVar, Union, overload

from . import cbor, settings
from ._generated import EVENTS, Event
from ._schema import RECORDS
from ._sieve import Sieve, check
from ._state import StateError, fields, saved
from ._tables import Record
from .filters import Filter, FilterError
from .finding import SEVERITIES, Out, Severity
from .settings import Setting, TextsSetting

__all__ = ["Pack", "PackError", "Rule", "VERSION"]

#: The version of this package.
VERSION = "0.1.0"

E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)
E3 = TypeVar("E3", bound=Event)
S = TypeVar("S")
C = TypeVar("C", bound=Callable[..., Any])

Handles = Callable[[E, Out], None]
OnTick = Callable[[int, Out], None]

_WORD = re.compile(r"[a-z0-9-]{1,128}\Z")
_RULE = re.compile(r"[a-z0-9-]{1,128}/[a-z0-9-]{1,128}\Z")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?\Z")
_MAX_RULES = 4096
_MAX_PROPERTIES = 32
_MAX_PROPERTY = 1024
#: The tables of kinds, by the kind's number.
_KINDS: dict[int, Record] = {record.kind: record for record in RECORDS.values() if record.kind is not None}


class PackError(ValueError):
    """What a pack says of itself makes no sense: the host would refuse it."""


@dataclasses.dataclass
class Handler:
    """A handler of a rule, for events of one kind."""

    rule: int
    kind: int
    where: Optional[Filter]
    #: The filter, ready to be compared; None where there is none.
    sieve: Optional[Sieve]
    run: Handles[Any]
    out: Out
    #: By which number the host knows what it wants; None where the rule asked for all of the kind.
    subscription: Optional[int] = None


class Rule:
    """A rule of a pack: see :meth:`Pack.rule`."""

    def __init__(self, index: int, id: str, said: dict[str, Any]) -> None:
        self.id = id
        self.severity: Severity = said["severity"]
        #: Its place in the pack.
        self.index = index
        self.handlers: list[Handler] = []
        self.ticks: list[OnTick] = []
        self._said = said
        self._out = Out(index)

    @overload
    def on(self, kind: type[E], /, *, where: Optional[Filter] = None) -> Callable[[Handles[E]], Handles[E]]: ...

    @overload
    def on(
        self, first: type[E1], second: type[E2], /, *, where: Optional[Filter] = None
    ) -> Callable[[Handles[Union[E1, E2]]], Handles[Union[E1, E2]]]: ...

    @overload
    def on(
        self, first: type[E1], second: type[E2], third: type[E3], /, *, where: Optional[Filter] = None
    ) -> Callable[[Handles[Union[E1, E2, E3]]], Handles[Union[E1, E2, E3]]]: ...

    @overload
    def on(self, *kinds: type[Event], where: Optional[Filter] = None) -> Callable[[C], C]: ...

    def on(self, *kinds: type[Event], where: Optional[Filter] = None) -> Callable[[Any], Any]:
        """Handles events of these kinds, and of those the ones that pass the filter.

        The function is given the event, and where findings go. The first line of its docstring is the rule's summary,
        where the rule has none. A rule may have several handlers, each with its own filter.
        """
        if not kinds:
            raise PackError(f"rule {self.id}: on(…) needs a kind of event, such as on(OpenEvent)")
        numbers = [self._number(kind) for kind in kinds]
        try:
            sieves = [None if where is None else check(where, _KINDS[number]) for number in numbers]
        except FilterError as wrong:
            raise PackError(f"rule {self.id}: {wrong}") from None

        def handles(run: Handles[Any]) -> Handles[Any]:
            for number, sieve in zip(numbers, sieves):
                self.handlers.append(Handler(self.index, number, where, sieve, run, self._out))
            if not self._said["summary"] and run.__doc__:
                self._said["summary"] = run.__doc__.strip().splitlines()[0]
            return run

        return handles

    def on_tick(self, run: OnTick) -> OnTick:
        """Is called at every full second of event time, between two batches: with that time, ns since 1970 (UTC)."""
        self.ticks.append(run)
        return run

    def _number(self, kind: type[Event]) -> int:
        for number, view in EVENTS.items():
            if view is kind:
                return number
        raise PackError(f"rule {self.id}: {kind!r} is no kind of event, such as OpenEvent")

    def subscriptions(self) -> list[tuple[int, Optional[Filter]]]:
        """What its handlers want, each once. Where one wants all of a kind, the others' filters change nothing."""
        wanted: list[tuple[int, Optional[Filter]]] = []
        for handler in self.handlers:
            each = handler.where
            if any(other.kind == handler.kind and other.where is None for other in self.handlers):
                each = None
            if (handler.kind, each) not in wanted:
                wanted.append((handler.kind, each))
        return wanted

    def described(self) -> dict[str, Any]:
        """As it travels in a description."""
        if not self.handlers and not self.ticks:
            raise PackError(f"rule {self.id} handles nothing: give it a function, by @….on(OpenEvent)")
        events = []
        for kind, where in self.subscriptions():
            wanted: dict[str, Any] = {"kind": _KINDS[kind].name}
            events.append(wanted if where is None else {**wanted, "filter": where.encoded()})
        return {"id": self.id, **self._said, "events": events}


class Pack:
    """Rules that travel together. A module named ``pack`` has one, named ``pack``.

    :param name: lower-case letters, digits and ``-``.
    :param version: of the pack (semver).
    :param summary: what it is for, in one line.
    :param properties: anything else worth saying.
    """

    def __init__(self, name: str, version: str, summary: str = "", properties: Optional[Mapping[str, str]] = None) -> None:
        if not _WORD.match(name):
            raise PackError(f"the pack's name {name!r} is not lower-case letters, digits and `-`")
        self.name = name
        self.version = version
        self.summary = summary
        self.rules: list[Rule] = []
        self.settings: dict[str, Setting[Any]] = {}
        self._properties = _properties(properties, "the pack")
        self._states: list[tuple[Any, Callable[[], Any]]] = []
        self._configure: list[Callable[[], None]] = []
        self._save: Optional[Callable[[], bytes]] = None
        self._restore: Optional[Callable[[bytes, str], None]] = None

    def rule(
        self,
        id: str,
        *,
        summary: str = "",
        severity: Severity = "medium",
        attack: Union[str, Iterable[str]] = (),
        properties: Optional[Mapping[str, str]] = None,
    ) -> Rule:
        """Adds a rule; the functions that :meth:`Rule.on` decorates are its handlers.

        :param id: unique among all packs that a host runs, such as ``credential-access/shadow-read``.
        :param summary: what a finding of it means, in one line; the first line of its handler's docstring otherwise.
        :param severity: how bad its findings are.
        :param attack: MITRE ATT&CK techniques that it detects, such as ``T1003.008``.
        :param properties: anything else worth saying.
        """
        if not _RULE.match(id):
            raise PackError(f"the rule id {id!r} is not of the form group/name in lower case")
        if any(rule.id == id for rule in self.rules):
            raise PackError(f"there are two rules {id}")
        if severity not in SEVERITIES:
            raise PackError(f"rule {id}: {severity!r} is no severity; there are {', '.join(SEVERITIES)}")
        techniques = [attack] if isinstance(attack, str) else list(attack)
        for technique in techniques:
            if not _TECHNIQUE.match(technique):
                raise PackError(f"rule {id}: {technique!r} is not an ATT&CK technique id such as T1003.008")
        if len(self.rules) == _MAX_RULES:
            raise PackError(f"a pack has {_MAX_RULES} rules at the most")
        said = {"summary": summary, "severity": severity, "attack": techniques}
        more = _properties(properties, f"rule {id}")
        rule = Rule(len(self.rules), id, {**said, "properties": more} if more else said)
        self.rules.append(rule)
        return rule

    # === settings ===

    def text(self, name: str, default: Optional[str] = None, *, summary: str = "") -> Setting[str]:
        """Adds a setting that takes any text. Without a default, its value is None where nobody sets it."""
        return self._setting(Setting(name, summary, "text", default))

    def one_of(self, name: str, choices: Iterable[str], default: Optional[str] = None, *, summary: str = "") -> Setting[str]:
        """Adds a setting that takes one of these texts."""
        return self._setting(Setting(name, summary, "one-of", default, choices=list(choices)))

    def texts(self, name: str, default: Iterable[str] = (), *, summary: str = "") -> TextsSetting:
        """Adds a setting that takes texts, any number of them; ``text in setting`` asks for one."""
        return self._setting(TextsSetting(name, summary, default))

    def number(
        self,
        name: str,
        default: Optional[int] = None,
        *,
        least: Optional[int] = None,
        most: Optional[int] = None,
        summary: str = "",
    ) -> Setting[int]:
        """Adds a setting that takes a whole number in this range, both ends included."""
        return self._setting(settings.number(name, summary, default, least, most))

    def boolean(self, name: str, default: bool = False, *, summary: str = "") -> Setting[bool]:
        """Adds a setting that takes yes or no."""
        return self._setting(Setting(name, summary, "boolean", default))

    def _setting(self, setting: S) -> S:
        assert isinstance(setting, Setting)
        if setting.name in self.settings:
            raise PackError(f"the setting {setting.name} stands twice")
        self.settings[setting.name] = setting
        return setting

    def on_configure(self, run: Callable[[], None]) -> Callable[[], None]:
        """Is called when settings have their values, before the first event. ``ValueError`` keeps the pack from being
        loaded, with what it says.
        """
        self._configure.append(run)
        return run

    # === state ===

    def state(self, kind: Callable[[], S]) -> S:
        """Adds state: an instance of a dataclass, which is carried over a reload and a restart.

        Fields may be numbers, strings, bytes, booleans, None, and lists, tuples, sets, dicts and dataclasses of them,
        as their annotations say. What the version before did not save keeps its default.
        """
        state = kind()
        if not dataclasses.is_dataclass(state):
            raise PackError(f"the state of a pack is an instance of a dataclass, and {type(state).__name__} is none")
        if any(type(other) is type(state) for other, _ in self._states):
            raise PackError(f"there is a state {type(state).__name__} already")
        self._states.append((state, kind))
        return state

    def on_save(self, run: Callable[[], bytes]) -> Callable[[], bytes]:
        """Gives the state that the next version shall start from, as bytes, in place of that of :meth:`state`."""
        self._save = run
        return run

    def on_restore(self, run: Callable[[bytes, str], None]) -> Callable[[bytes, str], None]:
        """Takes over what a version of the pack saved: those bytes, and that version. ``ValueError`` keeps the old
        version running.
        """
        self._restore = run
        return run

    # === what the host asks ===

    def describe(self) -> dict[str, Any]:
        """What it is and wants, as it travels. Raises :class:`PackError` where that makes no sense."""
        if not self.rules:
            raise PackError(f"the pack {self.name} has no rules")
        said: dict[str, Any] = {"name": self.name, "version": self.version, "summary": self.summary}
        said["rules"] = [rule.described() for rule in self.rules]
        if self.settings:
            said["settings"] = [setting.described() for setting in self.settings.values()]
        said["properties"] = [["sdk", f"python/{VERSION}"], *self._properties]
        return said

    def configure(self, told: Mapping[str, Any]) -> list[int]:
        """Takes settings; gives the rules that are off. Raises ``ValueError`` for what a setting does not take."""
        for setting in self.settings.values():
            setting.reset()
        for name, value in told.get("settings", {}).items():
            setting_or_none = self.settings.get(name)
            if setting_or_none is None:
                raise ValueError(f"there is no setting {name!r}")
            setting_or_none.set(value)
        for run in self._configure:
            run()
        return list(told.get("off", ()))

    def save(self) -> bytes:
        """The state, as it travels; nothing where there is none."""
        if self._save is not None:
            return self._save()
        if not self._states:
            return b""
        return cbor.encode({type(state).__name__: saved(state, type(state).__name__) for state, _ in self._states})

    def restore(self, state: bytes, version: str) -> None:
        """Takes over what a version of the pack saved. Raises ``ValueError`` where it cannot."""
        if not state:
            return
        if self._restore is not None:
            self._restore(state, version)
            return
        told = cbor.decode(state)
        if not isinstance(told, dict):
            raise StateError("the state is no map")
        taken = []
        for own, _ in self._states:
            name = type(own).__name__
            entry = told.get(name, {})
            if not isinstance(entry, dict):
                raise StateError(f"the state {name} is no map")
            taken.append((own, fields(type(own), entry, name)))
        for own, values in taken:
            for name, value in values.items():
                setattr(own, name, value)

    def reset(self) -> None:
        """Forgets what was set and seen, as a new instance does."""
        for setting in self.settings.values():
            setting.reset()
        for state, kind in self._states:
            new = kind()
            for field in dataclasses.fields(state):
                setattr(state, field.name, getattr(new, field.name))


def _properties(properties: Optional[Mapping[str, str]], whose: str) -> list[list[str]]:
    pairs = [[name, value] for name, value in (properties or {}).items()]
    if len(pairs) > _MAX_PROPERTIES or any(len(text.encode()) > _MAX_PROPERTY for pair in pairs for text in pair):
        raise PackError(f"{whose} may have {_MAX_PROPERTIES} properties of {_MAX_PROPERTY} bytes, and has more")
    return pairs
